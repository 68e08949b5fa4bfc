"""What no component script may do, read from its text."""

import re
from collections import Counter
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).resolve().parents[3] / "ui" / "components"
SCRIPTS = sorted(COMPONENTS.rglob("*.js"))
STYLES = sorted(COMPONENTS.rglob("*.css"))
NAMES = [
    "attention_lines",
    "chosen_head",
    "head_grid",
    "keys",
    "lines_settings",
    "live_text",
    "player",
    "plotly_bridge",
    "print_fit",
    "save_picture",
    "theme_watch",
    "token_strip",
]
ASKED = r"https?:|fetch\(|XMLHttpRequest|WebSocket|import\(|@import|url\("
SAVES_PICTURES = {  # the name of SVG; fonts, read from this server, become part of the picture
    "save_picture.js": {"http:": 1, "fetch(": 1, "url(": 2},
    "attention_lines.js": {"http:": 1},
}


def test_every_component_has_its_script() -> None:
    assert [path.stem for path in SCRIPTS if path.parent != COMPONENTS] == NAMES


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_text_never_becomes_markup(path: Path) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(", path.read_text())


@pytest.mark.parametrize("path", SCRIPTS + STYLES, ids=lambda path: path.name)
def test_nothing_is_asked_of_the_network(path: Path) -> None:
    assert Counter(re.findall(ASKED, path.read_text())) == SAVES_PICTURES.get(path.name, {})


def test_a_font_of_another_server_is_left_out() -> None:
    script = (COMPONENTS / "save_picture" / "save_picture.js").read_text()
    assert 'address.origin !== location.origin) return "";' in script.split("fetch(")[0]


@pytest.mark.parametrize("path", SCRIPTS + STYLES, ids=lambda path: path.name)
def test_lines_are_at_most_120_wide(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if len(line) > 120] == []
