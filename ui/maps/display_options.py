"""Options for showing attention: hiding, merging, colours and layout. All of them are part of the link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeVar, cast, get_args

import streamlit as st

from ui import figures
from ui.maps.attention import AttentionView
from ui.maps.merging import Special
from ui.state.linked import Linked
from viz.percent import format_percent
from viz.shares import ShareScale
from viz.theme import Palette

Range = Literal["fixed", "own"]
Switch = Literal["off", "on"]
Code = TypeVar("Code", bound=str)

SPECIAL: dict[Special, str] = {"shown": "shown", "hidden": "hidden", "renormalised": "hidden, rows back to 100%"}
SCALES: dict[ShareScale, str] = {"linear": "linear", "sqrt": "square root", "log": "logarithm"}
RANGES: dict[Range, str] = {"fixed": "0 to 1", "own": "this head's own"}
PALETTES: dict[Palette, str] = {name: name for name in get_args(Palette)} | {"accent": "blue"}
SWITCH: dict[Switch, str] = {"off": "off", "on": "on"}


@dataclass(frozen=True)
class Toggles:
    """The options chosen. Their names are those in the address."""

    special: Special = "shown"
    words: Switch = "off"
    scale: ShareScale = "linear"
    range: Range = "fixed"
    palette: Palette = "accent"
    future: Switch = "off"
    transposed: Switch = "off"

    @property
    def changed(self) -> int:
        """How many options differ from their defaults."""
        return sum(getattr(self, field.name) != field.default for field in fields(self))

    @property
    def reshaping(self) -> int:
        """How many of the options that hide or merge differ from their defaults."""
        return (self.special != "shown") + (self.words == "on")


OPTIONS: dict[str, Sequence[str]] = {
    "special": tuple(SPECIAL),
    "words": tuple(SWITCH),
    "scale": tuple(SCALES),
    "range": tuple(RANGES),
    "palette": tuple(PALETTES),
    "future": tuple(SWITCH),
    "transposed": tuple(SWITCH),
}


def linked(name: str) -> Linked[str]:
    """One option as the session and the address hold it."""
    first = str(getattr(Toggles(), name))
    return Linked(name, first, lambda text: text if text in OPTIONS[name] else first, str, f"shown_{name}")


def chosen() -> Toggles:
    """What is chosen; the address is kept in step."""
    values = {name: linked(name).get() for name in OPTIONS}
    for name, value in values.items():
        linked(name).link(value)
    return Toggles(
        special=cast("Special", values["special"]),
        words=cast("Switch", values["words"]),
        scale=cast("ShareScale", values["scale"]),
        range=cast("Range", values["range"]),
        palette=cast("Palette", values["palette"]),
        future=cast("Switch", values["future"]),
        transposed=cast("Switch", values["transposed"]),
    )


def draw_options(toggles: Toggles, *, causal: bool, colours: bool = True) -> None:
    """The controls in a popover; they are drawn when it is opened. Without `colours` only the options that hide and merge are
    offered."""
    count = toggles.changed if colours else toggles.reshaping
    many = f" · {count}" if count else ""
    with st.popover(
        f"Display options{many}", key="toggles", on_change="rerun", help="What is hidden, merged and how it is coloured"
    ) as box:
        if not figures.is_open(box):
            return
        pick_one("Special tokens", "special", toggles.special, SPECIAL, SAYS_SPECIAL)
        pick_switch("Pieces merged into words", "words", toggles.words, SAYS_WORDS)
        if not colours:
            return
        pick_one("Colour follows weight", "scale", toggles.scale, SCALES, SAYS_SCALE)
        pick_one("Strongest colour", "range", toggles.range, RANGES, SAYS_RANGE)
        pick_one("Palette", "palette", toggles.palette, PALETTES, SAYS_PALETTE)
        if causal:
            pick_switch("Cells of the future shown", "future", toggles.future, SAYS_FUTURE)
        pick_switch("Keys down, queries across", "transposed", toggles.transposed, SAYS_TRANSPOSED)
        if toggles.changed:
            st.button("Reset", key="toggles_reset", type="tertiary", on_click=reset)


SAYS_SPECIAL = (
    "Tokens such as </s> or [CLS] often take most of a row. Hidden: their rows and columns go, every other weight is untouched. "
    "Back to 100%: each row is then divided by what is left of it, as if the softmax had run without them."
)
SAYS_WORDS = (
    "Attention to a word is the sum over its pieces, attention from a word the mean over its pieces, so a row still sums to 1. "
    "Done after special tokens are hidden."
)
SAYS_SCALE = "Square root and logarithm bring out small weights; the numbers stay exact."
SAYS_RANGE = "0 to 1 lets figures be compared; a head's own range shows the most of a head whose weights are all small."
SAYS_PALETTE = "All four can be read by colour-blind people and in print."
SAYS_FUTURE = "A decoder cannot attend to what comes later. Off: these cells are blank. On: they are zeros."
SAYS_TRANSPOSED = (
    "Which side is down. In the lines: tokens in two rows, one above the other, which scroll; a text written from right to left "
    "runs from the right."
)


def pick_one(label: str, name: str, value: Code, options: Mapping[Code, str], says: str) -> None:
    """One of a few codes, as a row of buttons."""
    st.session_state[f"pick_{name}"] = value
    st.segmented_control(
        label,
        tuple(options),
        key=f"pick_{name}",
        format_func=lambda code: options[code],
        required=True,
        on_change=take,
        args=(name,),
        help=says,
    )


def pick_switch(label: str, name: str, value: Switch, says: str) -> None:
    st.session_state[f"pick_{name}"] = value == "on"
    st.toggle(label, key=f"pick_{name}", on_change=take, args=(name,), help=says)


def take(name: str) -> None:
    """Stores the value of a control that was moved under a key of its own: Streamlit forgets controls that are not drawn."""
    value = st.session_state[f"pick_{name}"]
    linked(name).set({True: "on", False: "off"}.get(value, value))


def reset() -> None:
    for name in OPTIONS:
        linked(name).set(linked(name).default)


def in_words(view: AttentionView, toggles: Toggles, layer: int, head: int) -> str:
    """What was done to the weights before they were drawn; empty if nothing was."""
    shape = view.reshaping
    if shape is None:
        return ""
    steps = []
    if len(shape.queries.kept) < shape.queries.size or len(shape.keys.kept) < shape.keys.size:
        left = shape.left(view.attention(layer).weights(head).cpu().numpy())
        low, high = (format_percent(float(end)) for end in (left.min(), left.max()))
        kept = f"which held {low} to {high} of each row" if low != high else f"which held {low} of each row"
        steps.append(
            f"special tokens hidden, rows divided by the sum of the keys left, {kept}"
            if shape.renormalise
            else f"special tokens hidden, the other weights untouched; {kept.replace('which', 'the keys left')}"
        )
    if toggles.words == "on":
        steps.append("pieces merged into words (sum over keys, mean over queries)")
    return "Shown with " + "; then ".join(steps) + "." if steps else ""
