"""What would give a wrong answer in silence is refused with a sentence: several texts at once, edits that act nowhere."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import model
from analysis import direct_path, rotation, value_weighted
from model import InputError
from model.edits import TAKE_EDITS, InRows
from model.recording import Recording
from model.tap import SITES, Part, Place, Site
from tests.model.builders import PAD, ids, marian_reference, random_model, shaped

LM = random_model(shaped("decoder"))


@dataclass
class Doubled:
    """An edit of any site, which counts how often it acted."""

    place: Place
    site: Site
    acted: int = 0

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        self.acted += 1
        return x * 2


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (torch.tensor([[5, 6], [7, 8]]), r"holds the token ids of several texts, its shape is \(2, 2\): give one row"),
        (torch.zeros(2, 1, 3, dtype=torch.long), r"several texts, its shape is \(2, 1, 3\)"),
        (torch.tensor([5.0, 6.0]), "token ids are whole numbers, and this tensor holds float32"),
        (torch.tensor([True, False]), "this tensor holds bool"),
        ([2.7, 3.0], "token ids are whole numbers, not 2.7"),
        ([True, 5], "token ids are whole numbers, not True"),
        ([[5, 6], [7, 8]], "these are lists of token ids: give the list of one text at a time"),
        (np.array([[5, 6], [7, 8]]), "token ids are whole numbers, not array"),
        (["5", "6"], "token ids are whole numbers, not '5'"),
        (5, "token ids are a list of whole numbers, not int"),
    ],
)
def test_ids_of_anything_but_one_text_are_refused(x: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        LM.run(x)
    with pytest.raises(InputError, match=said):
        random_model(shaped("encoder-decoder")).run([5, 6], target=x)


def test_whole_numbers_of_any_make_are_ids() -> None:
    for x in (np.array([5, 6]), (np.int32(5), 6), torch.tensor([[[5, 6]]]), range(5, 7), list(torch.tensor([5, 6]))):
        assert [token.id for token in LM.run(x).tokens("decoder")] == [5, 6]  # type: ignore[arg-type]


def test_segments_that_are_not_whole_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"segments are whole numbers, not 0\.5"):
        random_model(shaped("encoder")).run([5, 6], segments=[0, 0.5])  # type: ignore[list-item]


PARTS: tuple[Part | None, ...] = ("self", "cross", "feed_forward", None)


@pytest.mark.parametrize("part", PARTS)
def test_an_edit_acts_or_is_refused_at_every_site_of_every_sublayer(part: Part | None) -> None:
    lm = random_model(shaped("encoder-decoder"))
    for site in SITES:
        edit = Doubled(Place("decoder", 1, part), site)
        if site in TAKE_EDITS[part]:
            lm.run([5, 6, 7], target=[1, 8], edits=[edit])
            assert edit.acted == 1
        else:
            with pytest.raises(InputError, match=f'"{site}" takes no edit in .*; those that do are'):
                lm.run([5, 6, 7], target=[1, 8], edits=[edit])


def test_an_edit_of_a_misspelt_site_is_refused_also_in_a_decode_and_in_rows() -> None:
    wrong = Doubled(Place("decoder", 0, "self"), "wieghts")  # type: ignore[arg-type]
    for edit in (wrong, InRows(InRows(wrong, (0,)), (0,))):
        with pytest.raises(InputError, match='there is no site "wieghts"; sites are embedding, '):
            LM.run([5, 6], edits=[edit])
        with pytest.raises(InputError, match="no site"):
            LM.decode([5, 6], edits=[edit])


def test_an_edit_of_heads_is_refused_in_a_feed_forward_and_one_of_rows_beyond_the_batch() -> None:
    with pytest.raises(InputError, match='"mixed" takes no edit in a "feed_forward" sublayer'):
        LM.run([5, 6], edits=[model.ZeroHead("decoder", 0, "feed_forward", 0)])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="names row 3 of a batch, and this run has 1"):
        LM.run([5, 6], edits=[InRows(model.ZeroHead("decoder", 0, "self", 0), (3,))])


@pytest.mark.parametrize("layer", [-1, 2])
def test_layers_count_from_0_and_never_from_the_end(layer: int) -> None:
    trace, said = LM.run([5, 6]), f"layer {layer} is out of range: the decoder has layers 0 to 1"
    for edit in (model.ZeroHead("decoder", layer, "self", 0), Doubled(Place("decoder", layer), "stream")):
        with pytest.raises(InputError, match=said):
            LM.run([5, 6], edits=[edit])
    with pytest.raises(InputError, match=said):
        trace.attention("decoder", layer)
    with pytest.raises(InputError, match=said):
        trace.added("decoder", layer, "feed_forward")
    with pytest.raises(InputError, match=said):
        trace.kept(Place("decoder", layer), "stream")
    with pytest.raises(InputError, match='no site "straem"'):
        trace.kept(Place("decoder", 0), "straem")  # type: ignore[arg-type]


def test_heads_never_count_from_the_end() -> None:
    sublayer = random_model(shaped("decoder", "alibi")).run([5, 6]).attention("decoder", 0)
    for read in (sublayer.scores, sublayer.weights, sublayer.bias):
        with pytest.raises(InputError, match="head -1 is out of range"):
            read(-1)


def test_ids_given_to_a_decode_lie_in_the_vocabulary() -> None:
    said = "token id 40 is out of range: the vocabulary has ids 0 to 39"
    with pytest.raises(InputError, match=said):
        LM.decode([5, 6], stop=[40])
    with pytest.raises(InputError, match=said):
        list(LM.decode([5, 6], strategy=model.Forced(((1, 40),)), max_new_tokens=3))
    steps = list(LM.decode([5, 6], max_new_tokens=3))
    with pytest.raises(InputError, match=said):
        list(model.rewrite(LM, steps, model.Forced(((1, 40),))))
    drafted = LM.decode([5, 6], max_new_tokens=3, draft=[40, -1, *(step.token.id for step in steps)])
    assert [step.token.id for step in drafted] == [step.token.id for step in steps]


def test_what_a_run_keeps_is_one_of_two() -> None:
    with pytest.raises(InputError, match="keep is default or all, not 'al'"):
        LM.run([5, 6], keep="al")  # type: ignore[arg-type]


def test_a_model_a_trace_and_its_parts_are_one_short_line() -> None:
    trace = LM.run(ids(30))
    lines = [repr(x) for x in (LM, trace, trace.attention("decoder", 0), trace.recording, LM.source)]
    lines.append(repr(next(LM.decode([5, 6]))))
    assert all("\n" not in line and len(line) < 200 for line in lines)
    assert lines[1] == "Trace(decoder: 30 tokens, 2 layers, step 0)"
    assert repr(Recording()) == "Recording(step=0, 0 tensors, 0 bytes)"


def test_logits_can_be_read_in_the_line_that_loads_the_model(tmp_path: Path) -> None:
    marian_reference().save_pretrained(tmp_path)
    lm = model.load(tmp_path, device="cpu")
    trace = lm.run([5, 6, 2], target=[PAD, 7])
    trace.save(tmp_path / "trace.safetensors")
    assert torch.equal(model.load(tmp_path, device="cpu").run([5, 6, 2], target=[PAD, 7]).logits, trace.logits)
    step = list(model.load(tmp_path, device="cpu").decode([5, 6, 2], max_new_tokens=2))[-1]
    assert step.trace.logits.shape == (2, 64)
    back = model.Trace.load(tmp_path / "trace.safetensors", model.load(tmp_path, device="cpu"))
    gc.collect()
    assert torch.equal(back.logits, trace.logits)
    assert torch.equal(back.logits, trace.logits)  # and again: the trace is the only holder now
    assert back.language_model().name == tmp_path.name


@pytest.mark.parametrize(
    "read",
    [
        lambda trace: value_weighted.block_of(trace, "decoder", -1),
        lambda trace: rotation.speeds(trace, -1),
        lambda trace: rotation.angles(trace, "decoder", -1),
        lambda trace: direct_path.direct_path(trace, -1, "self", 0),
    ],
)
def test_read_outs_of_a_layer_never_count_from_the_end(read: Callable[[model.Trace], object]) -> None:
    with pytest.raises(InputError, match="layer -1 is out of range"):
        read(random_model(shaped("decoder", "rotary")).run([5, 6]))
