"""Read a file of gifts: every line is either a gift or refused with its number and the reason.

Columns `donated_at, pool, donor, amount_usd`, in any order, among others that are ignored. Amounts become base units of
a token of 6 decimals, times UTC seconds. A gift that stands in the file more than once is as many gifts.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scripts.lines import FileError, open_chunks, raw_lines, rows, split

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("donated_at", "pool", "donor", "amount_usd")
UNITS = 10**6
DECIMALS = 6
MAX_AMOUNT = 2**63 - 1
LATEST = 2**32 - 1
DAY = 86_400
LONGEST_TITLE = 500
NAME_BYTES = 31
EXCERPT = 200
_NUMBER = re.compile(r"(\d*)(?:\.(\d*))?", re.ASCII)
_READABLE = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})", re.ASCII)


class RefusalError(ValueError):
    """Why a line is not recorded."""


@dataclass(frozen=True)
class Refusal:
    """A refused line: its number, the reason, the line itself (shortened) and its amount where that can be read."""

    line: int
    reason: str
    raw: str
    amount: Decimal | None


@dataclass
class Gifts:
    """What a file holds, column by column. `pools` and `donors` are numbers into `titles` and `names`."""

    titles: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    times: array[int] = field(default_factory=lambda: array("q"))
    pools: array[int] = field(default_factory=lambda: array("q"))
    donors: array[int] = field(default_factory=lambda: array("q"))
    amounts: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    refused: list[Refusal] = field(default_factory=list)
    blank: int = 0
    total: int = 0

    @property
    def repeated(self) -> int:
        """How many gifts are exactly like an earlier one."""
        rows_ = Counter(zip(self.times, self.pools, self.donors, self.amounts, strict=True))
        return len(self.times) - len(rows_)

    @property
    def refused_total(self) -> Decimal:
        """The sum of the refused amounts, as far as they can be read."""
        return sum((r.amount for r in self.refused if r.amount is not None), Decimal(0))


def read(path: Path, now: int, zone: str | None = None) -> Gifts:
    """Read a whole file; `now` bounds its times, `zone` is that of times that name none."""
    local = zone_of(zone)
    lines = raw_lines(open_chunks(path))
    found = Gifts()
    try:
        header = next(lines)
    except StopIteration:
        raise FileError(f"{path} is empty. Its first line should be: {','.join(COLUMNS)}.") from None
    where, width = places(header.text, path)
    reader = _Reader(found, now, local)
    at_time, at_pool, at_donor, at_amount = where

    def starts_one(fields: list[str]) -> bool:
        if len(fields) != width or _READABLE.fullmatch(fields[at_amount].strip()) is None:
            return False
        try:
            datetime.fromisoformat(fields[at_time].strip())
        except ValueError:
            return False
        return True

    for row in rows(lines, width, starts_one):
        fields = row.fields
        if not row.problem and not row.raw.strip():
            found.blank += 1
            continue
        try:
            if row.problem:
                raise RefusalError(row.problem)
            if len(fields) != width:
                raise RefusalError(f"{len(fields)} fields, not {width} as in the header")
            reader.add(row.line, fields[at_time], fields[at_pool], fields[at_donor], fields[at_amount])
        except RefusalError as error:
            amount = readable(fields[at_amount]) if len(fields) == width else None
            found.refused.append(Refusal(row.line, str(error), excerpt(row.raw), amount))
    return found


def places(header: str, path: Path) -> tuple[list[int], int]:
    """Return where the columns stand in the header, and how many columns it has."""
    names = [name.strip().lower().replace(" ", "_") for name in split(header) or [header]]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        shown = ", ".join(excerpt(name)[:40] for name in names[:12])
        raise FileError(f"{path} has no column {', '.join(missing)}. Its first line names: {shown}.")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise FileError(f"{path} has the column {', '.join(twice)} more than once.")
    return [names.index(name) for name in COLUMNS], len(names)


def zone_of(name: str | None) -> ZoneInfo | None:
    """Return a time zone by its name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FileError(f"There is no time zone {name}. Name it as in Africa/Nairobi or UTC.") from error


