"""What is off as it stands in an address, and in words."""

import pytest

from model import CutEdge, SkipSublayer, ZeroHead
from tests.model.builders import random_model, shaped
from ui.runs.store import Run, RunSpec
from ui.state.edits import MOST, Off, is_there, name, read, write

EVERY: tuple[Off, ...] = (
    ZeroHead("decoder", 2, "cross", 5),
    ZeroHead("encoder", 0, "self", 11),
    CutEdge("decoder", 1, "self", 3, 12, 7),
    CutEdge("decoder", 0, "cross", 0, 0, 0),
    SkipSublayer("encoder", 1, "self"),
    SkipSublayer("decoder", 0, "cross"),
    SkipSublayer("decoder", 11, "feed_forward"),
)


def test_an_address_holds_every_kind_of_edit() -> None:
    assert write(EVERY) == "d2c5,e0s11,d1s3.12-7,d0c0.0-0,e1s,d0c,d11f"
    assert read(write(EVERY)) == EVERY
    assert read("") == ()


@pytest.mark.parametrize(
    "part",
    [
        "x1s",
        "d1",
        "ds",
        "d1g2",
        "d1f3",
        "d1s.2-3",
        "d1s2.3",
        "d1s2.-1-3",
        "d1s2.3-",
        "D1s2",
        "d1s²",
        "d9999s1",
        "d1s2;",
        "<b>",
    ],
)
def test_parts_of_an_address_that_are_no_edit_are_left_out(part: str) -> None:
    assert read(part) == ()
    assert read(f"e0s1,{part},d0f") == (ZeroHead("encoder", 0, "self", 1), SkipSublayer("decoder", 0, "feed_forward"))


def test_an_address_names_a_part_once_and_not_too_many() -> None:
    assert len(read("d0s1,d0s1,d0s2")) == 2
    assert len(read(",".join(f"d0s{i}" for i in range(200)))) == MOST


def test_what_a_model_does_not_have_is_known() -> None:
    decoder = shaped("decoder")
    assert is_there(decoder, ZeroHead("decoder", 1, "self", 5))
    for edit in (
        ZeroHead("decoder", 2, "self", 0),
        ZeroHead("decoder", 0, "self", 6),
        SkipSublayer("encoder", 0, "self"),
    ):
        assert not is_there(decoder, edit)


def test_an_edge_is_named_by_its_tokens_or_said_to_be_elsewhere() -> None:
    lm = random_model(shaped("encoder-decoder"))
    run = Run(RunSpec("tiny", "cpu", ""), lm, lm.run([5, 6, 7], target=[1, 8]), (), 0)
    assert name(CutEdge("decoder", 1, "cross", 3, 0, 2), run) == "decoder cross-attention L1 H3: “#8” ✂ “#7”"
    assert name(CutEdge("encoder", 1, "self", 3, 9, 2), run).endswith("9 ✂ 2, not in this text")
    assert name(SkipSublayer("decoder", 0, "feed_forward"), run) == "decoder feed-forward L0"
    assert name(ZeroHead("encoder", 0, "self", 2), run) == "encoder self-attention L0 H2"
