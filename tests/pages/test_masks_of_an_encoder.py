"""Masks of an encoder: set by a click or a link, guessed over the whole vocabulary, and filled one at a time."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.divergence import mask_divergence
from analysis.mask_filling import filled_masks
from model import InputError
from tests.pages.driving import chart, numbers, payload, picked, pressed, sent, shown, typed
from tests.pages.test_kinds import SECOND, TEXT, charts, of, sentences, zoo
from ui.runs import runner
from viz.percent import format_percent

__all__ = ["zoo"]  # a fixture


def futures(app: AppTest) -> list[str]:
    """The names of the futures shown; none where there is one."""
    mounted = {element.key for element in app.get("bidi_component")}
    return [row["name"] for row in payload(app, "fill_branches")["rows"]] if "fill_branches" in mounted else []


def test_an_encoders_masks_are_filled_one_at_a_time_and_each_reads_the_ones_before() -> None:
    app = of("tiny-bert", "decoding", masks="1,2,3")
    run = shown(app)
    every = filled_masks(run.lm, [token.id for token in run.source], segments=run.reading.segments)
    for n, fill in enumerate(every):
        shares = numbers(chart(app, "fill")["data"][0]["x"])
        assert shares[0] == pytest.approx(float(fill.logits.softmax(-1).max()), abs=1e-6)
        assert payload(app, "filled")["rows"][0]["chips"][fill.at]["label"] == fill.token.label
        rows = fill.trace.attention("encoder", 1).weights()[:, fill.at].numpy()
        np.testing.assert_allclose(numbers(chart(app, "fill_read")["data"][0]["z"]), rows, atol=1e-6)
        app = pressed(app, "fill_step") if n < len(every) - 1 else app
    assert app.button(key="fill_step").disabled


def test_every_fill_is_a_run_in_the_store_and_going_on_reads_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = of("tiny-bert", "decoding", masks="1,2,3")
    run = shown(app)
    done: tuple[tuple[int, int], ...] = ()
    for fill in filled_masks(run.lm, [token.id for token in run.source], segments=run.reading.segments):
        held = runner.store().get(replace(run.spec, filled=done))
        assert held is not None
        assert [token.id for token in held.source] == [token.id for token in fill.trace.tokens("encoder")]
        done = tuple(sorted((*done, (fill.at, fill.token.id))))
    monkeypatch.setattr(type(run.lm), "run", lambda *_, **__: pytest.fail("the model was run"))
    pressed(pressed(app, "fill_step"), "fill_back")


def test_only_a_mask_is_filled() -> None:
    spec = shown(of("tiny-bert", "decoding", masks="1")).spec
    for place in (0, 500, -1):
        with pytest.raises(InputError, match=f"no mask at position {place}"):
            runner.get(replace(spec, filled=((place, 7),)))


def test_a_clicked_mask_is_filled_next() -> None:
    app = picked(of("tiny-bert", "decoding", masks="1,2,3"), "fill_order", "left")
    app = sent(app, "filled", "token", {"row": 0, "index": 3})
    assert payload(app, "filled")["rows"][0]["chips"][3]["current"]
    assert payload(app, "filled")["rows"][0]["chips"][2]["note"] == "click: next"
    assert not pressed(app, "fill_forget").session_state["fill_first"]


def test_a_click_on_a_bar_puts_that_token_there_the_next_mask_reads_it_and_the_link_restores_it() -> None:
    app = picked(of("tiny-bert", "decoding", masks="1,2,3"), "fill_order", "left")
    app = pressed(app, "fill_step")
    run, bars = shown(app), chart(app, "fill")["data"][0]["customdata"]
    token = int(numbers(bars)[3])
    app = sent(app, "fill_bridge", "point", {"curve": 0, "row": 3, "col": None, "x": None, "y": None})
    chip = payload(app, "filled")["rows"][0]["chips"][2]
    assert chip["label"] == run.lm.token(token).label
    assert chip["note"].endswith("✎")
    assert "1 token is your choice" in sentences(app)
    told = {2: token}
    every = filled_masks(
        run.lm, [token.id for token in run.source], segments=run.reading.segments, order="left", said=told
    )
    app = pressed(app, "fill_step")
    shares = numbers(chart(app, "fill")["data"][0]["x"])
    assert shares[0] == pytest.approx(float(every[2].logits.softmax(-1).max()), abs=1e-6)
    link = {name: str(app.query_params[name]) for name in ("masks", "choices", "step")}
    again = of("tiny-bert", "decoding", fill_order="left", **link)
    assert payload(again, "filled")["rows"][0]["chips"][2]["label"] == run.lm.token(token).label
    app = pressed(app, "unforce")
    assert not payload(app, "filled")["rows"][0]["chips"][2]["note"].endswith("✎")


def test_a_typed_piece_stands_where_the_mask_was_and_what_is_no_piece_is_refused_in_words() -> None:
    app = of("tiny-bert", "decoding", masks="1,2")
    app.text_input(key="fill_typed").set_value("z").run()
    at = next(i for i, chip in enumerate(payload(app, "filled")["rows"][0]["chips"]) if chip["current"])
    assert payload(app, "filled")["rows"][0]["chips"][at]["label"] == "z"
    assert "typed_wrong" not in app.session_state
    for text, says in (("xyz", "is 3 pieces"), ("[MASK]", "no answer")):
        app.text_input(key="fill_typed").set_value(text).run()
        assert says in app.warning[0].value
        assert payload(app, "filled")["rows"][0]["chips"][at]["label"] == "z"


def test_a_link_that_chooses_what_cannot_stand_there_is_read_without_it() -> None:
    own = payload(of("tiny-bert", "decoding", masks="1,2"), "filled")["rows"]
    app = of("tiny-bert", "decoding", masks="1,2", choices="1:999999,9:4", fill_first="7,x,2,2")
    assert not app.exception
    assert app.session_state["fill_first"] == (7, 2, 2)
    assert app.query_params["fill_first"] == "2"
    assert "fill_first" not in picked(app, "model", "tiny-gpt2").query_params
    app = picked(app, "model", "tiny-bert")
    rows = payload(pressed(app, "fill_step"), "filled")["rows"]
    assert not any(chip["note"].endswith("✎") for chip in rows[0]["chips"])
    assert len(rows) == len(own)


def test_the_whole_filling_can_be_taken_away(downloads: dict[str, Callable[[], str]]) -> None:
    app = of("tiny-bert", "decoding", masks="1,2,3", choices="2:7")
    run = shown(app)
    every = filled_masks(run.lm, [token.id for token in run.source], segments=run.reading.segments, said={2: 7})
    document = json.loads(downloads["fills.json"]())
    rows = list(csv.DictReader(io.StringIO(downloads["fills.csv"]())))
    for fill, mask, row in zip(every, document["masks"], rows, strict=True):
        assert (mask["position"], mask["id"]) == (fill.at, fill.token.id) == (int(row["position"]), int(row["id"]))
        assert mask["chosen_by"] == row["chosen_by"] == ("person" if fill.at == 2 else "model")
        assert float(row["probability"]) == pytest.approx(fill.probability, abs=1e-6)
        best = fill.logits.softmax(-1).max()
        assert float(row["candidate1_probability"]) == pytest.approx(float(best), abs=1e-6)
        assert mask["candidates"][0]["probability"] == pytest.approx(float(best), abs=1e-6)


def test_both_futures_of_a_chosen_token_stay_and_can_be_switched_named_pruned_and_restored(
    downloads: dict[str, Callable[[], str]],
) -> None:
    app = picked(of("tiny-bert", "decoding", masks="1,2,3"), "fill_order", "left")
    own = [chip["label"] for chip in payload(app, "filled")["rows"][0]["chips"]]
    assert futures(app) == []
    app = sent(app, "fill_bridge", "point", {"curve": 0, "row": 2, "col": None, "x": None, "y": None})
    token = payload(app, "filled")["rows"][0]["chips"][1]["label"]
    assert token != own[1]
    rows = payload(app, "fill_branches")["rows"]
    assert futures(app) == ["the model's own", f"▸ {token} at step 2"]
    assert rows[0]["chips"][1]["label"] == own[1]
    assert rows[1]["chips"][1]["label"] == token
    app.text_input(key="branch_name").set_value("mine").run()
    link = {name: str(app.query_params[name]) for name in ("masks", "choices", "branches")}
    again = of("tiny-bert", "decoding", fill_order="left", **link)
    assert futures(again) == ["the model's own", "▸ mine"]
    assert [one["name"] for one in json.loads(downloads["fills.json"]())["branches"]] == ["", "mine"]
    app = sent(again, "fill_branches", "token", {"row": 0, "index": 2})
    assert [chip["label"] for chip in payload(app, "filled")["rows"][0]["chips"]][1] == own[1]
    assert app.session_state["step"] == 1
    app = pressed(sent(app, "fill_branches", "token", {"row": 1, "index": 1}), "prune")
    assert futures(app) == []
    assert [chip["label"] for chip in payload(app, "filled")["rows"][0]["chips"]][1] == own[1]


def test_two_futures_are_compared_mask_by_mask() -> None:
    app = of("tiny-bert", "decoding", masks="1,2,3", fill_order="left", choices="1:7", branches="-;1:7")
    run = shown(app)
    ids = [token.id for token in run.source]
    mine, own = (
        filled_masks(run.lm, ids, segments=run.reading.segments, order="left", said=told) for told in ({1: 7}, {})
    )
    found = mask_divergence(*({fill.at: fill.trace for fill in every} for every in (mine, own)))
    lines = chart(app, "parting")["data"]
    np.testing.assert_allclose(numbers(lines[0]["y"]), found.divergence.numpy(), atol=1e-6)
    np.testing.assert_allclose(numbers(lines[1]["y"]), found.attention.mean(dim=(0, 1)).numpy(), atol=1e-6)
    cells = numbers(chart(app, "apart")["data"][0]["z"])
    np.testing.assert_allclose(cells, found.attention.flatten(0, 1).numpy(), atol=1e-6)


def test_other_masks_have_futures_of_their_own() -> None:
    app = of("tiny-bert", "decoding", masks="1,2", choices="1:7", branches="-;1:7")
    assert len(futures(app)) == 2
    assert futures(sent(app, "maskable", "token", {"row": 0, "index": 1})) == []


def test_masked_tokens_of_a_link_are_read_as_masks_and_guessed_over_the_whole_vocabulary() -> None:
    app = of("tiny-bert", "logits", masks="1,3", pair=SECOND)
    run = shown(app)
    mask = run.lm.special.mask
    assert mask is not None
    original = run.lm.run(TEXT, pair=SECOND).tokens("encoder")
    ids = [mask if i in (1, 3) else token.id for i, token in enumerate(original)]
    assert [token.id for token in run.source] == ids
    shares = run.lm.run(ids, segments=run.segments).probabilities(3)
    bars = numbers(chart(app, "mask_3")["data"][0]["x"])
    assert bars.sum() == pytest.approx(1, abs=1e-5)
    assert bars[0] == pytest.approx(float(shares.max()))
    was = float(shares[original[3].id])
    assert f"stood there: {format_percent(was)}, rank {int((shares > was).sum()) + 1}" in sentences(app)
    assert charts(pressed(app, "unmask")) & {"mask_1", "mask_3"} == set()
    assert shown(app).spec.masks == ()


def test_a_click_on_a_token_masks_it_and_another_brings_it_back() -> None:
    app = of("tiny-bert", "logits", pair=SECOND)
    first = shown(app).segments.index(1)  # type: ignore[union-attr]
    for row, index, masks in ((0, 2, (2,)), (1, 0, (2, first)), (0, 0, (2, first)), (0, 2, (first,))):
        app = sent(app, "maskable", "token", {"row": row, "index": index})
        assert shown(app).spec.masks == masks
    chip = payload(app, "maskable")["rows"][1]["chips"][0]
    assert (chip["label"], chip["note"]) == ("[MASK]", shown(app).original[first].label)
    assert "1 token is masked" in sentences(app)


def test_another_text_has_nothing_masked() -> None:
    app = of("tiny-bert", "logits", masks="1,2")
    assert shown(app).spec.masks == (1, 2)
    assert shown(typed(app, "the mat")).spec.masks == ()


def test_a_mask_that_was_typed_is_guessed_too() -> None:
    app = of("tiny-bert", "logits", text="the [MASK] sat")
    place = next(i for i, token in enumerate(shown(app).source) if token.label == "[MASK]")
    assert f"mask_{place}" in charts(app)
