"""Keyset pages: the cursor is the key of the page's last row, so a page costs the same wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, tuple_

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
    if len(columns) == 1:
        return columns[0] < key[0]
    return tuple_(*columns) < tuple_(*key)


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
