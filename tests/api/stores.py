"""The two stores, and how tests look into either."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url, select, text

from api import tables
from tests.postgres import Server, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

SQLITE, POSTGRES = "sqlite", "postgres"
STORES = (SQLITE, POSTGRES)
SQLITE_BY_DAY = (SQLITE, pytest.param(POSTGRES, marks=pytest.mark.long))
"""For what does not depend on the store, or takes long."""
LONG = bool(os.environ.get("MOA_LONG"))


class Databases:
    """Makes empty databases of either kind. The server is started when the first one is asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: Server | None = None
        self._free: list[str] = []

    @property
    def server(self) -> Server:
        """The one PostgreSQL of the session."""
        if self._server is None:
            self._server = self._stack.enter_context(server())
        return self._server

    def new(self, kind: str, folder: Path, name: str = "index.db") -> Path | str:
        """Return where an index can be made: a path in the folder, or the address of an empty database."""
        if kind == SQLITE:
            return folder / name
        return self._free.pop() if self._free else self.server.database()

    def give_back(self, where: Path | str) -> None:
        """Empty a database for the next test: that is much quicker than to make another one."""
        if isinstance(where, str):
            empty(where)
            self._free.append(where)

    def close(self) -> None:
        """End the server."""
        self._stack.close()


def empty(address: str) -> None:
    """Make a PostgreSQL database as it was when it was made."""
    change(
        address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid != pg_backend_pid()",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
    )


@contextmanager
def opened(where: Path | str) -> Iterator[Connection]:
    """Yield a connection to a database beside all others; what was changed is kept."""
    if isinstance(where, str):
        # Also into a database that a test made read-only.
        writing = {"options": "-c default_transaction_read_only=off"}
        url = make_url(where).set(drivername="postgresql+psycopg")
        engine = create_engine(url, poolclass=NullPool, connect_args=writing)
    else:
        engine = create_engine(URL.create("sqlite", database=str(where)), poolclass=NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def query(where: Path | str, statement: str) -> list[Any]:
    """Return the rows of a statement."""
    with opened(where) as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def change(where: Path | str, *statements: str) -> None:
    """Change a database behind everybody's back."""
    with opened(where) as connection:
        for statement in statements:
            connection.execute(text(statement))


def content(where: Path | str) -> dict[str, list[Any]]:
    """Return every row of every table but the notes about the node."""
    with opened(where) as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in tables.metadata.tables.items()
            if name != "meta"
        }
