"""The store in an SQLite file: one writer, told apart by a lock that ends with its process."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, LargeBinary, SmallInteger, Table, create_engine, event, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError

from api.errors import StoreError
from api.indexer.store.refused import refused

_TODO = {
    "SQLITE_FULL": "make room, and start the indexer again",
    "SQLITE_IOERR": "look after the disk, and start the indexer again",
    "SQLITE_READONLY": "let the indexer write there, and start it again",
    "SQLITE_CANTOPEN": "let the indexer write there, and start it again",
    "SQLITE_BUSY": "end the program that writes it too, and start the indexer again",
    "SQLITE_CORRUPT": "delete the index, it is built again from the chain",
    "SQLITE_NOTADB": "delete the index, it is built again from the chain",
}
"""What to do, by the beginning of SQLite's name for what is wrong."""


_PLAIN: dict[type[Any], Callable[[Any], Any]] = {LargeBinary: bytearray, SmallInteger: int}

ROWS = 100
"""In one statement. SQLite takes 32,766 values."""
READY = 50 * ROWS
"""Made ready for the driver at once: each is in memory twice meanwhile."""


class Sqlite:
    """An SQLite file, open for writing by this process alone."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StoreError: Another process writes it, or it cannot be written.

        """
        self.name = str(path)
        self._path = path
        self._file: int | None = None
        self._lock = _lock(path)
        self._engine = _engine(path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        self._lock.close()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction.

        Raises:
            StoreError: The file is no longer the one that was opened, or the database refused, for want of room for
                instance. Nothing was written.

        """
        self._check()
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise refused(self.name, error, "sqlite_errorname", _TODO) from error

    def _check(self) -> None:
        try:
            file = self._path.stat().st_ino
        except OSError as error:
            if self._file is None:
                return
            raise StoreError(f"{self.name} was removed while it was written: start the indexer again") from error
        if self._file is not None and file != self._file:
            raise StoreError(f"{self.name} was replaced while it was written: start the indexer again")

    def settle(self) -> None:
        """Remember which file it is, now that there is one."""
        self._file = self._path.stat().st_ino

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows."""
        # The driver's own executemany: SQLAlchemy would make a dictionary of each row. Many rows a statement, since the
        # driver lets go of the interpreter for each statement, and takes it back from whoever fetches meanwhile.
        one, many = _statements(table)
        width = len(table.columns)
        for first in range(0, len(rows), READY):
            flat = _flat(table, rows[first : first + READY])
            whole = len(flat) // (ROWS * width) * ROWS * width
            for statement, size, start, end in ((many, ROWS * width, 0, whole), (one, width, whole, len(flat))):
                if start < end:
                    connection.exec_driver_sql(statement, [tuple(flat[i : i + size]) for i in range(start, end, size)])


@cache
def _statements(table: Table) -> tuple[str, str]:
    """Return the statements that add one row, and many."""
    one = str(insert(table).compile(dialect=sqlite.dialect()))
    return one, one + ("," + one.rpartition("VALUES")[2]) * (ROWS - 1)


def _flat(table: Table, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the values of all rows, one after the other, as the driver takes them at once.

    For bytes, and for an enumeration's number, it looks for an adapter each time (CPython's `need_adapt`), which takes
    as long as all else that it does with a value; for a bytearray and a plain number it does not.
    """
    width = len(table.columns)
    flat: list[Any] = [None] * (width * len(rows))
    for at, (column, values) in enumerate(zip(table.columns, zip(*rows, strict=True), strict=True)):
        plain = None if column.nullable else _PLAIN.get(type(column.type))
        flat[at::width] = values if plain is None else map(plain, values)
    return flat


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin nothing before a change of the schema
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA threads=2")  # that sort, when an index is made

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _lock(path: Path) -> IO[str]:
    """Take the writer's lock; the system lets go of it when the process ends, however it ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StoreError(f"another indexer writes {path}: stop it first") from error
    return handle
