"""Branches on the decoding page: both futures stay, are switched, named, pruned and compared, and survive a reload."""

import math

import numpy as np
import pytest

from analysis.divergence import decode_divergence
from tests.pages.driving import (
    CAT,
    chart,
    chips,
    clicked,
    component,
    fine,
    numbers,
    opened,
    payload,
    picked,
    pressed,
    run_of,
    sent,
    shown,
    typed,
)
from ui.state.branches import Branch


def strips(app) -> list[str]:
    return [row["name"] for row in payload(app, "branch_tree")["rows"]]


def two():
    """The model's own text, and one with another third token."""
    return clicked(opened("decoding", CAT, step="2"), "next_bridge", 1)


def address(app, key: str) -> str:
    value = app.query_params.get(key, "")
    return value[0] if isinstance(value, list) else value


def test_one_future_needs_no_tree() -> None:
    with pytest.raises(AssertionError, match="0 components"):
        component(opened("decoding", CAT), "branch_tree")


def test_both_futures_stay_and_the_second_begins_where_it_leaves_the_first() -> None:
    app = two()
    own, other = run_of(CAT), shown(app)
    assert chips(app, "branch_tree", 0) == [step.token.label for step in own.steps]
    assert chips(app, "branch_tree", 1) == ["⋯ 2 shared", *[step.token.label for step in other.steps[2:]]]
    assert strips(app)[0] == "the model's own"
    assert strips(app)[1].startswith("▸")


def test_a_click_switches_to_a_branch_at_a_step_and_back() -> None:
    app = two()
    other = shown(app).spec
    app = sent(app, "branch_tree", "token", {"row": 0, "index": 4})
    assert shown(app) is run_of(CAT)
    assert app.session_state["step"] == 4
    app = sent(app, "branch_tree", "token", {"row": 1, "index": 2})
    assert shown(app).spec == other
    assert app.session_state["step"] == 3
    assert len(strips(app)) == 2


def test_a_name_and_the_tree_survive_a_reload() -> None:
    app = fine(two().text_input(key="branch_name").set_value("bottle; ~x").run())
    other = shown(app).spec.choices
    app = sent(app, "branch_tree", "token", {"row": 0, "index": 0})
    assert address(app, "branches")
    again = opened("decoding", CAT, branches=address(app, "branches"), choices=address(app, "choices"))
    assert strips(again) == ["▸ the model's own", "bottle x"]
    assert again.session_state["branches"][1] == (Branch(), Branch(other, "bottle x"))
    assert chips(again, "branch_tree", 1) == chips(app, "branch_tree", 1)


def test_a_pruned_branch_is_gone_and_the_one_before_it_is_shown() -> None:
    app = pressed(two(), "prune")
    assert shown(app) is run_of(CAT)
    assert not address(app, "branches")
    with pytest.raises(AssertionError, match="0 components"):
        component(app, "branch_tree")


def test_another_text_begins_without_branches() -> None:
    app = typed(two(), "Le chien dort.")
    with pytest.raises(AssertionError, match="0 components"):
        component(app, "branch_tree")


def test_a_link_with_tokens_the_model_does_not_have_loses_only_those() -> None:
    own = run_of(CAT).steps[1].top(3)[2][0].id
    app = opened("decoding", CAT, branches=f"wrong~1:99999999;right~1:{own}")
    assert strips(app) == ["right", "▸ the model's own"]


def test_two_branches_are_compared_step_by_step() -> None:
    app = picked(two(), "beside", "branches")
    own, other = run_of(CAT), shown(app)
    found = decode_divergence(other.steps, own.steps, "cross")
    lines = chart(app, "parting")["data"]
    np.testing.assert_allclose(numbers(lines[0]["y"]), found.divergence.numpy(), atol=1e-6)
    np.testing.assert_allclose(numbers(lines[1]["y"]), found.attention.mean(dim=(0, 1)).numpy(), atol=1e-6)
    heads = numbers(chart(app, "apart")["data"][0]["z"])
    np.testing.assert_allclose(heads, found.attention.flatten(0, 1).numpy(), atol=1e-6)
    assert abs(numbers(lines[0]["y"])[:3]).max() < 1e-6


def test_with_one_future_the_comparison_says_what_to_do() -> None:
    app = picked(opened("decoding", CAT), "beside", "branches")
    assert any("both futures stay" in info.value for info in app.info)


def test_the_tree_shows_every_branch_and_a_click_on_a_token_goes_there() -> None:
    app = picked(two(), "beside", "branches")
    own, other = run_of(CAT), shown(app)
    dots = chart(app, "branches_picture")["data"][3]
    places = numbers(dots["customdata"]).reshape(-1, 2).tolist()
    assert places == [[n, 0] for n in range(len(own.steps))] + [[n, 1] for n in range(2, len(other.steps))]
    bits = [-sum(math.log2(float(step.probabilities[step.token.id])) for step in run.steps) for run in (own, other)]
    names = chart(app, "branches_picture")["data"][4]["text"]
    for text, expected in zip(names, bits, strict=True):
        assert float(text.split(" · ")[1].removesuffix(" bits")) == pytest.approx(expected, abs=0.06)
    app = sent(
        app,
        "branches_picture_bridge",
        "point",
        {"curve": 3, "row": 1, "col": None, "x": 1, "y": 0, "customdata": [1, 0]},
    )
    assert shown(app) is own
    assert app.session_state["step"] == 1


@pytest.mark.parametrize("place", [[1, 7], [1], "x", None, [1, -1], [True, "0"]])
def test_a_point_that_is_in_no_branch_changes_nothing(place: object) -> None:
    app = picked(two(), "beside", "branches")
    before = shown(app).spec
    point = {"curve": 3, "row": 1, "col": None, "x": 1, "y": 0, "customdata": place}
    assert shown(sent(app, "branches_picture_bridge", "point", point)).spec == before
