from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.changes import moved_ranking, next_token_change
from viz.frame import summary
from viz.theme import DARK, LIGHT, Theme

Read = Callable[[object], NDArray[np.generic]]
BEFORE, AFTER = np.array([0.7, 0.2, 0.01], dtype=np.float32), np.array([0.1, 0.6, 0.05], dtype=np.float32)
LABELS = ["cat", "<b>dog</b>", "a"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_both_softmaxes_reach_the_figure_and_each_sums_to_one(array: Read, theme: Theme) -> None:
    solid, hollow, words = next_token_change(LABELS, BEFORE, AFTER, 97, theme=theme, chosen=0).to_dict()["data"]
    np.testing.assert_allclose(array(solid["x"])[:3], AFTER)
    np.testing.assert_allclose(array(hollow["x"])[:3], BEFORE)
    for bars in (solid, hollow):
        assert array(bars["x"]).sum() == pytest.approx(1)
    assert words["text"][0].strip() == "70.0% → 10.0%"
    assert words["text"][3].strip() == "9.0% → 25.0%"


def test_the_token_in_question_is_marked_and_markup_stays_text() -> None:
    axis = next_token_change(LABELS, BEFORE, AFTER, 97, theme=LIGHT, chosen=1).to_dict()["layout"]["yaxis"]
    assert axis["ticktext"][1].startswith("<b>▸ &lt;b&gt;dog")
    assert "▸" not in axis["ticktext"][0]
    assert axis["ticktext"][3] == "97 others"


def test_the_summary_says_where_the_token_went_and_what_took_its_place() -> None:
    text = summary(next_token_change(LABELS, BEFORE, AFTER, 97, theme=LIGHT, chosen=0))
    assert text == '"cat" goes from 70.0% to 10.0%; after the change "<b>dog</b>" is the most probable (60.0%).'
    same = summary(next_token_change(LABELS, BEFORE, BEFORE, 97, theme=LIGHT))
    assert same == '"cat" goes from 70.0% to 70.0%; it is the most probable token after the change.'


def test_shares_that_do_not_fit_their_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="3 labels and 2 and 3 shares"):
        next_token_change(LABELS, BEFORE[:2], AFTER, 97, theme=LIGHT)


def test_heads_are_bars_in_the_order_given_and_the_one_on_screen_is_marked(array: Read) -> None:
    values = np.array([0.4, 0.2, 0.05], dtype=np.float32)
    figure = moved_ranking(["L0 H1", "L2 H0", "L1 H1"], values, theme=LIGHT, selected=1)
    sent = figure.to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["x"]), values)
    assert sent["layout"]["yaxis"]["ticktext"] == ["L0 H1", "<b>▸ L2 H0</b>", "L1 H1"]
    assert summary(figure) == "Of 3 heads L0 H1 moved most: 40.0% of each query's attention."
    with pytest.raises(ValueError, match="2 names and 3 values"):
        moved_ranking(["a", "b"], values, theme=LIGHT)
