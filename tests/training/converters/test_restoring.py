"""What ships of BERT and BART: layouts and tokenizers that both libraries open alike."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer

import model
from model.transformer import Transformer
from tests.training.restorers import LAYOUTS, small
from tests.training.story_corpus import write_corpus
from training.tasks.denoising.task import Denoising
from training.tasks.masked_lm.task import MaskedPairs
from training.trainer.initialisation import build


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("stories"))


@pytest.fixture(scope="module")
def masking(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> MaskedPairs:
    return MaskedPairs(small("bert-stories"), tmp_path_factory.mktemp("bert"), corpus)


@pytest.fixture(scope="module")
def denoising(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Denoising:
    return Denoising(small("bart-denoise"), tmp_path_factory.mktemp("bart"), corpus)


@pytest.fixture(scope="module", params=list(LAYOUTS))
def shipped(
    request: pytest.FixtureRequest, masking: MaskedPairs, denoising: Denoising, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Transformer, Tokenizer]:
    """(name, folder as it would ship, the network with halved weights, the tokenizer)."""
    name: str = request.param
    layout, _ = LAYOUTS[name]
    task = masking if name == "bert-stories" else denoising
    recipe, tokenizer = small(name), task.tokenizer
    net = build(recipe).eval()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p)).copy_(p.half())
    folder = tmp_path_factory.mktemp("zoo") / name
    folder.mkdir()
    halved = {key: x.half().contiguous() for key, x in layout.weights(net).items()}
    save_file(halved, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(layout.config_json(recipe, tokenizer)), encoding="utf-8")
    if (generation := layout.generation_json(recipe, tokenizer)) is not None:
        (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    run = tokenizer_folder(name, masking, denoising)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (folder / file).write_bytes((run / file).read_bytes())
    return name, folder, net, tokenizer


def tokenizer_folder(name: str, masking: MaskedPairs, denoising: Denoising) -> Path:
    return masking.run if name == "bert-stories" else denoising.run


def test_regard_opens_what_a_layout_writes_with_the_same_logits(
    shipped: tuple[str, Path, Transformer, Tokenizer],
) -> None:
    _, folder, net, tokenizer = shipped
    lm = model.load(str(folder), device="cpu")
    ids = torch.tensor([tokenizer.encode("Tim saw a big red ball.", "One day it was lost.").ids])
    with torch.inference_mode():
        assert net.head is not None
        assert lm.net.head is not None
        given = (ids, None) if lm.kind == "encoder" else (ids[:, :6], ids)
        expected = net.head(net(*given))
        assert torch.equal(lm.net.head(lm.net(*given)), expected)


def test_the_reference_library_opens_it_with_the_same_logits_and_both_heads(
    shipped: tuple[str, Path, Transformer, Tokenizer],
) -> None:
    name, folder, net, tokenizer = shipped
    opener = transformers.BertForPreTraining if name == "bert-stories" else transformers.BartForConditionalGeneration
    theirs, info = opener.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    encoding = tokenizer.encode("Tim saw a big red ball.", "One day it was lost.")
    ids, segments = torch.tensor([encoding.ids]), torch.tensor([encoding.type_ids])
    assert net.head is not None
    with torch.inference_mode():
        if name == "bert-stories":
            assert net.relation is not None
            out = theirs.eval()(input_ids=ids, token_type_ids=segments)
            stream = net(ids, segments=segments)
            assert (out.seq_relationship_logits - net.relation(stream)).abs().max() < 1e-4
            assert (out.prediction_logits - net.head(stream)).abs().max() < 1e-4
        else:
            out = theirs.eval()(input_ids=ids, decoder_input_ids=ids[:, :7])
            assert (out.logits - net.head(net(ids[:, :7], ids))).abs().max() < 1e-4


def test_the_reference_library_reads_its_tokenizer_as_we_do(
    shipped: tuple[str, Path, Transformer, Tokenizer],
) -> None:
    name, folder, _, tokenizer = shipped
    reference = transformers.AutoTokenizer.from_pretrained(folder)
    mask = LAYOUTS[name][1].mask
    assert reference.mask_token == mask
    assert reference.mask_token_id == tokenizer.token_to_id(mask)
    for text in ("Tim saw a ball.", f"Tim saw a {mask} ball.", f"{mask} saw it", "안녕 🙂", "two  spaces\nand a line"):
        assert reference(text)["input_ids"] == tokenizer.encode(text).ids
        pair = tokenizer.encode(text, "It was red.")
        assert reference(text, "It was red.")["input_ids"] == pair.ids
        if name == "bert-stories":
            assert reference(text, "It was red.")["token_type_ids"] == pair.type_ids
