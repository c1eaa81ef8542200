"""What every table is made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, SmallInteger, String, Text

SCHEMA_VERSION = 5
"""An index of an earlier one is migrated by the indexer (api.migrations)."""

LOG_BITS = 20
"""A log's place is block · 2^20 + its index in the block: one integer that sorts as the ledger does."""

metadata = MetaData()


class Number(Integer):
    """A whole number of up to 31 bits, which can be compared with a larger one: it is none of them."""

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Return the type of what it is compared with."""
        return BigInteger() if isinstance(value, int) else super().coerce_compared_value(op, value)


def text(name: str, kind: type[String] = Text) -> Column[str]:
    """Return a column of a text without NUL, ordered by its code points in PostgreSQL too."""
    return Column(name, kind().with_variant(kind(collation="C"), "postgresql"), nullable=False)


def bytes_(name: str, *, nullable: bool = False, index: bool = False) -> Column[bytes]:
    """Return a column of an address (20 bytes), a hash (32 bytes) or longer bytes."""
    return Column(name, LargeBinary, nullable=nullable, index=index)


def int_(name: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    """Return a column of an amount, a time or any other number of up to 63 bits."""
    return Column(name, BigInteger, nullable=nullable, index=index)


def small(name: str, *, nullable: bool = False) -> Column[int]:
    """Return a column of a number of up to 15 bits."""
    return Column(name, SmallInteger, nullable=nullable)


def number(name: str = "pool", *, index: bool = False, unique: bool | None = None) -> Column[int]:
    """Return a column of a pool's, a milestone's or another counted thing's number."""
    return Column(name, Number, nullable=False, index=index, unique=unique)


def place() -> Column[int]:
    """Return the place of the log that made the row, as its key."""
    return Column("log", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
