"""What both doors to the index have in common: connections that are kept, and one transaction for each snapshot.

The driver keeps no transactions of its own (AUTOCOMMIT): each snapshot is begun and ended here, in one step each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

KEPT = 4
"""Connections that wait for the next snapshot. More of them go back to the engine."""


class Door(ABC):
    """The way to a database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._free: list[Connection] = []

    def take(self) -> Connection:
        """Return a connection, on which nothing is begun."""
        try:
            return self._free.pop()
        except IndexError:
            return self.engine.connect()

    def give_back(self, connection: Connection) -> None:
        """End a connection's snapshot, and keep it for the next one if it is sound."""
        if connection.closed or connection.invalidated or len(self._free) >= KEPT:
            connection.close()
            return
        try:
            driver: Any = connection.connection.driver_connection
            driver.rollback()
        except connection.dialect.loaded_dbapi.Error:
            connection.invalidate()
            connection.close()
            return
        self._free.append(connection)

    def forget(self) -> None:
        """Let go of all connections that wait."""
        free, self._free = self._free, []
        for connection in free:
            connection.close()

    def close(self) -> None:
        """Let go of the database."""
        self.forget()
        self.engine.dispose()

    @abstractmethod
    def begin(self, connection: Connection) -> Hashable:
        """Begin a snapshot, and return what changes whenever something is committed."""

    @abstractmethod
    def watch(self) -> Hashable:
        """Return what changes whenever anything is committed; None if that cannot be said."""

    def check(self) -> None:  # noqa: B027 -- of most databases nothing can be seen from outside
        """Look whether the database is still the one that it was.

        Raises:
            UnavailableError: There is none.

        """

    @abstractmethod
    def size(self, connection: Connection) -> int:
        """Return how many bytes the database takes."""

    @abstractmethod
    def reason(self, error: DBAPIError) -> str | None:
        """Say why nothing can be read, None if the question itself was wrong."""
