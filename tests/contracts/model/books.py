"""The books' model: sponsors that match, pledges that are collected, payout rounds, vouchers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from world import DAY, MAX63, RefusedError

from model.words import ACTIVE, FUNDING, NONE, refuse

if TYPE_CHECKING:
    from model.fund import Model, Pool

WEEK = 7 * DAY


@dataclass
class Sponsorship:
    """A budget that matches gifts."""

    sponsor: str
    left: int
    ratio: int
    cap: int
    ends_at: int
    seat: int | None = None

    def live(self, now: int) -> bool:
        """Whether it matches."""
        return self.left > 0 and now <= self.ends_at


@dataclass
class Pledge:
    """A weekly order."""

    donor: str
    pool: int
    amount: int
    cap: int
    first: int
    next: int = 0
    collected: int = 0
    state: str = "live"


@dataclass
class Round:
    """A payout round whose list is sealed."""

    amounts: list[int]
    until: int | None = None
    claimed: set[int] = field(default_factory=set)
    delivered: int = 0
    closed: bool = False


@dataclass
class Vouchers:
    """A milestone's money for vouchers."""

    gone: int = 0


class Booking:
    """What the books do."""

    sponsorships: dict[tuple[int, int], Sponsorship]
    pledges: list[Pledge]
    rounds: dict[tuple[int, int], Round]
    vouchers: dict[tuple[int, int], Vouchers]
    used: set[bytes]
    spending: dict[int, tuple[int, int]]

    # ---- sponsors

    def over(self: Model, now: int, pool: int) -> bool:
        """Whether a pool is over, or none."""
        return pool not in self.pools or self.pools[pool].state(now) not in (FUNDING, ACTIVE)

    def past(self: Model, now: int, number: int) -> bool:
        """Whether a pool's time for gifts is past: not paused, and no more of it."""
        return not self.pools[number].paused and now > self.pools[number].accepts_until

    def match(self: Model, now: int, pool: Pool, amounts: list[int]) -> None:
        """Let the sponsors match gifts that are in line."""
        if not pool.matched:
            return
        mine = [s for (of, _), s in self.sponsorships.items() if of == pool.number and s.seat is not None]
        room, drawn = MAX63 - pool.line.end, []
        for s in sorted(mine, key=lambda s: s.seat or 0):
            owed = sum(min(amount * s.ratio // 100, s.cap) for amount in amounts) if s.live(now) else 0
            amount = min(owed, s.left, room - sum(d for _, d in drawn))
            if amount:
                s.left -= amount
                drawn.append((s.sponsor, amount))
        for sponsor, amount in drawn:
            self.tokens.move(self.books["sponsors"], self.fund, amount)
            self.put(pool, sponsor, amount)

    def lock(self: Model, now: int, sponsor: str, number: int, terms: tuple[int, int, int, int]) -> None:
        """Lock a budget: amount, ratio, cap a gift, end."""
        if (number, sponsor) not in self.invited:
            refuse("NotInvited", number, sponsor)
        budget, ratio, cap, ends_at = terms
        if self.over(now, number):
            refuse("PoolIs", number, self.pools[number].state(now) if number in self.pools else NONE)
        if self.past(now, number):
            refuse("NotAccepting", number, self.pools[number].accepts_until)
        pool, seat = self.pools[number], None
        for i in (3, 2, 1, 0):
            sitting = next((k for k, s in self.sponsorships.items() if k[0] == number and s.seat == i), None)
            if sitting is None or not self.sponsorships[sitting].live(now):
                seat = i
            elif self.sponsorships[sitting].sponsor == sponsor:
                refuse("AlreadyLive", *sitting)
        if seat is None:
            refuse("NoSeat", number)
        self.tokens.pull(sponsor, self.books["sponsors"], budget)
        for (of, _), s in self.sponsorships.items():
            if of == number and s.seat == seat:
                s.seat = None
        count = sum(of == number for of, _ in self.sponsorships)
        self.sponsorships[number, count + 1] = Sponsorship(sponsor, budget, ratio, cap, ends_at, seat)
        pool.matched = True

    def withdraw(self: Model, now: int, number: int, sponsorship: int) -> None:
        """Take back what was not drawn."""
        s = self.sponsorships.get((number, sponsorship))
        if s is None:
            refuse("UnknownSponsorship", number, sponsorship)
        if s.live(now) and not self.over(now, number) and not self.past(now, number):
            refuse("StillLive", number, sponsorship, s.ends_at)
        if s.left == 0:
            refuse("NothingLeft", number, sponsorship)
        self.tokens.move(self.books["sponsors"], s.sponsor, s.left)
        s.left = 0
        if s.seat is not None:
            s.seat = None
            rest = [o for (of, _), o in self.sponsorships.items() if of == number and o.seat is not None]
            if not any(o.live(now) for o in rest):
                self.pools[number].matched = False

    # ---- pledges

    def promise(self: Model, now: int, donor: str, number: int, terms: tuple[int, int, int]) -> None:
        """Pledge so much a week, so many times, in place of an older pledge or of none."""
        amount, times, replaces = terms
        pool = self.pools.get(number)
        if pool is None or now > pool.accepts_until:
            refuse("NotAccepting", number, pool.accepts_until if pool else 0)
        new = Pledge(donor, number, amount, amount * times, now)
        if replaces:
            old = self.pledges[replaces - 1] if replaces <= len(self.pledges) else None
            if old is None or old.donor != donor:
                refuse("NotTheDonor", replaces, donor)
            if old.state == "stopped":
                refuse("PledgeIs", replaces, 3)
            old.state = "stopped"
            if old.next:
                new.next = max(0, -((now - old.first - old.next * WEEK) // WEEK))
        self.pledges.append(new)

    def collect(self: Model, now: int, numbers: list[int]) -> list[str]:
        """Collect pledges, each for itself, and return what came of each."""
        outcomes, i = [], 0
        while i < len(numbers):
            of = self.pool_of(numbers[i])
            pool, brought, here = self.pools.get(of), [], i
            accepting = pool is not None and now <= pool.accepts_until
            line = pool.line.end if pool and accepting else MAX63
            while i < len(numbers) and self.pool_of(numbers[i]) == of:
                outcome = self.take(now, numbers[i], line, accepting)
                if outcome == "collected":
                    p = self.pledges[numbers[i] - 1]
                    brought.append((p.donor, p.amount))
                    line += p.amount
                outcomes.append(outcome)
                i += 1
            assert i > here
            if brought and pool:
                for donor, amount in brought:
                    self.put(pool, donor, amount)
                self.match(now, pool, [amount for _, amount in brought])
        return outcomes

    def pool_of(self: Model, number: int) -> int:
        """Return the pool of a pledge, 0 if there is none."""
        return self.pledges[number - 1].pool if 0 < number <= len(self.pledges) else 0

    def take(self: Model, now: int, number: int, line: int, accepting: bool) -> str:
        """Take one amount, or say why not."""
        if self.pool_of(number) == 0:
            return "unknown"
        p = self.pledges[number - 1]
        period = (now - p.first) // WEEK
        obstacles = {
            p.state: p.state != "live",
            "not due": period < p.next,
            "cap reached": p.collected + p.amount > p.cap,
            "pool full" if accepting else "pool closed": line + p.amount > MAX63,
        }
        for reason, there in obstacles.items():
            if there:
                return reason
        try:
            self.tokens.pull(p.donor, self.books["pledges"], p.amount)
        except RefusedError as refused:
            return "no allowance" if refused.name == "ERC20InsufficientAllowance" else "no balance"
        self.tokens.move(self.books["pledges"], self.fund, p.amount)
        p.next, p.collected = period + 1, p.collected + p.amount
        return "collected"

    # ---- payout rounds and vouchers

    def claim(self: Model, now: int, where: tuple[int, int], position: int, to: str) -> None:
        """Claim a row."""
        round_ = self.rounds[where]
        if round_.until is None or now > round_.until:
            state = 1 if round_.until is None else 4 if round_.closed else 3
            refuse("RoundIs", *where, state)
        if position in round_.claimed:
            refuse("AlreadyClaimed", *where, position)
        self.tokens.move(self.books["payouts"], to, round_.amounts[position])
        round_.claimed.add(position)
        round_.delivered += round_.amounts[position]

    def expire_round(self: Model, now: int, where: tuple[int, int]) -> None:
        """Give the unclaimed rest back."""
        round_ = self.rounds[where]
        if round_.until is None or now <= round_.until or round_.closed:
            refuse("RoundIs", *where, 1 if round_.until is None else 4 if round_.closed else 2)
        round_.closed = True
        rest = sum(round_.amounts) - round_.delivered
        if rest:
            self.tokens.move(self.books["payouts"], self.fund, rest)
            self.pools[where[0]].take_back(now, where[1], rest)

    def redeem(
        self: Model, now: int, where: tuple[int, int], voucher: bytes, payer: str, bill: tuple[str, int, int]
    ) -> None:
        """Pay a bill: provider, own part, the pool's part."""
        provider, own, part = bill
        pool, m = self.known(*where)
        if voucher in self.used:
            refuse("VoucherIs", voucher, 1)
        if m.payee != self.books["vouchers"] or not m.released_at:
            refuse("NotForVouchers", *where)
        if now > m.released_at + 180 * DAY:
            refuse("DeadlinePassed", m.released_at + 180 * DAY)
        _, _, cap, period = pool.plan["limits"]
        if cap == 0:
            refuse("NoVouchers", where[0])
        index, gone = now // period, self.vouchers.setdefault(where, Vouchers())
        last, spent = self.spending.get(where[0], (0, 0))
        spent = spent if last == index else 0
        if part > cap - spent:
            refuse("OverPeriodCap", cap - spent, part)
        if part > m.amount - gone.gone:
            refuse("NotEnoughLeft", m.amount - gone.gone, part)
        self.tokens.via(payer, self.books["vouchers"], provider, own)
        self.tokens.move(self.books["vouchers"], provider, part)
        self.used.add(voucher)
        self.spending[where[0]] = (index, spent + part)
        gone.gone += part

    def expire_vouchers(self: Model, now: int, where: tuple[int, int]) -> None:
        """Give what no voucher took back."""
        pool, m = self.known(*where)
        if m.payee != self.books["vouchers"] or not m.released_at:
            refuse("NotForVouchers", *where)
        until = m.released_at + 180 * DAY
        if now <= until:
            refuse("TooEarly", until + 1)
        gone = self.vouchers.setdefault(where, Vouchers())
        rest = m.amount - gone.gone
        if rest == 0:
            refuse("NothingLeft", *where)
        gone.gone = m.amount
        self.tokens.move(self.books["vouchers"], self.fund, rest)
        pool.take_back(now, where[1], rest)
