"""What ships opens in Regard and in `transformers`, with the logits of the network that was trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
from tokenizers import Tokenizer

import model
from model.network import Network
from tests.training.story_corpus import write_corpus
from training.data.stories import read_stories
from training.export import LAYOUTS, write_folder
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.stories.task import run_tokenizer
from training.tasks.text_to_text.task import save_text_to_text_tokenizer, with_sentinels
from training.trainer.checkpoints import Average, Progress, save_checkpoint, trained
from training.trainer.initialisation import build

OPENED_BY = {
    "gpt-stories": "GPT2LMHeadModel",
    "jurassic-stories": "GPT2LMHeadModel",
    "bloom-stories": "BloomForCausalLM",
    "llama-stories": "LlamaForCausalLM",
    "palm-stories": None,
}
TEXT = "Once upon a time, there was a little fox named Ben."


def small(name: str, vocab: int) -> Recipe:
    """The recipe that ships, narrow."""
    recipe = RECIPES[name]
    scale = 1.0 if recipe.config.logit_scale == 1.0 else 16**-0.5
    config = replace(recipe.config, vocab_size=vocab, d_model=16, d_head=4, n_heads=4, d_ff=64, logit_scale=scale)
    return replace(recipe, config=config, word_pieces=min(recipe.word_pieces, 400))


def saved(recipe: Recipe, run: Path) -> Path:
    """A run of one perturbed checkpoint: every bias and norm matters."""
    net = build(recipe)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.05 * torch.randn(p.shape))
            p.copy_(p.half())
    optimizer = torch.optim.AdamW(net.parameters())
    return save_checkpoint(run, net, Average(net, 0.9), optimizer, Progress(step=3, seconds=1.0))


def logits(net: Network, ids: torch.Tensor, source: torch.Tensor | None = None) -> torch.Tensor:
    """Of the network that was trained."""
    assert net.head is not None
    with torch.inference_mode():
        return net.head(net(ids) if source is None else net(ids, source))


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Network]]:
    stories = read_stories(write_corpus(tmp_path_factory.mktemp("stories")))

    def make(name: str) -> tuple[Path, Network]:
        recipe, run = small(name, 460), tmp_path_factory.mktemp("run")
        run_tokenizer(run, recipe, stories)
        checkpoint = saved(recipe, run)
        folder = tmp_path_factory.mktemp("zoo") / name
        write_folder(LAYOUTS[name], recipe, run, folder)
        return folder, trained(recipe, checkpoint, torch.device("cpu"))

    return make


@pytest.mark.parametrize("name", OPENED_BY)
def test_a_decoder_opens_with_the_logits_it_was_trained_to(
    name: str, folder_of: Callable[[str], tuple[Path, Network]]
) -> None:
    folder, net = folder_of(name)
    lm = model.load(folder, device="cpu", dtype="float32")
    assert lm.tokenizer is not None
    ids = torch.tensor([lm.tokenizer.encode(TEXT)])
    expected = logits(net, ids)[0]
    torch.testing.assert_close(lm.run(TEXT).logits, expected, atol=1e-4, rtol=1e-4)
    assert lm.family == name.split("-")[0].replace("gpt", "gpt2")
    opener = OPENED_BY[name]
    if opener is None:
        return
    theirs, info = getattr(transformers, opener).from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    with torch.inference_mode():
        torch.testing.assert_close(theirs.eval()(input_ids=ids).logits[0], expected, atol=1e-4, rtol=1e-4)
    assert transformers.AutoTokenizer.from_pretrained(folder)(TEXT)["input_ids"] == ids[0].tolist()


def test_t5_opens_with_the_logits_it_was_trained_to(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "t5"
    pieces = with_sentinels()
    save_text_to_text_tokenizer(pieces, run)
    recipe = small("t5-fr-en", pieces.get_vocab_size())
    net = trained(recipe, saved(recipe, run), torch.device("cpu"))
    write_folder(LAYOUTS["t5-fr-en"], recipe, run, folder)
    source = torch.tensor([Tokenizer.from_file(str(folder / "tokenizer.json")).encode("I <extra_id_0> you.").ids])
    target = torch.tensor([[0, 6_001, 40, 500]])
    expected = logits(net, target, source)[0]
    lm = model.load(folder, device="cpu", dtype="float32")
    assert lm.run("I <extra_id_0> you.").tokens("encoder")[1].special
    torch.testing.assert_close(lm.run(source, target=target).logits, expected, atol=1e-4, rtol=1e-4)
    theirs = transformers.T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        found = theirs(input_ids=source, decoder_input_ids=target).logits[0]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    assert tokens("I <extra_id_0> you.")["input_ids"] == source[0].tolist()


def test_a_parameter_without_a_place_is_not_left_behind() -> None:
    biased = small("llama-stories", 300)
    net = build(replace(biased, config=replace(biased.config, ff_bias=True, n_kv_heads=2)))
    with_place = LAYOUTS["llama-stories"].weights(net)  # type: ignore[arg-type]
    assert "model.layers.0.mlp.up_proj.bias" in with_place
    normed = build(replace(biased, config=replace(biased.config, embed_norm=True)))
    with pytest.raises(ValueError, match=r"no place for decoder\.embed_norm"):
        LAYOUTS["llama-stories"].weights(normed)  # type: ignore[arg-type]
