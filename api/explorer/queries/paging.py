"""Keyset pages: the cursor is the key of the page's last row, so a page costs the same wherever it stands."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from api.explorer.failures import BadParameterError
from api.explorer.shapes import Page

Item = TypeVar("Item")
Found = TypeVar("Found")
Key = tuple[int, ...]

_INT64 = 2**63
_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class At(NamedTuple):
    """Which page is asked for: up to `limit` items behind the cursor, the first ones if it is None."""

    cursor: str | None
    limit: int


def encode(order: str, key: Sequence[int]) -> str:
    """Return the cursor that stands for a key in an order. `order` is one letter, so that orders do not mix."""
    return order + ".".join(str(part) for part in key)


def decode(order: str, at: At, length: int) -> Key | None:
    """Return the key of a cursor, None for the first page.

    Raises:
        BadParameterError: The cursor is not one of this list.

    """
    cursor = at.cursor
    if cursor is None:
        return None
    parts = cursor[1:].split(".")
    if cursor[:1] != order or len(parts) != length or not all(_NUMBER.fullmatch(part) for part in parts):
        raise BadParameterError("cursor", "not a cursor of this list: take `next` of its last page as it is")
    key = tuple(int(part) for part in parts)
    if not all(-_INT64 <= part < _INT64 for part in key):
        raise BadParameterError("cursor", "a number in it is too large")
    return key


def before(columns: Sequence[ColumnElement[Any]], key: Key) -> ColumnElement[bool]:
    """Return the condition that a row stands before a key, by all its columns in their order."""
    return _compare(operator.lt, columns, key)


def newest(
    query: Select[Any],
    equal: Mapping[Any, Any],
    keys: Sequence[ColumnElement[Any]],
    key: Key | None = None,
    since: Key | None = None,
) -> Select[Any]:
    """Return the query for the rows in which columns have values, the newest first.

    There must be an index of these columns and the keys, or of the last column and the keys. That the last column has
    its value is said as a range, and it is sorted by: so there is no way but along that index. Of a plain `pool = 1`
    with the newest first PostgreSQL thinks that it meets one soon enough among all rows, be they all of other pools.

    Args:
        query: What to narrow.
        equal: The values by column.
        keys: What sorts the rows, the first one first.
        key: Rows before this one only.
        since: Rows from this one on only.

    """
    *plain, last = [*equal] or [None]
    order, led = ([*keys], ()) if last is None else ([last, *keys], (equal[last],))
    for column in plain:
        query = query.where(column == equal[column])
    if led or since:
        query = query.where(_compare(operator.ge, order, (*led, *(since or ()))))
    if led or key:
        query = query.where(_compare(operator.lt if key else operator.le, order, (*led, *(key or ()))))
    return query.order_by(*[column.desc() for column in order])


def _compare(
    holds: Callable[[Any, Any], Any], columns: Sequence[ColumnElement[Any]], key: Sequence[Any]
) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (
        holds(columns[0], key[0]) if len(key) == 1 else holds(tuple_(*columns[: len(key)]), tuple_(*key))
    )
    return found


def page(
    rows: Sequence[Found],
    at: At,
    cursor_of: Callable[[Found], str],
    shape: Callable[[Sequence[Found]], list[Item]],
) -> Page[Item]:
    """Return the page of up to the limit's rows. There is a next one if `rows` has one more than that."""
    kept, following = cut(rows, at, cursor_of)
    return {"items": shape(kept), "next": following}


def cut(rows: Sequence[Found], at: At, cursor_of: Callable[[Found], str]) -> tuple[Sequence[Found], str | None]:
    """Return up to the limit's rows, and the cursor of the page after them if there are more."""
    kept = rows[: at.limit]
    return kept, cursor_of(kept[-1]) if len(rows) > at.limit else None
