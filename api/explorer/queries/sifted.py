"""Lists of which an index, or an order, leads to rows, and the other filters sift what comes.

So that no question, however odd, reads a whole table at once, a page sifts at most so many rows, and goes on behind
them. It may then have few items or none, and still a `next`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, Subquery, Table, select

from api.explorer import shapes
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.reader import Reader

BUDGET = 10_000
"""Rows that a page sifts, where looking at one costs little."""


def sift(
    read: Reader,
    query: Select[Any],
    keep: Callable[[Subquery], Select[Any]] | None,
    at: paging.At,
    cursor_of: Callable[[Row[Any]], str],
    *,
    budget: int,
) -> tuple[Sequence[Row[Any]], str | None]:
    """Return a page's rows, and the cursor of the page after them, None if there is none.

    Args:
        read: The reader.
        query: What leads to the rows, in their order, behind the page's cursor.
        keep: Which of the next `budget` rows of the query are wanted, in the same order; None: all there are.
        at: Which page.
        cursor_of: Makes the cursor of a row, of the query's as of those that are kept.
        budget: How many rows are sifted.

    """
    near = query if keep is None else keep(query.limit(budget).subquery("near"))
    kept, following = paging.cut(read.rows(near.limit(at.limit + 1)), at, cursor_of)
    if keep is not None and following is None and (last := read.first(query.offset(budget - 1))) is not None:
        following = cursor_of(last)
    return kept, following


def page(
    read: Reader,
    table: Table,
    wanted: Mapping[str, int | bytes | None],
    at: paging.At,
    shape: Callable[[Reader, Sequence[Row[Any]]], list[paging.Item]],
) -> shapes.Page[paging.Item]:
    """Return a page of a table's rows, the newest first.

    Args:
        read: The reader.
        table: The table.
        wanted: Values by column, the rarest last; None: any.
        at: Which page.
        shape: Makes the items.

    Raises:
        NotFoundError: There is no such pool.

    """
    pool = wanted.get("pool")
    if isinstance(pool, int) and not read.has_pool(pool):
        raise NotFoundError(f"pool {pool}")
    equal = {name: value for name, value in wanted.items() if value is not None}
    served = _served(table, list(equal))
    led = {table.c[name]: equal.pop(name) for name in served}
    query = paging.newest(select(table), led, [table.c.log], paging.decode("l", at, 1))

    def keep(near: Subquery) -> Select[Any]:
        fits = [near.c[name] == value for name, value in equal.items()]
        return select(near).where(*fits).order_by(near.c.log.desc())

    kept, following = sift(read, query, keep if equal else None, at, _cursor_of, budget=BUDGET)
    return {"items": shape(read, kept), "next": following}


def _cursor_of(row: Row[Any]) -> str:
    return paging.encode("l", (row.log,))


def _served(table: Table, names: list[str]) -> list[str]:
    """Return the columns of the index that leads nearest: by the rarest column, then by the most columns."""
    indexes = [[column.name for column in index.columns] for index in table.indexes]
    heads = [columns[: columns.index("log")] for columns in indexes if "log" in columns]
    fits = [head for head in heads if set(head) <= set(names)]
    return max(fits, key=lambda head: (names.index(head[-1]), len(head)), default=[])
