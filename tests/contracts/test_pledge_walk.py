"""Rule 9, over random time and random calls: a pledge never surprises. Beside it, an exact model of the book.

After every call: the contract did what the model says, or refused as the model says; its storage is what the model
holds and what its events say. And over the whole of a pledge's life, from its collections alone: no two in a period,
none before its first or after its last second, none while it was paused or after it was stopped, never more than the
cap or oftener than `times`, and no more than one a period that has begun. `MOA_LONG=1` walks further.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from months import add_months, months_since
from pledging import DAY, LIVE, MONTH, PAUSED, REASONS, STOPPED, Pledges, Row, Terms
from test_pledges import open_ended
from world import UNIT, RefusedError, World

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = bool(os.environ.get("MOA_LONG"))
DAYS = 86400
LENGTH = {0: DAYS, 1: 7 * DAYS}
WHO = st.sampled_from(["donor1", "donor1", "donor2", "donor3"])
IDS = st.lists(st.integers(1, 12), min_size=1, max_size=8)
MUST_SEE = {
    *("pledged", "collected", "unknown", "stopped", "paused", "ended", "not due", "cap reached", "pool closed"),
    *(
        "no allowance",
        "no balance",
        "NotTheDonor",
        "PledgeIs",
        "BadTerms",
        "NotAccepting",
        "skipped",
        "lowered",
        "NextPeriodIs",
    ),
    *("NextPeriodIs", "PledgeStopped", "PledgePaused", "PledgeResumed", "missed", "carried over"),
}


def period_at(kind: int, first: int, now: int) -> int:
    """Return the period that a moment lies in."""
    return months_since(first, now) if kind == MONTH else (now - first) // LENGTH[kind]


def start_of(kind: int, first: int, period: int) -> int:
    """Return the first second of a period."""
    return add_months(first, period) if kind == MONTH else first + period * LENGTH[kind]


@dataclass
class Pledge:
    """A pledge as the model holds it, and its life so far."""

    donor: str
    terms: Terms
    amount: int
    cap: int
    state: int = LIVE
    next_period: int = 0
    #: When, for which period, how much.
    taken: list[tuple[int, int, int]] = field(default_factory=list)
    #: When it was paused or stopped, and until when.
    rests: list[list[int]] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)
    #: When the next period of the pledge begins whose place it took, if that one collected or skipped any.
    since: int = 0

    @property
    def collected(self) -> int:
        """All that was collected."""
        return sum(amount for *_, amount in self.taken)

    def storage(self) -> dict[str, Any]:
        """Return what the contract must hold."""
        t = self.terms
        return {
            **{"donor": self.donor, "amount": self.amount, "pool": t.pool, "firstDue": t.first_due},
            **{"lastDue": t.last_due, "nextPeriod": self.next_period, "times": t.times},
            **{"collections": len(self.taken), "cap": self.cap, "collected": self.collected},
            **{"period": t.period, "state": self.state},
        }

    def refuses(self, now: int) -> str | None:
        """Return why nothing can be collected, as far as the pledge itself knows."""
        t = self.terms
        if self.state != LIVE:
            return "paused" if self.state == PAUSED else "stopped"
        if (t.last_due and now > t.last_due) or (t.times and len(self.taken) == t.times):
            return "ended"
        if now < t.first_due or period_at(t.period, t.first_due, now) < self.next_period:
            return "not due"
        return "cap reached" if self.collected + self.amount > self.cap else None

    def period(self, now: int) -> int:
        """Return the first period that could still be collected."""
        t = self.terms
        return max(self.next_period, period_at(t.period, t.first_due, now) if now >= t.first_due else 0)

    def due(self, now: int) -> int:
        """Return when the next amount falls due, 0 if none does: searched period by period."""
        t = self.terms
        if self.state != LIVE or (t.times and len(self.taken) == t.times) or self.collected + self.amount > self.cap:
            return 0
        period = self.period(now)
        due = start_of(t.period, t.first_due, period)
        return 0 if t.last_due and max(due, now) > t.last_due else due

    def come_after(self, old: Pledge) -> None:
        """Begin with the first period that begins when the old one's next would have, or later: searched."""
        if old.next_period == 0:
            return
        self.since = start_of(old.terms.period, old.terms.first_due, old.next_period)
        while start_of(self.terms.period, self.terms.first_due, self.next_period) < self.since:
            self.next_period += 1

    def check_life(self, now: int) -> None:
        """Rule 9, from the collections alone."""
        t = self.terms
        periods = [period for _, period, _ in self.taken]
        assert len(set(periods)) == len(periods)
        assert periods == sorted(periods)
        assert not self.skipped & set(periods)
        begun = period_at(t.period, t.first_due, now) + 1 if now >= t.first_due else 0
        assert len(periods) <= begun
        assert self.collected <= self.cap <= t.cap
        assert not t.times or len(periods) <= t.times
        for time, period, amount in self.taken:
            assert start_of(t.period, t.first_due, period) <= time < start_of(t.period, t.first_due, period + 1)
            assert t.first_due <= time <= (t.last_due or time)
            assert amount <= t.amount
            assert time >= self.since
            assert not any(since < time <= until for since, until in self.rests)


