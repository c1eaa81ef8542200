"""How the pages say things: amounts, times, states. Plain words first; every filter escapes what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from eth_utils.address import to_checksum_address
from markupsafe import Markup, escape

from api.explorer.picture import LOOKS, bar
from api.explorer.text import decimal
from api.types import NEVER

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NBSP = "\N{NO-BREAK SPACE}"

POOL_STATES = {
    "funding": ("Collecting", "Gifts are being collected. Nothing is paid out before the goal to start is reached."),
    "active": ("Running", "Money goes out step by step, as the work is proved."),
    "frozen": ("Stopped", "This pool was stopped. What was not spent comes back to its givers."),
    "completed": ("Finished", "Every milestone was proved and paid."),
}
"""A pool's state: one word, and what it means."""

STOPS = {
    "threshold": "The goal to start was not reached in time.",
    "late": "A time limit was missed.",
    "rejected": "The proof of the work was refused for good.",
    "cancelled": "It was given up.",
}
"""Why a pool stopped."""

ORDER_STATES = {"live": "Running", "paused": "Paused", "stopped": "Stopped", "over": "Over"}
"""A standing order's state."""

MILESTONE_STATES = {
    "planned": "Planned",
    "submitted": "Being checked",
    "approved": "Approved",
    "disputed": "Doubted",
    "rejected": "Not accepted",
    "released": "Paid",
}


def amount(units: str | int, decimals: int) -> str:
    """Return base units as a decimal number: thousands separated, at least two decimals, none that say nothing."""
    value = int(units)
    whole, part = divmod(abs(value), 10**decimals)
    fraction = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    if decimals >= 2:
        fraction = fraction.ljust(2, "0")
    return f"{'-' if value < 0 else ''}{whole:,}{'.' + fraction if fraction else ''}"


def money(units: str | int, token: Mapping[str, Any]) -> Markup:
    """Return an amount with its token's symbol, on one line."""
    number = amount(units, token["decimals"])
    return Markup('<span class="money">{}{}<bdi class="sym">{}</bdi></span>').format(number, _NBSP, token["symbol"])


def moment(unix: int | None) -> str:
    """Return a time as everybody reads it: 23 Nov 2026, 01:02 UTC."""
    if unix is None or unix >= NEVER:
        return "no date"
    t = datetime.fromtimestamp(unix, UTC)
    return f"{t.day} {t:%b %Y, %H:%M} UTC"


def when(unix: int | None) -> Markup | str:
    """Return a time as a `time` element."""
    if unix is None or unix >= NEVER:
        return "no date"
    iso = datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(
        iso, moment(unix).replace(" ", _NBSP).replace(f",{_NBSP}", ", ")
    )


def span(seconds: float) -> str:
    """Return a length of time in its largest unit: 12 seconds, 3 days."""
    units = (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE), ("second", 1))
    name, size = next((u for u in units if seconds >= u[1]), units[-1])
    number = max(0, int(seconds // size))
    return f"{number} {name}{'' if number == 1 else 's'}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 gift, 12,000 gifts."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@lru_cache(maxsize=4096)
def checked(value: str) -> str:
    """Return an address with its checksum (EIP-55), by which wallets notice a mistyped one; anything else as it is."""
    return to_checksum_address(value) if len(value) == 42 else value


def short(value: str, keep: int = 6) -> str:
    """Return a hash or an address with its middle left out."""
    return value if len(value) <= 2 * keep + 3 else f"{value[: keep + 2]}…{value[-keep:]}"


def share(part: str | int, whole: str | int, of: int = 1000) -> int:
    """Return which part of `of` a part is of the whole, in integers; something never shows as nothing."""
    a, b = int(part), int(whole)
    if a <= 0 or b <= 0:
        return 0
    return min(of, max(1, a * of // b))


def percent(part: str | int, whole: str | int) -> str:
    """Return a share in whole percent; only all is 100 %, and only nothing is 0 %."""
    a, b = int(part), int(whole)
    if b <= 0 or a <= 0:
        return "0%"
    if a * 100 < b:
        return "under 1%"
    return f"{min(a * 100 // b, 99 if a < b else a * 100 // b):,}%"


def lines(text: str) -> Markup:
    """Return a plain text as paragraphs, split at empty lines."""
    paragraphs = [p.strip() for p in text.replace("\r\n", "\n").split("\n\n")]
    return Markup("").join(Markup("<p><bdi>{}</bdi></p>").format(escape(p)) for p in paragraphs if p)


FILTERS: dict[str, Callable[..., Any]] = {
    "amount": amount,
    "bar": bar,
    "checked": checked,
    "counted": counted,
    "decimal": decimal,
    "lines": lines,
    "money": money,
    "percent": percent,
    "share": share,
    "short": short,
    "span": span,
    "when": when,
}

GLOBALS: dict[str, Any] = {
    "looks": LOOKS,
    "milestone_states": MILESTONE_STATES,
    "order_states": ORDER_STATES,
    "pool_states": POOL_STATES,
    "stops": STOPS,
}
