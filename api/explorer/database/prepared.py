"""Queries that are asked very often: compiled once for each kind of database, and put to the driver itself.

To build, compile and fetch one through SQLAlchemy each time takes five times as long as the database does.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError


def ask(connection: Connection, statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
    """Put a statement to the driver itself, and return all rows as it gives them.

    Raises:
        DBAPIError: As SQLAlchemy raises it.

    """
    driver: Any = connection.connection.driver_connection
    try:
        found: list[tuple[Any, ...]] = driver.execute(statement, values).fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise failed(connection, statement, error) from error
    return found


def failed(connection: Connection, statement: str, error: Exception) -> Exception:
    """Return what SQLAlchemy raises for a driver's error; a connection that is lost by it is not used again."""
    driver: Any = connection.connection.driver_connection
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )


class Prepared:
    """A query with parameters (`bindparam`), each of which is given with every question."""

    def __init__(self, query: Select[Any]) -> None:
        """Prepare it; it is compiled when it is first asked."""
        self._query = query
        self._compiled: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows, as the driver gives them.

        Raises:
            DBAPIError: As SQLAlchemy raises it.

        """
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled = self._query.compile(dialect=dialect)
            self._compiled[dialect.name] = str(compiled), getattr(compiled, "positiontup", None), compiled.params
        statement, order, own = self._compiled[dialect.name]
        given = {**own, **values}
        return ask(connection, statement, given if order is None else [given[name] for name in order])
