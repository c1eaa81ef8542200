"""Reads an export page by page, each in a transaction of its own that sees the pinned block still standing.

A page is bounded in rows and in bytes, so however long a table is, and however long a row, memory stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Select, Table, Text, select

from api.explorer.database import Database
from api.explorer.exports import ways
from api.explorer.exports.pins import Pin
from api.explorer.exports.ways import Filters, Key

PAGE = 2_000
"""Rows of a page at most."""

PAGE_BYTES = 2**20
"""A page ends with the row that passes this many bytes of texts and data."""

SIFT = 10_000
"""Rows that are looked through for a page, where a filter has no index: it may then have few rows, or none."""

_PART = 50
"""Rows that are held beside the page where one row can be long: a server hands out so many at a time."""

Page = Sequence[Row[Any]]


class Reading:
    """One pass over a table's rows up to a block, in the ledger's order or, with `by_key`, in that of its key.

    Args:
        database: The index.
        pin: Up to which block; `pages` raises RewoundError once the chain no longer has it.
        table: One of `ways.TABLES`.
        filters: Those of `ways.filters_of(table)`, by name.
        by_key: Read in the order of the table's primary key, and nothing but its own columns. Takes no filters.

    """

    def __init__(
        self, database: Database, pin: Pin, table: Table, filters: Filters | None = None, *, by_key: bool = False
    ) -> None:
        self._database, self._pin, self._table = database, pin, table
        self._filters = filters or {}
        self._by_key = by_key
        own_key = tuple(column.name for column in table.primary_key.columns)
        self._way = ways.Way((), own_key) if by_key else ways.way_of(table, self._filters)
        self._sifted = {name: v for name, v in self._filters.items() if not self._leads(name)}
        # Columns that can hold very much: how much is known only when it is read.
        self._long = [
            i
            for i, column in enumerate(table.columns)
            if isinstance(column.type, Text)
            or (isinstance(column.type, LargeBinary) and column.name in ("data", "topics"))
        ]
        self._window = _PART if self._long else SIFT

    def pages(self) -> Iterator[Page]:
        """Yield the rows, page by page; a page may be empty. Nothing is open while one is with the reader.

        Raises:
            RewoundError: The chain no longer has the pinned block. What was yielded before does not count.
            UnavailableError: The index cannot be read.

        """
        last: Key | None = None
        while True:
            with self._database.snapshot() as connection:
                self._pin.check(connection)
                page, last = self._sift(connection, last) if self._sifted else self._next(connection, last)
            yield page
            if last is None:
                return

    def _leads(self, name: str) -> bool:
        return name in self._way.filters or (name in ("from_block", "to_block") and self._way.key[0] == "log")

    @property
    def _ledger_wide(self) -> bool:
        """Return whether the way's own key ends at the pinned block; else the rows themselves show where it is."""
        return self._way.key[0] in ("log", "number") or self._by_key

    def _along(self, last: Key | None) -> list[Any]:
        """Return the conditions of the next rows along the way."""
        table = self._table
        found = [ways.condition(table, table, n, v) for n, v in self._filters.items() if n not in self._sifted]
        if self._way.key[0] == "number":
            found.append(table.c.number <= self._pin.number)
        elif self._ledger_wide:
            found.append(table.c.log < self._pin.end)
        if last is not None:
            found.append(ways.after(table, self._way.key, last))
        return found

    def _order(self) -> list[Any]:
        return [self._table.c[name] for name in self._way.key]

    def _next(self, connection: Connection, last: Key | None) -> tuple[Page, Key | None]:
        """Return the next rows and the key after which it goes on, None at the end."""
        table = self._table
        query = select(table) if self._by_key else ways.joined(table, table)
        query = query.where(*self._along(last)).order_by(*self._order()).limit(PAGE)
        page, whole = self._fetch(connection, query)
        if not self._ledger_wide and page and page[-1].log >= self._pin.end:
            return [row for row in page if row.log < self._pin.end], None
        return page, self._key(page[-1]) if page and not (whole and len(page) < PAGE) else None

    def _fetch(self, connection: Connection, query: Select[Any]) -> tuple[Page, bool]:
        """Return the rows of a page, and whether these are all that the query has."""
        if not self._long:
            return connection.execute(query).all(), True
        page: list[Row[Any]] = []
        size = 0
        with connection.execute(query.execution_options(yield_per=_PART)) as result:
            for row in result:
                page.append(row)
                size += sum(len(row[i] or b"") for i in self._long)
                if size >= PAGE_BYTES:
                    return page, False
        return page, True

    def _sift(self, connection: Connection, last: Key | None) -> tuple[Page, Key | None]:
        """Return what the other filters leave of the next rows along the way, and the key after which it goes on."""
        table, way = self._table, self._way
        near = select(table).where(*self._along(last)).order_by(*self._order()).limit(self._window)
        base = near.subquery("near")
        query = ways.joined(table, base).where(
            base.c.log < self._pin.end, *(ways.condition(table, base, n, v) for n, v in self._sifted.items())
        )
        page, whole = self._fetch(connection, query.order_by(*(base.c[name] for name in way.key)))
        if not whole:
            return page, self._key(page[-1])
        ends = select(*self._order(), table.c.log.label("place")).where(*self._along(last))
        end = connection.execute(ends.order_by(*self._order()).limit(1).offset(self._window - 1)).first()
        return page, None if end is None or end.place >= self._pin.end else self._key(end)

    def _key(self, row: Any) -> Key:
        return tuple(getattr(row, name) for name in self._way.key)