class Walk(RuleBasedStateMachine):
    """One walk."""

    w: ClassVar[World]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.before = self.w.node.rpc("evm_snapshot")
        w = self.w
        self.pledges = Pledges(w, w.deploy("PledgeBook", w.fund.address))
        self.book = self.pledges.book
        self.model: dict[int, Pledge] = {}
        self.replayed: dict[int, dict[str, Any]] = {}
        self.money = {w.addresses[who]: 0 for who in ("donor1", "donor2", "donor3")}
        self.allowed = dict.fromkeys(self.money, 0)
        self.raised: dict[int, int] = {}
        self.accepts: dict[int, int] = {}

    def teardown(self) -> None:
        for pledge in self.model.values():
            pledge.check_life(self.w.node.now)
        self.w.node.rpc("evm_revert", self.before)

    @initialize()
    def begin(self) -> None:
        """Two pools, one of which soon takes no more; donors with little, so that some of it fails."""
        w = self.w
        pools = open_ended(w), w.open_pool(fundingDeadline=w.node.now + 50 * DAYS)
        for pool in pools:
            self.raised[pool], self.accepts[pool] = 0, w.pool(pool)["acceptsUntil"]
        w.mint(w.donor3, 40 * UNIT)
        self.money = {donor: w.balance(donor) for donor in self.money}
        for who in ("donor1", "donor2"):
            self.allows(who, 500)
        for who, pool in (("donor1", 1), ("donor2", 2), ("donor3", 1)):
            usual = {"amount": 5, "period": DAY, "first": 0, "last": 0, "times": 0, "cap": 16, "replaces": 0}
            self.pledges_(who=who, pool=pool, **usual, signed=True)

    def both(self, call: Callable[[], dict[str, Any]], refused: str | None) -> list[tuple[str, dict[str, Any]]] | None:
        """Do it on the chain: it must go through, or be refused, as the model says."""
        try:
            told = self.w.events(call(), self.book)
        except RefusedError as error:
            told, outcome = None, error.name
        else:
            outcome = None
        assert outcome == refused
        if told is None:
            self.seen[str(outcome)] += 1
            return None
        for name, event in told:
            self.replay(name, dict(event))
        return told

    def replay(self, name: str, event: dict[str, Any]) -> None:
        """Rule 7: make the storage from the events alone."""
        if name == "Pledged":
            fields = ("donor", "amount", "pool", "firstDue", "lastDue", "times", "cap", "period")
            fresh = {"nextPeriod": 0, "collections": 0, "collected": 0, "state": LIVE}
            self.replayed[event["pledge"]] = {name: event[name] for name in fields} | fresh
        elif name == "Collected":
            place = event["start"]
            for row in map(Row.of, event["rows"]):
                stored = self.replayed[row.pledge]
                assert (row.start, row.amount, stored["pool"]) == (place, stored["amount"], event["pool"])
                stored["nextPeriod"] = row.period + 1
                stored["collections"] += 1
                stored["collected"] += row.amount
                place += row.amount
            assert place == event["start"] + event["amount"]
        elif name != "CollectionFailed":
            stored = self.replayed[event["pledge"]]
            assert stored["donor"] == event["donor"]
            states = {"PledgePaused": PAUSED, "PledgeResumed": LIVE, "PledgeStopped": STOPPED}
            if name in states:
                stored["state"] = states[name]
            elif name == "PledgeSkipped":
                stored["nextPeriod"] = event["period"] + 1
            else:
                stored |= {"amount": event["amount"], "cap": event["cap"]}
        self.seen[name] += 1

    def check(self) -> None:
        """Storage, events, balances and the next due times are what the model holds."""
        w, now = self.w, self.w.node.now
        asked = [(self.book, "pledgeOf", number) for number in self.model]
        found = w.see_all(asked) if asked else []
        assert dict(zip(self.model, found, strict=True)) == {n: p.storage() for n, p in self.model.items()}
        assert self.replayed == {n: p.storage() for n, p in self.model.items()}
        due = w.see_all([(self.book, "nextDue", number) for number in self.model]) if asked else []
        assert due == [p.due(now) for p in self.model.values()]
        following = w.see_all([(self.book, "nextPeriodOf", number) for number in self.model]) if asked else []
        periods = [(p.terms, p.period(now)) for p in self.model.values()]
        assert following == [(period, start_of(t.period, t.first_due, period)) for t, period in periods]
        assert {donor: w.balance(donor) for donor in self.money} == self.money
        assert w.balance(self.book.address) == 0
        assert {pool: w.pool(pool)["raised"] for pool in self.raised} == self.raised

    # ---- what donors do

    @rule(
        who=WHO,
        pool=st.sampled_from([1, 1, 2, 3]),
        amount=st.sampled_from([1, 1, 3, 5, 8, 0]),
        period=st.integers(0, 2),
        first=st.sampled_from([-400, -45, 0, 0, 0, 3]),
        last=st.sampled_from([0, 0, 0, 20, 90]),
        times=st.sampled_from([0, 0, 1, 2, 5]),
        cap=st.sampled_from([60, 16, 8, 4]),
        replaces=st.sampled_from([0, 0, 0, 1, 2, 4]),
        signed=st.booleans(),
    )
    def pledges_(
        self, *, who: str, pool: int, amount: int, period: int, first: int, last: int, times: int, cap: int,
        replaces: int, signed: bool,
    ) -> None:  # fmt: skip
        w, donor = self.w, self.w.addresses[who]
        now = w.node.now + 1
        terms = Terms(pool, amount, period, now + first * DAYS, last and now + last * DAYS, times, cap, replaces)
        old = self.model.get(replaces)
        refused = None
        if now > self.accepts.get(pool, 0):
            refused = "NotAccepting"
        elif amount == 0 or cap < amount or (last and last < first):
            refused = "BadTerms"
        elif replaces and (old is None or old.donor != donor):
            refused = "NotTheDonor"
        elif old and old.state == STOPPED:
            refused = "PledgeIs"
        call: Callable[[], Any] = lambda: w.do(donor, self.book, "pledge", terms.values())  # noqa: E731
        if signed:
            signature = self.pledges.sign(w.keys[who], donor, terms)
            call = lambda: self.pledges.hand_in(donor, terms, signature)  # noqa: E731
        if self.both(call, refused) is not None:
            new = self.model[len(self.model) + 1] = Pledge(donor, terms, amount, cap)
            if old:
                self.rest(old, STOPPED)
                new.come_after(old)
                self.seen["carried over"] += new.next_period > 0
            if signed:
                self.allowed[donor] += cap
            self.seen["pledged"] += 1
        self.check()

    def rest(self, pledge: Pledge, state: int) -> None:
        """Note a pause or a stop, or the end of a pause."""
        now = self.w.node.now
        if pledge.state == PAUSED:
            pledge.rests[-1][1] = now
        if state != LIVE:
            pledge.rests.append([now, 2**63])
        pledge.state = state

    @rule(
        who=WHO,
        number=st.integers(1, 4),
        what=st.sampled_from(["pause", "pause", "resume", "resume", "skip", "stop"]),
        owner=st.sampled_from([True, True, False]),
        again=st.booleans(),
    )
    def changes(self, who: str, number: int, what: str, owner: bool, again: bool) -> None:
        """A change; perhaps a try to collect all at once, and a pause may end after some days."""
        if what == "skip":
            self.change(who, number, what, owner=owner, off=1)
        self.change(who, number, what, owner=owner)
        if again:
            self.collects([number], True)
        if again and what == "pause":
            self.waits(6, 0, 0)
            self.change(who, number, "resume", owner=owner)

    def change(self, who: str, number: int, what: str, *, owner: bool, off: int = 0) -> None:
        """Let somebody change a pledge; `off`: and skip another period than the next one."""
        pledge = self.model.get(number)
        sender = pledge.donor if pledge and owner else self.w.addresses[who]
        refused = None
        if pledge is None or pledge.donor != sender:
            refused = "NotTheDonor"
        elif pledge.state == STOPPED or {"pause": PAUSED, "resume": LIVE}.get(what) == pledge.state:
            refused = "PledgeIs"
        period, more = pledge.period(self.w.node.now + 1) if pledge else 0, ()
        if what == "skip":
            more = (period + off,)
            refused = refused or ("NextPeriodIs" if off else None)
        if self.both(lambda: self.w.do(sender, self.book, what, number, *more), refused) is not None:
            assert pledge
            if what == "skip":
                pledge.skipped.add(period)
                pledge.next_period = period + 1
                self.seen["skipped"] += 1
            else:
                self.rest(pledge, {"pause": PAUSED, "resume": LIVE, "stop": STOPPED}[what])
        self.check()

    @rule(number=st.integers(1, 4), amount=st.integers(0, 8), cap=st.integers(0, 60))
    def lowers(self, number: int, amount: int, cap: int) -> None:
        pledge = self.model.get(number)
        sender = pledge.donor if pledge else self.w.donor1
        refused = None
        if pledge is None:
            refused = "NotTheDonor"
        elif pledge.state == STOPPED:
            refused = "PledgeIs"
        elif not 0 < amount <= pledge.amount or cap > pledge.cap:
            refused = "BadTerms"
        if self.both(lambda: self.w.do(sender, self.book, "lower", number, amount, cap), refused) is not None:
            assert pledge
            pledge.amount, pledge.cap = amount, max(cap, pledge.collected)
            self.seen["lowered"] += 1
        self.check()

    @rule(who=WHO, amount=st.sampled_from([0, 4, 30, 500]))
    def allows(self, who: str, amount: int) -> None:
        donor = self.w.addresses[who]
        self.w.do(donor, self.w.token, "approve", self.book.address, amount)
        self.allowed[donor] = amount

    @rule(rest=st.sampled_from([0, 3, 50]), back=st.booleans())
    def spends(self, rest: int, back: bool) -> None:
        """Donor3 runs out of money, or gets some."""
        w = self.w
        if back and w.balance(w.stranger) >= 20:
            w.do(w.stranger, w.token, "transfer", w.donor3, 20)
            self.money[w.donor3] += 20
        elif self.money[w.donor3] > rest:
            w.do(w.donor3, w.token, "transfer", w.stranger, self.money[w.donor3] - rest)
            self.money[w.donor3] = rest

    # ---- what keepers and time do

    @rule(ids=IDS, everything=st.booleans())
    def collects(self, ids: list[int], everything: bool) -> None:
        if everything:
            ids = [*self.model, *ids]
        told = self.both(lambda: self.w.do(self.w.relayer, self.book, "collect", ids), None)
        said: dict[int, list[str]] = {}
        for name, event in told or []:
            if name == "Collected":
                for row in map(Row.of, event["rows"]):
                    said.setdefault(row.pledge, []).insert(0, "collected")
            else:
                said.setdefault(event["pledge"], []).append(REASONS[event["reason"]])
        outcome = [said[i].pop(0) for i in ids]
        assert not any(said.values())
        assert outcome == [self.modelled(i, self.w.node.now) for i in ids]
        self.seen.update(outcome)
        self.check()

    def modelled(self, number: int, now: int) -> str:
        """Collect one pledge in the model."""
        pledge = self.model.get(number)
        if pledge is None:
            return "unknown"
        donor, amount, t = pledge.donor, pledge.amount, pledge.terms
        if reason := pledge.refuses(now):
            return reason
        if now > self.accepts[t.pool]:
            return "pool closed"
        if self.allowed[donor] < amount:
            return "no allowance"
        if self.money[donor] < amount:
            return "no balance"
        period = period_at(t.period, t.first_due, now)
        self.seen["missed"] += period > pledge.next_period
        pledge.taken.append((now, period, amount))
        pledge.next_period = period + 1
        self.allowed[donor] -= amount
        self.money[donor] -= amount
        self.raised[t.pool] += amount
        return "collected"

    @rule(days=st.sampled_from([0, 0, 1, 6, 31, 100]), which=st.integers(0, 30), late=st.integers(-1, 0))
    def waits(self, days: int, which: int, late: int) -> None:
        """Some days, or so that the next call comes in the last second of a period or in the first of the next."""
        now = self.w.node.now
        seams = {p.due(now) for p in self.model.values()} | {p.terms.last_due + 1 for p in self.model.values()}
        ahead = sorted(seam for seam in seams if now + 2 < seam < now + 100 * DAYS)
        self.w.node.go_to(ahead[which % len(ahead)] - 1 + late if ahead and not days else now + days * DAYS + 1)

    @rule(times=st.integers(1, 5), which=st.integers(0, 30), late=st.integers(-1, 0))
    def lives_on(self, times: int, which: int, late: int) -> None:
        """Some periods go by, and a keeper comes at the seams."""
        for _ in range(times):
            self.waits(0, which, late)
            self.collects([1], True)


@pytest.mark.timeout(7200 if LONG else 600)
def test_rule_9_a_pledge_never_surprises(swift: World) -> None:
    Walk.w, Walk.seen = swift, Counter()
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=300 if LONG else 25,
            stateful_step_count=60 if LONG else 30,
            derandomize=not LONG,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=HealthCheck.all(),
        ),
    )
    missing = MUST_SEE - set(Walk.seen)
    assert not missing, Walk.seen
