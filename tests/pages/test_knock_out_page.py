"""What happens without this head? A click switches a part off, the numbers are the model's own, and one click restores it."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.gradients import heads_gradient_x_attention
from analysis.knock_out import every_head, log_probability
from model import CutEdge, SkipSublayer, ZeroHead
from tests.pages.driving import (
    CAT,
    chart,
    chips,
    clicked,
    fine,
    numbers,
    opened,
    payload,
    picked,
    pressed,
    sent,
    shown,
    typed,
)
from ui.compare import other_run
from ui.compare.predictions import asked, moments
from ui.knock_out import importance
from ui.knock_out.page import in_bits

HEAD = ZeroHead("decoder", 2, "cross", 5)


def off(app: AppTest) -> tuple[object, ...]:
    edits: tuple[object, ...] = app.session_state["off"][1] if "off" in app.session_state else ()
    return edits


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.markdown, *app.caption, *app.info, *app.warning])


def bits(app: AppTest, moment: int) -> float:
    """What the model itself says: the same tokens read with and without the parts."""
    run = shown(app)
    prediction = asked(run, (moments(run)[moment],))
    edits = app.session_state["off"][1]
    return log_probability(run.lm, prediction, edits) - log_probability(run.lm, prediction)


def test_a_press_on_a_head_switches_it_off_and_another_on_again() -> None:
    app = sent(opened("knock_out", CAT), "worth_grid", "head", {"layer": 2, "head": 5, "pressed": True})
    assert off(app) == (HEAD,)
    assert chips(app, "off_chips") == ["decoder cross-attention L2 H5"]
    assert payload(app, "worth_grid")["names"][2][5] == "layer 2 · head 5 · off"
    notes = [chip["note"] for chip in payload(app, "worth_texts")["rows"][0]["chips"]]
    assert notes[1] == in_bits(bits(app, 1))
    assert set(notes) - {in_bits(0.0)}
    app = sent(app, "worth_grid", "head", {"layer": 2, "head": 5, "pressed": True})
    assert off(app) == ()


def test_an_arrow_key_moves_to_a_head_and_leaves_it_on() -> None:
    app = sent(opened("knock_out", CAT), "worth_grid", "head", {"layer": 1, "head": 2, "pressed": False})
    assert off(app) == ()
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 2)
    assert off(pressed(app, "head_switch")) == (ZeroHead("decoder", 1, "cross", 2),)


def test_a_click_on_a_cell_cuts_that_edge_and_the_map_shows_the_row_without_it() -> None:
    app = clicked(opened("knock_out", CAT, layer="1", head="2", part="cross"), "worth_map_bridge", 2, 3)
    assert off(app) == (CutEdge("decoder", 1, "cross", 2, 2, 3),)
    run = shown(app)
    before = run.trace.attention("decoder", 1, "cross").weights(2).numpy()
    drawn = numbers(chart(app, "worth_map")["data"][0]["z"])
    expected = np.where(np.arange(before.shape[1]) == 3, 0, before[2])
    np.testing.assert_allclose(drawn[2], expected / expected.sum(), atol=1e-5)
    frame = chart(app, "worth_map")["layout"]["shapes"][0]
    assert (frame["x0"], frame["y0"]) == (2.5, 1.5)
    assert off(clicked(app, "worth_map_bridge", 2, 3)) == ()


def test_a_cell_that_was_never_seen_cannot_be_cut() -> None:
    app = opened("knock_out", CAT, part="decoder", layer="0", head="0")
    assert off(clicked(app, "worth_map_bridge", 1, 4)) == ()
    assert off(clicked(app, "worth_map_bridge", 900, 900)) == ()


def test_a_sublayer_goes_by_its_chip_and_each_part_comes_back_by_its_own() -> None:
    app = sent(opened("knock_out", CAT, off="d2c5"), "sublayers", "token", {"row": 1, "index": 5})
    assert off(app) == (HEAD, SkipSublayer("decoder", 1, "feed_forward"))
    app = sent(app, "off_chips", "token", {"row": 0, "index": 0})
    assert off(app) == (SkipSublayer("decoder", 1, "feed_forward"),)
    assert off(pressed(app, "restore_all")) == ()
    assert "Nothing is off" in words(app)


def test_a_link_restores_what_is_off_and_says_what_the_model_does_not_have() -> None:
    app = opened("knock_out", CAT, off="d2c5,d9s0,nonsense,e0s1.2-3")
    assert off(app) == (HEAD, CutEdge("encoder", 0, "self", 1, 2, 3))
    assert "1 part that this model does not have" in words(app)


def test_the_translation_is_written_anew_without_the_parts() -> None:
    app = opened("knock_out", CAT, off="d0c,d1c,d2c")
    run = shown(app)
    rows = payload(app, "worth_texts")["rows"]
    again = list(run.lm.decode(CAT, edits=off(app), max_new_tokens=run.limit))  # type: ignore[arg-type]
    assert [chip["label"] for chip in rows[1]["chips"]] == [step.token.label for step in again]
    assert [chip["label"] for chip in rows[0]["chips"]] != [chip["label"] for chip in rows[1]["chips"]]
    assert any(chip["intensity"] for chip in rows[1]["chips"])


def test_the_chart_holds_both_softmaxes_of_the_chosen_token() -> None:
    app = sent(opened("knock_out", CAT, off="d2c"), "worth_texts", "token", {"row": 0, "index": 2})
    run = shown(app)
    place = moments(run)[2]
    after = other_run.reread(run, app.session_state["off"][1])
    solid, hollow = (numbers(trace["x"]) for trace in chart(app, "change")["data"][:2])
    assert hollow[0] == pytest.approx(float(run.steps[2].probabilities.max()), abs=1e-5)
    marked = [i for i, text in enumerate(chart(app, "change")["layout"]["yaxis"]["ticktext"]) if "▸" in text]
    expected = after.lm.logits(after.trace.final[place.at]).softmax(dim=-1)[place.token.id]
    assert solid[marked[0]] == pytest.approx(float(expected), abs=1e-5)


def test_the_pictures_show_changes_once_something_is_off() -> None:
    app = opened("knock_out", CAT)
    assert payload(app, "worth_grid")["diverging"] == []
    app = sent(app, "worth_grid", "head", {"layer": 0, "head": 1, "pressed": True})
    assert len(payload(app, "worth_grid")["diverging"]) > 2
    assert payload(app, "worth_grid")["captions"][0][0] == "moved 0%"  # nothing before the head that is off changed
    assert payload(app, "worth_grid")["captions"][2][0] != "moved 0%"


def test_every_head_in_turn_gives_four_numbers_and_their_agreement() -> None:
    app = opened("knock_out", CAT, part="cross")
    assert "72 heads, " in words(app)
    app = pressed(app, "sweep_start")
    for _ in range(200):
        if "number_knock_out" in {element.key for element in app.get("plotly_chart")} and "All 72 heads" in words(app):
            break
        app.run()
    run = shown(app)
    table = numbers(chart(app, "number_knock_out")["data"][0]["z"])
    prediction = asked(run, (moments(run)[app.session_state["moment"]],))
    lost = log_probability(run.lm, prediction) - log_probability(run.lm, prediction, (HEAD,))
    assert table[2, 5] == pytest.approx(lost, abs=1e-4)
    assert np.isfinite(table).all()
    assert numbers(chart(app, "agreement")["data"][0]["z"]).shape == (4, 4)
    assert len(numbers(chart(app, "scatter")["data"][0]["x"])) * 3 == len(every_head(run.lm.config))


def test_knocking_out_can_be_cancelled_between_two_batches_and_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "SLICE_SECONDS", 0.0)  # a head at a time
    text = "Il fait très froid aujourd'hui."  # whose heads no other test knocks out
    app = pressed(opened("knock_out", text, part="encoder"), "sweep_start")
    app = pressed(app.run(), "sweep_cancel")
    left = next(button.label for button in app.button if button.key == "sweep_start")
    done = 72 - int(left.split()[2])
    assert 0 < done < 24
    table = numbers(chart(app, "number_knock_out")["data"][0]["z"])
    assert np.isfinite(table).sum() == done  # the encoder's heads come first
    still = app.run()
    assert next(button.label for button in still.button if button.key == "sweep_start") == left
    monkeypatch.setattr(importance, "SLICE_SECONDS", 60.0)
    assert "All 72 heads" in words(pressed(app, "sweep_start").run())


def test_a_number_opens_its_head() -> None:
    app = clicked(opened("knock_out", CAT), "number_norm_bridge", 1, 4)
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 4)


@pytest.mark.parametrize("shows", ["change", "value-weighted", "gradient"])
def test_the_map_shows_the_other_numbers_too(shows: str) -> None:
    app = picked(opened("knock_out", CAT, off="e0s1"), "worth_shows", shows)
    drawn = numbers(chart(app, "worth_map")["data"][0]["z"])
    assert np.abs(drawn).max() > 0
    assert chart(app, "worth_map")["data"][0]["zmin"] == -chart(app, "worth_map")["data"][0]["zmax"]


def test_all_tokens_can_be_measured_together() -> None:
    app = picked(opened("knock_out", CAT, off="d2c5"), "measured", "all")
    assert all(chip["current"] for chip in payload(app, "worth_texts")["rows"][0]["chips"])
    run = shown(app)
    together = asked(run, moments(run))
    change = log_probability(run.lm, together, (HEAD,)) - log_probability(run.lm, together)
    assert f"together: **{in_bits(change)}**" in words(app)


def test_what_is_off_stays_off_for_another_text() -> None:
    app = typed(opened("knock_out", CAT, off="d2c5,d1c2.9-8"), "Il dort.")
    assert off(app) == (HEAD, CutEdge("decoder", 1, "cross", 2, 9, 8))
    assert chips(app, "off_chips")[1].endswith("not in this text")


def test_the_page_begins_with_a_head_that_matters_and_the_token_it_matters_to() -> None:
    app = opened("knock_out", CAT)
    run = shown(app)
    found = heads_gradient_x_attention(run.lm, asked(run, moments(run)))["decoder", "cross"].abs()
    layer, head = divmod(int(found.argmax()), run.lm.config.n_heads)
    assert (app.session_state["layer"], app.session_state["head"]) == (layer, head)
    lost = []
    for moment in moments(run):
        measured = asked(run, (moment,))
        without = log_probability(run.lm, measured, [ZeroHead("decoder", layer, "cross", head)])
        lost.append(abs(log_probability(run.lm, measured) - without))
    assert app.session_state["moment"] == int(np.argmax(lost))
    assert max(lost) > 0.1
    app = pressed(app, "head_switch")
    assert in_bits(0.0) not in words(app)


def test_a_head_chosen_elsewhere_stays_and_one_that_another_page_began_with_does_not() -> None:
    app = opened("attention", CAT)
    began = app.session_state["layer"], app.session_state["head"]
    app.switch_page("pages/knock_out.py")
    fine(app.run())
    assert (app.session_state["layer"], app.session_state["head"]) != began
    app = opened("attention", CAT, layer="0", head="3")
    app.switch_page("pages/knock_out.py")
    fine(app.run())
    assert (app.session_state["layer"], app.session_state["head"]) == (0, 3)
