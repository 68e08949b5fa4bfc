"""A component as one HTML file that works in any browser without a network: its script, its style and what it was sent."""

import base64
import html
from pathlib import Path

from viz.theme import TEXT_FONT, TOKEN_FONT, Theme

_HERE = Path(__file__).parent
_ENTRY = "export default function"


def standalone_html(name: str, markup: str, payload: bytes, *, title: str, said: str, theme: Theme) -> str:
    """The component `name` showing `payload`; `said` is its summary in words, put below it."""
    folder = _HERE / name
    style = (_HERE / "prelude.css").read_text("utf-8") + (folder / f"{name}.css").read_text("utf-8")
    script = (_HERE / "prelude.js").read_text("utf-8") + (folder / f"{name}.js").read_text("utf-8")
    script = script.replace(_ENTRY, "const mount = function", 1).replace("</", "<\\/")
    sent = base64.b64encode(payload).decode("ascii")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>:root{{{_variables(theme)}}}\n"
        f"body{{margin:24px;background:{theme.background};color:{theme.text};font:16px {TEXT_FONT}}}\n"
        f"h1{{font-size:20px;font-weight:600}}p{{color:{theme.muted}}}\n{style}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n<main>{markup}</main>\n<p>{html.escape(said)}</p>\n"
        f'<script type="module">\n{script}\n'
        f'const sent = Uint8Array.from(atob("{sent}"), (character) => character.charCodeAt(0));\n'
        'mount({ data: sent, parentElement: document.querySelector("main"), setTriggerValue() {}, setStateValue() {} });\n'
        "</script></body></html>\n"
    )


def _variables(theme: Theme) -> str:
    """What Streamlit tells a component about its theme."""
    values = {
        "background-color": theme.background,
        "secondary-background-color": theme.panel,
        "text-color": theme.text,
        "primary-color": theme.accent,
        "border-color": theme.border,
        "gray-text-color": theme.muted,
        "font": TEXT_FONT,
        "code-font": TOKEN_FONT,
        "base-radius": "6px",
    }
    return "".join(f"--st-{name}:{value};" for name, value in values.items())
