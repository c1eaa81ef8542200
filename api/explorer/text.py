"""How single values are written in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sha3 import keccak_256


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


_SMALL = int.from_bytes(b"\x20" * 40)
"""In each of 40 characters the bit that tells a small letter from a large one."""


@lru_cache(maxsize=16_384)
def address(value: bytes) -> str:
    """Return an address with its checksum (EIP-55): a letter is large where the hash of all has a digit above 7."""
    small = value.hex().encode()
    text, digits = int.from_bytes(small), int.from_bytes(keccak_256(small).hexdigest()[:40].encode())
    # In ASCII the bit 0x40 marks the letters, 0x08 of the digits 8 and 9, and no letter up to f has that.
    large = (digits >> 1 | digits << 2) & text >> 1 & _SMALL
    return "0x" + (text ^ large).to_bytes(40).decode()


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
