"""The store in a PostgreSQL database: one writer, told apart by a lock that ends with its session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from api.errors import StoreError

LOCK = 0x4D6F61
"""The advisory lock of whoever writes Moa's index: "Moa"."""

_TYPES: tuple[tuple[type[Any], str], ...] = (
    (SmallInteger, "int2"), (BigInteger, "int8"), (Integer, "int4"), (LargeBinary, "bytea"), (Boolean, "bool"),
    (String, "text"),
)  # fmt: skip
"""The first that a column's type is counts."""


class Postgres:
    """A PostgreSQL database, open for writing by this process alone."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            StoreError: Another process writes it, or it cannot be reached.

        """
        self.engine = _engine(url)
        self.name = self.engine.url.render_as_string(hide_password=True)
        try:
            self._keeper = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            locked = self._keeper.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar()
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name} cannot be written: {_said(error)}") from error
        if not locked:
            self.close()
            raise StoreError(f"another indexer writes {self.name}: stop it first")

    def close(self) -> None:
        """Let go of the database."""
        self._keeper.close()
        self.engine.dispose()

    def check(self) -> None:
        """Check that the lock is still held: it ends with its session, and another indexer may then begin.

        Raises:
            StoreError: It is not.

        """
        try:
            self._keeper.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            raise StoreError(
                f"the session at {self.name} was lost: start the indexer again ({_said(error)})"
            ) from error

    def settle(self) -> None:
        """There is nothing to remember."""

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, by COPY."""
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_types(table))
            for row in rows:
                copy.write_row(row)


def _engine(url: str) -> Engine:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_size=2)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # What a crash of the server takes with it comes again from the chain: the cursor is lost with it.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        connection.commit()

    return engine


def _types(table: Table) -> list[str]:
    return [next(name for kind, name in _TYPES if isinstance(column.type, kind)) for column in table.columns]


def _said(error: SQLAlchemyError) -> str:
    return str(error.__cause__ or error).strip().partition("\n")[0]
