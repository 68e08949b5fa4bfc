from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.kv_cache import held_bytes, sharing_bars, size, two_lines
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (512, "512 B"), (24 * 1024, "24.0 KiB"), (1.5 * 1024**2, "1.5 MiB"), (2 * 1024**3, "2.0 GiB")],
)
def test_bytes_are_said_in_a_unit_that_fits(count: float, text: str) -> None:
    assert size(count) == text


def test_both_lines_are_exact_and_their_ratio_is_said(array: Read) -> None:
    fig = two_lines(np.array([10.0, 10]), np.array([10.0, 50]), ["a", "<b>"], theme=LIGHT, what="FLOPs", step=1)
    sent = fig.to_dict()
    assert array(sent["data"][0]["y"]).tolist() == [10, 10]
    assert array(sent["data"][1]["y"]).tolist() == [10, 50]
    assert sent["data"][0]["hovertext"][1] == '"&lt;b&gt;"'
    assert "3.0 times" in summary(fig)


def test_the_bars_stack_to_what_is_held_and_steps_to_come_are_faint(array: Read) -> None:
    held = np.array([300, 400, 500])
    sent = held_bytes(held, 200, ["a", "b", "c"], theme=DARK, step=1).to_dict()
    np.testing.assert_array_equal(sum(array(trace["y"]) for trace in sent["data"]), held)
    assert sent["data"][0]["marker"]["opacity"] == [1.0, 1.0, 0.35]
    assert len(held_bytes(held, 0, ["a", "b", "c"], theme=DARK, step=1).data) == 1


def test_the_models_own_way_of_sharing_is_marked(array: Read) -> None:
    sent = sharing_bars(["multi-head", "multi-query"], np.array([400.0, 100.0]), "multi-query", theme=LIGHT).to_dict()
    assert array(sent["data"][0]["x"]).tolist() == [400, 100]
    assert sent["data"][0]["marker"]["opacity"] == [0.4, 1.0]
    assert sent["layout"]["yaxis"]["ticktext"] == ["multi-head", "<b>multi-query</b>"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        two_lines(np.zeros(2), np.zeros(1), ["a", "b"], theme=LIGHT, what="x", step=0)
    with pytest.raises(ValueError, match="do not fit"):
        held_bytes(np.zeros(2), 0, ["a"], theme=LIGHT, step=0)
    with pytest.raises(ValueError, match="belong together"):
        sharing_bars(["a"], np.zeros(2), "a", theme=LIGHT)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1.3e6, 9.0e6, ["1 M", "2 M", "5 M", "10 M"]),
        (800.0, 42_000.0, ["500", "1 k", "2 k", "5 k", "10 k", "20 k", "50 k"]),
        (3.0, 2e9, ["1", "10", "100", "1 k", "10 k", "100 k", "1 M", "10 M", "100 M", "1 G", "10 G"]),
        (0.2, 0.9, ["0.2", "0.5", "1"]),
        (5.0, 5.0, ["2", "5"]),
    ],
)
def test_every_tick_of_a_logarithmic_axis_is_written_in_full(low: float, high: float, text: list[str]) -> None:
    fig = two_lines(np.array([low, low]), np.array([low, high]), ["a", "b"], theme=LIGHT, what="FLOPs", step=0)
    axis = fig.to_dict()["layout"]["yaxis"]
    assert list(axis["ticktext"]) == text
    assert axis["range"][0] <= np.log10(low) <= np.log10(high) <= axis["range"][1]
