"""One block of a transformer, drawn from its config: the residual stream goes up on the left, the sublayers are on the right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Literal

import plotly.graph_objects as go

from viz.blocks import GAP, LINE, PAD, Sketch, span
from viz.frame import Part, new_figure
from viz.theme import Theme

Order = Literal["pre", "post", "parallel", "sandwich"]
Scheme = Literal["none", "sinusoidal", "learned", "rotary", "alibi", "relative"]
NARROW = 23  # characters on a line of half the width
MOST_SQUARES = 64  # heads drawn as single squares; more would be too thin

NORMS = {"layer": "layer norm", "rms": "RMS norm"}
NORM_MEANING = {
    "layer": "Layer norm: each token's vector is centred and scaled to one length, then stretched by learned weights.",
    "rms": "RMS norm: each token's vector is scaled to one length, without centring, then stretched by learned weights.",
}
INSIDE = {
    "rotary": "queries and keys rotate with position",
    "alibi": "scores fall with distance",
    "relative": "scores get a bias for each distance",
}
ADDED = {"learned": "a learned vector for each place", "sinusoidal": "a fixed wave for each place"}
PLACES = {"learned": "learned", "sinusoidal": "fixed waves"}
ORDERS = {
    "pre": "each sublayer reads a normalised copy and adds its output to the stream",
    "post": "each sublayer reads the stream as it is, adds its output, and the sum is normalised",
    "sandwich": "each sublayer reads a normalised copy, and its output is normalised before it is added",
    "parallel": "attention and feed-forward read the same stream and are added together",
}


@dataclass(frozen=True, kw_only=True)
class BlockPlan:
    """The settings of one stack that the drawing needs."""

    title: str
    layers: int
    order: Order
    norm: Literal["layer", "rms"]
    positions: Scheme
    vocab_size: int
    d_model: int
    d_head: int
    d_ff: int
    n_heads: int
    kv_heads: int
    activation: str
    gated: bool = False
    causal: bool = False
    cross: bool = False  # the decoder of an encoder-decoder
    read_by_decoder: bool = False  # the encoder of an encoder-decoder
    parallel_norms: int = 1
    qk_norm: bool = False
    embed_norm: bool = False
    final_norm: bool = True
    segments: int = 0
    window: int | None = None
    window_layers: int | None = None  # the number of layers with the window; None: all
    max_positions: int | None = None
    output: bool = True  # this stack predicts tokens
    tied: bool = True


@dataclass(frozen=True)
class Lines:
    """The text of a box: its title, and the lines below it, each with its colour."""

    title: str
    means: str
    rows: Sequence[tuple[str, str]] = ()
    heads: tuple[int, int] | None = None  # query heads, key heads
    widening: tuple[int, int, bool] | None = None  # d_model, d_ff, gated
    colour: str = ""

    @property
    def squares(self) -> bool:
        return self.heads is not None and self.heads[0] <= MOST_SQUARES

    @property
    def height(self) -> float:
        picture = 28.0 if self.squares else 44.0 if self.widening else 0.0
        return 2 * PAD + LINE * (1 + len(self.rows)) + picture


def block_drawing(plan: BlockPlan, *, theme: Theme) -> go.Figure:
    """The block, with what comes before the first block and after the last; readable from 380 px of width."""
    sketch = Sketch(theme)
    sketch.bar(
        "token embedding",
        f"{plan.vocab_size:,} pieces × {plan.d_model:,}",
        means="Each id has its own learned row in this table: the vector a token starts with.",
    )
    _before(sketch, plan)
    bottom = sketch.y
    sketch.rise(GAP)
    if plan.order == "parallel":
        _side_by_side(sketch, plan)
    else:
        _sublayer(sketch, plan, [attention(plan, theme)])
        if plan.cross:
            _sublayer(sketch, plan, [cross_attention(plan, theme)], after=False)
        _sublayer(sketch, plan, [feed_forward(plan, theme)])
    sketch.frame(bottom, f"× {plan.layers}", f"The block in the frame, with weights of its own, {plan.layers} times.")
    _after(sketch, plan)
    layout: Part = {
        "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
        "xaxis": {"range": [0, 100], "visible": False, "fixedrange": True},
        "yaxis": {"range": [-2, sketch.y + 2], "visible": False, "fixedrange": True},
        "shapes": [*sketch.wires, *sketch.boxes],
        "annotations": [*sketch.arrows, *sketch.words],
        "dragmode": False,
    }
    return new_figure(theme, said(plan), height=round(sketch.y + 8), traces=[sketch.sums()], layout=layout)


def _before(sketch: Sketch, plan: BlockPlan) -> None:
    theme = sketch.theme
    if plan.positions in ADDED:
        limit = f", {plan.max_positions:,} places" if plan.max_positions else ""
        sketch.addend(
            "position", PLACES[plan.positions] + limit, theme.position, "Tells equal tokens in different places apart."
        )
    if plan.segments:
        sketch.addend(
            "segment",
            "first or second sentence" if plan.segments == 2 else f"{plan.segments} kinds",
            theme.muted,
            "Tells two sentences apart.",
        )
    if plan.embed_norm:
        _norm_bar(sketch, plan)


def _after(sketch: Sketch, plan: BlockPlan) -> None:
    if plan.final_norm:
        _norm_bar(sketch, plan)
    if plan.read_by_decoder:
        sketch.bar(
            "to the decoder",
            "its cross-attention reads these vectors",
            means="The encoder's output, read at every step.",
        )
    elif plan.output:
        shares = "the embedding's table again (tied)" if plan.tied else "a table of its own (not tied)"
        means = "Compares the last vector with each piece of the vocabulary: one logit a piece."
        sketch.bar("output head", shares, means=means, colour=sketch.theme.probability)
    else:
        sketch.bar("vectors out", "this checkpoint has no output head", means="It predicts no tokens.")


def _norm_bar(sketch: Sketch, plan: BlockPlan) -> None:
    sketch.bar(NORMS[plan.norm], "", means=NORM_MEANING[plan.norm])


def attention(plan: BlockPlan, theme: Theme) -> Lines:
    """The box of self-attention."""
    rows = _head_rows(plan, theme)
    if plan.positions in INSIDE:
        rows.append((INSIDE[plan.positions], theme.position))
    if plan.qk_norm:
        rows.append(("queries and keys are normalised", theme.muted))
    if plan.window is not None:
        some = "" if plan.window_layers is None else f", in {plan.window_layers} of {plan.layers} layers"
        rows.append((f"sees {plan.window:,} tokens{some}", theme.muted))
    means = "Each token looks at itself and at what came before." if plan.causal else "Each token looks at every token."
    title = "masked self-attention" if plan.causal else "self-attention"
    return Lines(title, means, rows, heads=(plan.n_heads, plan.kv_heads), colour=theme.accent)


def cross_attention(plan: BlockPlan, theme: Theme) -> Lines:
    """The box of cross-attention."""
    rows = [*_head_rows(plan, theme), ("keys and values from the encoder", theme.key)]
    means = "Each token of the target looks at every token of the source."
    return Lines("cross-attention", means, rows, heads=(plan.n_heads, plan.kv_heads), colour=theme.accent)


def feed_forward(plan: BlockPlan, theme: Theme) -> Lines:
    """The box of the feed-forward net."""
    name = plan.activation.replace("_", " ")
    inner = f"{name}(gate) × up" if plan.gated else name
    rows = [(f"{plan.d_model:,} → {plan.d_ff:,} → {plan.d_model:,}", theme.text), (inner, theme.muted)]
    gate = " Gated: a second map of the same width decides how much of each value passes." if plan.gated else ""
    means = f"Works on each token by itself: made wider, passed through {name}, made narrow again.{gate}"
    return Lines("feed-forward", means, rows, widening=(plan.d_model, plan.d_ff, plan.gated), colour=theme.text)


def _head_rows(plan: BlockPlan, theme: Theme) -> list[tuple[str, str]]:
    shared = plan.n_heads // plan.kv_heads
    keys = f"{plan.kv_heads} key and value heads" if plan.kv_heads > 1 else "1 key and value head"
    queries = f"{plan.n_heads} query heads of {plan.d_head}" if plan.n_heads > 1 else f"1 query head of {plan.d_head}"
    return [(queries, theme.query), (keys if shared == 1 else f"{keys}, {shared} queries each", theme.key)]


def narrow(words: Lines) -> Lines:
    """The same text on lines that fit half the width."""
    rows = [(line, colour) for row, colour in words.rows for line in wrap(row, NARROW)]
    return replace(words, rows=rows)


def _norm_box(sketch: Sketch, plan: BlockPlan, left: float, right: float) -> None:
    sketch.box(left, right, Lines(NORMS[plan.norm], NORM_MEANING[plan.norm]))


def _sublayer(sketch: Sketch, plan: BlockPlan, boxes: list[Lines], *, after: bool = True) -> None:
    """A branch of the stream: the norm in its place, the sublayer, and the sum."""
    left, right = span(0, 1)
    middle = (left + right) / 2
    sketch.branch([middle])
    if plan.order != "post":
        _norm_box(sketch, plan, left, right)
        sketch.up(middle)
    for box in boxes:
        sketch.box(left, right, box)
    if plan.order == "sandwich" and after:
        sketch.up(middle)
        _norm_box(sketch, plan, left, right)
    sketch.add([middle])
    if plan.order == "post":
        _norm_bar(sketch, plan)
        sketch.rise(GAP / 2)


def _side_by_side(sketch: Sketch, plan: BlockPlan) -> None:
    """Attention and feed-forward side by side, with one norm or two."""
    sides = [span(0, 2), span(1, 2)]
    middles = [(left + right) / 2 for left, right in sides]
    if plan.parallel_norms == 1:
        left, right = span(0, 1)
        sketch.branch([(left + right) / 2])
        _norm_box(sketch, plan, left, right)
        start = sketch.y
        for middle in middles:
            sketch.y = start
            sketch.up(middle)
    else:
        sketch.branch(middles)
        start = sketch.y
        for (left, right), middle in zip(sides, middles, strict=True):
            sketch.y = start
            _norm_box(sketch, plan, left, right)
            sketch.up(middle)
    start = sketch.y
    boxes = [narrow(attention(plan, sketch.theme)), narrow(feed_forward(plan, sketch.theme))]
    tallest = max(box.height for box in boxes)
    for (left, right), box in zip(sides, boxes, strict=True):
        sketch.y = start
        sketch.box(left, right, box, height=tallest)
    sketch.add(middles)


def said(plan: BlockPlan) -> str:
    """The drawing in words."""
    heads = f"{plan.n_heads} query heads on {plan.kv_heads} key heads"
    kind = "gated " if plan.gated else ""
    where = INSIDE.get(plan.positions, ADDED.get(plan.positions, "nothing tells positions"))
    end = ""
    if plan.output and not plan.read_by_decoder:
        end = " The output head shares the embedding's table." if plan.tied else " The output head has its own table."
    return (
        f"{plan.title}, {plan.layers} times: {ORDERS[plan.order]}; {heads}; {kind}feed-forward of {plan.d_ff:,}; "
        f"positions: {where}.{end}"
    )
