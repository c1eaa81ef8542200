"""The fund as its interface describes it, in Python: what each call does, or how it is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from entrytree import amount_of
from replay import APPROVED, PLANNED, REJECTED, RELEASED, SUBMITTED
from world import MAX63, NEVER, ZERO32, RefusedError

NONE, FUNDING, ACTIVE, FROZEN, COMPLETED = range(5)


@dataclass
class Milestone:
    """One tranche."""

    payee: str
    amount: int
    deadline: int
    evidence: bytes = ZERO32
    state: int = PLANNED
    votes: list[dict[str, bool]] = field(default_factory=list)
    submitted_at: int = 0
    approved_at: int = 0
    line: int = 0

    def storage(self) -> dict[str, Any]:
        """Return what the fund should store."""
        votes = list(self.votes[-1].values()) if self.votes else []
        return {
            "payee": self.payee,
            "amount": self.amount,
            "evidenceDeadline": self.deadline,
            "evidence": self.evidence,
            "state": self.state,
            "round": len(self.votes),
            "yes": votes.count(True),
            "no": votes.count(False),
            "submittedAt": self.submitted_at,
            "approvedAt": self.approved_at,
            "lineAtEvidence": self.line,
        }


@dataclass
class Pool:
    """One pool: its plan, its line, its milestones."""

    number: int
    ngo: str
    plan: dict[str, Any]
    milestones: list[Milestone]
    raised: int = 0
    released: int = 0
    paused: bool = False

    @property
    def complete(self) -> bool:
        """Whether all is paid and nothing can be added."""
        return not self.plan["openEnded"] and all(m.state == RELEASED for m in self.milestones)

    @property
    def defaults_at(self) -> int:
        """The last second in which every milestone is still in time."""
        waiting = [m.deadline for m in self.milestones if m.state in (PLANNED, REJECTED)]
        judged = [m.submitted_at for m in self.milestones if m.state == SUBMITTED]
        return min([NEVER, *waiting, *(at + self.plan["attestationWindow"] for at in judged)])

    @property
    def funding_deadline(self) -> int:
        """The last second of funding."""
        return self.plan["fundingDeadline"] or NEVER

    @property
    def accepts_until(self) -> int:
        """The last second in which gifts are taken."""
        return 0 if self.paused or self.complete else min(self.defaults_at, self.funding_deadline)

    def state(self, now: int) -> int:
        """Return the pool's state."""
        if self.complete:
            return COMPLETED
        met = self.raised >= self.plan["fundingThreshold"]
        if now > self.defaults_at or (not met and now > self.funding_deadline):
            return FROZEN
        return ACTIVE if met else FUNDING

    def storage(self) -> dict[str, Any]:
        """Return what the fund should store."""
        same = (
            *("token", "fundingThreshold", "objectionWindow", "attestationWindow", "quorum", "openEnded"),
            *("name", "descriptionHash"),
        )
        return {k: self.plan[k] for k in same} | {
            "raised": self.raised,
            "released": self.released,
            "refunded": 0,
            "acceptsUntil": self.accepts_until,
            "defaultsAt": self.defaults_at,
            "fundingDeadline": self.funding_deadline,
            "ngo": self.ngo,
            "attestors": len(self.plan["attestors"]),
            "milestonesReleased": sum(m.state == RELEASED for m in self.milestones),
            "paused": self.paused,
        }


def refuse(name: str, *args: Any) -> None:
    """Refuse a call."""
    raise RefusedError(name, args)


