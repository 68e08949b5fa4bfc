"""The alignment drawn as lines, lit both ways."""

from weakref import WeakKeyDictionary

import numpy as np
import pytest

from analysis.alignment_heads import alignment_heads, mean_of
from tests.pages.driving import CAT, chart, component, numbers, opened, picked, shown
from ui.components.payload import unpack
from ui.decoding import tokens_read
from ui.runs import on_demand


def test_lines_hold_every_head_of_the_layer_and_only_what_was_written_so_far() -> None:
    app = picked(opened("decoding", CAT, step="2"), "align_as", "lines")
    step = shown(app).steps[2]
    header, body = unpack(component(app, "alignment_lines").bytes)
    last = shown(app).lm.config.decoder_layers - 1
    expected = step.trace.attention("decoder", last, "cross").weights().numpy()
    np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(expected.shape), expected)
    assert header["queries"] == [one.token.label for one in shown(app).steps[:3]]
    assert header["keys"] == [token.label for token in step.trace.tokens("encoder")]


def test_a_chosen_head_is_drawn_alone() -> None:
    app = picked(picked(opened("decoding", CAT, step="1"), "align_as", "lines"), "align_head", "3")
    header, _ = unpack(component(app, "alignment_lines").bytes)
    assert header["head_names"] == ["3"]


def test_the_mean_of_the_alignment_heads_is_of_those_of_the_whole_text_at_every_step() -> None:
    app = picked(opened("decoding", CAT, step="1"), "align_head", "aligned")
    run = shown(app)
    heads = alignment_heads(run.trace)
    drawn = numbers(chart(app, "alignment")["data"][0]["z"])
    np.testing.assert_allclose(drawn, mean_of(run.trace, heads)[:2], atol=1e-6)
    assert f"Heads {' '.join(f'{layer}.{head}' for layer, head in heads)}" in [one.value for one in app.caption]
    assert "align_layer" not in {one.key for one in app.get("button_group")}
    header, body = unpack(component(picked(app, "align_as", "lines"), "alignment_lines").bytes)
    np.testing.assert_allclose(np.frombuffer(body, "<f4").reshape(drawn.shape), drawn, atol=1e-6)
    assert header["heads"] == 1


def test_beam_search_offers_the_alignment_heads_of_its_text_too() -> None:
    app = picked(opened("beam", CAT), "align_head", "aligned")
    assert not app.exception
    rows = numbers(chart(app, "beam_attention")["data"][0]["z"])
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_a_decoder_that_reads_itself_is_offered_none_and_a_link_that_asks_gets_the_mean() -> None:
    app = opened("decoding", "Once upon a time", model="gpt-stories", align_head="aligned")
    assert app.selectbox(key="align_head").value == "mean"
    assert "mean of the alignment heads" not in app.selectbox(key="align_head").options


def test_a_text_that_no_head_aligns_shows_the_mean_of_the_layer_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    own = numbers(chart(opened("decoding", "Oui.", step="1"), "alignment")["data"][0]["z"])
    monkeypatch.setattr(tokens_read, "alignment_heads", lambda trace: [])
    monkeypatch.setattr(on_demand, "_KEPT", WeakKeyDictionary())
    app = picked(opened("decoding", "Oui.", step="1"), "align_head", "aligned")
    assert "No head aligns this text" in " ".join(one.value for one in app.caption)
    np.testing.assert_array_equal(numbers(chart(app, "alignment")["data"][0]["z"]), own)
    assert "align_layer" in {one.key for one in app.get("button_group")}
