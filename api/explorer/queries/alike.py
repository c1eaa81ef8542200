"""What SQLite and PostgreSQL take differently, written so that both answer alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func

_LOWER = str.maketrans({chr(letter): chr(letter + 32) for letter in range(ord("A"), ord("Z") + 1)})


def total(amounts: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the sum as a whole number: PostgreSQL's own is a decimal one."""
    return cast(func.sum(amounts), BigInteger)


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows meet a condition: PostgreSQL has no greatest truth value, and adds none up."""
    return func.count(case((condition, 1)))


def lowered(text: str) -> str:
    """Return a text as both databases' lower() makes it from a column: only A to Z change."""
    return text.translate(_LOWER).replace("\0", "\ufffd")
