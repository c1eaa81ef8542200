"""The index read for its own audit, beside whoever writes it: one snapshot, its raw logs, and the sums of its rows.

Sums are taken in two halves of 32 bits, so that no row, however wrong, makes one that a database cannot hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    NullPool,
    Row,
    Select,
    Table,
    and_,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from api import postgres, tables
from api.errors import StoreError
from api.indexer.kinds import Block, RawLog

AT_ONCE = 50
"""Logs: a batch's log may be some 100 KB long."""

_HALF = literal(32, Integer)


class Look:
    """One snapshot of the index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.notes = {row.key: row.value for row in connection.execute(select(tables.meta))}
        """The index's notes about itself."""

    def tip(self) -> Block | None:
        """Return the newest block."""
        row = self._connection.execute(select(tables.blocks).order_by(tables.blocks.c.number.desc()).limit(1)).first()
        return None if row is None else Block(*row)

    def block(self, number: int) -> Block | None:
        """Return a block, if it is indexed."""
        row = self._connection.execute(select(tables.blocks).where(tables.blocks.c.number == number)).first()
        return None if row is None else Block(*row)

    def logs(self, after: int, to: int) -> Iterator[list[RawLog]]:
        """Yield the raw logs behind the place `after`, up to the end of block `to`, in the ledger's order."""
        log = tables.logs.c
        query = select(log.log, log.tx, log.address, log.topics, log.data)
        query = query.where(log.log > after, log.log < (to + 1) << tables.LOG_BITS).order_by(log.log)
        found = self._connection.execution_options(yield_per=AT_ONCE).execute(query)
        for part in found.partitions():
            yield [RawLog(row.log, b"", row.tx, row.address, row.topics, row.data) for row in part]

    def sums(self, table: Table, column: Column[Any], *by: str) -> dict[Any, tuple[int, int]]:
        """Return a column's sum and the number of rows, by pool and whatever else `by` names."""
        low = column.bitwise_and(2**32 - 1)
        sums = func.sum(column.bitwise_rshift(_HALF)), func.sum(low), func.count()
        keys = [table.c[name] for name in by]
        rows = self._connection.execute(select(*keys, *sums).group_by(*keys))
        return {_key(row, len(by)): ((int(row[-3]) << 32) + int(row[-2]), int(row[-1])) for row in rows}

    def last(self, table: Table, order: str, *by: str) -> dict[Any, Row[Any]]:
        """Return the row with the highest `order` of each pool, and whatever else `by` names."""
        keys = [table.c[name] for name in by]
        newest = select(*keys, func.max(table.c[order]).label("newest")).group_by(*keys).subquery()
        same = [table.c[name] == newest.c[name] for name in by]
        query = select(table).join(newest, and_(table.c[order] == newest.c.newest, *same))
        return {_key([getattr(row, name) for name in by], len(by)): row for row in self._connection.execute(query)}

    def rows(self, query: Select[Any]) -> list[Row[Any]]:
        """Return a query's rows."""
        return list(self._connection.execute(query).all())


class Audit:
    """Opens snapshots of an index that another may be writing."""

    def __init__(self, where: Path | str) -> None:
        """Remember where the index is; nothing is opened yet."""
        self._where = str(where) if isinstance(where, Path) else postgres.shown(where)
        self._engine = _file(where) if isinstance(where, Path) else _server(where)

    @contextmanager
    def look(self) -> Iterator[Look]:
        """Yield a snapshot: every query on it sees the same state.

        Raises:
            StoreError: There is no index, or it cannot be read.

        """
        try:
            with self._engine.connect() as connection:
                yield Look(connection)
        except SQLAlchemyError as error:
            raise StoreError(f"{self._where} cannot be read: {postgres.said(error)}") from error


def _file(path: Path) -> Engine:
    uri = path.absolute().as_uri() + "?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    # The driver by itself begins nothing before a SELECT: each one would see another state of the index.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _server(url: str) -> Engine:
    return postgres.engine_of(
        url,
        "moa reconcile",
        {},
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
        poolclass=NullPool,
    )


def _key(values: Any, count: int) -> Any:
    return values[0] if count == 1 else tuple(values[:count])
