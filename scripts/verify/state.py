"""What the contracts' events add up to: pools, batches, members, and what the books hold."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .abi import name_of
from .line import Line, Span
from .tape import Gift, Gifts, Place, Spool, Tape

Values = dict[str, Any]
"""An event's values, or a struct's, by their names in the contracts."""

NEVER = 2**32 - 1
DAY = 86_400
FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)
LIVE, PAUSED, STOPPED = range(1, 4)
NGO, ATTESTOR, GATEWAY, TOKEN, PROVIDER = range(1, 6)


class BrokenError(Exception):
    """A log that cannot follow on those before it; the message says why."""


@dataclass
class Round:
    """One round of judgement: it began with evidence, or with a dispute about the same evidence again."""

    number: int
    evidence: bytes
    uri: str
    line: int
    confirms: bool
    place: Place
    attestations: list[tuple[Place, Values]] = field(default_factory=list)
    verdict: tuple[Place, Values] | None = None
    objections: int = 0
    objected: int = 0
    disputed: Place | None = None


@dataclass
class Release:
    """The payment of a milestone."""

    place: Place
    values: Values
    spends: list[Span] = field(default_factory=list)
    returned: int = 0
    vouchers: int = 0
    own: int = 0
    paid: int = 0


@dataclass
class Payout:
    """A payout round: what its book stores, and its list."""

    stored: Values
    sealed: Place
    rows_at: int
    opened: Place | None = None
    closed: Place | None = None
    returned: int = 0
    claimed: set[int] = field(default_factory=set)
    deliveries: Tape | None = None


@dataclass
class Batch:
    """A batch, as the fund stores it, and as it was told."""

    identity: bytes
    stored: Values
    place: Place
    gateway: bytes
    reference: bytes
    token: bytes
    number: int
    """Of its first gift in the pool's line."""
    taken_amount: int = 0
    taken_free: list[Span] = field(default_factory=list)
    """What of it was not spent when its gateway last took the rest: from then on that is refunded."""


@dataclass
class Pledge:
    """A standing order: what its book stores, its terms, and why it was last asked in vain."""

    stored: Values
    terms: Values
    place: Place
    failure: tuple[int, Place] | None = None


@dataclass
class Sponsorship:
    """A sponsor's budget."""

    stored: Values
    token: bytes
    place: Place
    drawn: int = 0
    gifts: int = 0


@dataclass
class Member:
    """A member of the register, as it was last accredited; `kind` stays when it is revoked."""

    name: bytes
    kind: int
    details: bytes
    uri: str
    place: Place
    revoked: bool = False

    @property
    def text(self) -> str:
        """Return the name."""
        return name_of(self.name)


@dataclass
class Pool:
    """A pool: what the fund and its Judgement store of it, and what its events told beside that."""

    number: int
    place: Place
    plan: Values
    stored: Values
    panel: Values
    gifts: Gifts
    returns: Tape
    limits: Values
    line: Line = field(default_factory=Line)
    planned: list[Values] = field(default_factory=list)
    judged: list[Values] = field(default_factory=list)
    rounds: list[list[Round]] = field(default_factory=list)
    seats: list[tuple[bytes, bytes | None, Place]] = field(default_factory=list)
    """Who sits, who sat there before, and since when."""
    rotations: dict[tuple[bytes, bytes], tuple[list[bytes], list[int]]] = field(default_factory=dict)
    """By who leaves and who joins: who consented, and from when it can be carried out, once it can."""
    proposals: dict[tuple[bytes, int, int], list[bytes]] = field(default_factory=dict)
    """By payee, amount and deadline of a next milestone: who consented."""
    releases: dict[int, Release] = field(default_factory=dict)
    payouts: dict[int, Payout] = field(default_factory=dict)
    sponsorships: list[Sponsorship] = field(default_factory=list)
    matched: bool = False
    invited: dict[bytes, bool] = field(default_factory=dict)
    sponsors: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """The sponsorships in its seats; 0: a free one."""
    stopped: bytes = b""
    """The transaction that ended it."""
    cancelled: bytes | None = None
    batches: int = 0
    refunds: dict[int, int] = field(default_factory=dict)
    """By the gift's start: what went back to its donor."""
    brought: list[tuple[int, bytes]] = field(default_factory=list)
    """Who brought gifts: from which place in line, and who."""
    # What one log announces and another must tell before the block is over.
    owed: deque[tuple[int, Span]] = field(default_factory=deque)
    matches: deque[Values] = field(default_factory=deque)
    collected: dict[int, tuple[int, bytes, int]] = field(default_factory=dict)
    unbrought: int = 0
    expiring: int = 0

    @property
    def held(self) -> int:
        """Return what it holds."""
        return int(self.stored["raised"] - self.stored["released"] - self.stored["refunded"])

    @property
    def funding_end(self) -> int:
        """Return the last second of funding, pauses counted."""
        return int(min(self.stored["fundingDeadline"] + self.stored["clockShift"], NEVER))

    def state_at(self, time: int) -> int:
        """Return what it is at a second: IPooledFund.PoolState."""
        s = self.stored
        if not s["openEnded"] and s["milestonesReleased"] == s["milestones"]:
            return COMPLETED
        if time > s["defaultsAt"]:
            return FROZEN
        if s["raised"] >= s["fundingThreshold"]:
            return ACTIVE
        return FROZEN if time > self.funding_end else FUNDING

    def expect_returns(self, until: int) -> None:
        """Take in until when payees are known to give back."""
        self.stored["returnsUntil"] = max(until, self.stored["returnsUntil"])

    def stood_still(self, time: int) -> int:
        """Return for how many seconds pauses have stopped its clock until now."""
        return int(self.stored["clockShift"] - max(0, self.stored["pausedUntil"] - time))

    def ended_at(self, time: int) -> int | None:
        """Return the last second in which it was not over, None while it is not."""
        if self.state_at(time) not in (FROZEN, COMPLETED):
            return None
        s = self.stored
        unmet = s["raised"] < s["fundingThreshold"]
        return int(min(s["defaultsAt"], self.funding_end) if unmet else s["defaultsAt"])


