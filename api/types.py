"""The kinds and numbers that the contracts use, by their names in contracts/interfaces."""

from __future__ import annotations

from enum import IntEnum

NEVER = 2**32 - 1
"""A deadline that never comes (uint32)."""

MAX_AMOUNT = 2**63 - 1
"""The largest amount, in base units."""

ENTRY_BYTES = 32
"""One entry of a batch: donor id (20) ‖ time the donor paid (4) ‖ amount (8)."""

ANONYMOUS = bytes(20)
"""The donor id of a gift whose donor gave no name: it has no receipt key."""


class Via(IntEnum):
    """How a contribution came."""

    WALLET = 0
    BATCH = 1
    BROUGHT = 2
    """By somebody else in the donor's name: the book of standing orders, for one."""
    MATCH = 3
    """A sponsor's, for the gifts before it."""


class Period(IntEnum):
    """IPledgeBook.Period."""

    DAY = 0
    WEEK = 1
    MONTH = 2


REASONS = (
    *("none", "unknown", "stopped", "paused", "ended", "not due", "cap reached", "pool closed", "pool full"),
    *("no allowance", "no balance", "refused", "run failed"),
)
"""IPledgeBook.Reason, in words."""


class MemberKind(IntEnum):
    """IRegister.Kind."""

    NONE = 0
    NGO = 1
    ATTESTOR = 2
    GATEWAY = 3
    TOKEN = 4
    PROVIDER = 5
