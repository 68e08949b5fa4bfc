"""From the files beside a component to something Streamlit can mount, and from what comes back to plain values."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HERE = Path(__file__).parent


def browser_component(name: str, html: str = "") -> "ComponentRenderer":
    """The component of `<name>/<name>.js` and `.css`, each with the shared prelude in front.

    Streamlit imports a component's script from a blob, so a script cannot import another one: the prelude is joined to
    it here.
    """
    folder = _HERE / name
    script = _read(_HERE / "prelude.js") + _read(folder / f"{name}.js")
    style = _read(_HERE / "prelude.css") + _read(folder / f"{name}.css")
    return st.components.v2.component(f"regard_{name}", html=html or None, css=style, js=script)


def told(key: str, event: str, act: Callable[[object], None]) -> Callable[[], None]:
    """A Streamlit callback that hands `act` what the browser sent as `event` of the component `key`."""

    def callback() -> None:
        state = st.session_state.get(key)
        act(state.get(event) if isinstance(state, Mapping) else None)

    return callback


def index_in(value: object, size: int) -> int | None:
    """`value` where it is a whole number from 0 to size - 1, else None: the browser is not believed."""
    count = whole(value)
    return count if count is not None and count < size else None


def whole(value: object) -> int | None:
    """`value` where it is a whole number from 0 up; JavaScript sends 3 and 3.0 alike."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") + "\n" if path.exists() else ""
