"""The Korean models open in Regard and in `transformers`, with the same logits."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

import model
from training.data.chat_tokenizer import save_chat_tokenizer, train_chat_tokenizer
from training.data.korean_pairs import Pair
from training.data.korean_tokenizers import train_translation_pieces
from training.data.translation_tokenizer import save_tokenizer
from training.export import export
from training.recipe import Recipe
from training.recipes import RECIPES
from training.trainer.checkpoints import Average, Progress, save_checkpoint
from training.trainer.initialisation import build

TEXTS = ("나는 책을 읽는다", "안녕하세요?", "GPT는 뭐야 🙂")
NAMES = ("transformer-ko-en", "gpt-chat-ko")


def small(name: str) -> Recipe:
    recipe = RECIPES[name]
    c = recipe.config
    config = replace(c, vocab_size=420, d_model=32, n_heads=2, d_head=16, d_ff=64, max_positions=64)
    return replace(recipe, config=replace(config, embed_scale=32**0.5 if c.embed_scale != 1 else 1.0))


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("run")
    if request.param == "gpt-chat-ko":
        save_chat_tokenizer(train_chat_tokenizer(TEXTS * 50, vocab_size=420), folder)
    else:
        pairs = [Pair(text, "I read a book") for text in TEXTS * 50]
        save_tokenizer(train_translation_pieces(pairs, vocab_size=420), folder)
    net = build(small(request.param))
    size = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size()
    assert size <= 420
    save_checkpoint(folder, net, Average(net, 0.9), torch.optim.AdamW(net.parameters()), Progress(step=3, seconds=90.0))
    return request.param, folder


def test_transformers_opens_it_with_the_same_logits(run: tuple[str, Path], tmp_path: Path) -> None:
    name, folder = run
    export(name, small(name), folder, tmp_path / name)
    lm = model.load(tmp_path / name, device="cpu")
    opener = AutoModelForCausalLM if lm.kind == "decoder" else AutoModelForSeq2SeqLM
    theirs, info = opener.from_pretrained(tmp_path / name, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    for text in TEXTS:
        trace = lm.run(text, target=None if lm.kind == "decoder" else "I")
        stack = "decoder" if lm.kind == "decoder" else "encoder"
        given = {"input_ids": torch.tensor([[token.id for token in trace.tokens(stack)]])}
        if lm.kind != "decoder":
            given["decoder_input_ids"] = torch.tensor([[token.id for token in trace.tokens("decoder")]])
        with torch.inference_mode():
            expected = theirs.eval()(**given).logits[0]
        torch.testing.assert_close(trace.logits, expected, atol=1e-4, rtol=1e-4)
    assert lm.special.end == (1,)
