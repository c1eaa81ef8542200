"""The store in a PostgreSQL database: one writer, by a lock that ends with the one session that also writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Integer,
    LargeBinary,
    NullPool,
    SmallInteger,
    String,
    Table,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError

from api import postgres
from api.errors import StoreError
from api.indexer.store.refused import refused

LOCK = 0x4D6F61
"""The advisory lock of whoever writes Moa's index: "Moa"."""

PATIENCE = "2s"
"""How long one waits for another writer to end: longer than the server takes to notice that a client is gone."""

SETTINGS = {
    # What a crash of the server takes with it comes again from the chain: the cursor is lost with it.
    "synchronous_commit": "off",
    # A killed indexer's session ends in the middle of a long statement too, and its lock with it.
    "client_connection_check_interval": "1s",
}

_TYPES: tuple[tuple[type[Any], str], ...] = (
    (SmallInteger, "int2"), (BigInteger, "int8"), (Integer, "int4"), (LargeBinary, "bytea"), (Boolean, "bool"),
    (String, "text"),
)  # fmt: skip
"""The first that a column's type is counts."""

_HOLDER = """
    SELECT pid, usename FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND objid = :lock AND granted AND datname = current_database()
"""

_TODO = {
    "53": "make room, and start the indexer again",  # no room, no memory, no connections
    "25": "let the indexer write, and start it again",  # a replica, or set to read only
    "42501": "give the indexer's role what it needs (docs/operations.md), and start it again",
}
"""What to do, by the beginning of the server's code for what is wrong."""


class Postgres:
    """A PostgreSQL database, open for writing by this process alone."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            StoreError: Another process writes it, or it cannot be reached.

        """
        self.name = postgres.shown(url)
        self._engine = postgres.engine_of(url, "moa index", SETTINGS, poolclass=NullPool)
        try:
            self._session = self._engine.connect()
        except DBAPIError as error:
            raise StoreError(f"{self.name} cannot be written: {postgres.said(error)}") from error
        if not self._locked():
            with self.begin() as connection:
                holder = connection.execute(text(_HOLDER), {"lock": LOCK}).first()
            self.close()
            who = f" (session {holder.pid} of role {holder.usename})" if holder else ""
            raise StoreError(f"another indexer writes {self.name}{who}: stop it first")

    def close(self) -> None:
        """Let go of the database."""
        self._session.close()
        self._engine.dispose()

    def _locked(self) -> bool:
        """Become the one writer; whoever was killed a moment ago still is it, until the server notices."""
        with self.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            try:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            except OperationalError as error:
                if isinstance(error.orig, LockNotAvailable):
                    connection.rollback()
                    return False
                raise
        return True

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield the session in a transaction.

        Raises:
            StoreError: The session was lost, and the lock with it: another indexer may have begun. Or the database
                refused, for want of room for instance. Nothing was written.

        """
        lost = f"the session at {self.name} was lost, and what it had not yet committed: start the indexer again"
        if self._session.invalidated:
            raise StoreError(lost)
        try:
            with self._session.begin():
                yield self._session
        except (DBAPIError, psycopg.Error) as error:
            if self._session.invalidated or getattr(self._session.connection.driver_connection, "closed", True):
                self._session.invalidate()
                raise StoreError(f"{lost} ({postgres.said(_first(error))})") from error
            raise refused(self.name, error, "sqlstate", _TODO) from error

    def settle(self) -> None:
        """There is nothing to remember."""

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, by COPY."""
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_types(table))
            for row in rows:
                copy.write_row(row)


def _types(table: Table) -> list[str]:
    return [next(name for kind, name in _TYPES if isinstance(column.type, kind)) for column in table.columns]


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first: a lost session cannot even be rolled back."""
    while isinstance(error.__context__, DBAPIError | psycopg.Error):
        error = error.__context__
    return error
