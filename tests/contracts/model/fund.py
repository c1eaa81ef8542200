"""The fund's model: pools, gifts, releases, give-backs, refunds, the brake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from entrytree import amount_of
from eth_utils import to_checksum_address
from world import DAY, MAX63, NEVER, ZERO

from model.books import Booking, Pledge, Round, Sponsorship, Vouchers
from model.judgement import Judging, Milestone, Panel
from model.line import Line
from model.words import (
    ACTIVE,
    APPROVED,
    COMPLETED,
    DISPUTED,
    FROZEN,
    FUNDING,
    NONE,
    RELEASED,
    SUBMITTED,
    Tokens,
    refuse,
)


@dataclass
class Batch:
    """A recorded batch: each entry's donor id, place and amount."""

    pool: int
    start: int
    amount: int
    entries: list[tuple[str, int, int]]
    taken: bool = False
    refunded: int = 0


@dataclass
class Pool:
    """One pool: its plan, its line, its milestones, its clock."""

    number: int
    ngo: str
    plan: dict[str, Any]
    milestones: list[Milestone]
    panel: Panel
    line: Line = field(default_factory=Line)
    gifts: dict[int, tuple[str, int]] = field(default_factory=dict)
    refunds: dict[int, int] = field(default_factory=dict)
    paused: bool = False
    paused_until: int = 0
    shift: int = 0
    defaults_at: int = 0
    accepts_until: int = 0
    matched: bool = False
    returns_until: int = 0

    @property
    def complete(self) -> bool:
        """Whether all is paid and nothing can be added."""
        return not self.plan["openEnded"] and all(m.state == RELEASED for m in self.milestones)

    @property
    def first_open(self) -> int:
        """The first milestone that is not released."""
        states = [m.state for m in self.milestones]
        return next((i for i, state in enumerate(states) if state != RELEASED), len(states))

    @property
    def released(self) -> int:
        """What payees have got and kept."""
        return sum(high - low for pieces in self.line.spent.values() for low, high in pieces)

    @property
    def refunded(self) -> int:
        """What went back."""
        return sum(self.refunds.values())

    @property
    def held(self) -> int:
        """What is there."""
        return self.line.end - self.released - self.refunded

    @property
    def reserved(self) -> int:
        """The amounts under judgement."""
        return sum(m.amount for m in self.milestones if m.state in (SUBMITTED, APPROVED, DISPUTED))

    @property
    def funding_end(self) -> int:
        """The last second of funding."""
        return min((self.plan["fundingDeadline"] or NEVER) + self.shift, NEVER)

    def stood_still(self, now: int) -> int:
        """For how long pauses have stopped the clock until now."""
        return self.shift - max(0, self.paused_until - now)

    def move_clock(self, now: int) -> None:
        """Write down the deadlines after a change."""
        due = [m.due for m in self.milestones if m.state != RELEASED]
        self.defaults_at = now if self.complete else (min(due) if due else self.panel.idle_until) + self.shift
        self.set_clock()

    def set_clock(self) -> None:
        """Write down until when gifts are taken."""
        closed = self.paused or self.complete
        self.accepts_until = 0 if closed else min(self.defaults_at, self.funding_end)

    def state(self, now: int) -> int:
        """Return the pool's state."""
        if self.complete:
            return COMPLETED
        met = self.line.end >= self.plan["fundingThreshold"]
        if now > self.defaults_at or (not met and now > self.funding_end):
            return FROZEN
        return ACTIVE if met else FUNDING

    def end(self, now: int) -> int:
        """Return the second in which it ended."""
        if self.state(now) not in (FROZEN, COMPLETED):
            refuse("PoolIs", self.number, self.state(now))
        unmet = self.line.end < self.plan["fundingThreshold"]
        return min(self.defaults_at, self.funding_end) if unmet else self.defaults_at

    def take_back(self, now: int, milestone: int, amount: int) -> None:
        """Let a payee give back."""
        self.line.give_back(milestone, amount)
        if now <= self.milestones[milestone].released_at + 730 * DAY:
            self.returns_until = max(self.returns_until, now)

    def storage(self) -> dict[str, Any]:
        """Return what the fund should store."""
        same = ("token", "fundingThreshold", "openEnded", "name", "descriptionHash")
        return {k: self.plan[k] for k in same} | {
            "raised": self.line.end,
            "acceptsUntil": self.accepts_until,
            "released": self.released,
            "returned": self.line.front - self.released,
            "refunded": self.refunded,
            "ngo": self.ngo,
            "fundingDeadline": self.plan["fundingDeadline"] or NEVER,
            "defaultsAt": self.defaults_at,
            "pausedUntil": self.paused_until,
            "clockShift": self.shift,
            "milestones": len(self.milestones),
            "milestonesReleased": sum(m.state == RELEASED for m in self.milestones),
            "paused": self.paused,
            "returnsUntil": self.returns_until,
        }


