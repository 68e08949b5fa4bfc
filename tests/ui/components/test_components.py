"""Each component under AppTest: what reaches the browser decodes back to what was given; what comes back is checked."""

import numpy as np
import pytest

from tests.ui.components.mounting import answer, run, sent
from ui.components.attention_lines import Lines
from ui.components.head_grid import head_grid
from ui.components.keys import keys
from ui.components.live_text import send_while_typed
from ui.components.payload import PayloadError, unpack
from ui.components.plotly_bridge import plotly_bridge
from ui.components.plotly_bridge.plotly_bridge import SAYS
from ui.components.token_strip import Chip, Strip, token_strip


def grid_page() -> None:
    import numpy as np
    import streamlit as st

    from ui.components.head_grid import head_grid

    def chosen(event: object) -> None:
        st.session_state.told = event

    weights = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    captions = [["a", "b", "c"], ["d", "e", "<i>"]]
    event = head_grid(weights, selected=(1, 2), key="grid", group_label="cross", captions=captions, on_head=chosen)
    st.text(f"{event} {st.session_state.get('told')}")


def test_the_head_grid_sends_its_pictures_and_words() -> None:
    header, body = sent(run(grid_page))
    assert (header["layers"], header["heads"], header["rows"], header["columns"]) == (2, 3, 4, 5)
    assert header["captions"] == [["a", "b", "c"], ["d", "e", "<i>"]]
    assert header["names"][1][2] == "layer 1 · head 2"
    assert header["row_labels"] == ["L0", "L1"]
    assert body == bytes(range(120))


def test_the_chosen_head_is_told_apart_from_the_pictures_so_that_these_are_not_sent_again() -> None:
    app = run(grid_page)
    assert sent(app)[0]["selected"] is None
    told = unpack(app.get("bidi_component")[1].proto.bytes)[0]
    assert told == {"grid": sent(app)[0]["grid"], "selected": [1, 2]}


def test_a_chosen_head_reaches_the_callback_and_the_page_for_one_run() -> None:
    app = answer(run(grid_page), "head", {"layer": 0, "head": 1})
    assert app.text[0].value == "HeadEvent(layer=0, head=1) HeadEvent(layer=0, head=1)"
    assert app.run().text[0].value == "None HeadEvent(layer=0, head=1)"


def alone_page() -> None:
    import numpy as np
    import streamlit as st

    from ui.components.head_grid import head_grid

    pictures = np.zeros((2, 3, 4, 5), dtype=np.uint8)
    head_grid(pictures, selected=(1, 2), key="grid", on_alone=lambda event: st.session_state.update(alone=event))
    st.text(str(st.session_state.get("alone")))


def test_a_double_click_names_its_head() -> None:
    app = run(alone_page)
    assert sent(app)[0]["isolates"] is True
    assert answer(app, "alone", {"layer": 9, "head": 0}).text[0].value == "None"
    assert answer(app, "alone", {"layer": 1, "head": 0}).text[0].value == "HeadEvent(layer=1, head=0)"


@pytest.mark.parametrize(
    "value", [{"layer": 2, "head": 0}, {"layer": 0, "head": -1}, {"layer": 0.5, "head": 0}, "0", None]
)
def test_a_head_the_run_does_not_have_is_dropped(value: object) -> None:
    assert answer(run(grid_page), "head", value).text[0].value == "None None"


def test_float_weights_become_bytes() -> None:
    def page() -> None:
        import numpy as np

        from ui.components.head_grid import head_grid

        head_grid(np.array([0, 0.25, 0.5, 1], dtype=np.float32).reshape(1, 1, 2, 2), selected=(0, 0), key="grid")

    assert sent(run(page))[1] == bytes([0, 64, 128, 255])


@pytest.mark.parametrize(
    ("shape", "selected", "words"),
    [
        ((2, 2, 4), (0, 0), "query, key"),
        ((1, 1, 65, 4), (0, 0), "thumbnails"),
        ((2, 3, 4, 4), (2, 0), "not among"),
        ((2, 3, 4, 4), (0, -1), "not among"),
    ],
)
def test_a_head_grid_that_cannot_be_drawn_is_refused(
    shape: tuple[int, ...], selected: tuple[int, int], words: str
) -> None:
    with pytest.raises(PayloadError, match=words):
        head_grid(np.zeros(shape, dtype=np.uint8), selected=selected, key="grid")


