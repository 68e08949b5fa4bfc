"""The recipes of BERT and BART made narrow, and how each is laid out."""

from collections.abc import Mapping
from dataclasses import replace

from training.converters import bart, bert
from training.converters.converter import Layout
from training.data.special_tokenizers import BART, BERT, Specials
from training.recipe import Recipe
from training.recipes import RECIPES

VOCAB = 420
LAYOUTS: Mapping[str, tuple[Layout, Specials]] = {
    "bert-stories": (bert.LAYOUT, BERT),
    "bart-denoise": (bart.LAYOUT, BART),
}


def small(name: str) -> Recipe:
    """The recipe that ships, narrow."""
    recipe = RECIPES[name]
    config = replace(recipe.config, vocab_size=VOCAB, d_model=16, d_head=8, n_heads=2, d_ff=24)
    return replace(recipe, config=config, batch_tokens=600)
