"""Inside a step: the lens, the parts of a logit difference shown to sum to it, and the rival one chooses."""

import re

import numpy as np
import pytest

from analysis.logit_attribution import attribution, by_source
from analysis.logit_lens import lens
from tests.pages.driving import CAT, chart, clicked, numbers, opened, payload, picked, shown


def inside(step: str = "2"):
    return picked(opened("decoding", CAT, step=step), "beside", "inside")


def test_the_lens_on_screen_is_that_of_the_step() -> None:
    app = inside()
    step = shown(app).steps[2]
    found = lens(step.trace, step.token.id, n=4)
    np.testing.assert_array_equal(numbers(chart(app, "lens")["data"][0]["z"]), found.top_probabilities.numpy())


def test_the_parts_on_screen_sum_to_the_logit_difference_and_say_so() -> None:
    app = inside()
    step = shown(app).steps[2]
    rival = step.top(2)[1][0].id
    found = attribution(step.trace, step.token.id, rival)
    values = numbers(chart(app, "pushed")["data"][0]["z"])
    assert values[:, -1] == pytest.approx(found.feed_forward.numpy())
    np.testing.assert_allclose(values[:, :8], found.heads["self"].numpy())
    np.testing.assert_allclose(values[:, 8:16], found.heads["cross"].numpy())
    difference = float(step.logits[step.token.id] - step.logits[rival])
    (said,) = [caption.value for caption in app.caption if "Off by" in caption.value]
    together, in_the_run = re.findall(r"(-?\d+\.\d{5})", said)
    assert float(together) == pytest.approx(difference, abs=1e-4)
    assert float(in_the_run) == pytest.approx(difference, abs=1e-4)


def test_another_rival_takes_another_difference_apart() -> None:
    app = inside()
    before = numbers(chart(app, "pushed")["data"][0]["z"])
    step = shown(app).steps[2]
    rival = step.top(6)[5][0].id
    app = picked(app, "rival", rival)
    after = numbers(chart(app, "pushed")["data"][0]["z"])
    assert abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after[:, -1], attribution(step.trace, step.token.id, rival).feed_forward.numpy())


def test_a_clicked_head_is_split_over_what_it_read() -> None:
    app = clicked(inside(), "pushed_bridge", 1, 10)
    step = shown(app).steps[2]
    found = attribution(step.trace, step.token.id, step.top(2)[1][0].id)
    split = by_source(step.trace, found, 1, "cross", 2)
    chips = payload(app, "pushed_sources")["rows"][0]["chips"]
    assert [chip["label"] for chip in chips] == [token.label for token in step.trace.tokens("encoder")]
    assert [float(chip["title"].split()[0]) for chip in chips] == pytest.approx(split.tolist(), abs=1e-4)
    strongest = max(range(len(chips)), key=lambda n: abs(float(split[n])))
    assert chips[strongest]["intensity"] == 1


@pytest.mark.parametrize(("row", "column"), [(1, 16), (9, 3), (1, 99), (1, None)])
def test_a_click_on_no_head_keeps_the_one_that_pushed_most(row: int, column: int | None) -> None:
    app = inside()
    before = payload(app, "pushed_sources")
    assert payload(clicked(app, "pushed_bridge", row, column), "pushed_sources") == before
