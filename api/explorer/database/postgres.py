"""A PostgreSQL database that is only read, whatever its role may do: on the first server, or on a replica of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from api import postgres
from api.explorer.database.door import KEPT, Door
from api.explorer.database.prepared import ask, failed

POOL, MORE, POOL_SECONDS = KEPT, 4, 5.0
"""Connections that a process keeps, more that it opens in a crowd, and how long a question waits for one."""

SETTINGS = {"lock_timeout": "2s", "statement_timeout": "20s", "default_transaction_read_only": "on"}
"""Nobody waits for long: not for a migration's locks, and not for a question that no index serves."""


VERSION = "SELECT pg_current_snapshot()::text"
BEGIN = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {VERSION}"
"""One snapshot up to the end, and which one: in one way to the server and back."""


class PostgresDoor(Door):
    """The way to the database."""

    def __init__(self, url: str) -> None:
        """Make it; nothing is asked yet."""
        super().__init__(
            postgres.engine_of(
                url,
                "moa serve",
                SETTINGS,
                pool_size=POOL,
                max_overflow=MORE,
                pool_timeout=POOL_SECONDS,
                pool_use_lifo=True,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,  # they name who was asked for, and what goes wrong is logged
            )
        )

    def begin(self, connection: Connection) -> Hashable:
        """Begin a snapshot; return what changes with each commit, on a replica with each that came through."""
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(BEGIN, prepare=False)  # two statements at once cannot be prepared
            cursor.nextset()
            return str(cursor.fetchone()[0])
        except psycopg.Error as error:
            raise failed(connection, BEGIN, error) from error

    def watch(self) -> Hashable:
        """Return what changes whenever anything is committed; None if that cannot be said."""
        try:
            connection = self.take()
            try:
                return str(ask(connection, VERSION)[0][0])
            finally:
                self.give_back(connection)
        except SQLAlchemyError:
            return None  # whoever asks a question hears why

    def size(self, connection: Connection) -> int:
        """Return the database's size in bytes."""
        return int(connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one())

    def reason(self, error: DBAPIError) -> str | None:
        """Say why nothing can be read, None if the question itself was wrong."""
        cause = error.orig
        if isinstance(cause, errors.UndefinedTable):
            return "the index is empty: the indexer has not begun"
        if isinstance(cause, errors.InsufficientPrivilege):
            return "the database does not let the explorer read the index: see python -m api readers"
        if isinstance(cause, errors.LockNotAvailable | errors.QueryCanceled | errors.SerializationFailure):
            return "the database is busy"
        if error.connection_invalidated:
            return "the database does not answer"
        if isinstance(cause, psycopg.Error) and cause.sqlstate is None:
            return _refusal(postgres.said(error))
        return "the database cannot answer now" if isinstance(error, OperationalError) else None


def _refusal(said: str) -> str:
    """Say why no session came about; the server tells it in words alone."""
    if "database" in said and "does not exist" in said:
        return "there is no such database yet: create it, and start the indexer (python -m api index)"
    if "too many" in said or "remaining connection slots" in said:
        return "the database has no connection left"
    if any(words in said for words in ("authentication failed", 'role "', "pg_hba.conf", "permission denied")):
        return "the database does not let the explorer in: its role or password is wrong"
    if "connection option" in said:
        return "the database's address is not one that can be used"
    return "the database does not answer"
