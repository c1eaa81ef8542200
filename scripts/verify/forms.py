"""How values are written in the explorer's JSON: money as decimal strings, hashes as lower-case hex.

What hangs on the clock of the machine that answers may be one of several values: `Either`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from .state import FROZEN, NEVER, Pool, State
from .tape import Gift, Place
from .tree import keccak

Shape = dict[str, Any]

POOL_STATES = ("none", "funding", "active", "frozen", "completed")
MILESTONE_STATES = ("planned", "submitted", "approved", "disputed", "rejected", "released")
WAYS = ("wallet", "gateway", "bearer", "sponsor")
PERIODS = ("day", "week", "month")
REASONS = (
    *("none", "unknown", "stopped", "paused", "ended", "not due", "cap reached", "pool closed", "pool full"),
    *("no allowance", "no balance", "refused", "run failed"),
)
KINDS = {
    "Contributed": ("contribution", "donor"),
    "BatchRecorded": ("batch", "gateway"),
    "Released": ("release", "payee"),
    "Returned": ("return", "payee"),
    "Refunded": ("refund", "donor"),
    "BatchRefunded": ("refund", "gateway"),
    "Delivered": ("delivery", None),
    "VoucherRedeemed": ("voucher", "provider"),
    "Pledged": ("pledge", "donor"),
    "Locked": ("sponsorship", "sponsor"),
    "MilestoneDisputed": ("dispute", None),
    "Cancelled": ("cancellation", "account"),
    "EvidenceSubmitted": ("evidence", "ngo"),
    "Attested": ("attestation", "attestor"),
    "PoolOpened": ("pool", "ngo"),
}
"""What a movement is called, and who did it."""


class Either(tuple[Any, ...]):
    """One of these values, by what time it is where the answer is made."""

    __slots__ = ()


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


@lru_cache(maxsize=65536)
def address(value: bytes) -> str:
    """Return an address with its EIP-55 checksum."""
    digits = value.hex()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(mark, 16) > 7 else c for c, mark in zip(digits, marks, strict=False))


def name_of(word: bytes) -> str:
    """Return a name that stands in 32 bytes."""
    return word.rstrip(b"\0").decode("utf-8", "replace")


def place(at: Place | Iterable[Any]) -> Shape:
    """Return where something was recorded."""
    block, index, tx, time = at
    return {"block": block, "index": index, "tx": hexed(tx), "time": time}


def deadline(time: int) -> int | None:
    """Return a deadline, None if it never comes."""
    return None if time == NEVER else time


def way(gift: Gift) -> str:
    """Return how a gift came."""
    return "pledge" if gift.pledge else WAYS[gift.via]


def stop_of(pool: Pool, clock: int) -> str | None:
    """Return why a pool stopped, None unless it is frozen."""
    if pool.state_at(clock) != FROZEN:
        return None
    if pool.cancelled is not None:
        return "cancelled"
    if any(found.verdict and found.verdict[1].get("last") for rounds in pool.rounds for found in rounds):
        return "rejected"
    unmet = pool.stored["raised"] < pool.stored["fundingThreshold"]
    return "threshold" if unmet and pool.funding_end <= pool.stored["defaultsAt"] else "late"


class Forms:
    """What every shape is made with."""

    def __init__(
        self, state: State, addresses: dict[str, bytes], chain_id: int, tokens: dict[bytes, Shape], clocks: set[int]
    ) -> None:
        """Take what they are made from; `clocks`: the seconds that it may be where the answers are made."""
        self.state, self.addresses, self.chain_id, self._tokens = state, addresses, chain_id, tokens
        self._own, self.clocks = set(addresses.values()), sorted(clocks)

    def either(self, make: Callable[[int], Any]) -> Either:
        """Return what may be said, by the clock."""
        return Either(make(clock) for clock in self.clocks)

    def who(self, account: bytes) -> Shape:
        """Return an account, with its name unless it is one of Moa's contracts."""
        names = {} if account in self._own else {"name": self.state.names.get(account)}
        return {"address": address(account), **names}

    def token(self, token: bytes) -> Shape:
        """Return a token."""
        return {"address": address(token), **self._tokens.get(token, {})}
