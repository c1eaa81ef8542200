"""An SQLite file that can only be read, and is noticed when another took its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable
from pathlib import Path

from sqlalchemy import Connection, QueuePool, create_engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from api.explorer.database.door import KEPT, Door
from api.explorer.database.prepared import ask
from api.explorer.failures import UnavailableError

BUSY_SECONDS = 2.0
VERSION = "PRAGMA data_version"


class SqliteDoor(Door):
    """The way to the file."""

    def __init__(self, path: Path) -> None:
        """Make it; the file need not exist yet."""
        super().__init__(
            create_engine(
                "sqlite://",
                creator=lambda: _connect(path),
                poolclass=QueuePool,
                pool_size=KEPT,
                max_overflow=16,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,  # they name who was asked for, and what goes wrong is logged
            )
        )
        self._path = path
        self._watcher: tuple[tuple[int, int] | None, sqlite3.Connection] | None = None
        """Of which file, and a connection to it."""
        self._file: tuple[int, int] | None = None

    def check(self) -> None:
        """Let go of a file that was replaced.

        Raises:
            UnavailableError: There is none.

        """
        try:
            status = os.stat(self._path)
        except OSError:
            self.close()
            raise UnavailableError("there is no index yet: start the indexer (python -m api index)") from None
        file = (status.st_dev, status.st_ino)
        if self._file is not None and self._file != file:
            self.close()
        self._file = file

    def begin(self, connection: Connection) -> Hashable:
        """Begin a snapshot, and return what changes on this connection whenever another one commits."""
        ask(connection, "BEGIN")
        return int(ask(connection, VERSION)[0][0])

    def watch(self) -> Hashable:
        """Return what changes whenever anything is committed; None if that cannot be said.

        Raises:
            UnavailableError: There is no file.

        """
        self.check()
        # Another thread may notice at any time that the file was replaced: each is looked at once.
        file, watcher = self._file, self._watcher
        try:
            if watcher is None or watcher[0] != file:
                watcher = self._watcher = file, _connect(self._path)
            return file, watcher[1].execute(VERSION).fetchone()[0]
        except sqlite3.Error:
            return None  # whoever asks a question hears why

    def size(self, _connection: Connection) -> int:
        """Return the file's size in bytes, its write-ahead log included."""
        total = 0
        for path in (self._path, self._path.with_name(self._path.name + "-wal")):
            if path.exists():
                total += path.stat().st_size
        return total

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher[1].close()

    def reason(self, error: DBAPIError) -> str | None:
        """Say why nothing can be read, None if the question itself was wrong."""
        if "no such table: meta" in str(error.orig):
            return "the index is empty: the indexer has not begun"
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            return f"the index cannot be read: {error.orig}"
        return None


def _connect(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + "?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
