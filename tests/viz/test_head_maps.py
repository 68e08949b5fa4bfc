"""Small maps of every head: each holds its own numbers, in its own place, and says what is largest."""

import itertools

import numpy as np
import pytest

from viz.frame import summary
from viz.head_maps import HeadMap, as_number, head_maps
from viz.theme import DARK, LIGHT

SHARES = np.array([[0.1, 0.5], [0.9, 0.25], [np.nan, 0.0]])
MAPS = [HeadMap("Entropy", SHARES * 3, "bits"), HeadMap("Distance", SHARES * 7, "tokens"), HeadMap("Same", SHARES)]


def test_each_map_holds_its_numbers_exactly() -> None:
    fig = head_maps(MAPS, theme=LIGHT)
    for trace, one in zip(fig.data, MAPS, strict=True):
        np.testing.assert_array_equal(trace.customdata, one.values.astype(np.float32))
    np.testing.assert_array_equal(fig.data[2].z, np.sqrt(SHARES.astype(np.float32)))
    assert (fig.data[2].zmin, fig.data[2].zmax) == (0, 1)
    assert fig.data[0].zmax == pytest.approx(2.7)


@pytest.mark.parametrize(("count", "columns", "layers"), [(1, 3, 2), (9, 3, 3), (9, 3, 32), (5, 2, 12)])
def test_maps_lie_apart_and_inside_the_figure(count: int, columns: int, layers: int) -> None:
    fig = head_maps([HeadMap(str(i), np.full((layers, 4), 0.5)) for i in range(count)], theme=DARK, columns=columns)
    boxes = []
    for index in range(count):
        number = "" if index == 0 else str(index + 1)
        boxes.append((*fig.layout[f"xaxis{number}"].domain, *fig.layout[f"yaxis{number}"].domain))
    for left, right, bottom, top in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= bottom < top <= 1
        assert (top - bottom) * fig.layout.height >= 9 * layers - 1
    for one, other in itertools.combinations(boxes, 2):
        beside = one[1] < other[0] or other[1] < one[0]
        over = one[3] < other[2] or other[3] < one[2]
        assert beside or over


def test_the_chosen_head_is_framed_in_every_map() -> None:
    fig = head_maps(MAPS, theme=LIGHT, selected=(2, 1))
    frames = [(shape.xref, shape.x0, shape.x1, shape.y0, shape.y1) for shape in fig.layout.shapes]
    assert frames == [(axis, 0.5, 1.5, 1.5, 2.5) for axis in ("x", "x2", "x3")]


def test_the_head_with_most_is_named_in_title_and_summary() -> None:
    fig = head_maps([*MAPS, HeadMap("Induction", np.full((3, 2), np.nan), note="nothing like it")], theme=LIGHT)
    texts = [note.text for note in fig.layout.annotations]
    assert "highest: L1 H0, 2.70 bits" in texts[0]
    assert "highest: L1 H0, 90.0%" in texts[2]
    assert "nothing like it" in texts[3]
    assert summary(fig).startswith("3 layers of 2 heads. Entropy, highest: L1 H0, 2.70 bits;")


def test_a_title_is_never_read_as_markup() -> None:
    fig = head_maps([HeadMap("<b>x</b>", SHARES)], theme=LIGHT)
    assert "&lt;b&gt;x" in fig.layout.annotations[0].text
    assert "&lt;b&gt;x" in fig.data[0].hovertemplate


def test_maps_of_different_models_are_refused() -> None:
    with pytest.raises(ValueError, match="one number of layers"):
        head_maps([MAPS[0], HeadMap("Same", np.zeros((2, 2)))], theme=LIGHT)


def test_a_number_has_its_unit() -> None:
    assert [as_number(0.5, "share"), as_number(1.234, "bits"), as_number(3.14, "tokens")] == [
        "50.0%",
        "1.23 bits",
        "3.1 tokens",
    ]
