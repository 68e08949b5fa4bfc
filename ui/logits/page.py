"""The logits page: the prediction at every position, and how temperature changes it."""

import numpy as np
import pandas as pd
import streamlit as st
import torch

from analysis.uncertainty import Positionwise, along_text, tempered
from ui import figures
from ui.figures import Matrix, array, markdown, theme
from ui.maps import row_pages
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.shell import masks
from ui.state import address
from ui.state.linked import linked_number
from viz.export import table_csv
from viz.next_token import next_token_chart
from viz.uncertainty import candidates_table_heatmap, entropy_line, temperature_curve

CANDIDATES = 8  # tokens of the chart and the CSV
TABLE_TOKENS = 5  # a row of the table
CURVES = 6  # tokens with a curve
COLDEST, HOTTEST = 0.1, 3.0
FROM = linked_number("expected_from")  # the first position of the table's page


def expectations(run: Run) -> Positionwise:
    """At every position: the most probable tokens, and the probability and rank of the token that came."""
    return kept(run, ("expectations",), Positionwise, lambda: _expectations(run))


def _expectations(run: Run) -> Positionwise:
    came = words_of(run) if run.lm.kind == "encoder" else run.after(run.trace.predicts)
    return along_text(run.trace.final, run.lm.logits, run.lm.config.vocab_size, came, CANDIDATES)


def words_of(run: Run) -> list[int | None]:
    """The id that stands at each position of an encoder's text, or stood there before it was masked by a click.

    None for special tokens and for masks that were typed: nothing stands there that the model could have guessed.
    """
    mask = run.lm.special.mask
    return [None if token.special or token.id == mask else token.id for token in run.original]


def row_labels(run: Run) -> list[str]:
    """A label for each position: the token that is read there."""
    return [token.label for token in run.trace.tokens(run.trace.predicts)]


def draw_table(run: Run, found: Positionwise) -> None:
    """Draws the most probable tokens of every position, with the one that came framed; of a long text a page of positions."""
    page = row_pages.page_of(len(found.came), FROM)
    top = found.top_ids[page.rows, :TABLE_TOKENS]
    labels = [[run.lm.token(int(i)).label for i in row] for row in top]
    came = [
        next((n for n, i in enumerate(row) if int(i) == int(token)), None)
        for row, token in zip(top, found.came[page.rows], strict=True)
    ]
    shares = array(found.top_probabilities[page.rows, :TABLE_TOKENS])
    said = "predicted at" if run.lm.kind == "encoder" else "predicted after"
    fig = candidates_table_heatmap(
        labels,
        shares,
        row_labels(run)[page.rows],
        theme=theme.current(),
        came=came,
        title=said,
        width=560,
        first=page.start,
    )
    figures.head(
        fig,
        key="expected",
        heading="What was expected at every position",
        explained=(
            "A row a position: the most probable tokens at that very place, of the full softmax, best first. The one that "
            "stands there, or stood there before it was masked, is framed."
            if run.lm.kind == "encoder"
            else "A row a position: the most probable next tokens of the full softmax, best first. The one that came is framed."
        ),
        filename="expected-tokens",
        csv=lambda: as_csv(run, found),
    )
    row_pages.pick(len(found.came), FROM, key="expected", note="The CSV has all.")
    with st.container(key="expected_scroll"):
        figures.chart(fig, key="expected", filename="expected-tokens")


def as_csv(run: Run, found: Positionwise) -> str:
    """A row for each position."""
    columns: dict[str, list[str] | list[int] | list[float]] = {
        "position": list(range(len(found.came))),
        "read": row_labels(run),
        "came": [run.lm.token(int(i)).label if i >= 0 else "" for i in found.came],
        "probability": [float(p) for p in found.probability],
        "rank": [int(r) for r in found.rank],
        "surprisal_bits": [float(s) for s in found.surprisal],
        "entropy_bits": [float(e) for e in found.entropy],
    }
    for n in range(found.top_ids.shape[1]):
        columns[f"top{n + 1}"] = [run.lm.token(int(row[n])).label for row in found.top_ids]
        columns[f"top{n + 1}_probability"] = [float(row[n]) for row in found.top_probabilities]
    return table_csv(columns)


def draw_numbers(run: Run, found: Positionwise) -> None:
    """Draws a table with numbers of the token that came at every position."""
    shown = pd.DataFrame(
        {
            "read": row_labels(run),
            "came": [run.lm.token(int(i)).label if i >= 0 else "" for i in found.came],
            "probability": array(found.probability),
            "rank": [int(r) if r > 0 else None for r in found.rank],
            "surprisal": array(found.surprisal),
            "entropy": array(found.entropy),
        }
    )
    bits = st.column_config.NumberColumn(format="%.3f", help="bits")
    st.dataframe(
        shown,
        height=min(38 + 35 * len(shown), 320),
        column_config={
            "probability": st.column_config.NumberColumn(format="%.5f", help="of the full softmax"),
            "rank": st.column_config.NumberColumn(help="1: the most probable token came"),
            "surprisal": bits,
            "entropy": bits,
        },
    )


