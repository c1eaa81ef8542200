"""The states and numbers that the contracts use, by their names in contracts/interfaces."""

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


class PoolState(IntEnum):
    """IPooledFund.PoolState."""

    NONE = 0
    FUNDING = 1
    ACTIVE = 2
    FROZEN = 3
    COMPLETED = 4


class MilestoneState(IntEnum):
    """IPooledFund.MilestoneState."""

    PLANNED = 0
    SUBMITTED = 1
    APPROVED = 2
    REJECTED = 3
    RELEASED = 4


class MemberKind(IntEnum):
    """IRegister.Kind."""

    NONE = 0
    NGO = 1
    ATTESTOR = 2
    GATEWAY = 3
    TOKEN = 4
