"""Whether every number fits its column. Pure.

The contracts keep every number that they tell of within these bounds (DESIGN section 3), and what a stranger can make
them tell of without any is kept as a raw log only. A number that does not fit all the same would be a contract's fault:
it stops the sync with a name, since a database would refuse it, or cut it.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import BigInteger, Integer, SmallInteger

from api import tables
from api.errors import TooLargeError
from api.indexer.project import Rows
from api.indexer.simple import Row

_BITS = {SmallInteger: 15, BigInteger: 63, Integer: 31}  # the first that a column's type is counts


def check(rows: Rows) -> None:
    """Check rows, by table, before they are written.

    Raises:
        TooLargeError: A number does not fit its column.

    """
    for table, found in rows.items():
        columns = list(zip(*found, strict=True))
        for at, column, bits in _numbers(table) if columns else ():
            numbers = [value for value in columns[at] if value is not None]
            if numbers and max(numbers) >> bits > 0:
                where = _where(table, found[numbers.index(max(numbers))])
                raise TooLargeError(f"{where}: {table}.{column} is {max(numbers)}, which is more than {bits} bits")


@cache
def _numbers(table: str) -> list[tuple[int, str, int]]:
    """Return the columns of numbers: place in the row, name, bits."""
    found = []
    for at, column in enumerate(tables.metadata.tables[table].columns):
        bits = next((bits for kind, bits in _BITS.items() if isinstance(column.type, kind)), None)
        if bits is not None:
            found.append((at, column.name, bits))
    return found


def _where(table: str, row: Row) -> str:
    place: int = row[list(tables.metadata.tables[table].columns.keys()).index("log")]
    return f"log {place & (2**tables.LOG_BITS - 1)} of block {place >> tables.LOG_BITS}"
