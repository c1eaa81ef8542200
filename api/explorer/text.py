"""How single values are written in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from eth_utils.address import to_checksum_address


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


@lru_cache(maxsize=4096)
def address(value: bytes) -> str:
    """Return an address with its EIP-55 checksum."""
    return to_checksum_address(value)


def iso(time: int) -> str:
    """Return unix seconds as ISO 8601 in UTC, as 2026-11-23T01:02:03Z."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