class State:
    """Everything, as the logs up to one block tell it."""

    def __init__(self, sample: int) -> None:
        """Begin with nothing; `sample`: how many direct gifts are kept by chance, to be looked up in storage."""
        self.sample = sample
        self.some_direct: list[tuple[int, int, bytes, int]] = []
        self._direct = 0
        self._chance = random.SystemRandom()
        self.spool = Spool()
        self.pools: list[Pool] = []
        self.batches: dict[bytes, Batch] = {}
        self.pledges: list[Pledge] = []
        self.members: dict[bytes, Member] = {}
        self.tokens: dict[bytes, list[Place]] = {}
        """Where each was accredited."""
        self.minted: deque[tuple[bytes, int]] = deque()
        """What the token says came into being, until it says by which gateway."""
        self.balances: defaultdict[bytes, int] = defaultdict(int)
        """Of the deployment's token, by address, for Moa's own contracts."""
        self.supply = 0
        self.room: dict[tuple[bytes, bytes], int] = {}
        """What was used of persons' caps, by scope and nullifier: of the first so many, to be looked up."""
        self.lists = {name: Tape(self.spool) for name in _LISTS}
        """The record: (place, values), in the ledger's order."""
        self.movements: deque[tuple[Place, str, Values]] = deque(maxlen=400)
        self.touched: set[int] = set()
        """The pools whose lines move in the present block."""
        self.logs = self.gifts = self.last_log = 0

    def keep_by_chance(self, pool: int, start: int, donor: bytes, amount: int) -> None:
        """Keep a direct gift, each with the same chance, so that nobody can know which are looked up."""
        self._direct += 1
        if len(self.some_direct) < self.sample:
            self.some_direct.append((pool, start, donor, amount))
        elif self.sample and (at := self._chance.randrange(self._direct)) < self.sample:
            self.some_direct[at] = (pool, start, donor, amount)

    def some_gifts(self, count: int) -> Iterator[tuple[Pool, Gift]]:
        """Yield so many gifts by chance; all if there are fewer."""
        if count >= self.gifts:
            for pool in self.pools:
                yield from ((pool, gift) for gift in pool.gifts.gifts())
            return
        pools = [pool for pool in self.pools if pool.line.raised]
        for pool in self._chance.choices(pools, [pool.gifts.count for pool in pools], k=count):
            gift = pool.gifts.around(self._chance.randrange(pool.line.raised))
            if gift is not None:
                yield pool, gift

    def pool(self, number: int) -> Pool:
        """Return a pool.

        Raises:
            BrokenError: No log opened it.

        """
        if not 0 < number <= len(self.pools):
            raise BrokenError(f"pool {number} was not opened by any log")
        return self.pools[number - 1]

    def is_member(self, account: bytes, kind: int) -> bool:
        """Return whether an account is accredited as of this kind now."""
        member = self.members.get(account)
        return member is not None and member.kind == kind and not member.revoked

    def held(self) -> dict[bytes, int]:
        """Return what all pools hold together, by token."""
        found: defaultdict[bytes, int] = defaultdict(int)
        for pool in self.pools:
            found[pool.stored["token"]] += pool.held
        return dict(found)


_LISTS = (
    *("Attested", "Released", "Returned", "Refunded", "Objected", "VoucherTold", "Sealed", "Locked", "Collected"),
    "Minted",
)
