from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.logit_lens import lens_table
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]
LABELS = [["a", "b"], ["<b>", "the"], ["the", "a"]]
SHARES = np.array([[0.4, 0.3], [0.5, 0.2], [0.9, 0.05]], dtype=np.float32)
NAMED = {"came": "the", "ranks": [1200, 2, 1], "shares": np.array([0.0004, 0.2, 0.9]), "columns_of_came": [None, 1, 0]}


def test_each_depth_has_its_candidates_and_the_token_that_came_is_framed(array: Read) -> None:
    sent = lens_table(LABELS, SHARES, theme=LIGHT, **NAMED).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), SHARES)
    assert sent["data"][0]["hovertext"][1] == ['"&lt;b&gt;"', '"the"']
    assert [(shape["x0"] + 0.5, shape["y0"] + 0.5) for shape in sent["layout"]["shapes"]] == [(2, 1), (1, 2)]
    assert sent["layout"]["yaxis"]["ticktext"] == ["into layer 0", "into layer 1", "out"]


def test_rank_and_share_of_the_token_that_came_stand_beside_each_depth() -> None:
    notes = lens_table(LABELS, SHARES, theme=DARK, **NAMED).to_dict()["layout"]["annotations"]
    beside = {note["y"]: note["text"].replace("\u00a0", " ").split() for note in notes if note.get("yref") == "y"}
    assert beside == {0: ["1,200", "0.040%"], 1: ["2", "20.0%"], 2: ["1", "90.0%"]}


def test_the_description_says_from_where_on_it_leads() -> None:
    assert "is the most probable token only at the end" in summary(lens_table(LABELS, SHARES, theme=LIGHT, **NAMED))
    early = NAMED | {"ranks": [3, 1, 1]}
    assert "is the most probable token from the input of layer 1 on" in summary(
        lens_table(LABELS, SHARES, theme=LIGHT, **early)
    )
    never = NAMED | {"ranks": [1, 1, 2]}
    assert "is not the most probable token at the end" in summary(lens_table(LABELS, SHARES, theme=LIGHT, **never))


def test_depths_without_a_rank_are_refused() -> None:
    with pytest.raises(ValueError, match="each of 3 depths"):
        lens_table(LABELS, SHARES, theme=LIGHT, **(NAMED | {"ranks": [1, 2]}))
