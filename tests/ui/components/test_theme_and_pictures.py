"""Saving pictures and following the browser's theme: what reaches the browser, and what is refused."""

import pytest

from tests.ui.components.mounting import answer, run, sent
from ui.components.payload import PayloadError
from ui.components.save_picture import save_picture


def picture_page() -> None:
    from ui.components.save_picture import save_picture

    save_picture("heat map", "attention l’été", key="picture", scale=2, label_svg="Vector")


def test_a_picture_is_told_its_chart_name_and_size() -> None:
    header, body = sent(run(picture_page))
    assert header == {
        "chart": "heat map",
        "filename": "attention l’été",
        "scale": 2,
        "labels": {"png": "PNG", "svg": "Vector"},
    }
    assert body == b""


@pytest.mark.parametrize(
    ("chart", "filename", "scale", "label", "words"),
    [
        (" ", "name", 3, "PNG", "chart needs a key"),
        ("chart", "", 3, "PNG", "cannot name a file"),
        ("chart", "../name", 3, "PNG", "cannot name a file"),
        ("chart", "a\\b", 3, "PNG", "cannot name a file"),
        ("chart", "a\nb", 3, "PNG", "cannot name a file"),
        ("chart", "name", 0, "PNG", "scale"),
        ("chart", "name", 11, "PNG", "scale"),
        ("chart", "name", float("nan"), "PNG", "scale"),
        ("chart", "name", 3, "", "label"),
    ],
)
def test_a_picture_that_cannot_be_saved_is_refused(
    chart: str, filename: str, scale: float, label: str, words: str
) -> None:
    with pytest.raises(PayloadError, match=words):
        save_picture(chart, filename, key="picture", scale=scale, label_png=label)


def theme_page() -> None:
    import streamlit as st

    from ui.components.theme_watch import theme_watch

    theme_watch(st.session_state.get("drawn", False), key="watch")


def test_a_theme_that_python_did_not_draw_is_remembered_until_it_does() -> None:
    app = run(theme_page)
    assert sent(app)[0] == {"dark": False, "said": None}
    answer(app, "dark", True)
    assert sent(app)[0] == {"dark": False, "said": True}
    app.session_state.drawn = True
    app.run()
    assert sent(app)[0] == {"dark": True, "said": None}
    app.session_state.drawn = False
    app.run()
    assert sent(app)[0] == {"dark": False, "said": None}


@pytest.mark.parametrize("value", [None, 1, "dark", {"dark": True}])
def test_what_is_no_theme_is_dropped(value: object) -> None:
    app = answer(run(theme_page), "dark", value)
    assert sent(app)[0] == {"dark": False, "said": None}
