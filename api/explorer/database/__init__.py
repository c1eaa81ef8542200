"""The read-only door to the index: one snapshot for each answer, and a clear word when there is no index to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api import tables
from api.explorer.database.postgres import PostgresDoor
from api.explorer.database.sqlite import SqliteDoor
from api.explorer.failures import BuildingError, UnavailableError

__all__ = ["Database"]


class Database:
    """Hands out snapshots of the index. Nothing is opened before the first one, and the index need not exist yet."""

    def __init__(self, where: Path | str) -> None:
        """Make a door to an SQLite file, or to a PostgreSQL database by its address."""
        self._door = PostgresDoor(where) if isinstance(where, str) else SqliteDoor(where)
        self._trouble = ""

    def close(self) -> None:
        """Let go of the database."""
        self._door.engine.dispose()

    def size(self, connection: Connection) -> int:
        """Return how many bytes the database takes."""
        return self._door.size(connection)

    @contextmanager
    def snapshot(self, *, unfinished: bool = False) -> Iterator[Connection]:
        """Yield a connection on which every query sees the same state. `unfinished`: also while the index is built.

        Raises:
            UnavailableError: There is no index, or it is of another version, is being built, or cannot be read.

        """
        try:
            connection, notes = self._connect()
            with connection:
                _check(connection, notes, unfinished=unfinished)
                yield connection
            self._trouble = ""
        except PoolTimeoutError as error:
            raise UnavailableError("too many questions at once") from error
        except DBAPIError as error:
            reason = self._door.reason(error)
            if reason is None:
                raise
            self._tell(str(error.orig))
            raise UnavailableError(reason) from error

    def _connect(self) -> tuple[Connection, dict[str, str]]:
        """Return a connection and the index's notes. One that waited in the pool may have been lost: then another."""
        self._door.check()
        try:
            return self._open()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._open()

    def _open(self) -> tuple[Connection, dict[str, str]]:
        connection = self._door.engine.connect()
        try:
            return connection, {row.key: row.value for row in connection.execute(select(tables.meta))}
        except BaseException:
            connection.close()
            raise

    def _tell(self, trouble: str) -> None:
        """Tell the operator all that was said, once: strangers hear no names of hosts and roles."""
        if trouble != self._trouble:
            logging.getLogger("api.explorer").warning("the index cannot be read: %s", trouble)
            self._trouble = trouble


def _check(connection: Connection, notes: dict[str, str], *, unfinished: bool) -> None:
    """Check that the index is one that this explorer reads, in whole."""
    version, mine = notes.get("schema_version", "0"), tables.SCHEMA_VERSION
    if version != str(mine):
        newer = version.isdigit() and int(version) > mine
        todo = "this explorer is the older one, update it" if newer else "the indexer (python -m api index) migrates it"
        raise UnavailableError(f"the index has schema version {version}, this explorer reads {mine}: {todo}")
    if "backfill" in notes and not unfinished:
        newest, head = connection.execute(select(func.max(tables.blocks.c.number))).scalar(), notes.get("node_head")
        raise BuildingError(newest, None if head is None else int(head))
