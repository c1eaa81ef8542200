"""Where the money of a gift is after its releases were paid: with their payees, or handed on by a book, to the unit.

What a release spent, in the order of spending, is a line of its own. Its book hands it on from the beginning: each
delivery says where it starts there, each voucher takes what the pool pays of it. What is given back leaves at the end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .forms import Shape, place
from .line import Span
from .state import Pool, State
from .tape import Gift
from .trace import refunded_of

FEW = 10
"""Deliveries and vouchers that a receipt names."""

Piece = tuple[int, int, int, str]
"""Start and end in the pool's line, where it begins in its release's, and what became of it."""

Row = tuple[int, int, tuple[int, int, bytes, int]]
"""Start in the release's line, amount, and where it was told."""


class Handed(NamedTuple):
    """What a book has handed on of a release, in order."""

    fate: str
    rows: list[Row]

    @property
    def total(self) -> int:
        """Return how much it is."""
        return sum(self.rows[-1][:2]) if self.rows else 0

    def over(self, start: int, end: int) -> list[Row]:
        """Return what has places of [start, end) of the release's line."""
        first = bisect_right(self.rows, start, key=lambda row: row[0] + row[1])
        return self.rows[first : bisect_left(self.rows, end, key=lambda row: row[0])]


class Onward:
    """Follows gifts' money through the books."""

    def __init__(self, state: State, addresses: dict[bytes, str]) -> None:
        """Take the state, and the contracts' names by their addresses."""
        self._state, self._contracts = state, addresses
        self._known: dict[tuple[int, int], Handed | None] = {}

    def became(self, pool: Pool, gift: Gift) -> Shape:
        """Return what a gift became: amounts that add up to it."""
        start, end, found = gift.start, gift.start + gift.amount, Counter[str]()
        for milestone in pool.line.spent:
            for piece in self._pieces(pool, milestone, (start, end)):
                found[piece[3]] += piece[1] - piece[0]
        found["refunded"] = refunded_of(self._state, pool, start, gift.amount, gift.batch)
        found["waiting"] = pool.line.unspent(start, end) - found["refunded"]
        names = ("paid", "delivered", "redeemed", "undelivered", "refunded", "waiting")
        return {**{name: str(found[name]) for name in names}, "fees": "0"}

    def paid(self, pool: Pool, milestone: int, over: Span, few: int) -> tuple[list[Shape], int]:
        """Return what became of a part that a milestone spent, and how many more deliveries may be named then."""
        shapes: list[Shape] = []
        for start, end, at, fate in self._pieces(pool, milestone, over):
            shape: Shape = {"start": str(start), "end": str(end), "amount": str(end - start), "fate": fate}
            handed = self._handed(pool, milestone)
            if handed is not None and fate == handed.fate:
                whole = handed.over(at, at + end - start)
                first = [_cut(row, milestone, fate, (start, end), at) for row in whole[: max(0, few)]]
                few -= len(first)
                rest = end - start - sum(int(each["amount"]) for each in first)
                shape |= {"first": first, "count": len(whole), "rest": str(rest)}
            shapes.append(shape)
        return shapes, few

    def deliveries(self, pool: Pool, gift: Gift) -> Iterator[Shape]:
        """Yield the deliveries and vouchers that a gift became, each cut to it, in the order of its places."""
        over = gift.start, gift.start + gift.amount
        pieces = [(piece, n) for n in pool.line.spent for piece in self._pieces(pool, n, over)]
        for (start, end, at, fate), milestone in sorted(pieces):
            handed = self._handed(pool, milestone)
            if handed is not None and fate == handed.fate:
                rows = handed.over(at, at + end - start)
                yield from (_cut(row, milestone, fate, (start, end), at) for row in rows)

    def _pieces(self, pool: Pool, milestone: int, over: Span) -> Iterator[Piece]:
        at = 0
        for begin, stop in pool.line.spent.get(milestone, ()):
            start, end = max(begin, over[0]), min(stop, over[1])
            if start < end:
                yield from self._cut(pool, milestone, (start, end), at + start - begin)
            at += stop - begin

    def _cut(self, pool: Pool, milestone: int, over: Span, at: int) -> Iterator[Piece]:
        (start, end), handed = over, self._handed(pool, milestone)
        if handed is None:
            yield start, end, at, "paid"
            return
        edge = min(max(handed.total - at, 0) + start, end)
        if start < edge:
            yield start, edge, at, handed.fate
        if edge < end:
            yield edge, end, at + edge - start, "undelivered"

    def _handed(self, pool: Pool, milestone: int) -> Handed | None:
        """Return what was handed on of a milestone's release; None: its payee is no book."""
        key = pool.number, milestone
        if key not in self._known:
            payee = self._contracts.get(pool.releases[milestone].values["payee"])
            if payee == "PayoutBook":
                payout = pool.payouts.get(milestone)
                told = payout.deliveries.forwards() if payout and payout.deliveries else ()
                self._known[key] = Handed("delivered", [(v["start"], v["amount"], at) for at, v in told])
            elif payee == "VoucherBook":
                self._known[key] = Handed("redeemed", list(self._vouchers(key)))
            else:
                self._known[key] = None
        return self._known[key]

    def _vouchers(self, key: tuple[int, int]) -> Iterator[Row]:
        start = 0
        for at, v in self._state.lists["VoucherTold"].forwards():
            if (v["pool"], v["milestone"]) == key and v["fromPool"]:
                yield start, v["fromPool"], at
                start += v["fromPool"]


def _cut(row: Row, milestone: int, fate: str, piece: Span, at: int) -> Shape:
    """Return a delivery or a voucher, cut to a piece that begins at `at` in the release's line."""
    start = max(row[0] + piece[0] - at, piece[0])
    end = min(row[0] + row[1] + piece[0] - at, piece[1])
    return {
        "start": str(start),
        "end": str(end),
        "amount": str(end - start),
        "whole": str(row[1]),
        "milestone": milestone,
        "fate": fate,
        "told": place(row[2]),
    }