@dataclass
class Model:
    """All pools and all money."""

    fund: str
    balances: dict[str, int]
    generous: set[str]
    gateways: set[str]
    pauser: str
    operator: str
    ngos: set[str]
    pools: dict[int, Pool] = field(default_factory=dict)
    references: set[tuple[str, bytes]] = field(default_factory=set)

    def open_pool(self, _now: int, sender: str, plan: dict[str, Any]) -> None:
        """Open a pool with a plan that is in order."""
        if sender not in self.ngos:
            refuse("NotAccredited", sender)
        number = len(self.pools) + 1
        self.pools[number] = Pool(number, sender, plan, [Milestone(*m) for m in plan["milestones"]])

    def take(self, giver: str, amount: int) -> None:
        """Pull tokens from an allowance."""
        if giver not in self.generous:
            refuse("ERC20InsufficientAllowance", self.fund, 0, amount)
        self.move(giver, self.fund, amount)

    def move(self, giver: str, receiver: str, amount: int) -> None:
        """Move tokens."""
        has = self.balances.get(giver, 0)
        if has < amount:
            refuse("ERC20InsufficientBalance", giver, has, amount)
        self.balances[giver] = has - amount
        self.balances[receiver] = self.balances.get(receiver, 0) + amount

    def lengthen(self, now: int, number: int, amount: int) -> Pool:
        """Return the pool if it takes so much more now."""
        pool = self.pools.get(number)
        until = pool.accepts_until if pool else 0
        if pool is None or now > until:
            refuse("NotAccepting", number, until)
        assert pool is not None
        if pool.raised + amount > MAX63:
            refuse("TooMuch", number)
        return pool

    def contribute(self, now: int, donor: str, number: int, amount: int, *, signed: bool = False) -> None:
        """Give directly, or by signature."""
        if amount == 0:
            refuse("ZeroAmount")
        pool = self.lengthen(now, number, amount)
        if signed:
            self.move(donor, self.fund, amount)
        else:
            self.take(donor, amount)
        pool.raised += amount

    def record_batch(self, now: int, sender: str, number: int, reference: bytes, entries: list[bytes]) -> None:
        """Record the gifts of many donors."""
        if sender not in self.gateways:
            refuse("AccessManagedUnauthorized", sender)
        if (sender, reference) in self.references:
            refuse("ReferenceUsed", sender, reference)
        if not entries:
            refuse("BadEntries", 0)
        amounts = [amount_of(e) for e in entries]
        if 0 in amounts:
            refuse("ZeroEntry", amounts.index(0))
        pool = self.pools.get(number)
        if (pool.raised if pool else 0) + sum(amounts) > MAX63:
            refuse("TooMuch", number)
        pool = self.lengthen(now, number, sum(amounts))
        self.take(sender, sum(amounts))
        pool.raised += sum(amounts)
        self.references.add((sender, reference))

    def live(self, now: int, number: int, milestone: int) -> tuple[Pool, Milestone]:
        """Return a milestone of a pool that still moves."""
        pool = self.pools.get(number)
        if pool is None:
            refuse("UnknownPool", number)
        assert pool is not None
        if milestone >= len(pool.milestones):
            refuse("UnknownMilestone", number, milestone)
        state = pool.state(now)
        if state not in (FUNDING, ACTIVE):
            refuse("PoolIs", number, state)
        return pool, pool.milestones[milestone]

    def submit_evidence(self, now: int, sender: str, number: int, milestone: int, evidence: bytes) -> None:
        """Name the evidence for a milestone."""
        pool, m = self.live(now, number, milestone)
        if sender != pool.ngo:
            refuse("NotTheNgo", number, sender)
        if pool.paused:
            refuse("PauseIs", number, True)
        if m.state not in (PLANNED, REJECTED):
            refuse("MilestoneIs", number, milestone, m.state)
        m.evidence, m.state, m.submitted_at, m.line = evidence, SUBMITTED, now, pool.raised
        m.votes.append({})

    def attest(self, now: int, attestor: str, number: int, milestone: int, evidence: bytes, *, approved: bool) -> None:
        """Say yes or no to the evidence."""
        pool, m = self.live(now, number, milestone)
        if attestor not in pool.plan["attestors"]:
            refuse("NotAnAttestor", number, attestor)
        if m.state != SUBMITTED:
            refuse("MilestoneIs", number, milestone, m.state)
        if evidence != m.evidence:
            refuse("OtherEvidence", m.evidence)
        votes = m.votes[-1]
        if attestor in votes:
            refuse("AlreadyAttested", number, milestone, attestor)
        votes[attestor] = approved
        counted, quorum = list(votes.values()), pool.plan["quorum"]
        if counted.count(True) >= quorum:
            m.state, m.approved_at = APPROVED, now
        elif len(pool.plan["attestors"]) - counted.count(False) < quorum:
            m.state = REJECTED

    def release(self, now: int, number: int, milestone: int) -> None:
        """Pay a milestone."""
        pool, m = self.live(now, number, milestone)
        if pool.state(now) == FUNDING:
            refuse("PoolIs", number, FUNDING)
        if m.state != APPROVED:
            refuse("MilestoneIs", number, milestone, m.state)
        if now < m.approved_at + pool.plan["objectionWindow"]:
            refuse("TooEarly", m.approved_at + pool.plan["objectionWindow"])
        if pool.raised - pool.released < m.amount:
            refuse("NotEnoughHeld", pool.raised - pool.released, m.amount)
        m.state = RELEASED
        pool.released += m.amount
        self.move(self.fund, m.payee, m.amount)

    def set_paused(self, sender: str, number: int, paused: bool) -> None:
        """Pull the brake, or let go of it."""
        if sender != (self.pauser if paused else self.operator):
            refuse("AccessManagedUnauthorized", sender)
        if number not in self.pools:
            refuse("UnknownPool", number)
        if self.pools[number].paused == paused:
            refuse("PauseIs", number, paused)
        self.pools[number].paused = paused
