"""What became of a release's money after it was paid, exact to the unit.

A release pays its milestone's amount once, out of one or more spans of the pool's line, in the ledger's order: that
order makes the release a line of its own, from 0 to its amount (`Part.at`). Whoever hands the money on does so from the
beginning of that line, and what is given back leaves at its end (PooledFund.giveBack), so the two never meet:

- *Payout round* (the payee is PayoutBook): each delivery owns [start, start + amount) of it, as its event says. What
  is not delivered yet waits in the round, and once that has expired it is given back.
- *Vouchers* (the payee is VoucherBook): each redeemed voucher takes what the pool pays of its bill, in the ledger's
  order. What is left waits, and once the vouchers have expired it is given back.
- *Anybody else*: all that was not given back was paid to the payee, and the ledger does not follow it further.

So a delivery owns places of the release's line, hence of the pool's, hence of gifts. Nothing is taken for it: the parts
of a gift add up to the gift. Beneficiaries are private: of a delivery only its amount, time and place are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import paging
from api.explorer.queries.reader import Reader
from api.explorer.trace import Part

FEW = 10
"""How many deliveries a receipt names; the list has all."""

_OUT, _VOUCHER = tables.deliveries.c, tables.vouchers.c


class Piece(NamedTuple):
    """A part of a gift that was spent, or of one, all of which fared alike. `at`: where it begins in its release."""

    start: int
    end: int
    milestone: int
    at: int
    fate: shapes.Fate


class Onward:
    """Where the money of a pool's releases is. Each milestone is looked up once."""

    def __init__(self, read: Reader, pool: int, milestones: Iterable[int]) -> None:
        """Look up which of these milestones paid a book, that hands the money on."""
        self._read, self._pool = read, pool
        self._handed: dict[int, int] = {}
        paid, known = tables.releases.c, set(milestones)
        books = [read.contract("PayoutBook"), read.contract("VoucherBook")]
        # By their first and last: a gift may have been spent by more milestones than a query may name.
        span = paid.milestone >= min(known, default=0), paid.milestone <= max(known, default=-1)
        query = select(paid.milestone, paid.payee).where(paid.pool == pool, *span, paid.payee.in_(books))
        self._payees = {row.milestone: row.payee for row in read.rows(query)}

    def pieces(self, part: Part) -> list[Piece]:
        """Cut a part that was spent into what was handed on and what was not: O(log n)."""
        payee = self._payees.get(part.milestone)
        if payee == self._read.contract("PayoutBook"):
            fate: shapes.Fate = "delivered"
        elif payee == self._read.contract("VoucherBook"):
            fate = "redeemed"
        else:
            return [Piece(part.start, part.end, part.milestone, part.at, "paid")]
        edge = min(max(self._handed_of(part.milestone, fate) - part.at, 0) + part.start, part.end)
        both = (
            Piece(part.start, edge, part.milestone, part.at, fate),
            Piece(edge, part.end, part.milestone, part.at + edge - part.start, "undelivered"),
        )
        return [piece for piece in both if piece.start < piece.end]

    def _handed_of(self, milestone: int, fate: shapes.Fate) -> int:
        if milestone not in self._handed:
            if fate == "delivered":
                out = select(tables.deliveries).where(_OUT.pool == self._pool, _OUT.milestone == milestone)
                last = self._read.first(out.order_by(_OUT.start.desc()))
                self._handed[milestone] = last.start + last.amount if last else 0
            else:
                here = {_VOUCHER.pool: self._pool, _VOUCHER.milestone: milestone}
                last = self._read.first(paging.newest(select(tables.vouchers), here, [_VOUCHER.log]))
                self._handed[milestone] = last.total if last else 0
        return self._handed[milestone]

    def deliveries(self, piece: Piece, limit: int) -> list[shapes.Handed]:
        """Return the first deliveries, or vouchers, that a piece is of, each cut to it."""
        upto = piece.at + piece.end - piece.start
        query = self._handed_on(piece)
        rows = self._read.rows(query.order_by(_OUT.start if piece.fate == "delivered" else _VOUCHER.total).limit(limit))
        self._read.load(logs=[row.log for row in rows])
        return [_handed(self._read, piece, row, min(row.start + row.amount, upto)) for row in rows]

    def count(self, piece: Piece) -> int:
        """Return how many deliveries, or vouchers, a piece is of."""
        # They are numbered in their order, so the first and the last say it.
        order = _OUT.start if piece.fate == "delivered" else _VOUCHER.total
        query = self._handed_on(piece)
        first, last = self._read.first(query.order_by(order)), self._read.first(query.order_by(order.desc()))
        return last.number - first.number + 1 if first and last else 0

    def _handed_on(self, piece: Piece) -> Select[Any]:
        """Return the query for what takes places of a piece: log, start in the release, amount, number."""
        begin, end = piece.at, piece.at + piece.end - piece.start
        if piece.fate == "delivered":
            out = _OUT.pool == self._pool, _OUT.milestone == piece.milestone
            # They lie one behind the other, so the one that has the first place begins nearest before it.
            first = select(func.max(_OUT.start)).where(*out, _OUT.start <= begin).scalar_subquery()
            found = select(_OUT.log, _OUT.start, _OUT.amount, _OUT.number)
            return found.where(*out, _OUT.start >= first, _OUT.start < end)
        start = _VOUCHER.total - _VOUCHER.from_pool
        here = _VOUCHER.pool == self._pool, _VOUCHER.milestone == piece.milestone
        # The one that has the last place ends nearest behind it: those further on need not be looked at.
        last = select(func.min(_VOUCHER.total)).where(*here, _VOUCHER.total >= end).scalar_subquery()
        found = select(_VOUCHER.log, start.label("start"), _VOUCHER.from_pool.label("amount"), _VOUCHER.number)
        return found.where(
            *here,
            _VOUCHER.from_pool > 0,
            _VOUCHER.total > begin,
            _VOUCHER.total <= func.coalesce(last, end),
            start < end,
        )


def _handed(read: Reader, piece: Piece, row: Row[Any], upto: int) -> shapes.Handed:
    start = max(row.start, piece.at)
    moved = piece.start - piece.at
    return {
        "start": str(start + moved),
        "end": str(upto + moved),
        "amount": str(upto - start),
        "whole": str(row.amount),
        "milestone": piece.milestone,
        "fate": piece.fate,
        "told": read.place(row.log),
    }


def shape(onward: Onward, pieces: Sequence[Piece], few: int) -> list[shapes.TracePiece]:
    """Return the shapes of a part's pieces, with up to `few` deliveries in all."""
    found: list[shapes.TracePiece] = []
    for piece in pieces:
        told: shapes.TracePiece = {
            "start": str(piece.start),
            "end": str(piece.end),
            "amount": str(piece.end - piece.start),
            "fate": piece.fate,
        }
        if piece.fate in ("delivered", "redeemed"):
            first = onward.deliveries(piece, few) if few else []
            few -= len(first)
            rest = piece.end - piece.start - sum(int(each["amount"]) for each in first)
            told["first"] = first
            told["count"] = onward.count(piece) if rest else len(first)
            told["rest"] = str(rest)
        found.append(told)
    return found


def handed_on(onward: Onward, pieces: Iterable[Piece], limit: int) -> Iterator[shapes.Handed]:
    """Yield up to `limit` deliveries and vouchers of some pieces, in the line's order."""
    for piece in pieces:
        if limit <= 0:
            return
        if piece.fate in ("delivered", "redeemed"):
            found = onward.deliveries(piece, limit)
            limit -= len(found)
            yield from found
