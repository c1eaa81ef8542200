"""Where a gift went: the overlap of its interval of the pool's line with the releases' intervals. In whole numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """What owns [start, end) of a pool's line."""

    start: int
    end: int


class Part(NamedTuple):
    """A part of a contribution. `release` is the index of the release that spent it, None while it waits."""

    start: int
    end: int
    release: int | None


def trace(gift: Span, releases: Sequence[Span]) -> list[Part]:
    """Cut a gift into the parts that each release spent, and those that wait.

    Args:
        gift: The contribution's interval.
        releases: Intervals of the same line, in its order, none overlapping another. Those that touch the gift suffice.

    Returns:
        Parts in the line's order that together are exactly the gift.

    """
    parts: list[Part] = []
    here = gift.start
    first = max(bisect_right(releases, gift.start, key=lambda span: span.start) - 1, 0)
    for i in range(first, len(releases)):
        start, end = max(here, releases[i].start), min(gift.end, releases[i].end)
        if releases[i].start >= gift.end:
            break
        if start < end:
            if here < start:
                parts.append(Part(here, start, None))
            parts.append(Part(start, end, i))
            here = end
    if here < gift.end:
        parts.append(Part(here, gift.end, None))
    return parts


def spent(gift: Span, released: int) -> int:
    """Return how much of a gift was spent when [0, released) of its line was."""
    return max(0, min(gift.end, released) - gift.start)
