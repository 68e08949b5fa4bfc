"""The decode as a file: every step with its numbers, who chose it, and the branches beside it."""

import csv
import io
import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.driving import CAT, clicked, opened, shown

Downloads = dict[str, Callable[[], str]]


def test_the_csv_has_a_row_a_step_with_exact_probabilities(downloads: Downloads) -> None:
    run = shown(opened("decoding", CAT))
    rows = list(csv.DictReader(io.StringIO(downloads["decode.csv"]())))
    assert [int(row["id"]) for row in rows] == [step.token.id for step in run.steps]
    for row, step in zip(rows, run.steps, strict=True):
        p = step.probabilities
        assert np.float32(row["candidate1_probability"]) == np.float32(p.max())
        assert float(row["probability"]) == pytest.approx(float(p[step.token.id]), rel=1e-5)
        assert [int(row[f"candidate{n}_id"]) for n in range(1, 11)] == p.topk(10).indices.tolist()
        assert row["chosen_by"] == "greedy"


def test_the_json_says_who_chose_each_token_and_holds_both_futures(downloads: Downloads) -> None:
    app = clicked(opened("decoding", CAT, step="2", choose="draw", seed="5"), "next_bridge", 1)
    run = shown(app)
    document = json.loads(downloads["decode.json"]())
    assert [step["id"] for step in document["steps"]] == [step.token.id for step in run.steps]
    assert [step["chosen_by"] for step in document["steps"]][:4] == ["draw", "draw", "person", "draw"]
    assert document["strategy"]["name"] == "sample"
    assert document["strategy"]["seed"] == 5
    assert document["written"] == run.lm.text([step.token.id for step in run.steps])
    assert [len(branch["choices"]) for branch in document["branches"]] == [0, 1]
    assert [branch["on_screen"] for branch in document["branches"]] == [False, True]
    assert document["branches"][1]["choices"][0]["id"] == run.spec.choices[0][1]
    own, other = document["branches"]
    assert (own["leaves_branch"], own["at_step"]) == (None, None)
    assert (other["leaves_branch"], other["at_step"]) == (0, run.spec.choices[0][0])
    assert [token["id"] for token in other["own_tokens"]] == [step.token.id for step in run.steps[other["at_step"] :]]
    shares = [float(step.probabilities[step.token.id]) for step in run.steps]
    assert other["log2_probability"] == pytest.approx(sum(math.log2(p) for p in shares), abs=1e-3)
    assert [token["probability"] for token in other["own_tokens"]] == pytest.approx(
        shares[other["at_step"] :], rel=1e-4
    )
    assert other["written"] == run.lm.text([step.token.id for step in run.steps])
