"""PledgeBook: how a donor pledges, changes and ends it, and what keepers can collect.

pledge, pledgeBySignature
├── when the pool takes no gifts, or is unknown: NotAccepting
├── when the terms cannot be: BadTerms
├── when it replaces a pledge of another donor, or a stopped one: NotTheDonor, PledgeIs
├── by signature: see test_pledge_signatures.py
└── else it is live and told; the one that it replaces is stopped
pause, resume, skip, lower, stop
├── by anyone but the donor: NotTheDonor
├── when the state does not allow it: PledgeIs; when anything would become more: BadTerms
└── else it holds from this moment on
collect
├── each pledge that cannot be collected is told with its reason, and the others are collected
├── one amount in a period, from its first second to its last; missed periods are not made up for
├── never above the cap, over `times`, before `firstDue`, after `lastDue`, after a stop
├── the gifts are the donors', at consecutive places; the book keeps nothing
└── a pool whose token or fund refuses the run fails alone
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import accredit
from months import add_months, at
from pledging import DAY, LIVE, MONTH, PAUSED, STOPPED, WEEK, Pledges, Row, Terms
from refusals import reverts
from world import MAX63, NEVER, TOKEN_KIND, UNIT, ZERO, RefusedError, World

if TYPE_CHECKING:
    from world import Contract

pytestmark = pytest.mark.swift
HOURS = 3600
DAYS = 86400
GIFT = 5 * UNIT
BEGIN = at(2026, 3, 31, 12)


@pytest.fixture
def pledges(w: World) -> Pledges:
    """The book; donor1 and donor2 have tokens, and let it take them."""
    book = w.deploy("PledgeBook", w.fund.address)
    for donor in (w.donor1, w.donor2):
        w.do(donor, w.token, "approve", book.address, 10**11)
    return Pledges(w, book)


@pytest.fixture
def pool(w: World) -> int:
    """A pool that takes gifts for many years."""
    return open_ended(w)


def open_ended(w: World, **changes: Any) -> int:
    """Open a pool that takes gifts for many years."""
    plan = {"openEnded": True, "fundingDeadline": 0, "fundingThreshold": 0}
    plan["milestones"] = [(w.payee, 100 * UNIT, w.node.now + 9000 * DAYS)]
    return w.open_pool(**plan | changes)


def other_token(w: World, kind: str, book: Contract, *args: Any) -> tuple[Contract, int]:
    """Accredit another token, give it to donor1, and open a pool in it."""
    token = w.deploy(kind, *args)
    accredit(w, token.address, TOKEN_KIND, kind)
    w.do(w.donor1, token, "mint", w.donor1, 10**12)
    w.do(w.donor1, token, "approve", book.address, 10**12)
    return token, open_ended(w, token=token.address)


def gifts(w: World, pool: int, *starts: int) -> list[tuple[str, int]]:
    """Return who gave what at these places."""
    found = w.see_all([(w.fund, "giftAt", pool, start) for start in starts])
    return [(g["donor"], g["amount"]) for g in found]


class TestPledging:
    def test_it_is_stored_and_told(self, w: World, pledges: Pledges, pool: int) -> None:
        terms = Terms(pool, GIFT, WEEK, BEGIN, BEGIN + 99 * DAYS, 7, 60 * UNIT)
        receipt = w.do(w.donor1, pledges.book, "pledge", terms.values())
        said = {"pledge": 1, "donor": w.donor1, "pool": pool, "token": w.token.address, "amount": GIFT, "period": WEEK}
        said |= {"firstDue": BEGIN, "lastDue": BEGIN + 99 * DAYS, "times": 7, "cap": 60 * UNIT, "replaces": 0}
        assert w.events(receipt, pledges.book) == [("Pledged", said | {"caller": w.donor1})]
        stored = {"donor": w.donor1, "amount": GIFT, "pool": pool, "firstDue": BEGIN, "lastDue": BEGIN + 99 * DAYS}
        stored |= {"nextPeriod": 0, "times": 7, "collections": 0, "cap": 60 * UNIT, "collected": 0, "period": WEEK}
        assert pledges.of(1) == stored | {"state": LIVE}
        assert pledges.make(w.donor2, Terms(pool)) == 2
        assert pledges.of(3)["donor"] == ZERO

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"amount": 0}, "amount: zero"),
            ({"cap": GIFT - 1}, "cap: less than one amount"),
            ({"cap": 0}, "cap: less than one amount"),
            ({"cap": MAX63 + 1}, "cap: more than 2^63 - 1"),
            ({"last_due": BEGIN - 1}, "lastDue: before firstDue"),
            ({"first_due": 0, "last_due": 1}, "lastDue: past"),
        ],
    )
    def test_terms_that_cannot_be(self, w: World, pledges: Pledges, pool: int, changes: Any, reason: str) -> None:
        terms = replace(Terms(pool, first_due=BEGIN), **changes)
        with reverts("BadTerms", reason):
            pledges.make(w.donor1, terms)

    def test_terms_at_their_limits(self, w: World, pledges: Pledges, pool: int) -> None:
        now = w.node.now + 10
        for i, terms in enumerate(
            (
                Terms(pool, GIFT, cap=GIFT),
                Terms(pool, MAX63, cap=MAX63),
                Terms(pool, first_due=NEVER, last_due=NEVER, times=2**16 - 1),
                Terms(pool, first_due=now, last_due=now),
            )
        ):
            pledges.make(w.donor1, terms, at=now if i == 3 else None)

    def test_a_period_that_is_none_and_times_beyond_their_bits(self, w: World, pledges: Pledges, pool: int) -> None:
        values = list(Terms(pool).values())
        call = pledges.book.call("pledge", tuple(values))
        words = bytes.fromhex(call["data"][2:])
        for field, value in ((2, 3), (5, 2**16), (1, 2**64)):
            data = words[: 4 + 32 * field] + value.to_bytes(32) + words[36 + 32 * field :]
            with pytest.raises(RefusedError):
                w.node.send(call | {"data": "0x" + data.hex()}, w.donor1)

    def test_a_pool_that_takes_no_gifts(self, w: World, pledges: Pledges, pool: int) -> None:
        for unknown in (0, pool + 1, 2**32 + pool):
            with reverts("NotAccepting", unknown, 0):
                pledges.make(w.donor1, Terms(unknown))
        w.do(w.pauser, w.fund, "pause", pool)
        with reverts("NotAccepting", pool, 0):
            pledges.make(w.donor1, Terms(pool))
        short = w.open_pool()
        until = w.pool(short)["acceptsUntil"]
        pledges.make(w.donor1, Terms(short), at=until)
        with reverts("NotAccepting", short, until):
            pledges.make(w.donor1, Terms(short))

    def test_a_new_one_in_place_of_an_old_one(self, w: World, pledges: Pledges, pool: int) -> None:
        old = pledges.make(w.donor1, Terms(pool))
        receipt = w.do(w.donor1, pledges.book, "pledge", Terms(pool, 2 * GIFT, replaces=old).values())
        told = w.events(receipt, pledges.book)
        assert [(name, event["pledge"]) for name, event in told] == [("PledgeStopped", old), ("Pledged", old + 1)]
        assert pledges.of(old)["state"] == STOPPED
        assert pledges.outcome(old, old + 1) == ["stopped", "collected"]
        with reverts("PledgeIs", old, STOPPED):
            pledges.make(w.donor1, Terms(pool, replaces=old))

    def test_a_raise_takes_no_period_twice(self, w: World, pledges: Pledges, pool: int) -> None:
        """Not what the old one collected, with the same first day; nor what it skipped; nor in another pool."""
        w.node.go_to(BEGIN)
        collected, skipped, moved = (pledges.make(w.donor1, Terms(pool, first_due=BEGIN)) for _ in range(3))
        assert pledges.outcome(collected, moved) == ["collected"] * 2
        pledges.do(w.donor1, "skip", skipped, 0)
        w.node.wait(10 * DAYS)
        other, new = open_ended(w), []
        for old, at_pool in ((collected, pool), (skipped, pool), (moved, other)):
            terms = Terms(at_pool, 6 * UNIT, first_due=BEGIN, replaces=old)
            receipt = w.do(w.donor1, pledges.book, "pledge", terms.values())
            new.append(pledges.count)
            said = {"pledge": new[-1], "donor": w.donor1, "period": 0}
            assert w.events(receipt, pledges.book)[2:] == [("PledgeSkipped", said)]
        due = at(2026, 4, 30, 12)
        assert pledges.outcome(*new, at=due - 1) == ["not due"] * 3
        assert pledges.outcome(*new, at=due) == ["collected"] * 3

    def test_a_raise_that_a_keeper_hands_in_late(self, w: World, pledges: Pledges, pool: int) -> None:
        """It waits for April, lets the old one take it, and hands in the new one, which is of April as well."""
        march, april, may = (at(2026, month, 15, 12) for month in (3, 4, 5))
        w.node.go_to(march)
        old = pledges.by_signature("donor1", Terms(pool, first_due=march))
        assert pledges.outcome(old) == ["collected"]
        terms = Terms(pool, 6 * UNIT, first_due=april, replaces=old)
        signature = pledges.sign(w.keys["donor1"], w.donor1, terms)
        assert pledges.outcome(old, at=april) == ["collected"]
        pledges.hand_in(w.donor1, terms, signature)
        assert pledges.outcome(pledges.count, at=may - 1) == ["not due"]
        assert pledges.outcome(pledges.count, at=may) == ["collected"]

    @pytest.mark.parametrize(
        "case",
        [
            (MONTH, MONTH, 0, 2),  # taken: from 31 March and 30 April, both at noon; the next begins on 31 May
            (MONTH, MONTH, 1, 2),
            (MONTH, MONTH, -1, 3),
            (MONTH, MONTH, 61 * DAYS, 0),
            (MONTH, MONTH, 61 * DAYS - 1, 1),
            (MONTH, WEEK, 0, 9),
            (MONTH, DAY, 0, 61),
            (MONTH, DAY, -1, 62),
            (DAY, MONTH, 0, 2),  # taken: until 1 May, at noon
            (DAY, MONTH, 31 * DAYS, 0),
            (WEEK, DAY, 0, 35),  # until 5 May
            (WEEK, WEEK, -3 * DAYS, 6),
            (DAY, DAY, 31 * DAYS + 1, 0),
        ],
    )
    def test_where_a_raise_begins(self, w: World, pledges: Pledges, pool: int, case: tuple[int, int, int, int]) -> None:
        old, new, shift, first = case
        before = pledges.make(w.donor1, Terms(pool, period=old, first_due=BEGIN))
        assert pledges.outcome(before, at=at(2026, 4, 30, 12)) == ["collected"]
        after = pledges.make(w.donor1, Terms(pool, period=new, first_due=BEGIN + shift, replaces=before))
        assert pledges.of(after)["nextPeriod"] == first

    def test_a_raise_of_what_took_nothing_begins_at_once(self, w: World, pledges: Pledges, pool: int) -> None:
        old = pledges.make(w.donor1, Terms(pool, first_due=BEGIN + 9 * DAYS))
        receipt = w.do(w.donor1, pledges.book, "pledge", Terms(pool, first_due=BEGIN, replaces=old).values())
        assert [name for name, _ in w.events(receipt, pledges.book)] == ["PledgeStopped", "Pledged"]
        assert pledges.outcome(old + 1, at=BEGIN) == ["collected"]

    def test_a_raise_of_a_raise(self, w: World, pledges: Pledges, pool: int) -> None:
        w.node.go_to(BEGIN)
        numbers = [pledges.make(w.donor1, Terms(pool, first_due=BEGIN))]
        assert pledges.outcome(numbers[0]) == ["collected"]
        for _ in range(3):
            numbers.append(pledges.make(w.donor1, Terms(pool, first_due=BEGIN, replaces=numbers[-1])))
        assert pledges.outcome(*numbers) == ["stopped"] * 3 + ["not due"]
        assert pledges.of(numbers[0])["nextPeriod"] == pledges.of(numbers[-1])["nextPeriod"] == 1

    def test_a_raise_after_centuries_of_skips(self, w: World, pledges: Pledges, pool: int) -> None:
        """Its periods are more than the book can count: it begins with the last one, which never comes."""
        old = pledges.make(w.donor1, Terms(pool, first_due=NEVER))
        for period in range(530):
            pledges.do(w.donor1, "skip", old, period)
        new = pledges.make(w.donor1, Terms(pool, period=DAY, replaces=old))
        assert pledges.of(new)["nextPeriod"] == 2**16 - 1
        assert pledges.outcome(new) == ["not due"]

    def test_nobody_replaces_the_pledge_of_another(self, w: World, pledges: Pledges, pool: int) -> None:
        old = pledges.make(w.donor1, Terms(pool))
        for unowned in (old, old + 1):
            with reverts("NotTheDonor", unowned, w.donor2):
                pledges.make(w.donor2, Terms(pool, replaces=unowned))

    def test_it_knows_its_fund(self, w: World, pledges: Pledges) -> None:
        assert w.see(pledges.book, "FUND").lower() == w.fund.address.lower()


class TestTheDonorsHand:
    CALLS = (("pause",), ("resume",), ("skip", 0), ("lower", 1, UNIT), ("stop",))

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
    def test_nobody_else_may(self, w: World, pledges: Pledges, pool: int, call: tuple[Any, ...]) -> None:
        pledge = pledges.make(w.donor1, Terms(pool))
        before = pledges.of(pledge)
        for who in (w.donor2, w.ngo, w.operator, w.admin, w.pauser, w.registrar, w.gateway, w.stranger, w.deployer):
            for number in (pledge, pledge + 1, 0):
                with reverts("NotTheDonor", number, who):
                    pledges.do(who, call[0], number, *call[1:])
        assert pledges.of(pledge) == before

    def test_a_pause_and_its_end(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY))
        with reverts("PledgeIs", pledge, LIVE):
            pledges.do(w.donor1, "resume", pledge)
        assert pledges.do(w.donor1, "pause", pledge) == [("PledgePaused", {"pledge": pledge, "donor": w.donor1})]
        with reverts("PledgeIs", pledge, PAUSED):
            pledges.do(w.donor1, "pause", pledge)
        w.node.wait(10 * DAYS)
        assert pledges.outcome(pledge) == ["paused"]
        assert pledges.do(w.donor1, "resume", pledge) == [("PledgeResumed", {"pledge": pledge, "donor": w.donor1})]
        assert pledges.outcome(pledge) == ["collected"]
        assert pledges.outcome(pledge) == ["not due"]
        assert pledges.of(pledge)["collected"] == GIFT

    def test_a_pause_gives_no_second_amount_in_a_period(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool))
        assert pledges.outcome(pledge) == ["collected"]
        pledges.do(w.donor1, "pause", pledge)
        pledges.do(w.donor1, "resume", pledge)
        assert pledges.outcome(pledge) == ["not due"]

    def test_a_stop_is_for_ever(self, w: World, pledges: Pledges, pool: int) -> None:
        for paused in (False, True):
            pledge = pledges.make(w.donor1, Terms(pool))
            if paused:
                pledges.do(w.donor1, "pause", pledge)
            assert pledges.do(w.donor1, "stop", pledge) == [("PledgeStopped", {"pledge": pledge, "donor": w.donor1})]
            assert pledges.outcome(pledge) == ["stopped"]
            for call in self.CALLS:
                with reverts("PledgeIs", pledge, STOPPED):
                    pledges.do(w.donor1, call[0], pledge, *call[1:])

    def test_lower(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, cap=20 * UNIT))
        assert pledges.outcome(pledge) == ["collected"]
        for amount, cap, reason in (
            (GIFT + 1, 20 * UNIT, "amount: more than before"),
            (GIFT, 20 * UNIT + 1, "cap: more than before"),
            (0, 20 * UNIT, "amount: zero"),
        ):
            with reverts("BadTerms", reason):
                pledges.do(w.donor1, "lower", pledge, amount, cap)
        told = pledges.do(w.donor1, "lower", pledge, UNIT, GIFT + 2 * UNIT)
        assert told == [
            ("PledgeLowered", {"pledge": pledge, "donor": w.donor1, "amount": UNIT, "cap": GIFT + 2 * UNIT})
        ]
        taken = []
        for _ in range(4):
            w.node.wait(DAYS)
            taken += pledges.outcome(pledge)
        assert taken == ["collected", "collected", "cap reached", "cap reached"]
        assert pledges.of(pledge)["collected"] == 7 * UNIT
        pledges.do(w.donor1, "lower", pledge, UNIT, 7 * UNIT)

    def test_a_cap_below_what_was_collected_ends_it(self, w: World, pledges: Pledges, pool: int) -> None:
        """As where a keeper's call came just before: the amount is lowered all the same, and nothing more is taken."""
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY))
        assert pledges.outcome(pledge) == ["collected"]
        told = pledges.do(w.donor1, "lower", pledge, UNIT, GIFT - 1)
        said = {"pledge": pledge, "donor": w.donor1, "amount": UNIT, "cap": GIFT}
        assert told == [("PledgeLowered", said)]
        assert pledges.outcome(pledge, at=w.node.now + DAYS) == ["cap reached"]
        assert (pledges.of(pledge)["amount"], pledges.of(pledge)["cap"]) == (UNIT, GIFT)

    def test_skip(self, w: World, pledges: Pledges, pool: int) -> None:
        start = w.node.now + 100
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, first_due=start))
        said = {"pledge": pledge, "donor": w.donor1}
        assert pledges.do(w.donor1, "skip", pledge, 0) == [("PledgeSkipped", said | {"period": 0})]
        assert pledges.outcome(pledge, at=start + DAYS - 1) == ["not due"]
        assert pledges.outcome(pledge, at=start + DAYS) == ["collected"]
        assert pledges.do(w.donor1, "skip", pledge, 2) == [("PledgeSkipped", said | {"period": 2})]
        assert pledges.do(w.donor1, "skip", pledge, 3) == [("PledgeSkipped", said | {"period": 3})]
        assert pledges.outcome(pledge, at=start + 4 * DAYS - 1) == ["not due"]
        assert pledges.outcome(pledge, at=start + 4 * DAYS) == ["collected"]
        told = pledges.do(w.donor1, "skip", pledge, 9, at=start + 9 * DAYS)
        assert told == [("PledgeSkipped", said | {"period": 9})]
        assert pledges.of(pledge)["collections"] == 2

    def test_a_skip_of_another_period_than_the_next(self, w: World, pledges: Pledges, pool: int) -> None:
        """A keeper's call that came before it does not make it skip the period after."""
        start = w.node.now + 100
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, first_due=start))
        assert w.see(pledges.book, "nextPeriodOf", pledge) == (0, start)
        assert pledges.outcome(pledge, at=start) == ["collected"]
        assert w.see(pledges.book, "nextPeriodOf", pledge) == (1, start + DAYS)
        for period in (0, 2, 2**16 - 1):
            with reverts("NextPeriodIs", pledge, 1):
                pledges.do(w.donor1, "skip", pledge, period)
        w.node.go_to(start + 5 * DAYS)
        with reverts("NextPeriodIs", pledge, 5):
            pledges.do(w.donor1, "skip", pledge, 1)
        pledges.do(w.donor1, "stop", pledge)
        assert w.see(pledges.book, "nextPeriodOf", pledge) == (5, start + 5 * DAYS)
        assert w.see(pledges.book, "nextPeriodOf", pledge + 1) == (0, 0)


