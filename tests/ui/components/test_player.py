"""The player under AppTest: what it is told, and which ticks count."""

import pytest

from tests.ui.components.mounting import answer, run, sent
from ui.components.payload import PayloadError
from ui.components.player import player


def page() -> None:
    import streamlit as st

    from ui.components.player import player

    ticks = st.session_state.setdefault("ticks", [])
    ticked = player((1.0, 4.0), pace=4.0, key="player", at_end=len(ticks) > 1, on_tick=lambda: ticks.append(1))
    st.text(f"{len(ticks)} {ticked}")


def test_the_player_is_told_its_paces_and_what_was_answered() -> None:
    header, _ = sent(run(page))
    assert (header["paces"], header["pace"], header["answered"], header["end"]) == ([1.0, 4.0], 4.0, 0, False)


def test_a_tick_is_told_once_and_answered_by_its_number() -> None:
    app = answer(run(page), "tick", {"number": 1})
    assert app.text[0].value == "1 True"
    assert sent(app)[0]["answered"] == 1
    assert app.run().text[0].value == "1 False"
    app = answer(app, "tick", {"number": 2})
    assert sent(app)[0]["end"] is True


@pytest.mark.parametrize("value", [None, "1", {"number": "1"}, {"number": True}, {}])
def test_what_is_no_tick_moves_nothing(value: object) -> None:
    app = answer(run(page), "tick", value)
    assert app.text[0].value.startswith("0 ")
    assert sent(app)[0]["answered"] == 0


@pytest.mark.parametrize(("paces", "pace"), [((), 1.0), ((0.0, 1.0), 1.0), ((1.0, 2.0), 3.0)])
def test_paces_that_cannot_be_are_refused(paces: tuple[float, ...], pace: float) -> None:
    with pytest.raises(PayloadError, match="pace"):
        player(paces, pace=pace, key="player", at_end=False)
