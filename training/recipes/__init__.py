"""The recipe of each model, by the model's name."""

from training.recipe import Recipe
from training.recipes import (
    bart_denoise,
    bert_stories,
    gpt_chat_ko,
    lstm_stories,
    stories,
    t5_fr_en,
    transformer_fr_en,
    transformer_ko_en,
)

RECIPES: dict[str, Recipe] = {
    "transformer-fr-en": transformer_fr_en.RECIPE,
    "transformer-ko-en": transformer_ko_en.RECIPE,
    "t5-fr-en": t5_fr_en.RECIPE,
    "bert-stories": bert_stories.RECIPE,
    "bart-denoise": bart_denoise.RECIPE,
    "gpt-stories": stories.GPT,
    "bloom-stories": stories.BLOOM,
    "llama-stories": stories.LLAMA,
    "palm-stories": stories.PALM,
    "jurassic-stories": stories.JURASSIC,
    "lstm-stories": lstm_stories.RECIPE,
    "gpt-chat-ko": gpt_chat_ko.RECIPE,
}
