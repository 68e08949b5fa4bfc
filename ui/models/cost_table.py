"""The rows of the table of differences: the terms of the config that differ, and what a token costs."""

from analysis.cost import Cost, cost
from ui.figures.tables import Cell
from ui.models import side_by_side
from ui.models.facts import facts
from ui.models.side_by_side import Side
from ui.runs.store import Run
from viz.parameters import many
from viz.percent import format_percent

MEANS = {
    "Parameters": "Numbers learned in training; tied ones count once.",
    "Operations per token": "Multiplications and additions for the token after this text, counted from the shapes: two for each "
    "weight, and four for each number of a head and each token attended to.",
    "Share for attention": "The part that grows with the text: scores and mixing over all tokens attended to.",
    "KV cache per token": "The KV cache: keys and values of each token read, kept so that later ones can attend to it.",
    "State carried on": "A recurrent model's state: what is kept whatever the length of the text.",
    "Time per token": "Measured on this machine: the median of nine tokens read one at a time after the text (after the first "
    "512 tokens of a long one); for an encoder, of passes over the text. Small models wait for Python more than for arithmetic.",
}


def differing(sides: list[Side]) -> list[list[Cell]]:
    """A row for each term of the configs whose values are not all the same."""
    told = [{fact.term: fact for fact in facts(side.run.lm.config)} for side in sides if side.run is not None]
    terms = list(dict.fromkeys(term for one in told for term in one))
    rows = []
    for term in terms:
        values = [one[term].value if term in one else "–" for one in told]
        means = next(one[term].means for one in told if term in one)
        if len(set(values)) > 1:
            rows.append([Cell(term, means), *(Cell(value, quiet=value == "–") for value in values)])
    return rows


def costs(sides: list[Side]) -> list[list[Cell]]:
    """A row each for parameters, operations, memory and time."""
    found = [(side.run, cost(side.run.lm.config)) for side in sides if side.run is not None]
    rows = {
        "Parameters": [many(run.lm.parameters) for run, _ in found],
        "Operations per token": [many(operations(run, c)) for run, c in found],
        "Share for attention": [format_percent(attention_operations(run, c) / operations(run, c)) for run, c in found],
        "KV cache per token": [bytes_of(c.kept, run) for run, c in found],
        "State carried on": [bytes_of(c.state, run) for run, c in found],
        "Time per token": [milliseconds(side_by_side.seconds(run)) for run, _ in found],
    }
    return [[Cell(term, MEANS[term]), *(Cell(x, quiet=x == "–") for x in values)] for term, values in rows.items()]


def context(run: Run) -> int:
    """How many tokens of its own stack the next token can attend to."""
    return len(run.trace.tokens("decoder")) if run.lm.kind == "encoder-decoder" else len(run.original)


def attention_operations(run: Run, c: Cost) -> int:
    """Operations of scores and mixing for the token after this text."""
    across = c.per_source * len(run.trace.tokens("encoder")) if run.lm.kind == "encoder-decoder" else 0
    return c.per_context * context(run) + across


def operations(run: Run, c: Cost) -> int:
    """All operations for the token after this text."""
    return c.fixed + attention_operations(run, c)


def bytes_of(numbers: int, run: Run) -> str:
    """Numbers kept, as bytes at the model's precision; "–" for none."""
    return f"{numbers * run.lm.dtype.itemsize:,} bytes" if numbers else "–"


def milliseconds(seconds: float) -> str:
    """0.0123 as "12 ms"; "–" where nothing could be measured."""
    if seconds != seconds:
        return "–"
    return f"{seconds * 1e3:.2g} ms" if seconds < 0.1 else f"{seconds * 1e3:,.0f} ms"
