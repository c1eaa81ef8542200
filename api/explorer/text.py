"""How single values are written in answers, and the address of the JSON interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sha3 import keccak_256

PREFIX = "/api/v1"
"""What the addresses of the JSON interface and of exports begin with."""


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


@lru_cache(maxsize=16_384)
def address(value: bytes) -> str:
    """Return an address with its checksum (EIP-55): a letter is large where the hash of all has a digit above 7."""
    return addresses([value])[0]


def addresses(values: Sequence[bytes]) -> list[str]:
    """Return many addresses with their checksums. All of them together are one number, so that each costs less."""
    small = b"".join(values).hex().encode()
    ends = range(0, len(small), 40)
    hashes = "".join([keccak_256(small[i : i + 40]).hexdigest()[:40] for i in ends]).encode()
    text, digits = int.from_bytes(small), int.from_bytes(hashes)
    # In ASCII the bit 0x40 marks the letters, 0x08 of the digits 8 and 9, and no letter up to f has that.
    large = (digits >> 1 | digits << 2) & text >> 1 & _bits(len(small))
    shown = (text ^ large).to_bytes(len(small)).decode()
    return ["0x" + shown[i : i + 40] for i in ends]


@lru_cache(maxsize=256)
def _bits(characters: int) -> int:
    """Return in each of so many characters the bit that tells a small letter from a large one."""
    return int.from_bytes(b"\x20" * characters)


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