@dataclass
class Model(Judging, Booking):
    """All pools and all money."""

    fund: str
    tokens: Tokens
    gateways: set[str]
    pauser: str
    operator: str
    ngos: set[str]
    attestors: set[str]
    books: dict[str, str]
    pools: dict[int, Pool] = field(default_factory=dict)
    batches: dict[bytes, Batch] = field(default_factory=dict)
    invited: set[tuple[int, str]] = field(default_factory=set)
    sponsorships: dict[tuple[int, int], Sponsorship] = field(default_factory=dict)
    pledges: list[Pledge] = field(default_factory=list)
    rounds: dict[tuple[int, int], Round] = field(default_factory=dict)
    vouchers: dict[tuple[int, int], Vouchers] = field(default_factory=dict)
    used: set[bytes] = field(default_factory=set)
    spending: dict[int, tuple[int, int]] = field(default_factory=dict)

    # ---- the plan

    def open_pool(self, now: int, sender: str, plan: dict[str, Any]) -> None:
        """Open a pool with a plan that is in order."""
        if sender not in self.ngos:
            refuse("NotAccredited", sender)
        number = len(self.pools) + 1
        seats: dict[str, tuple[int, int, int | None]] = {a: (i + 1, 0, None) for i, a in enumerate(plan["attestors"])}
        milestones = [Milestone(*m, due=m[2]) for m in plan["milestones"]]
        pool = self.pools[number] = Pool(number, sender, plan, milestones, Panel(seats))
        pool.move_clock(now)

    def known(self, number: int, milestone: int) -> tuple[Pool, Milestone]:
        """Return a milestone."""
        pool = self.pools.get(number)
        if pool is None:
            refuse("UnknownPool", number)
        if milestone >= len(pool.milestones):
            refuse("UnknownMilestone", number, milestone)
        return pool, pool.milestones[milestone]

    def live(self, now: int, number: int) -> Pool:
        """Return a pool that is not over."""
        pool = self.pools.get(number)
        state = pool.state(now) if pool else NONE
        if pool is None or state not in (FUNDING, ACTIVE):
            refuse("PoolIs", number, state)
        return pool

    def ngos_own(self, now: int, sender: str, number: int) -> Pool:
        """Return the sender's own pool that is not over."""
        pool = self.live(now, number)
        if sender != pool.ngo:
            refuse("NotTheNgo", number, sender)
        return pool

    # ---- money in

    def lengthen(self, now: int, number: int, amount: int) -> Pool:
        """Return the pool if it takes so much more now."""
        pool = self.pools.get(number)
        until = pool.accepts_until if pool else 0
        if pool is None or now > until:
            refuse("NotAccepting", number, until)
        if pool.line.end + amount > MAX63:
            refuse("TooMuch", number)
        return pool

    def contribute(self, now: int, donor: str, number: int, amount: int, *, signed: bool = False) -> None:
        """Give directly, or by signature."""
        if amount == 0:
            refuse("ZeroAmount")
        pool = self.lengthen(now, number, amount)
        if signed:
            self.tokens.move(donor, self.fund, amount)
        else:
            self.tokens.pull(donor, self.fund, amount)
        self.put(pool, donor, amount)
        self.match(now, pool, [amount])

    @staticmethod
    def put(pool: Pool, donor: str, amount: int) -> None:
        """Put a direct gift in line."""
        pool.gifts[pool.line.end] = (donor, amount)
        pool.line.lengthen(amount)

    def bring(self, now: int, bearer: str, number: int, gifts: list[tuple[str, int]]) -> None:
        """Bring gifts of many."""
        if not gifts:
            refuse("ZeroAmount")
        for i, (donor, amount) in enumerate(gifts):
            if donor in (ZERO, self.fund):
                refuse("BadDonor", i)
            if amount == 0:
                refuse("ZeroEntry", i)
        total = sum(amount for _, amount in gifts)
        pool = self.lengthen(now, number, total)
        self.tokens.pull(bearer, self.fund, total)
        for donor, amount in gifts:
            self.put(pool, donor, amount)
        self.match(now, pool, [amount for _, amount in gifts])

    def record_batch(
        self, now: int, sender: str, number: int, names: tuple[bytes, bytes], entries: list[bytes]
    ) -> None:
        """Record the gifts of many donors. `names`: the batch's id and the gateway's reference."""
        batch, reference = names
        if sender not in self.gateways:
            refuse("AccessManagedUnauthorized", sender)
        if batch in self.batches:
            refuse("ReferenceUsed", sender, reference)
        if not entries:
            refuse("BadEntries", 0)
        amounts = [amount_of(e) for e in entries]
        if 0 in amounts:
            refuse("ZeroEntry", amounts.index(0))
        known = self.pools.get(number)
        if (known.line.end if known else 0) + sum(amounts) > MAX63:
            refuse("TooMuch", number)
        pool = self.lengthen(now, number, sum(amounts))
        self.tokens.pull(sender, self.fund, sum(amounts))
        place, kept = pool.line.end, []
        for entry, amount in zip(entries, amounts, strict=True):
            kept.append((to_checksum_address(entry[:20]), place, amount))
            place += amount
        self.batches[batch] = Batch(number, pool.line.end, sum(amounts), kept)
        pool.line.lengthen(sum(amounts))
        self.match(now, pool, amounts)

    # ---- money out

    def release(self, now: int, number: int, milestone: int) -> None:
        """Pay a milestone."""
        pool, m = self.known(number, milestone)
        if pool.state(now) != ACTIVE:
            refuse("PoolIs", number, pool.state(now))
        if m.released_at:
            refuse("AlreadyReleased", number, milestone)
        if pool.held < m.amount:
            refuse("NotEnoughHeld", pool.held, m.amount)
        if m.state != APPROVED:
            refuse("MilestoneIs", number, milestone, m.state)
        if now < m.decided_at + pool.plan["objectionWindow"]:
            refuse("TooEarly", m.decided_at + pool.plan["objectionWindow"])
        m.state, m.released_at = RELEASED, now
        pool.line.spend(milestone, m.amount)
        pool.panel.idle_until = now + 180 * DAY - pool.stood_still(now)
        pool.move_clock(now)
        self.tokens.move(self.fund, m.payee, m.amount)
        if (number, milestone) in self.rounds:
            self.rounds[number, milestone].until = now + 7 * DAY
            pool.returns_until = max(pool.returns_until, now + 7 * DAY)
        elif pool.plan["limits"][2]:
            pool.returns_until = max(pool.returns_until, now + 180 * DAY)

    def give_back(self, now: int, payee: str, number: int, milestone: int, amount: int) -> None:
        """Give back what was paid."""
        pool, m = self.known(number, milestone)
        if payee != m.payee:
            refuse("NotThePayee", number, milestone, payee)
        if amount == 0:
            refuse("ZeroAmount")
        if amount > sum(high - low for low, high in pool.line.spent.get(milestone, [])):
            refuse("MoreThanReleased", number, milestone, amount)
        self.tokens.pull(payee, self.fund, amount)
        pool.take_back(now, milestone, amount)

    # ---- money back

    def refund(self, now: int, sender: str, number: int, start: int, to: str) -> None:
        """Pay back a direct gift."""
        pool = self.pools.get(number)
        if pool is None or start not in pool.gifts:
            refuse("NoGift", number, start)
        donor, amount = pool.gifts[start]
        if donor not in (to, sender):
            refuse("NotTheDonor", number, start, sender)
        pool.end(now)
        self.pay_back(pool, start, amount, to)

    def refund_entry(self, now: int, batch: bytes, position: int, to: str) -> None:
        """Pay back an entry whose donor signed."""
        kept = self.batches[batch]
        _, start, amount = kept.entries[position]
        if kept.taken:
            refuse("TakenByGateway", batch)
        pool = self.pools[kept.pool]
        pool.end(now)
        kept.refunded += self.pay_back(pool, start, amount, to)

    def refund_batch(self, now: int, batch: bytes, to: str) -> None:
        """Pay the gateway what was not claimed."""
        if batch not in self.batches:
            refuse("NoBatch", batch)
        kept = self.batches[batch]
        pool = self.pools[kept.pool]
        earliest = max(pool.end(now), pool.returns_until) + 30 * DAY
        if now < earliest:
            refuse("TooEarly", earliest)
        due = pool.line.free(kept.start, kept.amount) - kept.refunded
        if due == 0:
            refuse("NothingToRefund", kept.pool, kept.start)
        self.tokens.move(self.fund, to, due)
        kept.refunded += due
        kept.taken = True
        # Kept under a key that no contribution has: the gateway's part is of the batch as a whole.
        pool.refunds[-1 - kept.start] = pool.refunds.get(-1 - kept.start, 0) + due

    def pay_back(self, pool: Pool, start: int, amount: int, to: str) -> int:
        """Pay what is unspent of a contribution and was not paid before."""
        due = pool.line.free(start, amount) - pool.refunds.get(start, 0)
        if due == 0:
            refuse("NothingToRefund", pool.number, start)
        self.tokens.move(self.fund, to, due)
        pool.refunds[start] = pool.refunds.get(start, 0) + due
        return due

    # ---- the brake

    def cancel(self, now: int, sender: str, number: int) -> None:
        """Give a pool up."""
        pool = self.ngos_own(now, sender, number)
        pool.defaults_at = now - 1
        pool.set_clock()

    def pause(self, now: int, sender: str, number: int) -> None:
        """Pull the brake."""
        if sender != self.pauser:
            refuse("AccessManagedUnauthorized", sender)
        pool = self.live(now, number)
        if pool.paused:
            refuse("PauseIs", number, True)
        if pool.paused_until and now < pool.paused_until + 28 * DAY:
            refuse("TooEarly", pool.paused_until + 28 * DAY)
        pool.paused, pool.paused_until = True, now + 7 * DAY
        pool.shift += 7 * DAY
        pool.move_clock(now)

    def unpause(self, now: int, sender: str, number: int) -> None:
        """Let go of it."""
        pool = self.live(now, number)
        early = pool.paused_until - now
        if early > 0:
            if sender != self.operator:
                refuse("AccessManagedUnauthorized", sender)
            pool.shift -= early
            pool.paused_until = now
        if not pool.paused:
            refuse("PauseIs", number, False)
        pool.paused = False
        pool.move_clock(now)
