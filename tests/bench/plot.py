"""Charts as SVG, side by side: no library, since these few lines are all that is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDE, HIGH = 300, 220
LEFT, TOP, RIGHT, BOTTOM = 46, 30, 10, 34
COLOURS = ("#0b5a8a", "#b3541e", "#3a7d44", "#7b3f98", "#8a6d0b", "#444444")


@dataclass(frozen=True)
class Chart:
    """Lines over the number of gifts, which stands on a logarithmic axis."""

    title: str
    xs: list[int]
    lines: dict[str, list[float]]
    limit: float | None = None
    logarithmic: bool = False


def svg(charts: list[Chart]) -> str:
    """Return charts side by side, each with what its lines are below it."""
    rows = max(len(chart.lines) for chart in charts)
    width, height = WIDE * len(charts), HIGH + 14 * rows + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="10">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, chart in enumerate(charts):
        parts += [f'<g transform="translate({number * WIDE} 0)">', *_chart(chart), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _chart(chart: Chart) -> list[str]:
    values = [value for line in chart.lines.values() for value in line] + ([chart.limit] if chart.limit else [])
    low, high = (min(values), max(values)) if chart.logarithmic else (0.0, max(values) * 1.1)
    ticks = _powers(low, high) if chart.logarithmic else [high / 1.1 * part / 4 for part in range(5)]
    first, last = math.log10(chart.xs[0]), math.log10(chart.xs[-1])

    def x(gifts: float) -> float:
        return LEFT + (math.log10(gifts) - first) / ((last - first) or 1) * (WIDE - LEFT - RIGHT)

    def y(value: float) -> float:
        if chart.logarithmic:
            begin, end = math.log10(ticks[0]), math.log10(ticks[-1])
            part = (math.log10(value) - begin) / ((end - begin) or 1)
        else:
            part = value / (high or 1)
        return HIGH - BOTTOM - part * (HIGH - TOP - BOTTOM)

    right = WIDE - RIGHT
    parts = [f'<text x="{LEFT}" y="16" font-size="12">{escape(chart.title)}</text>']
    for tick in ticks:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 4}" y="{y(tick) + 3:.1f}" text-anchor="end">{tick:,.4g}</text>')
    below = f'y="{HIGH - BOTTOM + 14}" text-anchor="middle"'
    parts += [f'<text x="{x(gifts):.1f}" {below}>{_short(gifts)}</text>' for gifts in chart.xs]
    parts.append(f'<text x="{right}" y="{HIGH - BOTTOM + 27}" text-anchor="end">gifts</text>')
    if chart.limit:
        parts.append(f'<path d="M{LEFT} {y(chart.limit):.1f}H{right}" stroke="#c00" stroke-dasharray="4 3"/>')
    for number, (name, line) in enumerate(chart.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [(f"{x(gifts):.1f}", f"{y(value):.1f}") for gifts, value in zip(chart.xs, line, strict=True)]
        joined = " ".join(map(",".join, points))
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts += [f'<circle cx="{across}" cy="{down}" r="2.2" fill="{colour}"/>' for across, down in points]
        base = HIGH + 8 + 14 * number
        parts.append(f'<path d="M{LEFT} {base - 3}h14" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + 20}" y="{base}">{escape(name)}</text>')
    return parts


def _powers(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def _short(count: int) -> str:
    return next((f"{count // size}{name}" for size, name in ((10**6, " M"), (1000, " k")) if count >= size), str(count))