class TestCollecting:
    def test_the_gift_is_the_donors_and_all_is_told(self, w: World, pledges: Pledges, pool: int) -> None:
        w.give(pool, 7)
        first = w.node.now - 40 * DAYS
        one = pledges.make(w.donor1, Terms(pool, 3, DAY, first))
        two = pledges.make(w.donor2, Terms(pool, 4, WEEK, first))
        before = [w.balance(who) for who in (w.donor1, w.donor2, w.fund.address)]
        receipt = w.do(w.stranger, pledges.book, "collect", [two, one])
        told = w.events(receipt, pledges.book)
        rows = [Row(two, 5, 7, 4), Row(one, 40, 11, 3)]
        ((name, event),) = told
        assert (name, [Row.of(row) for row in event.pop("rows")]) == ("Collected", rows)
        assert event == {"pool": pool, "keeper": w.stranger, "token": w.token.address, "amount": 7, "start": 7}
        assert gifts(w, pool, 7, 11) == [(w.donor2, 4), (w.donor1, 3)]
        names = [name for name, _ in w.events(receipt)]
        assert names.count("Contributed") == 2
        after = [w.balance(who) for who in (w.donor1, w.donor2, w.fund.address)]
        assert [a - b for a, b in zip(after, before, strict=True)] == [-3, -4, 7]
        assert w.balance(pledges.book.address) == 0
        stored = pledges.of(two)
        assert (stored["collected"], stored["collections"], stored["nextPeriod"]) == (4, 1, 6)

    def test_nothing_to_collect(self, w: World, pledges: Pledges, pool: int) -> None:
        assert pledges.collect() == []
        assert pledges.outcome(7, 0, 2**256 - 1) == ["unknown"] * 3
        said = {"pledge": 7, "donor": ZERO, "reason": 1}
        assert pledges.collect(7) == [("CollectionFailed", said)]
        assert w.pool(pool)["raised"] == 0

    @pytest.mark.parametrize(("period", "length"), [(DAY, DAYS), (WEEK, 7 * DAYS)])
    def test_a_period_to_the_second(self, w: World, pledges: Pledges, pool: int, period: int, length: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=period, first_due=BEGIN))
        assert pledges.outcome(pledge, at=BEGIN - 1) == ["not due"]
        assert pledges.outcome(pledge, at=BEGIN) == ["collected"]
        assert pledges.outcome(pledge, at=BEGIN + length - 1) == ["not due"]
        assert pledges.outcome(pledge, at=BEGIN + length) == ["collected"]
        assert pledges.outcome(pledge, at=BEGIN + 6 * length - 1) == ["collected"]
        assert pledges.outcome(pledge, at=BEGIN + 6 * length) == ["collected"]
        assert pledges.of(pledge)["collected"] == 4 * GIFT

    def test_the_31st(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, first_due=BEGIN))
        assert pledges.outcome(pledge, at=BEGIN) == ["collected"]
        for due in (at(2026, 4, 30, 12), at(2026, 5, 31, 12), at(2026, 6, 30, 12)):
            assert pledges.outcome(pledge, at=due - 1) == ["not due"]
            assert pledges.outcome(pledge, at=due) == ["collected"]
        assert pledges.outcome(pledge, at=at(2027, 2, 28, 12) - 1) == ["collected"]
        assert pledges.outcome(pledge, at=at(2027, 2, 28, 12)) == ["collected"]

    def test_what_was_missed_is_not_made_up_for(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, first_due=BEGIN, cap=10**9))
        w.node.go_to(BEGIN + 100 * DAYS)
        assert pledges.outcome(*[pledge] * 5) == ["collected", *["not due"] * 4]
        assert pledges.of(pledge)["collected"] == GIFT

    def test_the_last_second(self, w: World, pledges: Pledges, pool: int) -> None:
        last = BEGIN + 3 * DAYS
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, first_due=BEGIN, last_due=last))
        assert pledges.outcome(pledge, at=last - 1) == ["collected"]
        assert pledges.outcome(pledge, at=last) == ["collected"]
        assert pledges.outcome(pledge, at=last + 1) == ["ended"]
        assert pledges.outcome(pledge, at=last + 9 * DAYS) == ["ended"]

    def test_the_number_of_times(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, first_due=BEGIN, times=2))
        w.node.go_to(BEGIN)
        taken = []
        for _ in range(3):
            taken += pledges.outcome(pledge)
            w.node.wait(DAYS)
        assert taken == ["collected", "collected", "ended"]

    def test_no_part_of_an_amount_is_taken(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, cap=3 * GIFT - 1))
        taken = []
        for _ in range(4):
            taken += pledges.outcome(pledge)
            w.node.wait(DAYS)
        assert taken == ["collected", "collected", "cap reached", "cap reached"]
        assert pledges.of(pledge)["collected"] == 2 * GIFT

    def test_up_to_exactly_the_cap(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=DAY, cap=2 * GIFT))
        assert pledges.outcome(pledge) == ["collected"]
        w.node.wait(DAYS)
        assert pledges.outcome(pledge) == ["collected"]
        w.node.wait(DAYS)
        assert pledges.outcome(pledge) == ["cap reached"]

    def test_a_pool_that_is_closed(self, w: World, pledges: Pledges) -> None:
        short = w.open_pool()
        until = w.pool(short)["acceptsUntil"]
        pledge = pledges.make(w.donor1, Terms(short, period=DAY))
        w.do(w.pauser, w.fund, "pause", short)
        assert pledges.outcome(pledge) == ["pool closed"]
        w.do(w.operator, w.fund, "unpause", short)
        assert pledges.outcome(pledge) == ["collected"]
        until = w.pool(short)["acceptsUntil"]
        assert pledges.outcome(pledge, at=until) == ["collected"]
        assert pledges.outcome(pledge, at=until + DAYS) == ["pool closed"]

    def test_a_pool_that_is_full(self, w: World, pledges: Pledges) -> None:
        token, pool = other_token(w, "MockToken", pledges.book, 6)
        w.do(w.donor1, token, "mint", w.donor2, MAX63)
        w.do(w.donor2, token, "approve", w.fund.address, MAX63)
        w.give(pool, MAX63 - 10, w.donor2)
        ids = [pledges.make(w.donor1, Terms(pool, amount)) for amount in (6, 5, 4, 1)]
        assert pledges.outcome(*ids) == ["collected", "pool full", "collected", "pool full"]
        assert w.pool(pool)["raised"] == MAX63

    def test_what_the_donor_does_not_allow_or_have(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool))
        w.do(w.donor1, w.token, "approve", pledges.book.address, GIFT - 1)
        before = pledges.of(pledge)
        assert pledges.outcome(pledge) == ["no allowance"]
        w.do(w.donor1, w.token, "approve", pledges.book.address, GIFT)
        w.do(w.donor1, w.token, "transfer", w.stranger, w.balance(w.donor1) - GIFT + 1)
        assert pledges.outcome(pledge) == ["no balance"]
        assert pledges.of(pledge) == before
        w.do(w.stranger, w.token, "transfer", w.donor1, 1)
        assert pledges.outcome(pledge) == ["collected"]
        assert w.balance(w.donor1) == 0

    @pytest.mark.parametrize("kind", ["BarringToken", "FalseToken"])
    def test_a_token_that_refuses(self, w: World, pledges: Pledges, kind: str) -> None:
        token, pool = other_token(w, kind, pledges.book)
        pledge = pledges.make(w.donor1, Terms(pool))
        before = pledges.of(pledge)
        refuse = ("bar", w.donor1) if kind == "BarringToken" else ("refuse",)
        w.do(w.stranger, token, *refuse, True)
        assert pledges.outcome(pledge) == ["refused"]
        assert pledges.of(pledge) == before
        w.do(w.stranger, token, *refuse, False)
        assert pledges.outcome(pledge) == ["collected"]

    def test_a_token_that_answers_nothing(self, w: World, pledges: Pledges) -> None:
        token, pool = other_token(w, "SilentToken", pledges.book)
        pledge = pledges.make(w.donor1, Terms(pool))
        assert pledges.outcome(pledge) == ["collected"]
        assert (w.balance(w.fund.address, token), w.balance(pledges.book.address, token)) == (GIFT, 0)

    def test_every_failure_is_alone(self, w: World, pledges: Pledges, pool: int) -> None:
        """Good ones stand between one of each that fails; two pools take turns."""
        other = open_ended(w)
        later = w.node.now + 999 * DAYS
        soon = w.node.now + 100
        good = [pledges.make(w.donor1, Terms(p)) for p in (pool, pool, other, other)]
        stopped, paused = (pledges.make(w.donor1, Terms(pool)) for _ in range(2))
        ended = pledges.make(w.donor1, Terms(pool, last_due=soon))
        early = pledges.make(w.donor1, Terms(pool, first_due=later))
        poor = pledges.make(w.donor3, Terms(pool))
        pledges.do(w.donor1, "stop", stopped)
        pledges.do(w.donor1, "pause", paused)
        w.node.go_to(soon)
        ids = [stopped, good[0], paused, good[2], ended, good[0], early, 99, good[3], poor, good[1]]
        said = ["stopped", "collected", "paused", "collected", "ended", "not due", "not due", "unknown", "collected"]
        assert pledges.outcome(*ids) == [*said, "no allowance", "collected"]
        assert gifts(w, pool, 0, GIFT) == [(w.donor1, GIFT)] * 2
        assert [w.pool(p)["raised"] for p in (pool, other)] == [2 * GIFT] * 2

    @pytest.mark.parametrize("kind", ["BarringToken", "FeeToken", "BonusToken", "LyingToken"])
    def test_a_run_that_is_refused_fails_alone(self, w: World, pledges: Pledges, pool: int, kind: str) -> None:
        """A token that bars the fund, or does not move what it says: its donors keep their money, others are served."""
        token, odd = other_token(w, kind, pledges.book)
        good = [pledges.make(w.donor2, Terms(pool)) for _ in range(2)]
        bad = [pledges.make(w.donor1, Terms(odd)) for _ in range(2)]
        if kind == "BarringToken":
            w.do(w.stranger, token, "bar", w.fund.address, True)
        before = [w.balance(w.donor1, token), *map(pledges.of, bad)]
        said = ["collected", "run failed", "run failed", "collected"]
        assert pledges.outcome(good[0], *bad, good[1]) == said
        assert [w.balance(w.donor1, token), *map(pledges.of, bad)] == before
        if kind == "BarringToken":
            w.do(w.stranger, token, "bar", w.fund.address, False)
            assert pledges.outcome(*bad) == ["collected"] * 2

    def test_only_the_book_calls_a_run(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool))
        for who in (w.stranger, w.donor1, w.operator):
            with reverts("NotTheBook", who):
                w.do(who, pledges.book, "collectRun", [pledge], w.donor2)

    def test_tokens_sent_to_the_book_pay_for_nobody(self, w: World, pledges: Pledges, pool: int) -> None:
        w.do(w.donor2, w.token, "transfer", pledges.book.address, 100 * UNIT)
        poor = pledges.make(w.donor3, Terms(pool))
        assert pledges.outcome(poor, pledges.make(w.donor1, Terms(pool))) == ["no allowance", "collected"]
        assert w.balance(pledges.book.address) == 100 * UNIT

    def test_the_fund_takes_from_the_book_only_what_it_brings(self, w: World, pledges: Pledges, pool: int) -> None:
        assert pledges.outcome(pledges.make(w.donor1, Terms(pool))) == ["collected"]
        w.do(w.donor2, w.token, "transfer", pledges.book.address, UNIT)
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, UNIT):
            w.do(w.stranger, w.fund, "contribute", pool, UNIT)
        assert w.balance(pledges.book.address) == UNIT

    def test_a_donor_gets_its_refund(self, w: World, pledges: Pledges, pool: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool))
        before = w.balance(w.donor1)
        assert pledges.outcome(pledge) == ["collected"]
        w.do(w.ngo, w.fund, "cancel", pool)
        w.do(w.stranger, w.fund, "refund", pool, 0, w.donor1)
        assert w.balance(w.donor1) == before
        assert pledges.outcome(pledge, at=w.node.now + 40 * DAYS) == ["pool closed"]


