"""Masks of an encoder: set by a click or a link, guessed over the whole vocabulary, and filled one at a time."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.mask_filling import fills
from model import InputError
from tests.pages.driving import chart, numbers, payload, picked, pressed, sent, shown, typed
from tests.pages.test_kinds import SECOND, TEXT, charts, of, sentences, zoo
from ui import runs
from viz.probabilities import format_percent

__all__ = ["zoo"]  # a fixture


def test_an_encoders_masks_are_filled_one_at_a_time_and_each_reads_the_ones_before() -> None:
    app = of("tiny-bert", "decoding", masks="1,2,3")
    run = shown(app)
    every = fills(run.lm, [token.id for token in run.source], segments=run.reading.segments)
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
    for fill in fills(run.lm, [token.id for token in run.source], segments=run.reading.segments):
        held = runs.store().get(replace(run.spec, filled=done))
        assert held is not None
        assert [token.id for token in held.source] == [token.id for token in fill.trace.tokens("encoder")]
        done = tuple(sorted((*done, (fill.at, fill.token.id))))
    monkeypatch.setattr(type(run.lm), "run", lambda *_, **__: pytest.fail("the model was run"))
    pressed(pressed(app, "fill_step"), "fill_back")


def test_only_a_mask_is_filled() -> None:
    spec = shown(of("tiny-bert", "decoding", masks="1")).spec
    for place in (0, 500, -1):
        with pytest.raises(InputError, match=f"no mask at position {place}"):
            runs.get(replace(spec, filled=((place, 7),)))


def test_a_clicked_mask_is_filled_next() -> None:
    app = picked(of("tiny-bert", "decoding", masks="1,2,3"), "fill_order", "left")
    app = sent(app, "filled", "token", {"row": 0, "index": 3})
    assert payload(app, "filled")["rows"][0]["chips"][3]["current"]
    assert payload(app, "filled")["rows"][0]["chips"][2]["note"] == "click: next"
    assert not pressed(app, "fill_forget").session_state["fill_first"]


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
