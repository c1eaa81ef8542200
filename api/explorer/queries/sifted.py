"""Lists of big tables: one index leads to the rows, in the order of the ledger; the other filters sift what comes.

So that no question, however odd, reads a whole table at once, a page sifts at most `BUDGET` rows. It may then have few
items or none, and still a `next`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, select

from api.explorer import shapes
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.reader import Reader

BUDGET = 10_000


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
    last = None
    if equal:
        near = query.limit(BUDGET).subquery("near")
        found = select(near).where(*[near.c[name] == value for name, value in equal.items()])
        rows = read.rows(found.order_by(near.c.log.desc()).limit(at.limit + 1))
        if len(rows) <= at.limit:
            last = read.first(query.offset(BUDGET - 1))
    else:
        rows = read.rows(query.limit(at.limit + 1))
    made = paging.page(rows, at, _cursor_of, lambda kept: shape(read, kept))
    return made if last is None else {**made, "next": _cursor_of(last)}


def _cursor_of(row: Row[Any]) -> str:
    return paging.encode("l", (row.log,))


def _served(table: Table, names: list[str]) -> list[str]:
    """Return the columns of the index that leads nearest: by the rarest column, then by the most columns."""
    indexes = [[column.name for column in index.columns] for index in table.indexes]
    heads = [columns[: columns.index("log")] for columns in indexes if "log" in columns]
    fits = [head for head in heads if set(head) <= set(names)]
    return max(fits, key=lambda head: (names.index(head[-1]), len(head)), default=[])
