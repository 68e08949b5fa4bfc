"""The tokens whose logits the chosen head raises and lowers most at one position, and through which keys."""

import numpy as np
import streamlit as st
import torch

from analysis.promoted_tokens import HeadOutput, head_output, ranked
from ui import figures
from ui.figures import array, markdown
from ui.figures.tables import Cell, table
from ui.maps.attention import AttentionView
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs.notebook import of_run
from ui.runs.store import Run
from ui.state import address
from viz.export import table_csv
from viz.percent import format_percent
from viz.promoted_tokens import promoted_tokens_chart

LISTED = 10  # tokens raised, and as many lowered
KEYS = 8  # rows of the table
ALONE = 4  # tokens that a key alone would raise
EXPLAINED = (
    "The head adds its mixed value times its rows of the output projection, z W_O, to the stream at this position. Its direct "
    "path to the logits is read with every norm on the way held at the scale it had here (direct logit attribution, Elhage et "
    "al. 2021); the vocabulary's mean is taken off, since adding the same to all logits changes nothing. "
)
APPROXIMATION = (
    "Approximate as a cause: what later layers make of the head's vector is not counted, biases are left out."
)


def draw(view: AttentionView, layer: int, head: int) -> None:
    """The position's picker, the tokens and the keys; or why this head promotes no tokens."""
    stack, part = view.kind.place
    run = view.run
    if stack != run.trace.predicts:
        st.info("The encoder's heads write into a stream that no output table reads: the decoder attends to it through its "
                "cross-attention. Choose Decoder or Cross above.")  # fmt: skip
        return
    if run.lm.net.head is None:
        st.info("This checkpoint is a body without an output head, so nothing in its stream becomes tokens.")
        return
    count = len(view.queries)
    address.start_with("written_at", count - 1)
    address.settle("written_at", count)
    at = st.selectbox(
        "At",
        range(count),
        key="written_at",
        format_func=lambda i: f"{i}  {view.queries[i]}",
        bind="query-params",
        width=220,
        help="The position whose stream the head writes into.",
    )
    wrote = head_output(run.trace, layer, part, head, at)
    left, right = st.columns([2, 3], gap="large")
    with left:
        draw_tokens(view, wrote, layer, head, at)
    with right:
        draw_keys(view, wrote, at)


def draw_tokens(view: AttentionView, wrote: HeadOutput, layer: int, head: int, at: int) -> None:
    """The tokens whose logits the head raises and lowers most."""
    run, logits = view.run, wrote.logits
    found = ranked(logits, LISTED)
    ids = [i for i, _ in (*found.promoted, *reversed(found.suppressed))]
    labels = [run.lm.token(i).label for i in ids]
    drawing = Drawing(
        promoted_tokens_chart,
        [Expression(labels, "labels"), Expression(logits[ids].cpu().numpy(), "logits[ids].cpu().numpy()")],
        {"ids": Expression(ids, "ids"), "title": "added to the logit"},
        lambda: logits_source(view, layer, head, at),
    )
    figures.place(
        drawing.figure(),
        key="written",
        heading=f"What it adds at “{markdown.plain(view.queries[at])}”",
        explained=EXPLAINED + norm_note(run),
        filename=f"written-{view.kind.key}-{layer}-{head}-{at}",
        csv=lambda: as_csv(run, logits),
        python=drawing.python,
    )
    st.caption(best_in_words(run, logits, at) + " " + APPROXIMATION)


def logits_source(view: AttentionView, layer: int, head: int, at: int) -> Source:
    """Lines up to `logits`, what the head adds to each, and the `ids` and `labels` of the tokens listed."""
    lines = [
        *of_run(view.run),
        f'logits = head_output(trace, {layer}, "{view.kind.part}", {head}, {at}).logits',
        f"found = ranked(logits, {LISTED})",
        "ids = [i for i, _ in (*found.promoted, *reversed(found.suppressed))]",
        "labels = [lm.token(i).label for i in ids]",
    ]
    return Source(lines, ["from analysis.promoted_tokens import head_output, ranked"])


def norm_note(run: Run) -> str:
    """A clause: which norms the direct path to the logits leads through in this model."""
    config = run.lm.config
    if config.order == "post":
        path = "In this post-norm model the path leads through the norm of its own sublayer and of each later one"
    elif config.order == "sandwich":
        path = "In this model the path leads through the norm after the sublayer and the final norm"
    elif config.final_norm:
        path = "In this model the path leads through the final norm"
    else:
        path = "This model has no norm on the path"
    return path + (", and through the masked-word head's own layer." if config.head == "masked_lm" else ".")


def as_csv(run: Run, logits: torch.Tensor) -> str:
    """Every token of the vocabulary as CSV, the most raised first."""
    order = logits.argsort(descending=True)
    return table_csv(
        {
            "id": [int(i) for i in order],
            "token": [run.lm.token(int(i)).label for i in order],
            "added_to_logit": [float(x) for x in logits[order]],
        }
    )


def best_in_words(run: Run, logits: torch.Tensor, at: int) -> str:
    """What the head adds to the logit of the token that the model predicts there."""
    best = int(run.trace.probabilities(at).argmax())
    token = "“" + markdown.plain(run.lm.token(best).label) + "”"
    rank = int((logits > logits[best]).sum()) + 1
    return (
        f"The most probable token here, {token}, gets {float(logits[best]):+.2f} from this head: place {rank:,} of "
        f"{len(logits):,} among all tokens."
    )


def draw_keys(view: AttentionView, wrote: HeadOutput, at: int) -> None:
    """A table of keys: what the head adds through each, and the tokens it would raise if it attended to that key alone."""
    run = view.run
    best = int(run.trace.probabilities(at).argmax())
    ids = list(dict.fromkeys([best, *(i for i, _ in ranked(wrote.logits, 1).promoted)]))
    through = array(wrote.by_key(ids))
    weights = array(wrote.weights)
    order = np.argsort(-weights, kind="stable")[:KEYS]
    alone = [ranked(wrote.of_key(int(key)), ALONE).promoted for key in order]
    names = [Cell("Key", "Keys by weight, the largest first."), Cell("Weight")]
    names += [
        Cell(f"adds to {run.lm.token(i).label}", f"The part of what the head adds to this token's logit that came through the key: "
             f"weight times what the key's value adds. Over all keys they sum to {float(wrote.logits[i]):+.3f}.")
        for i in ids
    ]  # fmt: skip
    names.append(Cell("Alone it would raise", OV))
    rows = [
        [
            Cell(view.keys[int(key)], f"position {int(key)}"),
            Cell(format_percent(float(weights[key]))),
            *(Cell(signed(float(through[key, n]))) for n in range(len(ids))),
            Cell("  ".join(run.lm.token(i).label for i, _ in raised)),
        ]
        for key, raised in zip(order, alone, strict=True)
    ]
    st.markdown("**Through which keys**", help="The head's answer is a sum over keys, so what it adds is one too.")
    table(names, rows, label="What the head adds, by key", narrow="wrap")
    if len(view.keys) > len(order):
        st.caption(f"The {len(order)} keys with the largest weights, of {len(view.keys)}.")


def signed(value: float) -> str:
    """A change with its sign and three decimals; 0 if it rounds to that."""
    return f"{value:+.3f}" if abs(value) >= 0.0005 else "0"


OV = (
    "The tokens that the value of this key raises most, v W_O through the same path: the head's output-value circuit (Elhage et "
    "al. 2021) on the vector that really stood there."
)
