"""What a page's reader asked for: ids in addresses, and the fields of a form, refused with a reason for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from api.explorer.failures import NotFoundError
from api.explorer.queries import Filters
from api.types import MAX_AMOUNT, NEVER

FIELDS = ("donor", "gateway", "since", "until", "min_amount", "max_amount")

_NUMBER = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"[0-9]{1,16}(\.[0-9]{0,18})?|\.[0-9]{1,18}")


def number(what: str, raw: str, whole: str | None = None) -> int:
    """Return a number out of an address.

    Raises:
        NotFoundError: It is none, so nothing can stand there.

    """
    if not _NUMBER.fullmatch(raw) or int(raw) > MAX_AMOUNT:
        raise NotFoundError(f"{what} {whole or raw}")
    return int(raw)


def hexed(what: str, raw: str, length: int) -> bytes:
    """Return bytes out of an address.

    Raises:
        NotFoundError: They are not so many bytes, so nothing can stand there.

    """
    if not re.fullmatch(rf"0[xX][0-9a-fA-F]{{{2 * length}}}", raw):
        raise NotFoundError(f"{what} {raw}")
    return bytes.fromhex(raw[2:])


@dataclass
class Wish:
    """The form as it was filled in: what was said, what is wrong with it, and what is asked for if nothing is."""

    said: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)

    @property
    def query(self) -> str:
        """Return the form as a query string."""
        return f"?{urlencode(self.said)}" if self.said else ""

    @property
    def export(self) -> str:
        """Return what an export is asked for, to have the same gifts: `&` and the filters, amounts in base units."""
        asked = {name: value for name, value in vars(self.filters).items() if value is not None}
        return "".join(f"&{name}={'0x' + v.hex() if isinstance(v, bytes) else v}" for name, v in asked.items())


def contributions(parameters: Mapping[str, str], decimals: int) -> Wish:
    """Read the form over a pool's contributions. Amounts are written in the token, times as days in UTC."""
    said = {name: parameters[name].strip() for name in FIELDS if parameters.get(name, "").strip()}
    wish = Wish(said)
    found: dict[str, bytes | int] = {}
    for name, raw in said.items():
        try:
            if name in ("donor", "gateway"):
                found[name] = _account(raw)
            elif name in ("since", "until"):
                found[name] = _day(raw, last=name == "until")
            else:
                found[name] = _units(raw, decimals)
        except ValueError as error:
            wish.wrong[name] = str(error)
    for low, high, reason in (
        ("since", "until", "This day is before the day it begins with."),
        ("min_amount", "max_amount", "This is less than the smallest amount asked for."),
    ):
        if low in found and high in found and found[low] > found[high]:  # type: ignore[operator]
            wish.wrong[high] = reason
    if not wish.wrong:
        wish.filters = Filters(**found)  # type: ignore[arg-type]
    return wish


def _account(raw: str) -> bytes:
    if raw.lower() == "anonymous":
        return bytes(20)
    if not re.fullmatch(r"0[xX][0-9a-fA-F]{40}", raw):
        raise ValueError("An id is 0x and then 40 digits or letters from a to f.")
    return bytes.fromhex(raw[2:])


def _day(raw: str, *, last: bool) -> int:
    try:
        day = date.fromisoformat(raw)
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    except ValueError:
        raise ValueError("A day is written like 2026-11-23.") from None
    if not 0 <= start < NEVER:
        raise ValueError("The day must be between 1970 and 2105.")
    return start + int(timedelta(days=1).total_seconds()) - 1 if last else start


def _units(raw: str, decimals: int) -> int:
    if not _DECIMAL.fullmatch(raw.replace(",", "")):
        raise ValueError("An amount is a number like 12.50.")
    units = Decimal(raw.replace(",", "")).scaleb(decimals)
    if units != units.to_integral_value():
        raise ValueError(f"An amount has at most {decimals} decimals here.")
    if units > MAX_AMOUNT:
        raise ValueError("The amount is too large.")
    return int(units)
