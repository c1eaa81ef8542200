"""What people type, read strictly: amounts, dates, spans, addresses, hashes. A bad one says what is right."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from eth_utils.address import is_checksum_address, to_checksum_address

MAX_AMOUNT = 2**63 - 1
LATEST = 2**32 - 2
_AMOUNT = re.compile(r"(\d{1,19})(?:\.(\d{1,18}))?", re.ASCII)
_SPAN = re.compile(r"(\d{1,9}) ?(s|min|h|d|w)", re.ASCII)
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


class TypedError(ValueError):
    """What was typed cannot be meant; one sentence says why."""


def amount(text: str, decimals: int, *, zero: bool = False) -> int:
    """Return an amount in base units: digits and a point, no sign, no thousands' marks."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise TypedError(f"{text!r} is not an amount. Write it in units of the token, as in 1.50.")
    part = (found[2] or "").rstrip("0")
    if len(part) > decimals:
        raise TypedError(f"{text} is finer than the token's {decimals} decimals.")
    units: int = int(found[1]) * 10**decimals + int(part.ljust(decimals, "0") or 0)
    if units == 0 and not zero:
        raise TypedError("The amount is 0.")
    if units > MAX_AMOUNT:
        raise TypedError(f"{text} is more than the ledger can count.")
    return units


def shown(units: int, decimals: int) -> str:
    """Show base units in units of the token, with two decimals at least."""
    whole, part = divmod(units, 10**decimals)
    digits = str(part).rjust(decimals, "0") if decimals else ""
    tail = digits[:2] + digits[2:].rstrip("0")
    return f"{whole:,}" + (f".{tail}" if tail else "")


def date(text: str) -> int:
    """Return a date as unix seconds: a day alone is its last second in UTC, a time needs its zone."""
    text = text.strip()
    example = "Write it as 2026-12-31 or 2026-12-31T18:00:00Z."
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TypedError(f"{text!r} is not a date. {example}") from None
    if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text):
        moment = datetime.combine(moment.date(), time(23, 59, 59), UTC)
    if moment.tzinfo is None:
        raise TypedError(f"{text} names no time zone. {example}")
    try:
        seconds = int(moment.timestamp() // 1)
    except (OverflowError, ValueError):
        seconds = -1
    if not 0 < seconds <= LATEST:
        raise TypedError(f"{text} is out of range: the ledger counts from 1970 to 2106.")
    return seconds


def span(text: str) -> int:
    """Return a span of time in seconds."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise TypedError(f"{text!r} is not a span of time. Write it as 45 min, 12 h, 3 d or 2 w.")
    return int(found[1]) * _SECONDS[found[2]]


def percent(text: str) -> int:
    """Return a part of the whole in hundredths of a percent."""
    found = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))? ?%?", text.strip(), re.ASCII)
    if found is None:
        raise TypedError(f"{text!r} is not a percentage. Write it as 20 or 2.5.")
    value = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if value > 10_000:
        raise TypedError(f"{text} is more than 100 percent.")
    return value


def address(text: str) -> str:
    """Return an address with its checksum; a wrong checksum is a wrong letter somewhere."""
    text = text.strip()
    if not _ADDRESS.fullmatch(text):
        raise TypedError(f"{text!r} is not an address: 0x and 40 hexadecimal digits.")
    letters = text[2:]
    if letters not in (letters.lower(), letters.upper()) and not is_checksum_address(text):
        raise TypedError(f"{text} has a wrong checksum: a letter or digit was mistyped.")
    if int(text, 16) == 0:
        raise TypedError("The zero address is nobody's.")
    return to_checksum_address(text)


def digest(text: str) -> bytes:
    """Return a hash of 32 bytes."""
    if not _HASH.fullmatch(text.strip()):
        raise TypedError(f"{text!r} is not a hash: 0x and 64 hexadecimal digits.")
    return bytes.fromhex(text.strip()[2:])


def name(text: str) -> bytes:
    """Return a name as the chain keeps it: 1 to 31 bytes."""
    raw = " ".join(text.split()).encode()
    if not 0 < len(raw) <= 31:
        raise TypedError(f"The name has {len(raw)} bytes; it may have 1 to 31.")
    return raw.ljust(32, b"\0")


def file_hash(path: Path) -> bytes:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(contents(path)).digest()


def parsed(path: Path, what: str) -> Any:
    """Return what a file of JSON holds; `what` it should be."""
    raw = contents(path)
    if not raw.strip():
        raise TypedError(f"{path} is empty: it should be {what}.")
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise TypedError(f"{path} is not {what}: it is not JSON ({where}).") from None
    except (UnicodeDecodeError, RecursionError):
        raise TypedError(f"{path} is not {what}: it is not JSON.") from None


def new_file(path: Path) -> None:
    """Raise unless a file can be made there: nothing is ever written over."""
    if path.exists() or path.is_symlink():
        raise TypedError(f"There is {path} already. Name a file that is not there yet.")
    if not path.parent.is_dir():
        raise TypedError(f"There is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        raise TypedError(f"You may not write into {path.parent}.")


def write_new(path: Path, text: str) -> None:
    """Write a file that was not there, for its owner alone."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as out:
            out.write(text)
    except OSError as error:
        raise TypedError(f"{path} cannot be written: {error.strerror or error}.") from error


def contents(path: Path) -> bytes:
    """Return a file's bytes."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TypedError(f"There is no file {path}.") from None
    except OSError as error:
        raise TypedError(f"{path} cannot be read: {error.strerror or error}.") from error
