from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.branches import READABLE, Twig, branch_tree
from viz.frame import summary
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]


def twig(
    name: str, start: int, parent: int | None, labels: list[str], *, here: bool = False, ended: bool = True
) -> Twig:
    shares = [f"{10 * (start + n)}%" for n in range(len(labels))]
    return Twig(
        name,
        "1.0 bits",
        start,
        parent,
        labels,
        shares,
        [n == 0 and parent is not None for n in range(len(labels))],
        ended,
        here,
    )


TWIGS = (
    twig("own", 0, None, ["a", "b", "c", "</s>"]),
    twig("second", 2, 0, ["<i>", "</s>"]),
    twig("third", 3, 1, ["x"], here=True, ended=False),
)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_token_is_a_dot_in_its_branch_and_step(array: Read, theme) -> None:
    dots = branch_tree(TWIGS, theme=theme, step=3).to_dict()["data"][3]
    assert array(dots["x"]).tolist() == [0, 1, 2, 3, 2, 3, 3]
    assert array(dots["y"]).tolist() == [0, 0, 0, 0, 1, 1, 2]
    assert array(dots["customdata"]).tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [2, 1], [3, 1], [3, 2]]
    ends = [colour == theme.probability for colour in dots["marker"]["color"]]
    assert ends == [False, False, False, True, False, True, False], "only an end token is green"


def test_the_thick_way_leads_through_the_branches_to_the_text_on_screen() -> None:
    way = branch_tree(TWIGS, theme=LIGHT, step=3).to_dict()["data"][1]
    steps = [(x, y) for x, y in zip(way["x"][1::3], way["y"][1::3], strict=True)]
    assert steps == [(0, 0), (1, 0), (2, 1), (3, 2)]
    assert way["y"][::3] == [0.0, 0, 0, 1], "each hangs from the branch it leaves"


def test_where_two_part_both_tokens_carry_their_shares_and_what_was_chosen_its_mark() -> None:
    texts = branch_tree(TWIGS, theme=LIGHT, step=0).to_dict()["data"][3]["text"]
    assert texts[2] == "<b>c</b><br>20%"
    assert texts[4] == "<b>&lt;i&gt;</b> ✎<br>20%"
    assert texts[5] == "<b>&lt;/s&gt;</b><br>30%"
    assert texts[6] == "<b>x</b> ✎<br>30%"
    assert texts[0] == "a"


def test_a_long_text_names_only_the_tokens_where_branches_part() -> None:
    long = (twig("own", 0, None, [f"t{n}" for n in range(200)]), twig("other", 50, 0, ["u"] * 100, here=True))
    fig = branch_tree(long, theme=LIGHT, step=60)
    texts = fig.to_dict()["data"][3]["text"]
    assert [n for n, text in enumerate(texts) if text] == [50, 200]
    assert fig.layout.width < 201 * READABLE
    assert min(np.diff(fig.layout.xaxis.tickvals)) > 1


def test_the_summary_says_who_leaves_whom_and_where() -> None:
    said = summary(branch_tree(TWIGS, theme=LIGHT, step=0))
    assert said.startswith("3 continuations of one text. own, 1.0 bits;")
    assert 'third, 1.0 bits, branches from second at step 4 with "x".' in said


def test_a_branch_that_writes_the_same_is_named_and_has_no_dot(array: Read) -> None:
    fig = branch_tree((TWIGS[0], twig("same", 4, 0, [])), theme=LIGHT, step=0)
    assert set(array(fig.to_dict()["data"][3]["y"]).tolist()) == {0}
    assert "same, 1.0 bits, has the same tokens" in summary(fig)