class TestCallsFromInside:
    """A token with hooks, which the register should not take, and a donor that calls back from inside of them."""

    @pytest.fixture
    def inside(self, w: World, pledges: Pledges) -> tuple[Contract, Contract, int]:
        token, pool = other_token(w, "HookToken", pledges.book)
        donor = w.deploy("Reentrant")
        w.do(w.donor1, token, "mint", donor.address, 10**9)
        for target, call in (
            (token, token.data("approve", pledges.book.address, 10**9)),
            (pledges.book, pledges.book.data("pledge", Terms(pool, cap=10**9).values())),
        ):
            w.do(w.stranger, donor, "act", target.address, call)
        return donor, token, pool

    def test_collected_once(self, w: World, pledges: Pledges, inside: tuple[Contract, Contract, int]) -> None:
        """The call from inside finds the period taken, and says so."""
        donor, token, pool = inside
        w.do(w.stranger, donor, "arm", pledges.book.address, pledges.book.data("collect", [1, 1]))
        pledges.collect(1)
        assert w.see(donor, "passed") == 1
        assert w.balance(donor.address, token) == 10**9 - GIFT
        assert (pledges.of(1)["collected"], w.pool(pool)["raised"]) == (GIFT, GIFT)
        assert w.balance(pledges.book.address, token) == 0

    def test_a_stop_from_inside_stays(self, w: World, pledges: Pledges, inside: tuple[Contract, Contract, int]) -> None:
        """The amount that was under way is the last one."""
        donor, _, pool = inside
        w.do(w.stranger, donor, "arm", pledges.book.address, pledges.book.data("stop", 1))
        assert pledges.outcome(1) == ["collected"]
        assert (w.see(donor, "passed"), w.pool(pool)["raised"]) == (1, GIFT)
        assert pledges.outcome(1, at=w.node.now + 40 * DAYS) == ["stopped"]

    def test_a_gift_from_inside_moves_the_line(
        self, w: World, pledges: Pledges, inside: tuple[Contract, Contract, int]
    ) -> None:
        """The run fails as a whole, rather than to tell wrong places."""
        donor, token, pool = inside
        w.do(w.stranger, donor, "act", token.address, token.data("approve", w.fund.address, 10**9))
        w.do(w.stranger, donor, "arm", w.fund.address, w.fund.data("contribute", pool, 3))
        assert pledges.outcome(1) == ["run failed"]
        assert (w.balance(donor.address, token), w.pool(pool)["raised"]) == (10**9, 0)


