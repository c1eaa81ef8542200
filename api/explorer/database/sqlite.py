"""An SQLite file that can only be read, and is noticed when another took its place."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from api.explorer.failures import UnavailableError

BUSY_SECONDS = 2.0


class SqliteDoor:
    """The way to the file."""

    def __init__(self, path: Path) -> None:
        """Make it; the file need not exist yet."""
        self.engine = _engine(path)
        self._path = path
        self._file: tuple[int, int] | None = None

    def check(self) -> None:
        """Let go of a file that was replaced.

        Raises:
            UnavailableError: There is none.

        """
        try:
            status = os.stat(self._path)
        except OSError:
            self.engine.dispose()
            raise UnavailableError("there is no index yet: start the indexer (python -m api index)") from None
        file = (status.st_dev, status.st_ino)
        if self._file is not None and self._file != file:
            self.engine.dispose()
        self._file = file

    def size(self, _connection: Connection) -> int:
        """Return the file's size in bytes, its write-ahead log included."""
        total = 0
        for path in (self._path, self._path.with_name(self._path.name + "-wal")):
            if path.exists():
                total += path.stat().st_size
        return total

    def reason(self, error: DBAPIError) -> str | None:
        """Say why nothing can be read, None if the question itself was wrong."""
        if "no such table: meta" in str(error.orig):
            return "the index is empty: the indexer has not begun"
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            return f"the index cannot be read: {error.orig}"
        return None


def _engine(path: Path) -> Engine:
    uri = path.absolute().as_uri() + "?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=16)

    # The driver by itself begins nothing before a SELECT: each one would see another state of the index.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
