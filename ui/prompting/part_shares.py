"""How much each part of the prompt contributes to an answer: shares of attention and of influence."""

import numpy as np
import streamlit as st

from analysis.prompting import PARTS
from analysis.prompting_shares import Floats, attended_part
from ui import figures
from ui.figures import markdown, theme
from ui.prompting import notebook
from ui.prompting.scores import Measured, attention, influence, may_explain, short
from ui.shell import requirements
from ui.state import address
from viz.export import table_csv
from viz.prompting_parts import PartRow, part_bars

EVERY = "every"
NAMES = {
    "instruction": "instruction",
    "examples": "examples",
    "input": "input",
    "answer": "answer so far",
    "special": "special tokens",
}


def draw_part_shares(found: Measured, answer: int) -> None:
    """Draws a bar for the attention and one for the influence under each prompt; where that takes long, when it is asked for."""
    if not may_explain(found, answer):
        return
    which = chosen_heads(found)
    rows = [row for i in range(len(found.prompts)) for row in rows_of(found, i, answer, which)]
    names = list(NAMES.values())
    if found.run.lm.kind == "encoder":
        names[PARTS.index("answer")] = "the answer's place"
    fig = part_bars(rows, PARTS, names, theme=theme.current())
    figures.head(
        fig,
        key="rests",
        heading=f"What “{markdown.plain(short(found.answers[answer]))}” rests on",
        explained=explanation(found),
        filename="prompt-parts",
        csv=lambda: as_csv(rows),
        python=lambda: notebook.of_parts(found, answer, *which),
    )
    draw_pickers(found)
    figures.chart(fig, key="rests", filename="prompt-parts")
    if not requirements.has_attention(found.run.lm):
        st.caption("An LSTM has no attention: it looks back at nothing, so there is influence alone.")


def explanation(found: Measured) -> str:
    """The explanation of the two quantities."""
    told = (
        "Influence: the length of the gradient of the answer's log-probability towards the vector of each token read, summed over "
        "the tokens of a part, as shares of one (Li et al. 2016): where a small change would change the answer most. Attention "
        "need not agree with it (Jain and Wallace 2019)."
    )
    if not requirements.has_attention(found.run.lm):
        return told
    stack, part = attended_part(found.run.lm)
    keys = "the prompt alone" if part == "cross" else "all it may see"
    where = "cross-attention" if part == "cross" else f"the {stack}'s self-attention"
    return (
        f"Attention: how much of {where} the positions that predict the answer give to each part, averaged over its tokens; its "
        f"keys are {keys}. {told}"
    )


def offered(found: Measured) -> dict[str, list[str]]:
    """The options of the pickers by their key; none where there is no attention."""
    lm = found.run.lm
    if not requirements.has_attention(lm):
        return {}
    layers = range(lm.config.layers(attended_part(lm)[0]))
    return {"rests_layer": [EVERY, *map(str, layers)], "rests_head": [EVERY, *map(str, range(lm.config.n_heads))]}


def chosen_heads(found: Measured) -> tuple[int | None, int | None]:
    """(layer, head) whose attention is shown; None stands for the mean over them."""
    codes = [address.keep_among(key, codes, EVERY, NAMED[key]) for key, codes in offered(found).items()]
    layer, head = [None if code == EVERY else int(code) for code in codes] or [None, None]
    return layer, head


def draw_pickers(found: Measured) -> None:
    """Draws the pickers of layer and head."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="rests_pickers"):
        for key, codes in offered(found).items():
            st.selectbox(
                key.removeprefix("rests_").title(),
                codes,
                key=key,
                bind="query-params",
                width=180,
                format_func=NAMED[key],
                label_visibility="collapsed",
            )


def layer_name(code: str) -> str:
    return "mean of all layers" if code == EVERY else f"layer {code}"


def head_name(code: str) -> str:
    return "mean of all heads" if code == EVERY else f"head {code}"


NAMED = {"rests_layer": layer_name, "rests_head": head_name}


def rows_of(found: Measured, prompt: int, answer: int, which: tuple[int | None, int | None]) -> list[PartRow]:
    """The bars of one prompt."""
    rows = [PartRow(found.prompts[prompt], "influence", influence(found, prompt, answer))]
    if requirements.has_attention(found.run.lm):
        shares = mean_of(attention(found, prompt, answer), *which)
        rows.insert(0, PartRow(found.prompts[prompt], "attention", shares))
    return rows


def mean_of(shares: Floats, layer: int | None, head: int | None) -> Floats:
    """(parts,) from (layers, heads, parts): the mean over layers or heads where none is chosen."""
    kept = shares if layer is None else shares[layer : layer + 1]
    kept = kept if head is None else kept[:, head : head + 1]
    return np.asarray(kept.mean(axis=(0, 1)))


def as_csv(rows: list[PartRow]) -> str:
    """A row for each bar."""
    columns: dict[str, list[str] | list[int] | list[float]] = {
        "prompt": [row.prompt.number for row in rows],
        "of": [row.what for row in rows],
    }
    for n, part in enumerate(PARTS):
        columns[part] = [float(row.shares[n]) for row in rows]
    return table_csv(columns)
