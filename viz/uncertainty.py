"""Uncertainty of a model along a text: entropy, candidates, temperature."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.cells import printed
from viz.frame import WIDTH, Floats, Part, Side, check_grid, new_figure, numbered, outline, position_axis
from viz.grid import grid
from viz.labels import escaped, quoted, short, ticks, visible
from viz.percent import format_percent
from viz.shares import share_trace
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme, probability_scale


def entropy_line(
    entropies_bits: Floats,
    surprisals_bits: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    width: int = WIDTH,
    height: int = 240,
) -> go.Figure:
    """The entropy before each token (time,) and the surprisal of the token (time,), in bits.

    NaN where there is no number, as for a token that was not predicted. `width` is the width of the narrowest place for the figure;
    it decides how many labels are written. The browser turns them where they still do not fit.
    """
    if not len(labels) == len(entropies_bits) == len(surprisals_bits):
        raise ValueError(
            f"{len(entropies_bits)} entropies and {len(surprisals_bits)} surprisals do not fit {len(labels)} labels."
        )
    marks = ticks(labels, cell=(width - 70) / max(len(labels), 1), upright=False)
    text = f"Entropy and surprisal at {len(labels)} positions."
    if len(labels) and np.isfinite(entropies_bits).any():
        most = int(np.nanargmax(entropies_bits))
        text = (
            f"Over {len(labels)} positions the mean entropy is {np.nanmean(entropies_bits):.2f} bits; "
            f'the model was least sure at "{visible(labels[most])}" ({entropies_bits[most]:.2f} bits).'
        )
    names = [quoted(label) for label in labels]
    drawn: list[Part] = [
        {
            "type": "scatter",
            "x": np.arange(len(labels)),
            "y": np.asarray(values),
            "mode": mode,
            "name": name,
            "line": {"color": colour, "width": 2},
            "marker": {"color": colour, "size": 6 if symbol == "circle" else 8, "symbol": symbol},
            "cliponaxis": False,
            "hovertext": names,
            "hovertemplate": f"%{{hovertext}}: {name} %{{y:.3f}} bits · position %{{x:d}}<extra></extra>",
        }
        for values, name, mode, colour, symbol in (
            (entropies_bits, "entropy", "lines+markers", theme.probability, "circle"),
            (surprisals_bits, "surprisal of the token", "markers", theme.query, "diamond-open"),
        )
    ]
    layout: Part = {
        "margin": {"l": 44, "r": 12, "t": 30, "b": 26},
        "xaxis": {
            **position_axis(marks, len(labels), theme),
            "tickangle": None,  # the browser's choice
            "autotickangles": [0, -45, -90],
            "automargin": "height",
        },
        "yaxis": {"title": {"text": "bits"}, "rangemode": "tozero", "nticks": 6},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "entrywidth": 170},
    }
    return new_figure(theme, text, height=height, traces=drawn, layout=layout)


def candidates_table_heatmap(
    labels: Sequence[Sequence[str]],
    probabilities: Floats,
    positions: Sequence[str],
    *,
    theme: Theme,
    came: Sequence[int | None],
    title: str = "predicted after",
    first: int = 0,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """For every position (rows) the most probable tokens, `labels` and `probabilities` (time, n), the best on the left.

    `first` is the position of the first row, where the rows are a page of a long text.
    `came` gives for every position the column of the actual next token, which is framed, or None where it is not among them.
    """
    count = probabilities.shape[1] if probabilities.ndim == 2 else 0
    rows = Side(positions, title, first)
    columns = Side(numbered(count, first=1), "rank", first=1, tokens=False)
    check_grid("Probabilities", probabilities, positions, columns.labels)
    if len(labels) != len(positions) or any(len(row) != count for row in labels) or len(came) != len(positions):
        raise ValueError(
            f"{count} candidates and the actual next token are needed for each of {len(positions)} positions."
        )
    room = max(int(((width - 180) / max(count, 1) - 4) / 6.6), 3)  # characters of the face at 11 px
    hits = sum(rank == 0 for rank in came)
    trace = share_trace(
        np.asarray(probabilities),
        rows,
        columns,
        theme=theme,
        hover="%{hovertext}: VALUE · rank %{x} after %{y}, position %{y:d}",
        colours=probability_scale(theme),
        title="probability",
    )
    trace.hovertext = [[quoted(label) for label in row] for row in labels]
    known = sum(rank is not None for rank in came)
    summary = (
        f"The {count} most probable tokens at {len(positions)} positions. The actual next token is the most probable "
        f"one {hits} times and among these {known} times."
    )
    tall = 24 * len(positions) + 72 if height is None else height
    text = np.array([[short(label, room) for label in row] for row in labels], dtype=object).reshape(
        probabilities.shape
    )
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=summary,
        width=width,
        height=tall,
        square=False,
        text=printed(trace, text, probability_scale(theme)),
        framed=[
            outline(theme, x=(rank + 1, rank + 1), y=(row, row))
            for row, rank in enumerate(came, start=first)
            if rank is not None
        ],
    )


def temperature_curve(
    temperatures: Floats,
    probabilities: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    current: float | None = None,
    height: int = 300,
) -> go.Figure:
    """The probability of some tokens at each temperature: `probabilities` (temperatures, tokens)."""
    if probabilities.shape != (len(temperatures), len(labels)):
        raise ValueError(
            f"Shape {probabilities.shape} is not ({len(temperatures)} temperatures, {len(labels)} tokens)."
        )
    summary = (
        f"Probabilities of {len(labels)} tokens at temperatures from {min(temperatures):g} to {max(temperatures):g}."
    )
    if len(labels):
        best = int(np.argmax(probabilities[0]))
        first, last = format_percent(float(probabilities[0, best])), format_percent(float(probabilities[-1, best]))
        summary = f'{summary} "{visible(labels[best])}" goes from {first} to {last}.'
    figure = new_figure(theme, summary, height=height)
    dashes = ("solid", "dash", "dot")
    for index, label in enumerate(labels):
        figure.add_scatter(
            x=np.asarray(temperatures),
            y=np.ascontiguousarray(probabilities[:, index]),
            mode="lines",
            name=short(label, 16),
            line={
                "color": theme.series[index % len(theme.series)],
                "width": 2,
                "dash": dashes[index // len(theme.series) % 3],
            },
            hovertemplate=f"{quoted(label)} at temperature %{{x:.2f}}: %{{y:.3p}} (%{{y:.4g}})<extra></extra>",
        )
    if current is not None:
        figure.add_vline(x=current, line={"color": theme.text, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=current,
            y=1,
            yref="paper",
            yanchor="bottom",
            text=escaped(f"now {current:g}"),
            showarrow=False,
            font={"size": 12},
        )
    figure.update_layout(
        showlegend=True,
        margin={"l": 52, "r": 8, "t": 22, "b": 44},
        xaxis={"title": {"text": "temperature"}, "showgrid": False},
        yaxis={"title": {"text": "probability"}, "tickformat": ".0%", "range": [0, 1.02], "nticks": 6},
        legend={"font": {"family": TOKEN_FONT, "size": TOKEN_SIZE}},
    )
    return figure
