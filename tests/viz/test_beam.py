from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.beam import Node, beam_tree
from viz.frame import summary
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]
NODES = (
    Node(0, 0, None, "a", "kept", "sum -1", chosen=True),
    Node(0, 1, None, "b", "dropped", "sum -2"),
    Node(1, 0, 0, "<b>", "finished", "sum -3", chosen=True),
    Node(1, 1, 0, "d", "dropped", "sum -4"),
    Node(1, 2, 0, "e", "kept", "sum -5"),
)


def test_every_continuation_is_a_dot_with_its_words(array: Read) -> None:
    dots = beam_tree(NODES, theme=LIGHT, first=0, last=1).to_dict()["data"][-1]
    assert array(dots["x"]).tolist() == [0, 0, 1, 1, 1]
    assert array(dots["y"]).tolist() == [0, 1, 0, 1, 2]
    assert dots["text"] == ["<b>a</b>", "b", "<b>&lt;b&gt;</b>", "d", "e"]
    assert dots["hovertext"][2] == '"&lt;b&gt;": sum -3'
    colours = dots["marker"]["color"]
    assert colours == [LIGHT.accent, LIGHT.background, LIGHT.probability, LIGHT.background, LIGHT.accent]


def test_each_hangs_from_the_one_it_continues() -> None:
    sent = beam_tree(NODES, theme=DARK, first=0, last=1).to_dict()["data"]
    dropped, kept, chosen = sent[:3]
    assert dropped["y"] == [1.0, 1, None, 0, 1, None]
    assert kept["x"][3:] == [0, 1, None, 0, 1, None]
    assert kept["y"][3:] == [0, 0, None, 0, 2, None]
    assert chosen["y"] == [1.0, 0, None, 0, 0, None]
    assert chosen["line"]["width"] > kept["line"]["width"]


def test_a_window_shows_its_steps_alone(array: Read) -> None:
    fig = beam_tree(NODES, theme=LIGHT, first=1, last=1)
    assert set(array(fig.to_dict()["data"][-1]["x"]).tolist()) == {1}
    assert "steps 2 to 2: 1 continuations were read on, 1 ended, 1 were dropped" in summary(fig)


def test_the_figure_grows_by_a_column_a_step_and_a_row_a_continuation() -> None:
    one, two = (beam_tree(NODES, theme=LIGHT, first=0, last=last).layout for last in (0, 1))
    assert two.width > one.width
    assert two.height > one.height


def test_no_steps_make_an_empty_tree() -> None:
    assert "0 continuations" in summary(beam_tree([], theme=LIGHT, first=0, last=0))
    assert pytest.approx(beam_tree([], theme=LIGHT, first=0, last=0).layout.height) == 74
