from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.next_token import REST_ID, next_token_chart, with_ghosts
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]
BEFORE, AFTER, OUT = np.array([0.5, 0.3, 0.1, 0.1]), np.array([0.625, 0.375, 0.0, 0.0]), ["", "", "top-k", "top-k"]


def plain():
    return next_token_chart(["a", "<b>", "c"], BEFORE[:3], 7, 0.1, theme=LIGHT, ids=[4, 5, 6])


def test_the_solid_bars_stay_the_full_softmax_and_the_ghosts_are_what_is_drawn_from(array: Read) -> None:
    sent = with_ghosts(plain(), BEFORE, AFTER, OUT, theme=LIGHT).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["x"]), BEFORE)
    np.testing.assert_array_equal(array(sent["data"][1]["x"]), AFTER)
    assert array(sent["data"][1]["customdata"]).tolist() == [4, 5, 6, REST_ID]
    assert sent["layout"]["barmode"] == "overlay"


def test_each_bar_says_both_shares_or_what_took_its_share_away() -> None:
    sent = with_ghosts(plain(), BEFORE, AFTER, OUT, theme=DARK).to_dict()
    assert sent["data"][2]["text"] == [" 50.0% → 62.5%", " 30.0% → 37.5%", " 10.0% → out: top-k", " 10.0% → out: top-k"]
    assert sent["data"][1]["hovertext"][1] == '"&lt;b&gt;"'
    assert "text" not in sent["data"][0]


def test_the_hollow_bar_alone_answers_for_its_row() -> None:
    full, drawn, words = with_ghosts(plain(), BEFORE, AFTER, OUT, theme=LIGHT).data
    assert (full.hoverinfo, words.hoverinfo) == ("skip", "skip")
    assert full.hovertemplate is None
    assert "%{hovertext}: %{text}" in drawn.hovertemplate


def test_words_stand_beyond_the_longer_of_the_two_bars(array: Read) -> None:
    sent = with_ghosts(plain(), BEFORE, AFTER, OUT, theme=LIGHT).to_dict()
    np.testing.assert_array_equal(array(sent["data"][2]["x"]), np.maximum(BEFORE, AFTER))


def test_the_axis_and_the_labels_are_those_of_the_chart_without_ghosts() -> None:
    with_them, without = with_ghosts(plain(), BEFORE, AFTER, OUT, theme=LIGHT).to_dict(), plain().to_dict()
    for axis in ("xaxis", "yaxis"):
        assert with_them["layout"][axis] == without["layout"][axis]
    assert with_them["layout"]["margin"]["l"] == without["layout"]["margin"]["l"]
    assert with_them["layout"]["height"] == without["layout"]["height"]


def test_the_description_counts_what_is_left() -> None:
    assert summary(with_ghosts(plain(), BEFORE, AFTER, OUT, theme=LIGHT)).endswith("2 of the 4 bars are left.")


def test_shares_that_fit_no_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 4 bars"):
        with_ghosts(plain(), BEFORE[:3], AFTER, OUT, theme=LIGHT)
