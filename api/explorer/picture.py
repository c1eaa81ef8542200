"""A gift as a bar, from its first cent to its last: what each stretch became, in plain words and in whole numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

WIDTH, MOST = 1000, 200
"""Units of a bar, however large the gift, and the most stretches of it."""

LOOKS = {
    "delivered": "people",
    "redeemed": "people",
    "paid": "spent",
    "undelivered": "way",
    "refunded": "back",
    "waiting": "held",
}
"""How the bar and its legend show what money became; people are paid by deliveries and by vouchers."""


class Stretch(NamedTuple):
    """A part of the bar of one look."""

    look: str
    x: int
    width: int


def bar(gift: Mapping[str, Any]) -> list[Stretch]:
    """Return the stretches of a contribution's bar, from left to right without a gap.

    Neighbours that look alike are one, and each is at least one unit wide, so that nothing is too thin to see. Should
    there be more than `MOST`, the bar shows what became of so many points of the gift instead: it is a picture, and the
    amounts stand beside it.

    Args:
        gift: A contribution with its trace.

    """
    start, amount = int(gift["start"]), int(gift["amount"])
    runs = _joined((LOOKS[fate], end - start) for fate, end in _fates(gift))
    if len(runs) > MOST:
        ends, looks = [end for _, end in runs], [look for look, _ in runs]
        points = [(2 * i + 1) * amount // (2 * MOST) for i in range(MOST)]
        runs = _joined((looks[bisect_right(ends, point)], (i + 1) * amount // MOST) for i, point in enumerate(points))
    edges = [0]
    for _, end in runs:
        edges.append(max(edges[-1] + 1, end * WIDTH // amount))
    edges[-1] = WIDTH
    for i in range(len(edges) - 2, 0, -1):
        edges[i] = min(edges[i], edges[i + 1] - 1)
    return [Stretch(look, x, end - x) for (look, _), x, end in zip(runs, edges[:-1], edges[1:], strict=True)]


def _joined(runs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return runs (what, up to where) without neighbours that are the same."""
    found: list[tuple[str, int]] = []
    for what, end in runs:
        if found and found[-1][0] == what:
            found.pop()
        found.append((what, end))
    return found


def _fates(gift: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield what became of each stretch of a gift, and where it ends. What is only added up has its sums in a row."""
    for part in gift["trace"]:
        if "paid" in part:
            yield from ((piece["fate"], int(piece["end"])) for piece in part["paid"])
        else:
            yield "refunded" if "refund" in part else "waiting", int(part["end"])
    if rest := gift["more"]:
        end = int(rest["start"])
        for fate in LOOKS:
            end += int(rest["became"][fate])
            if rest["became"][fate] != "0":
                yield fate, end