def test_captions_must_fit_the_heads() -> None:
    with pytest.raises(PayloadError, match="captions do not fit 2 layers of 3 heads"):
        head_grid(np.zeros((2, 3, 1, 1), dtype=np.uint8), selected=(0, 0), key="grid", captions=[["a"], ["b"]])


def lines_page() -> None:
    import numpy as np
    import streamlit as st

    from ui.components.attention_lines import Lines, attention_lines

    weights = np.array([[[0.1, 0.9], [1 / 3, 2 / 3], [1, 0]]], dtype=np.float32)
    lines = Lines(weights, ["a", "b", "<b>"], ["x", "y"], head_names=["5"], locked=[("key", 1)])
    event = attention_lines(lines, key="lines", on_token=print, on_view=lambda seen: st.session_state.update(seen=seen))
    st.text(str(event))
    st.text(str(st.session_state.get("seen")))


def test_the_lines_get_exact_shares() -> None:
    app = run(lines_page)
    header, body = sent(app)
    assert (header["queries"], header["keys"], header["head_names"]) == (["a", "b", "<b>"], ["x", "y"], ["5"])
    weights = np.frombuffer(body, dtype="<f4").reshape(1, 3, 2)
    assert np.array_equal(weights[0], np.array([[0.1, 0.9], [1 / 3, 2 / 3], [1, 0]], dtype=np.float32))
    shown = sent(app, 1)[0]
    assert (header["told_by"], shown["lines"], shown["mass"], shown["active"]) == ("lines", "lines", 0.7, [0])


def test_a_clicked_token_comes_back_on_its_side() -> None:
    app = run(lines_page)
    assert answer(app, "token", {"side": "query", "index": 2}).text[0].value == "LineToken(side='query', index=2)"
    assert answer(app, "token", {"side": "key", "index": 2}).text[0].value == "None"
    assert answer(app, "token", {"side": "nowhere", "index": 0}).text[0].value == "None"


@pytest.mark.parametrize(
    ("shape", "value", "mass", "words"),
    [
        ((1, 2, 3), 0.1, 0.7, "is needed"),
        ((1, 2, 2), np.nan, 0.7, "NaN"),
        ((1, 2, 2), 0.5, 0.0, "mass"),
        ((0, 2, 2), 0.5, 0.7, "is needed"),
    ],
)
def test_lines_that_cannot_be_drawn_are_refused(shape: tuple[int, ...], value: float, mass: float, words: str) -> None:
    with pytest.raises(PayloadError, match=words):
        Lines(np.full(shape, value, dtype=np.float32), ["a", "b"], ["x", "y"], mass=mass).payload()


def test_what_was_set_in_the_browser_reaches_the_page_checked() -> None:
    app = run(lines_page)
    assert (sent(app, 1)[0]["locked"], sent(app, 1)[0]["answered"]) == ([["key", 1]], 0)
    set_there = {"number": 3, "mass": 85, "active": [0, 9, "x"], "locked": [["query", 2], ["key", 7], ["moon", 0], 5]}
    answer(app, "view", set_there)
    assert app.text[1].value == "LineView(mass=0.85, active=(0,), locked=(('query', 2),))"
    assert sent(app, 1)[0]["answered"] == 3
    for wrong in ({"mass": 2}, {"mass": 101}, {"active": "all"}, {"locked": None}, {"mass": "50"}):
        answer(app, "view", set_there | {"number": 4} | wrong)
        assert app.text[1].value.startswith("LineView(mass=0.85")


def strip_page() -> None:
    import streamlit as st

    from ui.components.token_strip import Chip, Strip, token_strip

    rows = [
        Strip("source", [Chip("Je", note="41"), Chip("</s>", special=True)]),
        Strip("written", [Chip("I", intensity=0.5, role="probability", current=True)], empty="nothing yet"),
    ]
    st.text(str(token_strip(rows, key="strip")))


def test_the_strip_sends_its_chips() -> None:
    header, body = sent(run(strip_page))
    assert [row["name"] for row in header["rows"]] == ["source", "written"]
    assert header["rows"][0]["chips"][1]["special"] is True
    chip = header["rows"][1]["chips"][0]
    assert (chip["label"], chip["intensity"], chip["role"], chip["current"]) == ("I", 0.5, "probability", True)
    assert body == b""


