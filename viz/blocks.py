"""Boxes and wires of a drawing, from the bottom up: x runs from 0 to 100, one unit of y is one pixel."""

from collections.abc import Sequence
from typing import Protocol

from viz.frame import Part
from viz.labels import escaped
from viz.theme import TEXT_FONT, Theme

STREAM = 9.0  # x of the residual stream
LEFT, RIGHT = 4.0, 97.0  # edges of the boxes on the stream
INNER = 17.0  # x where branches begin
GAP = 14.0
LINE = 16.0
PAD = 6.0
BAR = 38.0  # height with a detail
LOW_BAR = 24.0
SMALL, PLAIN = 11, 12.5
RADIUS = 9  # px of the circle of a sum


class Words(Protocol):
    """The content of a box."""

    @property
    def title(self) -> str: ...
    @property
    def means(self) -> str: ...
    @property
    def rows(self) -> Sequence[tuple[str, str]]: ...
    @property
    def heads(self) -> tuple[int, int] | None: ...
    @property
    def widening(self) -> tuple[int, int, bool] | None: ...
    @property
    def colour(self) -> str: ...
    @property
    def squares(self) -> bool: ...
    @property
    def height(self) -> float: ...


def span(index: int, count: int) -> tuple[float, float]:
    """Left and right edge of column `index` of `count` beside the stream."""
    gap = 3.0
    width = (RIGHT - 2 - INNER - gap * (count - 1)) / count
    left = INNER + index * (width + gap)
    return left, left + width


