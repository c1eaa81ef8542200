"""Queries that are asked very often: compiled once for each kind of database, and put to the driver itself.

To build, compile and fetch one through SQLAlchemy each time takes five times as long as the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam
from sqlalchemy.exc import DBAPIError

AMONG = 64
"""A page has 50 items, most often."""


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


class PreparedAmong:
    """A query for the rows in which a column has one of some values, `AMONG` of them at a time."""

    def __init__(self, query: Select[Any], column: ColumnElement[Any]) -> None:
        """Prepare it; it is compiled when it is first asked."""
        self._names = [f"among_{i}" for i in range(AMONG)]
        self._prepared = Prepared(query.where(column.in_([bindparam(name) for name in self._names])))

    def rows(self, connection: Connection, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        """Yield all rows, as the driver gives them.

        Raises:
            DBAPIError: As SQLAlchemy raises it.

        """
        left = list(values)
        for i in range(0, len(left), AMONG):
            part = left[i : i + AMONG]
            part += part[:1] * (AMONG - len(part))  # one said again finds nothing more
            yield from self._prepared.rows(connection, **dict(zip(self._names, part, strict=True)))
