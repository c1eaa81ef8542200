"""The read-only door to the index: one snapshot for each answer, and a clear word when there is no index to read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, select
from sqlalchemy.exc import DatabaseError, OperationalError

from api import tables
from api.explorer.failures import UnavailableError

BUSY_SECONDS = 2.0


def open_engine(path: Path) -> Engine:
    """Return an engine that can only read the SQLite file, which need not exist yet."""
    uri = path.absolute().as_uri() + "?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=16)

    # The driver by itself begins nothing before a SELECT: each one would see another state of the index.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


class Database:
    """Hands out snapshots of the index, and notices when its file was replaced by another."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._file: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """Return the file's path."""
        return self._path

    def size(self) -> int:
        """Return the file's size in bytes, its write-ahead log included."""
        total = 0
        for path in (self._path, self._path.with_name(self._path.name + "-wal")):
            if path.exists():
                total += path.stat().st_size
        return total

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a connection on which every query sees the same state.

        Raises:
            UnavailableError: There is no index, or it is of another version, or it cannot be read.

        """
        self._notice_replacement()
        try:
            with self._engine.connect() as connection:
                self._check_version(connection)
                yield connection
        except (OperationalError, DatabaseError) as error:
            raise UnavailableError(f"the index cannot be read: {error.orig}") from error

    def _notice_replacement(self) -> None:
        try:
            status = os.stat(self._path)
        except OSError:
            self._engine.dispose()
            raise UnavailableError("there is no index yet: start the indexer (python -m api index)") from None
        file = (status.st_dev, status.st_ino)
        if self._file is not None and self._file != file:
            self._engine.dispose()
        self._file = file

    def _check_version(self, connection: Connection) -> None:
        query = select(tables.meta.c.value).where(tables.meta.c.key == "schema_version")
        try:
            version = connection.execute(query).scalar()
        except OperationalError as error:
            if "no such table" in str(error.orig):
                raise UnavailableError("the index is empty: the indexer has not begun") from error
            raise
        if version != str(tables.SCHEMA_VERSION):
            raise UnavailableError(
                f"the index has schema version {version}, this explorer reads {tables.SCHEMA_VERSION}: index anew"
            )