class _Reader:
    """Turns fields into columns; titles and donors are kept once each."""

    def __init__(self, found: Gifts, now: int, zone: ZoneInfo | None) -> None:
        self.found = found
        self.latest = min(now + DAY, LATEST)
        self.zone = zone
        self._titles: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._titles_by_field: dict[str, str] = {}

    def add(self, line: int, time: str, pool: str, donor: str, amount: str) -> None:
        """Add one gift, or raise why not."""
        paid = paid_at(time, self.latest, self.zone)
        title = self._titles_by_field.get(pool) or title_of(pool)
        name = donor.strip()
        if not name.isprintable() and (bad := control(name)):
            raise RefusalError(f"donor: control character {bad}")
        units = units_of(amount)
        found = self.found
        if found.total + units > MAX_AMOUNT:
            raise RefusalError("amount_usd: the gifts so far and this one are more than 2^63 - 1 base units")
        # Nothing is kept of a line that is refused, so only now.
        self._titles_by_field[pool] = title
        number = self._titles.setdefault(title, len(self._titles))
        if number == len(found.titles):
            found.titles.append(title)
        who = self._names.setdefault(name, len(self._names))
        if who == len(found.names):
            found.names.append(name)
        found.total += units
        found.times.append(paid)
        found.pools.append(number)
        found.donors.append(who)
        found.amounts.append(units)
        found.lines.append(line)


def paid_at(text: str, latest: int, zone: ZoneInfo | None) -> int:
    """Return a time as unix seconds."""
    text = text.strip()
    if not text:
        raise RefusalError("donated_at: empty")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusalError(f"donated_at: not a date and time as in 2026-01-31T12:00:00Z ({error})") from error
    if moment.tzinfo is None:
        if zone is None:
            raise RefusalError("donated_at: no time zone; write it as in …Z or …+03:00, or give ZONE=Area/City")
        local = moment.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise RefusalError(f"donated_at: the clocks in {zone.key} skipped this time")
        moment = local
    try:
        seconds = int(moment.timestamp() // 1)
    except (OverflowError, ValueError) as error:
        raise RefusalError("donated_at: out of range") from error
    if seconds < 0:
        raise RefusalError("donated_at: before 1970")
    if seconds > latest:
        raise RefusalError("donated_at: beyond 2^32 seconds" if seconds > LATEST else "donated_at: in the future")
    return seconds


def units_of(text: str) -> int:
    """Return an amount in base units: digits and a point, nothing else."""
    text = text.strip()
    if not text:
        raise RefusalError("amount_usd: empty")
    found = _NUMBER.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        if _READABLE.fullmatch(text) and text.startswith("-"):
            raise RefusalError("amount_usd: zero" if readable(text) == 0 else "amount_usd: negative")
        raise RefusalError("amount_usd: not a plain number as in 12.50")
    whole, part = found[1].lstrip("0"), (found[2] or "").rstrip("0")
    if len(part) > DECIMALS:
        raise RefusalError(f"amount_usd: finer than {DECIMALS} decimals")
    if len(whole) > 13:
        raise RefusalError("amount_usd: more than 2^63 - 1 base units")
    units = int(whole or "0") * UNITS + int(part.ljust(DECIMALS, "0"))
    if units == 0:
        raise RefusalError("amount_usd: zero")
    if units > MAX_AMOUNT:
        raise RefusalError("amount_usd: more than 2^63 - 1 base units")
    return units


def readable(text: str) -> Decimal | None:
    """Return a refused line's amount if it is a number at all."""
    text = text.strip()
    return Decimal(text) if _READABLE.fullmatch(text) else None


def title_of(text: str) -> str:
    """Return a pool's title: white space folded, nothing invisible that could garble a page."""
    title = " ".join(text.split())
    if not title:
        raise RefusalError("pool: empty")
    if bad := control(title):
        raise RefusalError(f"pool: control character {bad}")
    if len(title) > LONGEST_TITLE:
        raise RefusalError(f"pool: a title of more than {LONGEST_TITLE} characters")
    return title


def control(text: str) -> str:
    """Name the first control character, empty if there is none."""
    return next((f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), "")


def excerpt(raw: str) -> str:
    """Shorten a line for the report and make what is invisible in it visible."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in raw[:EXCERPT])
    return shown + ("…" if len(raw) > EXCERPT else "")


def name_of(title: str) -> bytes:
    """Return the name that a title has on chain: what fits 31 bytes, whole characters, "…" where it is cut."""
    raw = title.encode()
    if len(raw) > NAME_BYTES:
        raw = raw[: NAME_BYTES - 3].decode(errors="ignore").rstrip().encode() + "…".encode()
    return raw.ljust(32, b"\0")