def test_a_clicked_chip_comes_back_where_it_exists() -> None:
    app = run(strip_page)
    assert answer(app, "token", {"row": 0, "index": 1}).text[0].value == "ChipEvent(row=0, index=1)"
    assert answer(app, "token", {"row": 1, "index": 1}).text[0].value == "None"


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_an_intensity_outside_0_to_1_is_refused(intensity: float) -> None:
    with pytest.raises(PayloadError, match="intensity"):
        token_strip([Strip("row", [Chip("a", intensity=intensity)])], key="strip")


def bridge_page() -> None:
    import streamlit as st

    from ui.components.plotly_bridge import plotly_bridge

    st.text(str(plotly_bridge("heat map", key="bridge")))


def test_a_clicked_point_comes_back() -> None:
    app = run(bridge_page)
    assert sent(app)[0] == {"chart": "heat map", "clicks": False, "zooms": False, "mark": None, "says": SAYS}
    point = {"curve": 0, "row": 3, "col": 1, "x": 1, "y": 3, "customdata": None}
    expected = "PointEvent(curve=0, row=3, column=1, x=1, y=3, customdata=None)"
    assert answer(app, "point", point).text[0].value == expected
    assert answer(app, "point", {"curve": 0, "row": "3"}).text[0].value == "None"


def zoom_page() -> None:
    import streamlit as st

    from ui.components.plotly_bridge import plotly_bridge

    plotly_bridge("map", key="bridge", on_zoom=lambda zoom: st.session_state.update(zoom=zoom))
    st.text(str(st.session_state.get("zoom")))


def test_a_zoom_reaches_the_page_and_what_is_none_does_not() -> None:
    app = run(zoom_page)
    assert sent(app)[0]["zooms"] is True
    for wrong in (
        {"x": [1, 2]},
        {"x": [1, 2], "y": [1]},
        {"x": [1, 2], "y": ["a", 2]},
        {"x": [0, 1e9], "y": [0, 1]},
        4,
    ):
        assert answer(app, "zoom", wrong).text[0].value == "None"
    assert (
        answer(app, "zoom", {"x": [-0.5, 9.5], "y": [20, 3]}).text[0].value == "ZoomEvent(x=(-0.5, 9.5), y=(20.0, 3.0))"
    )
    assert answer(app, "zoom", {"whole": True}).text[0].value == "ZoomEvent(x=None, y=None)"


def test_a_bridge_needs_a_chart() -> None:
    with pytest.raises(PayloadError, match="key"):
        plotly_bridge(" ", key="bridge")


def text_page() -> None:
    from ui.components.live_text import send_while_typed

    send_while_typed(20, key="live")


def test_text_areas_are_told_how_long_a_pause_in_typing_is() -> None:
    assert sent(run(text_page))[0] == {"pause": 20}


def test_a_pause_cannot_be_negative() -> None:
    with pytest.raises(PayloadError, match="-1 ms"):
        send_while_typed(-1, key="live")


def keys_page() -> None:
    import streamlit as st

    from ui.components.keys import keys

    steps = st.session_state.setdefault("steps", [])
    keys({"ArrowLeft": "back", "ArrowRight": "step"}, key="keys", on_key=steps.append)
    st.text(" ".join(steps))


def test_an_action_is_told_once_and_answered_by_its_number() -> None:
    app = run(keys_page)
    assert sent(app)[0] == {"actions": {"ArrowLeft": "back", "ArrowRight": "step"}, "answered": 0}
    answer(app, "key", {"action": "step", "number": 1})
    assert app.text[0].value == "step"
    assert sent(app)[0]["answered"] == 1
    app.run()
    assert app.text[0].value == "step"
    answer(app, "key", {"action": "no such action", "number": 2})
    assert app.text[0].value == "step"
    assert sent(app)[0]["answered"] == 2


@pytest.mark.parametrize("actions", [{}, {"": "back"}])
def test_keys_need_a_name(actions: dict[str, str]) -> None:
    with pytest.raises(PayloadError, match="key"):
        keys(actions, key="keys")
