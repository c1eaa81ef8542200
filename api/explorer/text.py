"""How single values are written in answers, and the address of the JSON interface."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

PREFIX = "/api/v1"
"""What the addresses of the JSON interface and of exports begin with."""


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


def decimal(amount: int, decimals: int) -> str:
    """Return base units as a decimal number, exactly."""
    whole, rest = divmod(abs(amount), 10**decimals)
    part = f"{rest:0{decimals}}".rstrip("0") if rest else ""
    return f"{'-' if amount < 0 else ''}{whole}{'.' if part else ''}{part}"


_TWO = [f"{n:02}" for n in range(60)]


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).isoformat()[:10]


def iso(time: int) -> str:
    """Return unix seconds as ISO 8601 in UTC, as 2026-11-23T01:02:03Z."""
    days, rest = divmod(time, 86_400)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day(days)}T{_TWO[hours]}:{_TWO[minutes]}:{_TWO[seconds]}Z"
