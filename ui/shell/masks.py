"""The masks of an encoder's text: which there are, and the text as chips to click."""

import streamlit as st

from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.runs.store import Run
from ui.shell import encoder_input


def mask_positions(run: Run) -> list[int]:
    """The positions of the mask token in the text, put there by a click or typed."""
    return [i for i, token in enumerate(run.source) if token.id == run.lm.special.mask]


def draw_clickable_text(run: Run) -> None:
    """The text as the model reads it. A click masks a token, another click takes the mask away."""
    starts = [0] if run.segments is None else [0, run.segments.index(1)]
    ends = [*starts[1:], len(run.source)]
    names = ["click to mask"] if run.segments is None else ["click to mask", "and then"]
    rows = [
        Strip(name, [chip(run, i) for i in range(start, end)])
        for name, start, end in zip(names, starts, ends, strict=True)
    ]

    def clicked(event: ChipEvent) -> None:
        place = starts[event.row] + event.index
        if place in run.spec.masks or not run.original[place].special:
            encoder_input.toggle(run.spec, place)

    token_strip(rows, key="maskable", label="Click a token to mask it", on_token=clicked)


def chip(run: Run, place: int) -> Chip:
    """A token; where it is masked, what stood there is written below it."""
    token, was = run.source[place], run.original[place]
    if place in run.spec.masks:
        return Chip(token.label, note=was.label, title=f"position {place}: click to show it again", current=True)
    what = "a special token, which stays" if was.special else "click to mask it"
    return Chip(token.label, title=f"position {place}: {what}", special=token.special)


def draw_hint(run: Run) -> None:
    """How to mask a token; or how many are masked, with a button to unmask all."""
    hidden = [i for i in run.spec.masks if i < len(run.source)]
    if not hidden:
        st.caption(
            "Click a token: the model then reads its mask token there and guesses what it hides. [MASK] can be typed too."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        most = f" At most {encoder_input.MOST_MASKS} can be." if len(hidden) == encoder_input.MOST_MASKS else ""
        many = "token is" if len(hidden) == 1 else "tokens are"
        st.caption(f"{len(hidden)} {many} masked; what stood there is written below each.{most}", width="content")
        st.button("Unmask all", key="unmask", on_click=encoder_input.hide, args=(run.spec, ()), type="tertiary")


def predicted_at(run: Run) -> int:
    """Where an encoder's prediction is shown: at its first mask, else at the first token of the text itself."""
    masked = [i for i, token in enumerate(run.source) if token.id == run.lm.special.mask]
    plain = [i for i, token in enumerate(run.source) if not token.special]
    return [*masked, *plain, 0][0]
