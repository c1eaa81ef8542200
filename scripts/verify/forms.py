"""How values are written in the explorer's JSON: money as decimal strings, hashes as lower-case hex.

What hangs on the clock of the machine that answers may be one of several values: `Either`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from .state import FROZEN, NEVER, Pool, State
from .tape import Gift, Place

Shape = dict[str, Any]

POOL_STATES = ("none", "funding", "active", "frozen", "completed")
MILESTONE_STATES = ("planned", "submitted", "approved", "disputed", "rejected", "released")
MEMBERS = (None, "ngo", "attestor", "gateway", "token", "provider")
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


_MAX_URI = 1_024
"""A longer one stands in the raw log only."""


class Content(dict[str, Any]):
    """A text or file that stands off chain: what is shown as its text must hash to it, and begin with its title."""

    def proves(self, words: Any, title: Any) -> bool:
        """Return whether a text that is shown hashes to what the chain names, and begins with the title."""
        if words is None:
            return title is None
        data = words.encode("utf-8", "replace") if isinstance(words, str) else b""
        # It may have begun with a byte order mark, which is not shown.
        hashes = ["0x" + hashlib.sha256(mark + data).hexdigest() for mark in (b"", b"\xef\xbb\xbf")]
        return self["hash"] in hashes and is_title(title, first_line(words))


class Either(tuple[Any, ...]):
    """One of these values, by what time it is where the answer is made."""

    __slots__ = ()


def hexed(value: bytes) -> str:
    """Return bytes as lower-case hex with 0x."""
    return "0x" + value.hex()


def place(at: Place | Iterable[Any]) -> Shape:
    """Return where something was recorded."""
    block, index, tx, time = at
    return {"block": block, "index": index, "tx": hexed(tx), "time": time, "at": iso(time)}


def content(digest: bytes, uri: str) -> Content:
    """Return what stands off chain under a SHA-256; all zero: nothing does."""
    return Content(hash=hexed(digest) if any(digest) else None, uri=uri if len(uri) <= _MAX_URI else "")


def iso(time: int) -> str:
    """Return unix seconds as ISO 8601, UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def first_line(words: str) -> str:
    """Return a text's first line, without Markdown's signs of a heading."""
    return re.sub(r"^#{1,6}\s+", "", words.strip().partition("\n")[0]).strip()


def is_title(title: Any, line: str) -> bool:
    """Return whether a title is a text's first line, or a long one's beginning."""
    if not isinstance(title, str):
        return title is None and not line
    return title == line or (len(title) > 60 and title[-1] == "…" and line.startswith(title[:-1]))


def deadline(time: int) -> int | None:
    """Return a deadline, None if it never comes."""
    return None if time == NEVER else time


def way(gift: Gift) -> str:
    """Return how a gift came."""
    return "pledge" if gift.pledge else WAYS[gift.via]


def rejected_of(pool: Pool) -> int | None:
    """Return the milestone that was rejected for good, if one was."""
    for number, rounds in enumerate(pool.rounds):
        if any(found.verdict and found.verdict[1].get("last") for found in rounds):
            return number
    return None


def stop_of(pool: Pool, clock: int) -> str | None:
    """Return why a pool stopped, None unless it is frozen."""
    if pool.state_at(clock) != FROZEN:
        return None
    if pool.cancelled is not None:
        return "cancelled"
    if rejected_of(pool) is not None:
        return "rejected"
    unmet = pool.stored["raised"] < pool.stored["fundingThreshold"]
    return "threshold" if unmet and pool.funding_end <= pool.stored["defaultsAt"] else "late"


class Forms:
    """What every shape is made with."""

    def __init__(
        self,
        state: State,
        addresses: dict[str, bytes],
        chain_id: int,
        tokens: dict[bytes, Shape],
        clocks: Callable[[], Iterable[int]],
    ) -> None:
        """Take what they are made from; `clocks` says which seconds it may be now where the answers are made."""
        self.state, self.addresses, self.chain_id, self._tokens = state, addresses, chain_id, tokens
        self._own, self.clocks = set(addresses.values()), clocks
        self.titles: dict[int, str] = {}
        """How pools are called: by their descriptions' first lines, else by their names; filled once it was checked."""

    def either(self, make: Callable[[int], Any]) -> Either:
        """Return what may be said, by the clock."""
        return Either(make(clock) for clock in self.clocks())

    def who(self, account: bytes) -> Shape:
        """Return an account, with its name unless it is one of Moa's contracts."""
        member = self.state.members.get(account)
        known = (
            {"kind": MEMBERS[member.kind], "revoked": member.revoked} if member else {"kind": None, "revoked": False}
        )
        named = {} if account in self._own else {"name": member.text if member else None}
        return {"address": hexed(account), **known, **named}

    def named(self, pool: int) -> Shape:
        """Return a pool's number, and how it is called where that was seen."""
        return {"pool": pool} | ({"pool_name": self.titles[pool]} if pool in self.titles else {})

    def token(self, token: bytes) -> Shape:
        """Return a token."""
        return {"address": hexed(token), **self._tokens.get(token, {})}