def draw_certainty(run: Run, found: Positionwise) -> None:
    """Draws the entropy before and the surprisal after each token, and says how often the most probable one came."""
    labels = [run.lm.token(int(i)).label if i >= 0 else "…" for i in found.came]
    surprisals = array(found.surprisal)
    fig = entropy_line(array(found.entropy), surprisals, labels, theme=theme.current(), width=480, height=300)
    figures.place(
        fig,
        key="entropy",
        heading="How unsure, and how surprised",
        explained="Entropy: how undecided the softmax is before the token comes. Surprisal: -log2 of the probability of the "
        "token that came. Both in bits.",
        filename="entropy",
        csv=lambda: as_csv(run, found),
    )
    known = [int(r) for r in found.rank if r > 0]
    if known:
        first = sum(rank == 1 for rank in known)
        which = "The token that stands there was" if run.lm.kind == "encoder" else "The token that came was"
        st.caption(
            f"{which} the most probable one at {first} of {len(known)} positions. Mean surprisal "
            f"{float(np.nanmean(surprisals)):.2f} bits; lowest rank {max(known):,} of {run.lm.config.vocab_size:,}."
        )


def draw_temperature(run: Run, found: Positionwise) -> None:
    """Draws the softmax of one position at any temperature, with the pickers of both."""
    rows, where = row_labels(run), "At" if run.lm.kind == "encoder" else "After"
    left, right = st.columns(2, gap="large")
    if run.lm.kind == "encoder":
        suggest_position(masks.predicted_at(run))
    address.settle("position", len(rows))
    at = left.selectbox(
        where, range(len(rows)), key="position", format_func=lambda i: f"{i}  {rows[i]}", bind="query-params"
    )
    degree = right.slider(
        "Temperature",
        COLDEST,
        HOTTEST,
        1.0,
        step=0.05,
        key="temperature",
        bind="query-params",
        help="Logits are divided by it before the softmax: below 1 the choice sharpens, above 1 it flattens.",
    )
    logits = run.lm.logits(run.trace.final[at])
    shares = tempered(logits, torch.tensor([degree], device=logits.device))[0]
    ids = [int(i) for i in logits.topk(min(CANDIDATES, len(shares))).indices]
    labels = [run.lm.token(i).label for i in ids]
    with left:
        draw_tempered(labels, ids, shares, int(found.came[at]), f"{where} “{rows[at]}”", degree)
    with right:
        draw_sweep(labels[:CURVES], ids[:CURVES], logits, degree)


def suggest_position(at: int) -> None:
    """Puts the picker of the position at a mask, as long as nobody chose another position."""
    before = st.session_state.get("position_suggested")
    if not address.is_known("position") or st.session_state.get("position", -1) == before:
        st.session_state["position"] = at
    st.session_state["position_suggested"] = at


def draw_tempered(
    labels: list[str], ids: list[int], shares: torch.Tensor, came: int, after: str, degree: float
) -> None:
    """Draws the softmax at one temperature."""
    values = array(shares[ids])
    fig = next_token_chart(
        labels,
        values,
        len(shares) - len(ids),
        max(0.0, 1.0 - float(values.sum(dtype=np.float64))),
        theme=theme.current(),
        ids=ids,
        chosen=came if came >= 0 else None,
        height=320,
    )
    figures.place(
        fig,
        key="tempered",
        heading=f"{markdown.plain(after)}, at temperature {degree:g}",
        explained="The full softmax of the logits divided by the temperature.",
        filename="softmax-with-temperature",
        csv=lambda: table_csv({"id": ids, "token": labels, "probability": [float(v) for v in values]}),
    )


def draw_sweep(labels: list[str], ids: list[int], logits: torch.Tensor, degree: float) -> None:
    """Draws the probability of each candidate at every temperature."""
    degrees: Matrix = np.linspace(COLDEST, HOTTEST, 59, dtype=np.float32)
    values = array(tempered(logits, torch.from_numpy(degrees).to(logits.device))[:, ids])
    fig = temperature_curve(degrees, values, labels, theme=theme.current(), current=degree, height=320)
    columns: dict[str, list[str] | list[int] | list[float]] = {"temperature": [float(d) for d in degrees]}
    for n, (i, label) in enumerate(zip(ids, labels, strict=True)):
        columns[f"{i} {label}"] = [float(v) for v in values[:, n]]
    figures.place(
        fig,
        key="sweep",
        heading="The same tokens at every temperature",
        explained="Each curve is one token's share of the full softmax; the line marks the temperature chosen.",
        filename="temperature",
        csv=lambda: table_csv(columns),
    )
