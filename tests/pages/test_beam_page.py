"""The beam page: the search's own texts, scores and tree, and the attention of each."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest

from model import beam_history
from tests.pages.driving import CAT, chart, chips, numbers, opened, payload, picked, run_of, sent, shown, typed

FATES = {"kept": 0, "finished": 1, "dropped": 2}


def found(beams: int = 4, penalty: float = 1.0):
    run = run_of(CAT)
    return beam_history(run.lm, CAT, beams=beams, length_penalty=penalty, max_new_tokens=run.limit)


def test_the_texts_on_screen_are_those_of_the_search_with_their_scores() -> None:
    app = opened("beam", CAT)
    rows = payload(app, "hypotheses")["rows"]
    expected = found().hypotheses
    assert len(rows) == len(expected) + 1
    for n, h in enumerate(expected):
        assert rows[n]["name"] == f"{n + 1} · {h.score:.3f}"
        assert chips(app, "hypotheses", n) == [shown(app).lm.token(i).label for i in h.ids]


def test_greedy_decoding_stands_beside_them_scored_alike() -> None:
    app = picked(opened("beam", CAT), "beams", 1)
    (only,) = found(1).hypotheses
    rows = payload(app, "hypotheses")["rows"]
    assert chips(app, "hypotheses", 0) == chips(app, "hypotheses", 1)
    assert rows[1]["name"] == f"Greedy · {only.score:.3f}"
    assert any("nothing better than greedy" in caption.value for caption in app.caption)


def test_the_tree_holds_every_continuation_with_its_fate(downloads: dict[str, Callable[[], str]]) -> None:
    opened("beam", CAT)
    rows = list(csv.DictReader(io.StringIO(downloads["beam-tree.csv"]())))
    expected = [(at, one) for at, step in enumerate(found().steps) for one in step]
    assert [(int(r["step"]), int(r["id"]), r["fate"]) for r in rows] == [(at, o.ids[-1], o.fate) for at, o in expected]
    np.testing.assert_allclose([float(r["sum"]) for r in rows], [o.total for _, o in expected])
    assert {row["fate"] for row in rows} == set(FATES)


def test_the_first_steps_of_the_tree_are_drawn() -> None:
    dots = chart(opened("beam", CAT), "tree")["data"][-1]
    steps = found().steps
    window = range(min(9, len(steps)))
    assert numbers(dots["x"]).tolist() == [at for at in window for _ in steps[at]]


def test_width_and_penalty_make_another_search() -> None:
    app = picked(picked(opened("beam", CAT), "beams", 2), "penalty", 0.0)
    names = [row["name"] for row in payload(app, "hypotheses")["rows"]][:-1]
    assert names == [f"{n + 1} · {h.score:.3f}" for n, h in enumerate(found(2, 0.0).hypotheses)]


def test_a_click_on_a_text_shows_its_attention_as_one_pass_over_it_gives() -> None:
    app = sent(opened("beam", CAT), "hypotheses", "token", {"row": 2, "index": 0})
    h = found().hypotheses[2]
    lm = shown(app).lm
    trace = lm.run(CAT, target=[lm.special.start or 0, *h.ids[:-1]])
    last = lm.config.decoder_layers - 1
    expected = trace.attention("decoder", last, "cross").weights().mean(dim=0).numpy()
    values = numbers(chart(app, "beam_attention")["data"][0]["z"])
    np.testing.assert_allclose(values[: len(expected)], expected, atol=1e-5)
    assert app.session_state["hypothesis"] == 2


def test_a_click_on_the_own_text_keeps_the_chosen_one() -> None:
    app = opened("beam", CAT)
    last = len(payload(app, "hypotheses")["rows"]) - 1
    assert sent(app, "hypotheses", "token", {"row": last, "index": 0}).session_state["hypothesis"] == 0


@pytest.mark.parametrize("address", ["7", "99", "-1", "x"])
def test_a_text_that_is_not_there_gives_way(address: str) -> None:
    app = opened("beam", CAT, hypothesis=address, beams="3")
    assert 0 <= app.session_state["hypothesis"] < len(payload(app, "hypotheses")["rows"]) - 1


def test_the_search_follows_the_text() -> None:
    app = typed(opened("beam", CAT), "Le chien dort.")
    run = run_of("Le chien dort.")
    best = beam_history(run.lm, "Le chien dort.", beams=4, max_new_tokens=run.limit).hypotheses[0]
    assert chips(app, "hypotheses", 0) == [run.lm.token(i).label for i in best.ids]
