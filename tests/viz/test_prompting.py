"""The figures of prompts side by side hold the numbers they were given, and their labels are safe."""

import numpy as np
import pytest

from viz.frame import summary
from viz.prompting import (
    MOST_BARS,
    Named,
    answer_bars,
    bits_words,
    percent,
    prompt_colours,
    share_words,
    surprisal_bars,
)
from viz.prompting_parts import PartRow, part_bars, part_colours
from viz.theme import DARK, LIGHT

PROMPTS = (Named(1, "zero-shot"), Named(3, "one-shot"))
ANSWERS = ("yes", "<b>no</b>", "yes")  # equal words stay apart
VALUES = np.array([[0.5, 0.25, 0.25], [0.9, 0.1, 0.0]])
PARTS = ("instruction", "examples", "input", "answer", "special")


def bars(**changed: object):
    given: dict = {
        "theme": LIGHT,
        "text": share_words(VALUES),
        "hover": share_words(VALUES),
        "said": "Said.",
        "axis": "share",
        "top": 1,
    }
    return answer_bars(VALUES, PROMPTS, ANSWERS, **(given | changed))


def test_every_answer_has_a_bar_for_each_prompt_below_its_words() -> None:
    figure = bars(chosen=1)
    first, second = figure.data
    np.testing.assert_array_equal(first.x, VALUES[0])
    np.testing.assert_array_equal(second.x, VALUES[1])
    words = [note.y for note in figure.layout.annotations]
    for place in range(3):
        assert words[place] < first.y[place] < second.y[place]
        assert second.y[place] < (words[place + 1] if place < 2 else np.inf)
    assert list(figure.layout.yaxis.ticktext) == ["1", "3"] * 3
    assert list(figure.layout.yaxis.tickvals) == sorted([*first.y, *second.y])
    assert list(figure.layout.xaxis.range) == [0, 1]
    assert summary(figure) == "Said."


def test_words_of_answers_are_no_markup_and_the_chosen_one_is_bold() -> None:
    texts = [note.text for note in bars(chosen=1).layout.annotations]
    assert texts == ["yes", "<b>&lt;b&gt;no&lt;/b&gt;</b>", "yes"]


def test_an_axis_without_a_top_ends_at_the_longest_bar() -> None:
    assert list(bars(top=None).layout.xaxis.range) == [0, 0.9]
    nothing = answer_bars(
        np.zeros((1, 1)), PROMPTS[:1], ("a",), theme=LIGHT, text=[["0"]], hover=[["0"]], said="", axis="bits"
    )
    assert list(nothing.layout.xaxis.range) == [0, 1]


def test_a_prompt_keeps_its_colour_whatever_stands_beside_it() -> None:
    colours = prompt_colours(DARK)
    assert [bar.marker.color for bar in bars(theme=DARK).data] == [colours[0], colours[2]]
    assert len(set(colours)) == 4
    assert not set(colours) & set(part_colours(DARK).values())


def test_bits_are_told_with_a_probability_where_it_can_be_pictured() -> None:
    assert bits_words(np.array([[1.0, 20.0]]), whole=True) == [["1.0 · 50.0%", "20.0"]]
    assert bits_words(np.array([[1.0]]), whole=False) == [["1.0"]]
    assert percent(1 + 1e-9) == "100%"


def test_surprisal_is_a_bar_a_token_or_a_line_where_there_are_many() -> None:
    bits = np.array([[1.0, 0.5], [3.0, 0.25]])
    figure = surprisal_bars(bits, PROMPTS, ["·the", "·the"], theme=LIGHT)
    assert [list(trace.y) for trace in figure.data] == bits.tolist()
    assert list(figure.data[0].x) == [0, 1]
    assert 'under prompt 3 3.2 bits in total, most at "·the" (3.0)' in summary(figure)
    assert figure.data[1].hovertext[0] == '"·the" under 3 · one-shot: 3.00 bits, 12.5%'
    many = surprisal_bars(np.ones((2, MOST_BARS)), PROMPTS, ["a"] * MOST_BARS, theme=LIGHT)
    assert {trace.type for trace in many.data} == {"scatter"}
    assert many.data[0].line.color == prompt_colours(LIGHT)[0]


def test_parts_are_stacked_to_one_and_those_without_a_share_are_left_out() -> None:
    rows = [
        PartRow(PROMPTS[0], "attention", np.array([0.0, 0.0, 0.7, 0.2, 0.1])),
        PartRow(PROMPTS[1], "influence", np.array([0.0, 0.25, 0.25, 0.25, 0.25])),
    ]
    figure = part_bars(rows, PARTS, [*PARTS[:3], "answer so far", "special tokens"], theme=LIGHT)
    assert [trace.name for trace in figure.data] == ["examples", "input", "answer so far", "special tokens"]
    np.testing.assert_allclose(np.sum([trace.x for trace in figure.data], axis=0), 1)
    assert figure.data[1].marker.color == part_colours(LIGHT)["input"]
    assert list(figure.layout.yaxis.ticktext) == ["1 · attention", "3 · influence"]
    assert summary(figure).startswith("Of the attention under prompt 1 70.0% goes to the input;")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        answer_bars(VALUES[:1], PROMPTS, ANSWERS, theme=LIGHT, text=[], hover=[], said="", axis="")
    with pytest.raises(ValueError, match="do not fit"):
        surprisal_bars(VALUES, PROMPTS, ["a"], theme=LIGHT)
    with pytest.raises(ValueError, match="do not fit"):
        part_bars([], PARTS, PARTS, theme=LIGHT)
    with pytest.raises(ValueError, match="do not fit"):
        part_bars([PartRow(PROMPTS[0], "x", np.ones(2))], PARTS, PARTS, theme=LIGHT)
