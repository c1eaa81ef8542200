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

_GENERATION = "moa generation"


class Door(ABC):
    """The way to a database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._free: list[Connection] = []
        self._generation = 0
        """How often the database was let go of: a snapshot may be read meanwhile, in another thread."""

    def take(self) -> Connection:
        """Return a connection, on which nothing is begun."""
        generation = self._generation
        while self._free:
            try:
                connection = self._free.pop()
            except IndexError:
                break  # another thread was faster
            if connection.info[_GENERATION] == generation:
                return connection
            _end(connection)
        connection = self.engine.connect()
        connection.info[_GENERATION] = generation
        return connection

    def give_back(self, connection: Connection) -> None:
        """End a connection's snapshot, and keep it for the next one if it is sound."""
        if connection.closed or connection.invalidated or len(self._free) >= KEPT:
            connection.close()
            return
        if connection.info[_GENERATION] != self._generation:
            _end(connection)
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
        # In this order: what is opened meanwhile is at worst thrown away too soon.
        self.engine.dispose()
        self._generation += 1
        self.forget()

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


def _end(connection: Connection) -> None:
    """Close a connection for good: the engine would keep it for the next one who asks."""
    connection.detach()
    connection.close()
