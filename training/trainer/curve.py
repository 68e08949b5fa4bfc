"""A run's losses as a small picture for its card, drawn from RUN/curve.jsonl."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 44
TRAINED, HELD_OUT, INK = "#8da9c4", "#c2410c", "#475569"
SMOOTHED = 40  # most points of the training loss


@dataclass(frozen=True)
class Curve:
    """The logged losses as (step, nats per token): on training batches, and on held-out text."""

    trained: tuple[tuple[int, float], ...]
    held_out: tuple[tuple[int, float], ...]


def read_curve(run: Path) -> Curve:
    """The logged losses. A resumed run logs some steps twice; the later line is used."""
    trained: dict[int, float] = {}
    held_out: dict[int, float] = {}
    for line in (run / "curve.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        for key, kept in (("loss", trained), ("valid", held_out)):
            if key in entry:
                kept[int(entry["step"])] = float(entry[key])
    return Curve(tuple(sorted(trained.items())), tuple(sorted(held_out.items())))


def thinned(points: Sequence[tuple[int, float]], most: int) -> list[tuple[float, float]]:
    """At most `most` points, each the mean of neighbouring ones."""
    size = max(1, math.ceil(len(points) / most))
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(sum(s for s, _ in group) / len(group), sum(v for _, v in group) / len(group)) for group in groups]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """About `most` round numbers from low to high."""
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def curve_svg(run: Path) -> str:
    """The picture as SVG. Raises ValueError if nothing was logged yet."""
    curve = read_curve(run)
    if not curve.trained:
        raise ValueError(f"{run} has logged no loss yet")
    lines = [thinned(curve.trained, SMOOTHED), list(curve.held_out)]
    values = [value for line in lines for _, value in line]
    last = max(step for line in lines for step, _ in line)
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.1
    low, high = low - margin, high + margin

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / last

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in nice_ticks(low, high, 5):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#e2e8f0"/>'
            f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="{INK}">{tick:g}</text>'
        )
    for tick in nice_ticks(0, last, 6):
        parts.append(
            f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{INK}">{tick:,.0f}</text>'
        )
    for line, colour in zip(lines, (TRAINED, HELD_OUT), strict=True):
        if line:
            path = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in line)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts += [
        f'<text x="{WIDTH - RIGHT}" y="{TOP + 12}" text-anchor="end" fill="{TRAINED}">training batches</text>',
        f'<text x="{WIDTH - RIGHT}" y="{TOP + 28}" text-anchor="end" fill="{HELD_OUT}">held-out text</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}" fill="{INK}">loss per token (nats) by training step</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
