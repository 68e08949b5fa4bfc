"""The heads of a layer as lines between tokens."""

import streamlit as st

from ui import heads
from ui.attention_toggles import Toggles
from ui.components.attention_lines.attention_lines import attention_lines
from ui.heads import Shown

LINES_MOST = 256


def draw(view: Shown, toggles: Toggles, layer: int, head: int) -> None:
    """Lines between tokens, for this head and, by its buttons, its neighbours in the layer."""
    st.markdown(f"**{heads.NAMES[view.part]}, layer {layer}**")
    longest = max(len(view.queries), len(view.keys))
    if longest > LINES_MOST:
        st.info(
            f"Lines are drawn for up to {LINES_MOST} tokens; this text has {longest}. The heatmap shows all of them."
        )
        return
    attention_lines(
        view.only_kept(view.weights(layer)),
        view.queries,
        view.keys,
        key=f"lines_{view.part}",
        head_names=[f"head {i}" for i in range(view.heads)],
        active=[head],
        transposed=toggles.transposed == "on",
        label=f"{heads.NAMES[view.part]}, layer {layer}, as lines",
    )
