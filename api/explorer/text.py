"""How single values are written in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sha3 import keccak_256


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


_HIGH = bytes(0x20 if chr(i) in "89abcdef" else 0 for i in range(256))
_LETTER = bytes(0x20 if chr(i) in "abcdef" else 0 for i in range(256))
"""The bit that tells a small letter from a large one, for the hash's digits above 7, and for each letter."""


@lru_cache(maxsize=16_384)
def address(value: bytes) -> str:
    """Return an address with its checksum (EIP-55): a letter is large where the hash of all has a digit above 7."""
    small = value.hex().encode()
    high = keccak_256(small).hexdigest()[: len(small)].encode()
    large = int.from_bytes(high.translate(_HIGH)) & int.from_bytes(small.translate(_LETTER))
    return "0x" + (int.from_bytes(small) ^ large).to_bytes(len(small)).decode()


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
