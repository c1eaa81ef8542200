"""The walk over all contracts together: what machine.py does, and sponsors, pledges, payout rounds and vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from booked import Booked
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from machine import MILESTONES, PICK, POOLS, Walk
from machine import MUST_SEE as FUND_MUST_SEE
from model.books import Round
from pledging import REASONS
from pledging import Terms as PledgeTerms
from rounds import PayList, crowd
from vouching import Bill, Office
from world import DAY, PROVIDER_KIND, UNIT, ZERO32, RefusedError, b32

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = crowd(5, amount=12 * UNIT)


class BooksWalk(Walk):
    """One walk over everything."""

    def __init__(self) -> None:
        super().__init__()
        w, endless = self.w, 2**256 - 1
        generous = self.model.tokens.generous
        for giver, book in (
            *((w.donor2, w.sponsors), (w.gateway2, w.sponsors), (w.donor1, w.pledges), (w.donor2, w.pledges)),
            (w.gateway, w.vouchers),
        ):
            w.do(giver, w.token, "approve", book.address, endless)
            generous.add((giver, book.address))
        w.do(w.registrar, w.register, "accredit", w.relayer, PROVIDER_KIND, b32("Clinic"), ZERO32, "")
        self.told.follow()
        self.booked = Booked(w)
        self.offices = {w.ngo: Office(w, w.vouchers, w.keys["ngo"]), w.ngo2: Office(w, w.vouchers, w.keys["ngo2"])}

    def check(self, touched: int = 0) -> None:
        super().check(touched)
        self.seen.update(self.booked.follow())
        if self.steps % 5 == 0:
            self.booked.check()
        balance = self.told.balances.get
        model, books = self.model, self.model.books
        rounds = sum(sum(r.amounts) - r.delivered for r in model.rounds.values() if r.until and not r.closed)
        assert balance(books["payouts"], 0) == rounds
        assert balance(books["sponsors"], 0) == sum(s.left for s in model.sponsorships.values())
        assert balance(books["pledges"], 0) == 0

    def end(self) -> None:
        self.booked.follow()
        self.booked.check()
        self.settle()
        super().end()
        for book in ("payouts", "sponsors", "pledges", "vouchers"):
            assert self.w.balance(self.model.books[book]) == 0

    def settle(self) -> None:
        """Let all rounds, vouchers and budgets end; whoever likes may give the rest back."""
        latest = max([p.defaults_at for p in self.model.pools.values()], default=0)
        self.w.node.go_to(max(self.told.now, latest) + 181 * DAY)
        self.check()
        for number, pool in self.model.pools.items():
            for milestone, _ in enumerate(pool.milestones):
                if (number, milestone) in self.model.rounds:
                    self.expires(number, milestone)
                self.expires_vouchers(number, milestone)
        for number, sponsorship in list(self.model.sponsorships):
            self.withdraws(number, sponsorship)

    def purposes(self, now: int) -> dict[str, Any]:
        w, number = self.w, len(self.model.pools) + 1
        first = w.payouts.address if number % 2 else w.vouchers.address
        milestones = [(first, 60 * UNIT, now + 7 * DAY), (w.payee, 90 * UNIT, now + 12 * DAY)]
        return {"milestones": milestones, "limits": (ZERO32, 0, 20 * UNIT, 7 * DAY)}

    def of(self, contract: str, sender: str, function: str, *args: Any) -> Callable[[], Any]:
        """Return a call to a book, to be made later."""
        return lambda: self.w.do(sender, getattr(self.w, contract), function, *args)

    @initialize(raised=st.sampled_from([40, 100, 150]), gone=st.integers(0, 2))
    def begin(self, raised: int, gone: int) -> None:
        self.opens("ngo", 2, 2, False, 0)
        self.opens("ngo2", 1, 3, True, 50 * UNIT)
        self.seals(1)
        for number, sponsor in ((1, "donor2"), (1, "gateway2"), (2, "donor2")):
            self.invites(number, sponsor)
        self.locks(1, "donor2", 30 * UNIT, 50, 20)
        self.pledges(1, "donor1", 5 * UNIT, 3, 0)
        self.pledges(2, "donor2", 7 * UNIT, 2, 0)
        self.gives(1, "donor1", raised * UNIT)
        self.records(1, "gateway", "a", [(bytes(20), 0, 3), (b"\1" * 20, 1, 5), (b"\2" * 20, 2, 1)])
        for milestone in range(gone):
            self.goes_through(1, milestone, True, True)
        if gone == 2:
            self.gives(2, "donor1", 70 * UNIT)
            self.goes_through(2, 0, True, True)

    def seals(self, number: int) -> None:
        """Seal the first milestone's list."""
        pool = self.model.pools[number]
        lst = self.list(number)
        self.w.do(pool.ngo, self.w.payouts, "seal", number, 0, lst.data, 7 * DAY)
        self.model.rounds[number, 0] = Round([p.amount for p in PEOPLE])
        self.check()

    def list(self, number: int) -> PayList:
        """Return a pool's list."""
        return PayList(self.w.payouts.address, number, 0, PEOPLE)

    def invites(self, number: int, sponsor: str) -> None:
        """Let the NGO invite a sponsor."""
        account = getattr(self.w, sponsor)
        self.w.do(self.model.pools[number].ngo, self.w.sponsors, "invite", number, account, True)
        self.model.invited.add((number, account))
        self.check()

    # ---- sponsors

    @rule(
        number=POOLS,
        sponsor=st.sampled_from(["donor2", "gateway2", "donor1"]),
        budget=st.sampled_from([1, 10 * UNIT, 80 * UNIT]),
        ratio=st.sampled_from([33, 100, 1000]),
        days=st.integers(1, 20),
    )
    def locks(self, number: int, sponsor: str, budget: int, ratio: int, days: int) -> None:
        account = getattr(self.w, sponsor)
        terms = (budget, ratio, 9 * UNIT, self.told.now + days * DAY)
        call = self.of("sponsors", account, "lock", number, *terms)
        self.both(number, call, lambda now: self.model.lock(now, account, number, terms))

    @precondition(lambda self: self.model.sponsorships)
    @rule(number=POOLS, sponsorship=st.integers(1, 4))
    def withdraws(self, number: int, sponsorship: int) -> None:
        s = self.model.sponsorships.get((number, sponsorship))
        to = s.sponsor if s else self.w.stranger
        call = self.of("sponsors", self.w.stranger, "withdraw", number, sponsorship, to)
        self.both(number, call, lambda now: self.model.withdraw(now, number, sponsorship))

    # ---- pledges

    @precondition(lambda self: len(self.model.pledges) < 6)
    @rule(
        number=POOLS,
        donor=st.sampled_from(["donor1", "donor2", "donor3"]),
        amount=st.sampled_from([1, 4 * UNIT, 10**13]),
        times=st.sampled_from([1, 1, 3]),
        replaces=st.sampled_from([0, 0, 1, 2]),
    )
    def pledges(self, number: int, donor: str, amount: int, times: int, replaces: int) -> None:
        """A weekly pledge; donor3 has neither tokens nor allowance, and nobody has ten million units."""
        account = getattr(self.w, donor)
        terms = PledgeTerms(number, amount, 1, self.told.now + 1, 0, 0, amount * times, replaces)
        call = self.of("pledges", account, "pledge", terms.values())
        self.both(number, call, lambda now: self.model.promise(now, account, number, (amount, times, replaces)))

    @rule(numbers=st.lists(st.integers(0, 5), min_size=1, max_size=6), weeks=st.sampled_from([0, 0, 1]))
    def collects(self, numbers: list[int], weeks: int) -> None:
        if weeks:
            self.w.node.wait(weeks * 7 * DAY)
            self.check()
        receipt = self.w.do(self.w.stranger, self.w.pledges, "collect", numbers)
        expected = self.model.collect(self.told.now + 1, numbers)
        failed = [v for name, v in self.w.events(receipt, self.w.pledges) if name == "CollectionFailed"]
        said = [(v["pledge"], REASONS[v["reason"]]) for v in failed]
        assert said == [(n, e) for n, e in zip(numbers, expected, strict=True) if e != "collected"]
        self.seen.update(expected)
        self.check()

    @precondition(lambda self: self.model.pledges)
    @rule(pick=PICK, function=st.sampled_from(["pause", "resume", "stop"]))
    def changes_its_mind(self, pick: int, function: str) -> None:
        number = 1 + pick % len(self.model.pledges)
        p = self.model.pledges[number - 1]
        wanted = {"pause": ("live", "paused"), "resume": ("paused", "live"), "stop": (p.state, "stopped")}[function]

        def modelled(_now: int) -> None:
            state = {"live": 1, "paused": 2, "stopped": 3}[p.state]
            if p.state != wanted[0] or p.state == "stopped":
                raise RefusedError("PledgeIs", (number, state))
            p.state = wanted[1]

        self.both(p.pool, self.of("pledges", p.donor, function, number), modelled)

    # ---- payout rounds

    @rule(number=st.sampled_from([1, 1, 3]), position=st.integers(0, len(PEOPLE) - 1))
    def claims(self, number: int, position: int) -> None:
        if (number, 0) not in self.model.rounds:
            return
        row = self.list(number).claim(position, self.w.donor3)
        call = self.of("payouts", self.w.relayer, "claim", row.args)
        self.both(number, call, lambda now: self.model.claim(now, (number, 0), position, self.w.donor3))

    @rule(number=st.sampled_from([1, 1, 3]), milestone=st.just(0))
    def expires(self, number: int, milestone: int) -> None:
        if (number, milestone) not in self.model.rounds:
            return
        call = self.of("payouts", self.w.stranger, "expire", number, milestone)
        self.both(number, call, lambda now: self.model.expire_round(now, (number, milestone)))

    # ---- vouchers

    @rule(
        number=st.sampled_from([2, 2, 1, 4]),
        milestone=MILESTONES,
        salt=st.integers(0, 5),
        own=st.sampled_from([0, 1, UNIT]),
        part=st.sampled_from([1, 9 * UNIT, 20 * UNIT, 21 * UNIT]),
    )
    def redeems(self, number: int, milestone: int, salt: int, own: int, part: int) -> None:
        """The clinic's bill: the cash desk (the gateway) pays the patient's part."""
        pool = self.model.pools.get(number)
        if pool is None or milestone >= len(pool.milestones):
            return
        office = self.offices[pool.ngo]
        voucher = office.voucher(number, milestone, max_part=25 * UNIT, salt=bytes([salt]) * 32)
        bill = Bill(self.w.relayer, own, part)
        id_, where = office.id_of(voucher), (number, milestone)

        def modelled(now: int) -> None:
            self.model.redeem(now, where, id_, self.w.gateway, (self.w.relayer, own, part))

        self.both(number, lambda: office.redeem(voucher, bill, self.w.gateway), modelled)

    @rule(number=st.sampled_from([2, 2, 4]), milestone=st.just(0))
    def expires_vouchers(self, number: int, milestone: int) -> None:
        if number not in self.model.pools:
            return
        call = self.of("vouchers", self.w.stranger, "expire", number, milestone)
        self.both(number, call, lambda now: self.model.expire_vouchers(now, (number, milestone)))


MUST_SEE = FUND_MUST_SEE | {
    *("Matched", "Locked", "Withdrawn", "Pledged", "Collected", "CollectionFailed", "collected", "not due"),
    *("pool closed", "RoundSealed", "RoundOpened", "Delivered"),
    *("RoundExpired", "VoucherRedeemed", "VouchersExpired", "PledgePaused", "PledgeStopped"),
}
MUST_SEE_IN_TIME = {"cap reached", "no balance", "no allowance", "paused", "stopped", "unknown", "AlreadyClaimed"}