class TestNextDue:
    def due(self, w: World, pledges: Pledges, pledge: int) -> int:
        found: int = w.see(pledges.book, "nextDue", pledge)
        return found

    def test_as_time_goes(self, w: World, pledges: Pledges, pool: int) -> None:
        assert self.due(w, pledges, 1) == 0
        pledge = pledges.make(w.donor1, Terms(pool, first_due=BEGIN))
        assert self.due(w, pledges, pledge) == BEGIN
        pledges.collect(pledge, at=BEGIN + 5)
        assert self.due(w, pledges, pledge) == at(2026, 4, 30, 12)
        w.node.go_to(at(2026, 8, 1))
        assert self.due(w, pledges, pledge) == at(2026, 7, 31, 12)
        assert w.see(pledges.book, "nextPeriodOf", pledge) == (4, at(2026, 7, 31, 12))
        pledges.do(w.donor1, "skip", pledge, 4)
        assert self.due(w, pledges, pledge) == at(2026, 8, 31, 12)
        pledges.do(w.donor1, "pause", pledge)
        assert self.due(w, pledges, pledge) == 0

    @pytest.mark.parametrize(("period", "length"), [(DAY, DAYS), (WEEK, 7 * DAYS)])
    def test_days_and_weeks(self, w: World, pledges: Pledges, pool: int, period: int, length: int) -> None:
        pledge = pledges.make(w.donor1, Terms(pool, period=period, first_due=BEGIN))
        pledges.collect(pledge, at=BEGIN + 3 * length + 7)
        assert self.due(w, pledges, pledge) == BEGIN + 4 * length

    def test_when_there_is_no_more(self, w: World, pledges: Pledges, pool: int) -> None:
        by_times = pledges.make(w.donor1, Terms(pool, first_due=BEGIN, times=1))
        by_cap = pledges.make(w.donor1, Terms(pool, first_due=BEGIN, cap=2 * GIFT - 1))
        last = add_months(BEGIN, 1)
        by_end = [pledges.make(w.donor1, Terms(pool, first_due=BEGIN, last_due=last - i)) for i in (0, 1)]
        late = pledges.make(w.donor1, Terms(pool, first_due=BEGIN, last_due=BEGIN + 2 * HOURS))
        twice = pledges.make(w.donor1, Terms(pool, first_due=BEGIN, times=2))
        w.node.go_to(BEGIN)
        pledges.collect(by_times, by_cap, *by_end, twice)
        assert [self.due(w, pledges, p) for p in (by_times, by_cap, *by_end, twice)] == [0, 0, last, 0, last]
        assert self.due(w, pledges, late) == BEGIN
        w.node.go_to(BEGIN + 2 * HOURS + 1)
        assert self.due(w, pledges, late) == 0


def test_months_in_the_book_are_those_of_the_calendar(w: World, pledges: Pledges, pool: int) -> None:
    for day in (28, 29, 30, 31):
        first = at(2026, 1, day, 23, 59, 59)
        pledge = pledges.make(w.donor1, Terms(pool, 1, first_due=first))
        for months in (1, 2, 13):
            due = add_months(first, months)
            before = w.node.rpc("evm_snapshot")
            pledges.collect(pledge, at=due - 1)
            assert pledges.of(pledge)["nextPeriod"] == months
            assert pledges.outcome(pledge, at=due) == ["collected"]
            assert pledges.of(pledge)["nextPeriod"] == months + 1
            w.node.rpc("evm_revert", before)
    assert MONTH == 2
