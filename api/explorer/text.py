"""How single values are written in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sha3 import keccak_256


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


@lru_cache(maxsize=16_384)
def address(value: bytes) -> str:
    """Return an address with its checksum (EIP-55): a letter is large where the hash of all has a digit above 7."""
    small = value.hex()
    digits = keccak_256(small.encode()).hexdigest()
    return "0x" + "".join([c.upper() if digit > "7" else c for c, digit in zip(small, digits, strict=False)])


def iso(time: int) -> str:
    """Return unix seconds as ISO 8601 in UTC, as 2026-11-23T01:02:03Z."""
    return datetime.fromtimestamp(time, UTC).isoformat()[:19] + "Z"
