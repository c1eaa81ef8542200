"""A pool's contributions, filtered: one filter picks the index and with it the order, the others sift what comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Subquery, select

from api import tables
from api.explorer.failures import NotFoundError
from api.explorer.queries import contributions, paging, sifted
from api.explorer.queries.gift import Gift
from api.explorer.queries.reader import Reader
from api.explorer.queries.written import write
from api.types import ANONYMOUS

_GIFT = tables.contributions.c
_BATCH = tables.batches.c

Order = Literal["d", "g", "t", "a", "s"]
"""By the donor's gifts, the gateway's batches, the time paid, the amount, or the place in line."""

_KEYS: dict[Order, list[ColumnElement[Any]]] = {
    "d": [_GIFT.log, _GIFT.position],
    "g": [_GIFT.start],
    "t": [_GIFT.paid_at, _GIFT.start],
    "a": [_GIFT.amount, _GIFT.start],
    "s": [_GIFT.start],
}


@dataclass(frozen=True)
class Filters:
    """What a list of a pool's contributions is narrowed to. Bounds are inclusive; the time is when the donor paid."""

    donor: bytes | None = None
    gateway: bytes | None = None
    since: int | None = None
    until: int | None = None
    min_amount: int | None = None
    max_amount: int | None = None

    def order(self) -> Order:
        """Return the order in which the contributions are met."""
        # A donor's gifts are few. The anonymous ones are many, and soon met in any other order.
        if self.donor is not None and self.donor != ANONYMOUS:
            return "d"
        if self.gateway is not None:
            return "g"
        if self.since is not None or self.until is not None:
            return "t"
        return "s" if self.min_amount is None and self.max_amount is None else "a"

    def rest(self) -> Filters:
        """Return the filters that the order does not serve."""
        match self.order():
            case "d":
                return replace(self, donor=None)
            case "g":
                return replace(self, gateway=None)
            case "t":
                return replace(self, since=None, until=None)
            case "a":
                return replace(self, min_amount=None, max_amount=None)
            case "s":
                return self

    def narrow(self, query: Select[Any], columns: Any) -> Select[Any]:
        """Return the query with these filters on its columns."""
        if self.donor is not None:
            query = query.where(columns.donor == self.donor)
        if self.gateway is not None:
            query = query.where(columns.gateway == self.gateway)
        query = _between(query, columns.paid_at, self.since, self.until)
        return _between(query, columns.amount, self.min_amount, self.max_amount)


def _between(query: Select[Any], column: ColumnElement[Any], least: int | None, most: int | None) -> Select[Any]:
    if least is not None:
        query = query.where(column >= least)
    return query if most is None else query.where(column <= most)


def of_pool(read: Reader, pool: int, filters: Filters, at: paging.At) -> msgspec.Raw:
    """Return a pool's contributions, the newest first in the order that its filters have."""
    if not read.has_pool(pool):
        raise NotFoundError(f"pool {pool}")
    if filters == Filters():
        return contributions.of_pool(read, pool, at)
    order, rest = filters.order(), filters.rest()
    keys = _KEYS[order]
    query = _along(filters, order)
    key = paging.decode(order, at, len(keys))
    if order == "d":
        query = paging.newest(query, {_GIFT.donor: filters.donor}, keys, key)
    else:
        query = query.where(_GIFT.pool == pool)
    if key and order == "g":
        # A sum has no index: the batches are met in their order, and not all gifts before the place sorted by it.
        query = query.where(_BATCH.start < key[0], _GIFT.start + 0 < key[0])
    elif key and order != "d":
        query = query.where(paging.before(keys, key))

    def cursor_of(row: Row[Any]) -> str:
        return paging.encode(order, tuple(getattr(row, str(column.key)) for column in keys))

    def keep(near: Subquery) -> Select[Any]:
        here = select(near).where(near.c.pool == pool)
        return rest.narrow(here, near.c).order_by(*(near.c[str(column.key)].desc() for column in keys))

    # A donor's gifts are met in all pools.
    served = rest == Filters() and order != "d"
    kept, following = sifted.sift(read, query, None if served else keep, at, cursor_of, budget=sifted.BUDGET)
    return write(read, [Gift._make(row[:9]) for row in kept], following)


def _along(filters: Filters, order: Order) -> Select[Any]:
    """Return the query that meets contributions in an order, narrowed by the filter that gives it."""
    query = select(tables.contributions)
    if filters.gateway is not None:
        query = query.add_columns(_BATCH.gateway)
        recorded = (_BATCH.log == _GIFT.log) & (_BATCH.pool == _GIFT.pool)
        query = query.join_from(tables.contributions, tables.batches, recorded, isouter=order != "g")
    if order == "d":
        return query  # by its own index, see `of_pool`
    if order == "g":
        query = query.where(_BATCH.gateway == filters.gateway).order_by(_BATCH.start.desc())
    elif order == "t":
        query = _between(query, _GIFT.paid_at, filters.since, filters.until)
    elif order == "a":
        query = _between(query, _GIFT.amount, filters.min_amount, filters.max_amount)
    return query.order_by(*(column.desc() for column in _KEYS[order]))
