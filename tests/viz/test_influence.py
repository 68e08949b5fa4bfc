"""Influence by distance and token by token: what is drawn is what was given, and a model keeps its colour."""

import numpy as np
import pytest

from viz.frame import summary
from viz.influence import LEAST, Curve, influence_bars, influence_by_distance
from viz.recurrent import recurrent_drawing
from viz.theme import DARK, LIGHT

FALLING = np.array([0.5, 0.25, 0.125, 0.0], dtype=np.float32)


def test_a_line_has_the_shares_by_distance_and_zero_at_the_foot() -> None:
    (line,) = influence_by_distance([Curve("lstm", FALLING)], theme=LIGHT).data
    assert list(line.x) == [0, 1, 2, 3]
    assert np.asarray(line.y) == pytest.approx([0.5, 0.25, 0.125, LEAST])
    assert "0%" in line.hovertext[3]


def test_a_models_attention_has_its_colour_and_is_dotted() -> None:
    curves = [Curve("gpt", FALLING), Curve("gpt", FALLING[::-1], attention=True), Curve("lstm", FALLING)]
    gpt, attention, lstm = influence_by_distance(curves, theme=DARK).data
    assert gpt.line.color == attention.line.color != lstm.line.color
    assert (gpt.line.dash, attention.line.dash) == ("solid", "dot")
    assert attention.name == "gpt, attention"


def test_the_axis_reaches_the_smallest_share() -> None:
    figure = influence_by_distance([Curve("a", np.array([0.9, 0.1, 2e-4]))], theme=LIGHT)
    low, high = figure.layout.yaxis.range
    assert 10**low <= 2e-4
    assert high > 0
    assert figure.layout.yaxis.type == "log"


def test_the_summary_says_how_much_lies_far_back() -> None:
    shares = np.full(20, 0.05)
    assert "50.0% ten or more tokens back" in summary(influence_by_distance([Curve("a", shares)], theme=LIGHT))


@pytest.mark.parametrize("curves", [[], [Curve("a", np.array([]))]])
def test_nothing_to_draw_is_refused(curves: list[Curve]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        influence_by_distance(curves, theme=LIGHT)


def test_a_models_name_is_no_markup() -> None:
    (line,) = influence_by_distance([Curve("<b>x", FALLING)], theme=LIGHT).data
    assert line.name == "&lt;b&gt;x"


def test_bars_are_the_shares_of_the_tokens() -> None:
    figure = influence_bars(FALLING, ["the", "the", "<b>", "sat"], theme=LIGHT, colour="#123456")
    (bars,) = figure.data
    assert list(bars.x) == [0, 1, 2, 3]  # equal tokens stay apart
    assert np.asarray(bars.y) == pytest.approx(FALLING)
    assert "<b>" not in bars.hovertext[2]
    assert '"the" has most influence, 50.0%' in summary(figure)


def test_bars_without_their_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="4 shares do not fit 1 label"):
        influence_bars(FALLING, ["a"], theme=LIGHT, colour="#123456")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("tied", [True, False, None])
def test_a_recurrent_layer_is_drawn_with_its_sizes(tied: bool | None, theme) -> None:
    figure = recurrent_drawing(3, 176, 3_072, tied=tied, theme=theme)
    words = " ".join(str(note.text) for note in figure.layout.annotations)
    assert "× 3" in words
    assert "3,072 pieces × 176" in words
    assert "352 → 176" in words
    assert {True: "(tied)", False: "(not tied)", None: "no output head"}[tied] in words
    assert figure.layout.height == pytest.approx(figure.layout.yaxis.range[1] + 6, abs=1)


def test_a_model_has_the_colour_it_has_elsewhere_though_another_one_is_missing() -> None:
    """The first model of a page may have no curve, because the text is too short for it."""
    (line,) = influence_by_distance([Curve("second", FALLING, colour=LIGHT.series[1])], theme=LIGHT).data
    assert line.line.color == LIGHT.series[1]