class Sketch:
    """The shapes and texts of a drawing, collected from the bottom up."""

    def __init__(self, theme: Theme) -> None:
        self.theme, self.y = theme, 0.0
        self.wires: list[Part] = []
        self.boxes: list[Part] = []
        self.arrows: list[Part] = []
        self.words: list[Part] = []
        self.circles: list[tuple[float, str]] = []

    def rise(self, by: float) -> None:
        """Moves up the stream and draws the wire."""
        if by > 0:
            self.wire([(STREAM, self.y), (STREAM, self.y + by)])
        self.y += by

    def wire(self, points: Sequence[tuple[float, float]]) -> None:
        """A line through points."""
        line = {"color": self.theme.muted, "width": 1.4}
        path = "M" + " L".join(f"{x:g},{y:g}" for x, y in points)
        self.wires.append(
            {"type": "path", "path": path, "line": line, "layer": "below"}
        )  # the circles of sums lie above

    def arrow(self, x: float, y: float, tail_x: float, tail_y: float) -> None:
        """A line with a head at (x, y)."""
        ends: Part = {"x": x, "y": y, "ax": tail_x, "ay": tail_y, "axref": "x", "ayref": "y", "text": ""}
        look: Part = {
            "showarrow": True,
            "arrowhead": 2,
            "arrowsize": 0.9,
            "arrowwidth": 1.4,
            "arrowcolor": self.theme.muted,
        }
        self.arrows.append(ends | look)

    def rectangle(self, left: float, right: float, height: float, colour: str, fill: str, width: float = 1.2) -> None:
        """A box whose lower edge is at y."""
        edges: Part = {"type": "rect", "x0": left, "x1": right, "y0": self.y, "y1": self.y + height}
        self.boxes.append(edges | {"line": {"color": colour, "width": width}, "fillcolor": fill})

    def say(
        self,
        x: float,
        y: float,
        text: str,
        *,
        colour: str,
        size: float = SMALL,
        bold: bool = False,
        means: str = "",
        anchor: str = "center",
    ) -> None:
        """A text centred at a height; `means` appears on hover."""
        safe = escaped(text)
        self.words.append(
            {
                "x": x,
                "y": y,
                "text": f"<b>{safe}</b>" if bold else safe,
                "showarrow": False,
                "xanchor": anchor,
                "yanchor": "middle",
                "hovertext": escaped(means) if means else None,
                "captureevents": bool(means),
                "font": {"family": TEXT_FONT, "size": size, "color": colour},
            }
        )

    def bar(self, title: str, detail: str, *, means: str, colour: str = "") -> None:
        """Something the whole stream passes through."""
        if self.y:
            self.arrow(STREAM, self.y + GAP, STREAM, self.y)
            self.y += GAP
        self.rectangle(LEFT, RIGHT, BAR if detail else LOW_BAR, colour or self.theme.border, self.theme.panel)
        self.titled(LEFT, RIGHT, title, detail, BAR if detail else LOW_BAR, colour, means)

    def titled(
        self, left: float, right: float, title: str, detail: str, height: float, colour: str, means: str
    ) -> None:
        """A title, and a detail under it where there is one, in the middle of a box; y ends at its top."""
        middle, colour = self.y + height / 2, colour or self.theme.text
        centre = (left + right) / 2
        if detail:
            self.say(centre, middle + 7.5, title, colour=colour, size=PLAIN, bold=True, means=means)
            self.say(centre, middle - 8, detail, colour=self.theme.muted, means=means)
        else:
            self.say(centre, middle, title, colour=colour, size=PLAIN, means=means)
        self.y += height

    def addend(self, title: str, detail: str, colour: str, means: str) -> None:
        """Something added to the stream from the right."""
        self.rise(GAP)
        height, left = BAR, INNER + 4
        self.rectangle(left, RIGHT, height, colour, self.theme.background)
        middle = self.y + height / 2
        self.arrow(STREAM + 3, middle, left, middle)
        self.wire([(STREAM, self.y), (STREAM, self.y + height)])
        self.circles.append((middle, f"The {title} vector is added to the embedding."))
        self.titled(left, RIGHT, title, detail, height, colour, means)

    def branch(self, middles: Sequence[float]) -> None:
        """From the stream to the boxes above these places."""
        self.wire([(STREAM, self.y), (middles[-1], self.y)])
        self.from_stream = self.y
        self.y += GAP
        for middle in middles:
            self.arrow(middle, self.y, middle, self.y - GAP)

    def up(self, middle: float) -> None:
        """From one box to the next above it."""
        self.arrow(middle, self.y + GAP, middle, self.y)
        self.y += GAP

    def add(self, middles: Sequence[float]) -> None:
        """From the boxes below back to the stream."""
        top = self.y + GAP
        for middle in middles:
            self.wire([(middle, self.y), (middle, top)])
        self.wire([(middles[-1], top), (STREAM + 3, top)])
        self.arrow(STREAM + 3, top, STREAM + 6, top)
        self.wire([(STREAM, self.from_stream), (STREAM, top)])
        what = "Both answers are" if len(middles) > 1 else "The answer is"
        self.circles.append((top, f"Residual: {what.lower()} added to the stream, which otherwise passes unchanged."))
        self.y = top
        self.rise(GAP)

    def box(self, left: float, right: float, words: Words, *, height: float | None = None) -> None:
        """A box beside the stream with its words, and its heads or its widening drawn."""
        height = words.height if height is None else height
        strong = bool(words.colour)
        fill = self.theme.background if strong else self.theme.panel
        self.rectangle(left, right, height, words.colour or self.theme.border, fill, 1.6 if strong else 1.2)
        top, centre = self.y + height - PAD, (left + right) / 2
        colour = words.colour or self.theme.text
        self.say(centre, top - LINE / 2, words.title, colour=colour, size=PLAIN, bold=strong, means=words.means)
        for i, (row, ink) in enumerate(words.rows, start=1):
            self.say(centre, top - LINE * (i + 0.5), row, colour=ink, means=words.means)
        room = (left + 3, right - 3)
        if words.heads is not None and words.squares:
            self.squares(room, words.heads)
        if words.widening is not None:
            self.widening(room, words.widening)
        self.y += height

    def squares(self, room: tuple[float, float], heads: tuple[int, int]) -> None:
        """A square for each query head, and below them one for each key head, as wide as the queries that share it."""
        left, width = room[0], room[1] - room[0]
        low = self.y + PAD + 2
        rows = ((heads[1], low, self.theme.key), (heads[0], low + 12, self.theme.query))
        for count, y, colour in rows:
            step = width / count
            gap = min(0.8, step * 0.25)
            for i in range(count):
                x = left + i * step
                edges: Part = {"type": "rect", "x0": x + gap / 2, "x1": x + step - gap / 2, "y0": y, "y1": y + 9}
                self.boxes.append(edges | {"line": {"width": 0}, "fillcolor": colour, "opacity": 0.75})

    def widening(self, room: tuple[float, float], sizes: tuple[int, int, bool]) -> None:
        """From d_model out to d_ff and back; the way out twice where it is gated."""
        d_model, d_ff, gated = sizes
        left, right = room[0], room[1]
        low, middle, high = self.y + PAD, self.y + PAD + 18, self.y + PAD + 36
        parts = 2 if gated else 1
        each = (right - left - 2 * (parts - 1)) / parts
        wide, narrow = each * min(1.0, d_ff / d_model), each * min(1.0, d_model / d_ff)
        centre = (left + right) / 2
        for i in range(parts):
            self.slope(left + each / 2 + i * (each + 2), (low, narrow), (middle - 1, wide))
        self.slope(centre, (middle + 1, wide), (high, narrow))

    def slope(self, centre: float, lower: tuple[float, float], upper: tuple[float, float]) -> None:
        """A trapezoid between (y, width) and (y, width)."""
        (y0, w0), (y1, w1) = lower, upper
        corners = [(centre - w0 / 2, y0), (centre + w0 / 2, y0), (centre + w1 / 2, y1), (centre - w1 / 2, y1)]
        path = "M" + " L".join(f"{x:g},{y:g}" for x, y in corners) + " Z"
        self.boxes.append(
            {"type": "path", "path": path, "line": {"width": 0}, "fillcolor": self.theme.muted, "opacity": 0.45}
        )

    def frame(self, bottom: float, name: str, means: str) -> None:
        """The frame around what repeats, from `bottom` to y."""
        edges: Part = {"type": "rect", "x0": 1, "x1": 99.5, "y0": bottom + 5, "y1": self.y + 1}
        line: Part = {"line": {"color": self.theme.muted, "width": 1.2, "dash": "dot"}, "fillcolor": "rgba(0,0,0,0)"}
        self.wires.insert(0, edges | line | {"layer": "below"})
        self.y += 2
        self.say(98, self.y + 8, name, colour=self.theme.text, size=PLAIN, bold=True, means=means, anchor="right")
        self.rise(8)

    def sums(self) -> Part:
        """The circles where something is added to the stream."""
        return {
            "type": "scatter",
            "mode": "markers+text",
            "x": [STREAM] * len(self.circles),
            "y": [y for y, _ in self.circles],
            "text": ["+"] * len(self.circles),
            "textfont": {"size": 15, "color": self.theme.text},
            "hovertext": [escaped(means) for _, means in self.circles],
            "hovertemplate": "%{hovertext}<extra></extra>",
            "marker": {
                "size": 2 * RADIUS,
                "color": self.theme.background,
                "line": {"color": self.theme.muted, "width": 1.4},
            },
        }
