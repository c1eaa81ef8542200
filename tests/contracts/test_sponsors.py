"""SponsorBook: who may match the gifts to a pool, what is matched, and what goes back.

invite
├── when not by the pool's NGO, or for no pool: NotTheNgo
└── else told; a later no keeps what is locked
lock
├── when not invited, not any more, or by a pool's NGO for another pool: NotInvited
├── when a term is out of its bounds: BadTerms, which names it
├── when the pool is frozen or completed: PoolIs
├── when the sponsor has a live one: AlreadyLive; when four are live: NoSeat; a seat that is over is taken
├── when the token does not bring exactly the budget: refused
└── else the budget is in the book and the fund asks at each gift
draw
├── when not by the fund: OnlyFor
├── each way in: allowance, permit, authorization, many gifts, batch
├── ratio, cap, rounding down, the last of a budget, the last second, the end of the line: to the unit
└── when over, or not payable by the token: the gift stands, unmatched
withdraw, unseat
├── when unknown, live, empty, or by somebody else to elsewhere: refused
└── else the rest goes to the sponsor, once, and the seat is free
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from entrytree import entry_of
from refusals import reverts
from signing import PERMIT, RECEIVE, parts, separator, sign
from sponsoring import Sponsorship, check_sponsors, endow, invite, lock, seats_of
from world import DAY, MAX63, NEVER, TOKEN_KIND, UNIT, ZERO, ZERO32, RefusedError, World, b32

if TYPE_CHECKING:
    from world import Contract

pytestmark = pytest.mark.swift
FROZEN, COMPLETED = 3, 4
BUDGET = 50 * UNIT


def book_events(w: World, receipt: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return what the book said in a call."""
    return w.events(receipt, w.sponsors)


def contributed(w: World, receipt: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return the direct contributions of a call: donor, amount, start."""
    return [(v["donor"], v["amount"], v["start"]) for name, v in w.events(receipt) if name == "Contributed"]


def left(w: World, pool: int, number: int = 1) -> int:
    """Return what a sponsorship has left."""
    found: int = w.see(w.sponsors, "sponsorshipOf", pool, number)["left"]
    return found


def batch(w: World, pool: int, amounts: list[int], reference: str = "batch") -> dict[str, Any]:
    """Record a batch of gifts of these amounts."""
    entries = b"".join(entry_of(bytes([i % 251]) * 20, 2**32 - 1 - i, a) for i, a in enumerate(amounts))
    return w.do(w.gateway, w.fund, "recordBatch", pool, b32(reference), entries)


def complete(w: World) -> int:
    """Return a pool with a sponsor that has then released its only milestone."""
    pool = w.open_pool(milestones=[(w.payee, 50 * UNIT, w.node.now + 60 * DAY)])
    lock(w, pool, w.donor3, BUDGET, cap=UNIT)
    w.give(pool, 60 * UNIT)
    w.approve(pool)
    w.node.wait(DAY)
    w.do(w.ngo, w.fund, "release", pool, 0)
    assert w.state(pool) == "completed"
    return pool


def freeze(w: World, pool: int) -> None:
    """Let a pool miss its funding deadline."""
    w.node.go_to(w.pool(pool)["fundingDeadline"] + 1)
    assert w.state(pool) == "frozen"


def accept(w: World, kind: str, *args: Any) -> Contract:
    """Deploy a token, accredit it, and give it to donor1, who lets the fund take it."""
    token = w.deploy(kind, *args)
    w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32(kind), ZERO32, "")
    w.do(w.donor1, token, "mint", w.donor1, 10**12)
    w.do(w.donor1, token, "approve", w.fund.address, 2**255)
    return token


class TestInvite:
    def test_it_is_told(self, w: World, pool: int) -> None:
        book = w.sponsors
        for invited in (True, False):
            receipt = w.do(w.ngo, book, "invite", pool, w.donor3, invited)
            said = {"pool": pool, "sponsor": w.donor3, "invited": invited}
            assert book_events(w, receipt) == [("Invited", said)]
            assert w.see(book, "isInvited", pool, w.donor3) == invited
        assert not w.see(book, "isInvited", pool + 1, w.donor3)

    def test_only_the_pools_ngo_may(self, w: World, pool: int) -> None:
        for who in (w.ngo2, w.operator, w.admin, w.donor3, w.stranger):
            with reverts("NotTheNgo", pool, who):
                w.do(who, w.sponsors, "invite", pool, w.donor3, True)
        for unknown in (0, pool + 1, 2**256 - 1):
            with reverts("NotTheNgo", unknown, w.ngo):
                w.do(w.ngo, w.sponsors, "invite", unknown, w.donor3, True)


class TestLock:
    @pytest.fixture
    def ready(self, w: World, pool: int) -> int:
        """A pool with donor3 invited and able to pay."""
        invite(w, pool, w.donor3)
        endow(w, w.donor3, 3 * BUDGET)
        return pool

    def lock(self, w: World, pool: int, sender: str | None = None, at: int | None = None, **changes: Any) -> Any:
        """Lock with terms that are in order, but for the changes."""
        terms = {"budget": BUDGET, "ratio": 100, "cap": UNIT, "ends": w.node.now + DAY}
        assert not set(changes) - set(terms)
        return w.do(sender or w.donor3, w.sponsors, "lock", pool, *(terms | changes).values(), at=at)

    def test_the_budget_is_in_the_book(self, w: World, ready: int) -> None:
        book, ends = w.sponsors, w.node.now + DAY
        assert not w.see(w.fund, "isMatched", ready)
        receipt = self.lock(w, ready, ratio=1000, cap=7, ends=ends)
        said = {"sponsor": w.donor3, "budget": BUDGET, "ratioPercent": 1000, "capPerGift": 7, "endsAt": ends}
        event = {"pool": ready, "sponsorship": 1, "token": w.token.address, **said}
        assert book_events(w, receipt) == [("Locked", event)]
        assert w.see(book, "sponsorshipOf", ready, 1) == {**said, "left": BUDGET, "withdrawn": 0}
        assert w.see(w.fund, "isMatched", ready)
        assert (w.balance(book.address), w.balance(w.donor3)) == (BUDGET, 2 * BUDGET)
        assert seats_of(w, ready) == [1, 0, 0, 0]
        assert w.see(book, "isLive", ready, 1)
        assert not w.see(book, "isLive", ready, 2)
        check_sponsors(w)

    def test_who_is_not_invited(self, w: World, ready: int) -> None:
        with reverts("NotInvited", ready, w.stranger):
            self.lock(w, ready, w.stranger)
        other = w.open_pool()
        with reverts("NotInvited", other, w.donor3):
            self.lock(w, other)
        with reverts("NotInvited", 99, w.donor3):
            self.lock(w, 99)
        self.lock(w, ready)
        w.do(w.ngo, w.sponsors, "invite", ready, w.donor3, False)
        with reverts("NotInvited", ready, w.donor3):
            self.lock(w, ready)
        assert left(w, ready) == BUDGET

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"budget": 0}, "budget: not 1 to 2^63 - 1"),
            ({"budget": MAX63 + 1}, "budget: not 1 to 2^63 - 1"),
            ({"budget": 2**64 - 1}, "budget: not 1 to 2^63 - 1"),
            ({"ratio": 0}, "ratioPercent: not 1 to 1,000"),
            ({"ratio": 1001}, "ratioPercent: not 1 to 1,000"),
            ({"ratio": 65535}, "ratioPercent: not 1 to 1,000"),
            ({"cap": 0}, "capPerGift: not 1 to 2^63 - 1"),
            ({"cap": MAX63 + 1}, "capPerGift: not 1 to 2^63 - 1"),
            ({"ends": 0}, "endsAt: past"),
        ],
    )
    def test_terms_out_of_bounds(self, w: World, ready: int, changes: dict[str, int], reason: str) -> None:
        with reverts("BadTerms", reason):
            self.lock(w, ready, **changes)

    @pytest.mark.parametrize("changes", [{"budget": 1, "ratio": 1, "cap": 1}, {"cap": MAX63, "ends": NEVER}])
    def test_terms_at_their_bounds(self, w: World, ready: int, changes: dict[str, int]) -> None:
        self.lock(w, ready, **changes)
        check_sponsors(w)

    def test_the_largest_budget(self, w: World, pool: int) -> None:
        token = accept(w, "MockToken", 6)
        pool = w.open_pool(token=token.address)
        lock(w, pool, w.donor3, MAX63, token=token)
        check_sponsors(w, token)

    def test_it_must_end_after_now(self, w: World, ready: int) -> None:
        at = w.node.now + 100
        for early in (1, 0):
            with reverts("BadTerms", "endsAt: past"):
                self.lock(w, ready, ends=at - early, at=at)
            at += 100
        self.lock(w, ready, ends=at + 1, at=at)

    def test_a_pool_that_is_over(self, w: World, ready: int) -> None:
        freeze(w, ready)
        with reverts("PoolIs", ready, FROZEN):
            self.lock(w, ready)
        done = complete(w)
        invite(w, done, w.payee2)
        with reverts("PoolIs", done, COMPLETED):
            self.lock(w, done, w.payee2)

    def test_a_pool_whose_time_for_gifts_is_past(self, w: World) -> None:
        until = w.node.now + 10 * DAY
        pool = w.open_pool(openEnded=True, fundingDeadline=until, fundingThreshold=0)
        invite(w, pool, w.donor3)
        endow(w, w.donor3, 2 * BUDGET)
        self.lock(w, pool, ends=NEVER, at=until - 1)
        with reverts("StillLive", pool, 1, NEVER):
            w.node.send(w.sponsors.call("withdraw", pool, 1, w.donor3), w.donor3, at=until)
        assert w.see(w.sponsors, "isLive", pool, 1)
        w.node.go_to(until + 1)
        assert w.state(pool) == "active"
        assert not w.see(w.sponsors, "isLive", pool, 1)
        with reverts("NotAccepting", pool, until):
            self.lock(w, pool, ends=NEVER)
        w.do(w.stranger, w.sponsors, "withdraw", pool, 1, w.donor3)
        assert w.balance(w.donor3) == 2 * BUDGET
        check_sponsors(w)

    @pytest.mark.parametrize("days", [3, 7, 30])
    def test_what_is_past_stays_past_whatever_pauses_come(self, w: World, days: int) -> None:
        """While a pause lasts, it can be said of no pool that its time is past; after it, as before."""
        until = w.node.now + 10 * DAY
        pool = w.open_pool(openEnded=True, fundingDeadline=until, fundingThreshold=0)
        lock(w, pool, w.donor3, BUDGET, ends=NEVER)
        w.node.go_to(until + 1)
        w.do(w.pauser, w.fund, "pause", pool)
        assert w.see(w.sponsors, "isLive", pool, 1)
        with reverts("StillLive", pool, 1, NEVER):
            w.do(w.donor3, w.sponsors, "withdraw", pool, 1, w.donor3)
        w.node.wait(days * DAY)
        w.do(w.operator, w.fund, "unpause", pool)
        assert w.node.now > w.pool(pool)["acceptsUntil"]
        with reverts("NotAccepting", pool, w.pool(pool)["acceptsUntil"]):
            w.give(pool, UNIT)
        w.do(w.stranger, w.sponsors, "withdraw", pool, 1, w.donor3)

    def test_one_live_sponsorship_for_each_sponsor(self, w: World, ready: int) -> None:
        ends = w.node.now + DAY
        self.lock(w, ready, ends=ends)
        with reverts("AlreadyLive", ready, 1):
            self.lock(w, ready, at=ends)
        self.lock(w, ready)
        assert seats_of(w, ready) == [2, 0, 0, 0]
        other = w.open_pool()
        invite(w, other, w.donor3)
        self.lock(w, other)
        assert left(w, ready, 1) == left(w, ready, 2) == left(w, other, 1) == BUDGET
        check_sponsors(w)

    def test_an_exhausted_one_makes_place_for_a_new_one(self, w: World, ready: int) -> None:
        self.lock(w, ready, budget=UNIT)
        w.give(ready, UNIT)
        receipt = self.lock(w, ready)
        assert [name for name, _ in book_events(w, receipt)] == ["Unseated", "Locked"]
        assert seats_of(w, ready) == [2, 0, 0, 0]

    def test_four_are_live_at_a_time(self, w: World, pool: int) -> None:
        sponsors = [w.donor3, w.payee2, w.relayer, w.attestor4, w.stranger]
        ends = w.node.now + DAY
        for i, sponsor in enumerate(sponsors[:4]):
            assert lock(w, pool, sponsor, BUDGET, ends=ends if i in (1, 2) else None) == i + 1
        invite(w, pool, w.stranger)
        endow(w, w.stranger, BUDGET)
        with reverts("NoSeat", pool):
            self.lock(w, pool, w.stranger, at=ends, ends=NEVER)
        receipt = self.lock(w, pool, w.stranger)
        assert book_events(w, receipt)[0] == ("Unseated", {"pool": pool, "sponsorship": 2})
        assert seats_of(w, pool) == [1, 5, 3, 4]
        assert left(w, pool, 2) == BUDGET
        w.do(w.relayer, w.sponsors, "withdraw", pool, 2, w.payee2)
        assert seats_of(w, pool) == [1, 5, 3, 4]
        check_sponsors(w)

    def test_who_cannot_pay(self, w: World, ready: int) -> None:
        book = w.sponsors
        w.do(w.donor3, w.token, "approve", book.address, BUDGET - 1)
        with reverts("ERC20InsufficientAllowance", book.address, BUDGET - 1, BUDGET):
            self.lock(w, ready)
        w.do(w.donor3, w.token, "approve", book.address, 2**256 - 1)
        with reverts("ERC20InsufficientBalance", w.donor3, 3 * BUDGET, 3 * BUDGET + 1):
            self.lock(w, ready, budget=3 * BUDGET + 1)
        assert not w.see(w.fund, "isMatched", ready)

    @pytest.mark.parametrize(
        ("kind", "received"),
        [("FeeToken", BUDGET - BUDGET // 100), ("BonusToken", BUDGET + 1), ("LyingToken", 0)],
    )
    def test_a_token_that_does_not_bring_the_budget(self, w: World, kind: str, received: int) -> None:
        token = accept(w, kind)
        pool = w.open_pool(token=token.address)
        with reverts("WrongAmountReceived", BUDGET, received):
            lock(w, pool, w.donor3, BUDGET, token=token)


class TestDraw:
    @pytest.fixture
    def matched(self, w: World, pool: int) -> int:
        """A pool whose gifts donor3 doubles, with at most 10 units a gift and 50 in all."""
        lock(w, pool, w.donor3, BUDGET)
        return pool

    def test_only_the_fund_draws(self, w: World, matched: int) -> None:
        for who in (w.donor3, w.ngo, w.gateway, w.operator, w.admin):
            with reverts("OnlyFor", w.fund.address):
                w.do(who, w.sponsors, "draw", matched, entry_of(bytes(20), 1, UNIT))

    def test_a_gift_is_matched_directly_behind(self, w: World, matched: int) -> None:
        book = w.sponsors
        receipt = w.give(matched, 3 * UNIT)
        assert contributed(w, receipt) == [(w.donor1, 3 * UNIT, 0), (w.donor3, 3 * UNIT, 3 * UNIT)]
        said = {"pool": matched, "sponsorship": 1, "sponsor": w.donor3, "token": w.token.address}
        assert book_events(w, receipt) == [("Matched", {**said, "amount": 3 * UNIT, "gifts": 1})]
        assert w.see(w.fund, "giftAt", matched, 3 * UNIT) == {"donor": w.donor3, "amount": 3 * UNIT}
        assert w.pool(matched)["raised"] == w.balance(w.fund.address) == 6 * UNIT
        assert w.balance(book.address) == left(w, matched) == BUDGET - 3 * UNIT
        check_sponsors(w)

    @pytest.mark.usefixtures("matched")
    def test_a_pool_without_sponsors_feels_nothing(self, w: World) -> None:
        other = w.open_pool()
        receipt = w.give(other, UNIT)
        assert contributed(w, receipt) == [(w.donor1, UNIT, 0)]
        assert book_events(w, receipt) == []

    @pytest.mark.parametrize(
        ("ratio", "cap", "gift", "match"),
        [
            (100, 10, 9, 9),
            (100, 10, 10, 10),
            (100, 10, 11, 10),
            (100, 10, MAX63 // 2, 10),
            (50, 10, 3, 1),
            (50, 10, 1, 0),
            (1, 10, 99, 0),
            (1, 10, 100, 1),
            (1, 10, 199, 1),
            (1, 10, 200, 2),
            (33, 10**6, 1000, 330),
            (33, 10**6, 1003, 330),
            (33, 10**6, 1004, 331),
            (1000, 10**6, 7, 70),
            (150, MAX63, 3, 4),
            (1000, MAX63, MAX63 // 2, 10**6),
        ],
    )
    def test_the_rule(self, w: World, ratio: int, cap: int, gift: int, match: int) -> None:
        token = accept(w, "MockToken", 6)
        w.do(w.donor1, token, "mint", w.donor1, MAX63)
        pool = w.open_pool(token=token.address)
        lock(w, pool, w.donor3, 10**6, ratio, cap=cap, token=token)
        receipt = w.give(pool, gift)
        assert contributed(w, receipt) == [(w.donor1, gift, 0), (w.donor3, match, gift)][: 1 + (match > 0)]
        assert left(w, pool) == 10**6 - match
        check_sponsors(w, token)

    def test_each_entry_of_a_batch_by_itself(self, w: World, matched: int) -> None:
        """Caps and rounding are each entry's; what they add up to stands behind the batch as one gift."""
        receipt = batch(w, matched, [UNIT, 25 * UNIT, 1, 10 * UNIT])
        said = book_events(w, receipt)[0][1]
        assert (said["amount"], said["gifts"]) == (21 * UNIT + 1, 4)
        assert contributed(w, receipt) == [(w.donor3, 21 * UNIT + 1, 36 * UNIT + 1)]
        check_sponsors(w)

    def test_the_last_of_a_budget(self, w: World, matched: int) -> None:
        """In order, until it is used up: the gift that exhausts it gets the rest, later ones nothing."""
        receipt = batch(w, matched, [10 * UNIT] * 4 + [7 * UNIT, 5 * UNIT, 6 * UNIT, UNIT])
        said = book_events(w, receipt)[0][1]
        assert (said["amount"], said["gifts"]) == (BUDGET, 6)
        assert (left(w, matched), w.balance(w.sponsors.address)) == (0, 0)
        assert not w.see(w.sponsors, "isLive", matched, 1)
        assert contributed(w, w.give(matched, UNIT)) == [(w.donor1, UNIT, 109 * UNIT)]
        check_sponsors(w)

    def test_a_gift_too_small_for_a_part_is_not_counted(self, w: World, pool: int) -> None:
        """Neither while the budget lasts nor where it ends."""
        lock(w, pool, w.donor3, 5, 50)
        for name, amounts, match in (("first", [1, 2, 1, 4], (3, 2)), ("last", [1, 1, 3, 1, 8, 8], (2, 2))):
            said = book_events(w, batch(w, pool, amounts, name))[0][1]
            assert (said["amount"], said["gifts"]) == match
        assert left(w, pool) == 0

    def test_a_budget_that_is_met_to_the_unit(self, w: World, matched: int) -> None:
        batch(w, matched, [10 * UNIT] * 4 + [10 * UNIT - 1])
        assert left(w, matched) == 1
        receipt = batch(w, matched, [1, 1], "next")
        assert book_events(w, receipt)[0][1]["gifts"] == 1
        assert left(w, matched) == 0

    def test_the_last_second(self, w: World, pool: int) -> None:
        ends = w.node.now + DAY
        lock(w, pool, w.donor3, BUDGET, ends=ends)
        assert len(contributed(w, w.give(pool, UNIT, at=ends))) == 2
        assert w.see(w.sponsors, "isLive", pool, 1)
        assert contributed(w, w.give(pool, UNIT, at=ends + 1)) == [(w.donor1, UNIT, 2 * UNIT)]
        assert not w.see(w.sponsors, "isLive", pool, 1)
        assert left(w, pool) == BUDGET - UNIT

    def test_sponsors_match_the_donors_and_not_each_other(self, w: World, pool: int) -> None:
        for sponsor, ratio in ((w.donor3, 100), (w.payee2, 50), (w.relayer, 200), (w.attestor4, 10)):
            lock(w, pool, sponsor, BUDGET, ratio)
        receipt = w.give(pool, 2 * UNIT)
        after = [(w.donor1, 20), (w.donor3, 20), (w.payee2, 10), (w.relayer, 40), (w.attestor4, 2)]
        starts = [0, 20, 40, 50, 90]
        tenth = UNIT // 10
        assert contributed(w, receipt) == [
            (who, n * tenth, s * tenth) for (who, n), s in zip(after, starts, strict=True)
        ]
        assert [v["sponsorship"] for _, v in book_events(w, receipt)] == [1, 2, 3, 4]
        check_sponsors(w)

    def test_one_that_is_over_does_not_hide_the_next(self, w: World, pool: int) -> None:
        lock(w, pool, w.donor3, UNIT)
        lock(w, pool, w.payee2, BUDGET)
        w.give(pool, UNIT)
        receipt = w.give(pool, UNIT)
        assert contributed(w, receipt) == [(w.donor1, UNIT, 3 * UNIT), (w.payee2, UNIT, 4 * UNIT)]
        assert [v["sponsorship"] for _, v in book_events(w, receipt)] == [2]
        check_sponsors(w)

    def test_a_sponsors_own_gift_is_a_donors(self, w: World, matched: int) -> None:
        w.do(w.donor3, w.token, "approve", w.fund.address, UNIT)
        w.mint(w.donor3, UNIT)
        receipt = w.give(matched, UNIT, w.donor3)
        assert contributed(w, receipt) == [(w.donor3, UNIT, 0), (w.donor3, UNIT, UNIT)]

    def test_the_end_of_the_line(self, w: World) -> None:
        """What does not fit in 63 bits is not matched, and no gift fails for it."""
        token = accept(w, "MockToken", 6)
        w.do(w.donor1, token, "mint", w.donor1, MAX63)
        pool = w.open_pool(token=token.address)
        w.give(pool, MAX63 - 100)
        for sponsor in (w.donor3, w.payee2, w.relayer):
            lock(w, pool, sponsor, BUDGET, token=token)
        receipt = w.give(pool, 40)
        assert [a for _, a, _ in contributed(w, receipt)] == [40, 40, 20]
        assert w.pool(pool)["raised"] == MAX63
        with reverts("TooMuch", pool):
            w.give(pool, 1)
        assert [left(w, pool, n) for n in (1, 2, 3)] == [BUDGET - 40, BUDGET - 20, BUDGET]
        check_sponsors(w, token)

    def test_a_gift_up_to_the_end_of_the_line(self, w: World) -> None:
        token = accept(w, "MockToken", 6)
        w.do(w.donor1, token, "mint", w.donor1, MAX63)
        pool = w.open_pool(token=token.address)
        lock(w, pool, w.donor3, BUDGET, token=token)
        assert len(contributed(w, w.give(pool, MAX63))) == 1
        assert left(w, pool) == BUDGET


class TestEachWayIn:
    """Whichever way a gift comes, it is matched once and directly behind."""

    @pytest.fixture
    def matched(self, w: World, pool: int) -> int:
        lock(w, pool, w.donor3, BUDGET)
        return pool

    def test_permit(self, w: World, matched: int) -> None:
        w.do(w.donor1, w.token, "approve", w.fund.address, 0)
        domain = separator("Moa USD", w.token.address)
        permit = parts(sign(w.keys["donor1"], domain, PERMIT, w.donor1, w.fund.address, UNIT, 0, NEVER))
        receipt = w.do(w.donor1, w.fund, "contributeWithPermit", matched, UNIT, NEVER, *permit)
        assert contributed(w, receipt) == [(w.donor1, UNIT, 0), (w.donor3, UNIT, UNIT)]

    def test_authorization(self, w: World, matched: int) -> None:
        domain, salt = separator("Moa USD", w.token.address), b32("salt")
        nonce = w.see(w.fund, "authorizationNonce", matched, salt)
        said = sign(w.keys["donor1"], domain, RECEIVE, w.donor1, w.fund.address, UNIT, 0, NEVER, nonce)
        authorization = (w.donor1, UNIT, 0, NEVER, salt, said)
        receipt = w.do(w.relayer, w.fund, "contributeWithAuthorization", matched, authorization)
        assert contributed(w, receipt) == [(w.donor1, UNIT, 0), (w.donor3, UNIT, UNIT)]

    def test_many_gifts(self, w: World, matched: int) -> None:
        """Four bytes between donor and amount mean nothing, whatever stands there."""
        gifts = [entry_of(w.donor2, 2**32 - 1, 20 * UNIT), entry_of(w.payee, 0, 3)]
        receipt = w.do(w.donor1, w.fund, "contributeMany", matched, gifts)
        assert contributed(w, receipt) == [
            (w.donor2, 20 * UNIT, 0),
            (w.payee, 3, 20 * UNIT),
            (w.donor3, 10 * UNIT + 3, 20 * UNIT + 3),
        ]
        check_sponsors(w)

    def test_a_batch(self, w: World, matched: int) -> None:
        receipt = batch(w, matched, [UNIT, 2 * UNIT])
        assert contributed(w, receipt) == [(w.donor3, 3 * UNIT, 3 * UNIT)]
        check_sponsors(w)


class TestWithdraw:
    @pytest.fixture
    def ends(self, w: World) -> int:
        return w.node.now + DAY

    @pytest.fixture
    def matched(self, w: World, pool: int, ends: int) -> int:
        """A pool with a sponsorship of 50, of which 3 are drawn."""
        lock(w, pool, w.donor3, BUDGET, ends=ends)
        w.give(pool, 3 * UNIT)
        return pool

    def withdraw(self, w: World, pool: int, to: str, sender: str | None = None, number: int = 1, **at: int) -> Any:
        return w.do(sender or w.stranger, w.sponsors, "withdraw", pool, number, to, **at)

    def test_the_rest_goes_back_after_the_end(self, w: World, matched: int, ends: int) -> None:
        with reverts("StillLive", matched, 1, ends):
            self.withdraw(w, matched, w.donor3, at=ends)
        receipt = self.withdraw(w, matched, w.donor3)
        rest = BUDGET - 3 * UNIT
        said = {"pool": matched, "sponsorship": 1, "sponsor": w.donor3, "to": w.donor3, "token": w.token.address}
        assert book_events(w, receipt) == [
            ("Withdrawn", {**said, "amount": rest, "caller": w.stranger}),
            ("Unseated", {"pool": matched, "sponsorship": 1}),
        ]
        assert (w.balance(w.donor3), w.balance(w.sponsors.address)) == (rest, 0)
        assert not w.see(w.fund, "isMatched", matched)
        assert seats_of(w, matched) == [0] * 4
        check_sponsors(w)
        for who, to in ((w.stranger, w.donor3), (w.donor3, w.donor3), (w.donor3, w.payee)):
            with reverts("NothingLeft", matched, 1):
                self.withdraw(w, matched, to, who)
        assert contributed(w, w.give(matched, UNIT)) == [(w.donor1, UNIT, 6 * UNIT)]

    def test_the_sponsor_may_name_another_address(self, w: World, matched: int, ends: int) -> None:
        w.node.go_to(ends + 1)
        for who in (w.stranger, w.ngo, w.admin, w.payee):
            with reverts("NotTheSponsor", matched, 1, who):
                self.withdraw(w, matched, w.payee, who)
        receipt = self.withdraw(w, matched, w.payee, w.donor3)
        assert book_events(w, receipt)[0][1]["to"] == w.payee
        assert (w.balance(w.payee), w.balance(w.donor3)) == (BUDGET - 3 * UNIT, 0)
        check_sponsors(w)

    def test_not_to_where_it_would_be_nobodys(self, w: World, matched: int, ends: int) -> None:
        w.node.go_to(ends + 1)
        for to in (ZERO, w.fund.address, w.sponsors.address):
            with reverts("BadReceiver", to):
                self.withdraw(w, matched, to, w.donor3)

    def test_unknown(self, w: World, matched: int) -> None:
        for pool, number in ((matched, 0), (matched, 2), (matched + 1, 1), (matched, 2**256 - 1)):
            with reverts("UnknownSponsorship", pool, number):
                self.withdraw(w, pool, w.donor3, number=number)
            with reverts("UnknownSponsorship", pool, number):
                w.do(w.stranger, w.sponsors, "unseat", pool, number)

    def test_from_a_frozen_pool(self, w: World, pool: int) -> None:
        lock(w, pool, w.donor3, BUDGET, ends=NEVER)
        with reverts("StillLive", pool, 1, NEVER):
            self.withdraw(w, pool, w.donor3, at=w.pool(pool)["fundingDeadline"])
        assert w.see(w.sponsors, "isLive", pool, 1)
        w.node.wait(1)
        assert not w.see(w.sponsors, "isLive", pool, 1)
        self.withdraw(w, pool, w.donor3)
        assert w.balance(w.donor3) == BUDGET

    def test_from_a_completed_pool(self, w: World) -> None:
        pool = complete(w)
        self.withdraw(w, pool, w.donor3)
        assert w.balance(w.donor3) == BUDGET - UNIT
        check_sponsors(w)

    def test_a_pause_ends_nothing(self, w: World, matched: int, ends: int) -> None:
        w.do(w.pauser, w.fund, "pause", matched)
        with reverts("StillLive", matched, 1, ends):
            self.withdraw(w, matched, w.donor3)
        invite(w, matched, w.payee2)
        lock(w, matched, w.payee2, BUDGET)

    def test_an_exhausted_one_has_nothing_left_but_a_seat(self, w: World, pool: int) -> None:
        book = w.sponsors
        lock(w, pool, w.donor3, UNIT)
        with reverts("StillLive", pool, 1, w.see(book, "sponsorshipOf", pool, 1)["endsAt"]):
            w.do(w.stranger, book, "unseat", pool, 1)
        w.give(pool, UNIT)
        with reverts("NothingLeft", pool, 1):
            self.withdraw(w, pool, w.donor3)
        assert w.see(w.fund, "isMatched", pool)
        receipt = w.do(w.stranger, book, "unseat", pool, 1)
        assert book_events(w, receipt) == [("Unseated", {"pool": pool, "sponsorship": 1})]
        assert not w.see(w.fund, "isMatched", pool)
        with reverts("NotSeated", pool, 1):
            w.do(w.stranger, book, "unseat", pool, 1)
        check_sponsors(w)

    def test_the_fund_asks_as_long_as_one_is_live(self, w: World, matched: int) -> None:
        later = w.node.now + 5 * DAY
        lock(w, matched, w.payee2, BUDGET, ends=later)
        lock(w, matched, w.relayer, BUDGET, ends=later)
        w.node.wait(DAY)
        self.withdraw(w, matched, w.donor3)
        assert w.see(w.fund, "isMatched", matched)
        assert seats_of(w, matched) == [0, 2, 3, 0]
        assert len(contributed(w, w.give(matched, UNIT))) == 3
        w.node.go_to(later + 1)
        self.withdraw(w, matched, w.relayer, number=3)
        # The other one sits, but it is over: there is nothing to ask for.
        assert seats_of(w, matched) == [0, 2, 0, 0]
        assert not w.see(w.fund, "isMatched", matched)
        lock(w, matched, w.relayer, BUDGET)
        assert seats_of(w, matched) == [4, 2, 0, 0]
        assert w.see(w.fund, "isMatched", matched)
        self.withdraw(w, matched, w.payee2, number=2)
        assert w.see(w.fund, "isMatched", matched)
        check_sponsors(w)

    def test_a_withdrawn_one_never_matches_again(self, w: World, matched: int, ends: int) -> None:
        lock(w, matched, w.payee2, BUDGET)
        self.withdraw(w, matched, w.donor3, at=ends + 1)
        assert [who for who, _, _ in contributed(w, w.give(matched, UNIT))] == [w.donor1, w.payee2]


class TestOddTokens:
    """What goes wrong with one token, sponsor or pool is felt by no other."""

    @pytest.fixture
    def good(self, w: World) -> int:
        """A matched pool in the good token."""
        pool = w.open_pool()
        lock(w, pool, w.payee2, BUDGET)
        return pool

    def check(self, w: World, good: int, *tokens: Contract) -> None:
        """The good pool is matched as ever."""
        assert contributed(w, w.give(good, UNIT))[1:] == [(w.payee2, UNIT, UNIT)]
        check_sponsors(w, *tokens)

    def test_a_barred_book_lets_gifts_through_unmatched(self, w: World, good: int) -> None:
        token = accept(w, "BarringToken")
        pool = w.open_pool(token=token.address)
        for sponsor in (w.donor3, w.relayer):
            lock(w, pool, sponsor, BUDGET, token=token)
        w.do(w.stranger, token, "bar", w.sponsors.address, True)
        receipt = w.give(pool, UNIT)
        assert contributed(w, receipt) == [(w.donor1, UNIT, 0)]
        assert book_events(w, receipt) == []
        assert left(w, pool, 1) == left(w, pool, 2) == BUDGET
        self.check(w, good, token)
        w.do(w.stranger, token, "bar", w.sponsors.address, False)
        assert len(contributed(w, w.give(pool, UNIT))) == 3

    def test_a_token_that_answers_false(self, w: World, good: int) -> None:
        """The gift itself cannot come while the token refuses; what was matched before stands."""
        token = accept(w, "FalseToken")
        pool = w.open_pool(token=token.address)
        ends = w.node.now + DAY
        lock(w, pool, w.donor3, BUDGET, ends=ends, token=token)
        w.give(pool, UNIT)
        w.do(w.stranger, token, "refuse", True)
        with reverts("SafeERC20FailedOperation", token.address):
            w.give(pool, UNIT)
        with reverts("SafeERC20FailedOperation", token.address):
            w.do(w.stranger, w.sponsors, "withdraw", pool, 1, w.donor3, at=ends + 1)
        assert left(w, pool) == BUDGET - UNIT
        self.check(w, good, token)

    def test_a_balance_that_shrank_lets_gifts_through_unmatched(self, w: World, good: int) -> None:
        token = accept(w, "RebasingToken")
        pool = w.open_pool(token=token.address)
        lock(w, pool, w.donor3, BUDGET, token=token)
        w.do(w.stranger, token, "shrink", w.sponsors.address, BUDGET - UNIT)
        assert len(contributed(w, w.give(pool, 2 * UNIT))) == 1
        assert len(contributed(w, w.give(pool, UNIT))) == 2
        self.check(w, good)

    def test_a_token_that_returns_nothing_is_plain_enough(self, w: World, good: int) -> None:
        token = accept(w, "SilentToken")
        pool = w.open_pool(token=token.address)
        ends = w.node.now + DAY
        lock(w, pool, w.donor3, BUDGET, ends=ends, token=token)
        assert len(contributed(w, w.give(pool, UNIT))) == 2
        w.do(w.stranger, w.sponsors, "withdraw", pool, 1, w.donor3, at=ends + 1)
        self.check(w, good, token)

    def test_a_barred_sponsor_stops_only_itself(self, w: World, good: int) -> None:
        """It matches on, since no money moves to it; its rest waits, or goes to an address that it names."""
        token = accept(w, "BarringToken")
        pool = w.open_pool(token=token.address)
        ends = w.node.now + DAY
        lock(w, pool, w.donor3, BUDGET, ends=ends, token=token)
        lock(w, pool, w.relayer, BUDGET, ends=ends, token=token)
        w.do(w.stranger, token, "bar", w.donor3, True)
        assert len(contributed(w, w.give(pool, UNIT))) == 3
        w.node.go_to(ends + 1)
        book = w.sponsors
        with reverts("Barred", w.donor3):
            w.do(w.stranger, book, "withdraw", pool, 1, w.donor3)
        w.do(w.stranger, book, "withdraw", pool, 2, w.relayer)
        w.do(w.stranger, book, "unseat", pool, 1)
        assert seats_of(w, pool) == [0] * 4
        self.check(w, good, token)
        w.do(w.donor3, book, "withdraw", pool, 1, w.payee)
        assert w.balance(w.payee, token) == BUDGET - UNIT

    @pytest.mark.parametrize("inner", ["lock", "withdraw", "contribute"])
    @pytest.mark.parametrize("outer", ["lock", "withdraw", "contribute"])
    def test_calling_back_in_gains_nothing(self, w: World, good: int, outer: str, inner: str) -> None:
        """A sponsor that is told of each transfer, and calls the book again from inside."""
        book, token, mallory = w.sponsors, accept(w, "HookToken"), w.deploy("Reentrant")
        pool, closing = w.open_pool(token=token.address), w.open_pool(token=token.address)
        w.do(w.stranger, token, "mint", mallory.address, 3 * BUDGET)
        for spender in (book.address, w.fund.address):
            w.do(w.stranger, mallory, "act", token.address, token.data("approve", spender, 2**255))
        lock(w, pool, w.donor3, BUDGET, token=token)
        ends = w.node.now + DAY
        for number in (pool, closing):
            invite(w, number, mallory.address)
        first = book.data("lock", closing, BUDGET, 100, UNIT, ends)
        w.do(w.stranger, mallory, "act", book.address, first)
        w.node.go_to(ends + 1)
        calls = {
            "lock": (book.address, book.data("lock", pool, BUDGET, 100, UNIT, ends + DAY)),
            "withdraw": (book.address, book.data("withdraw", closing, 1, mallory.address)),
            "contribute": (w.fund.address, w.fund.data("contribute", pool, UNIT)),
        }
        w.do(w.stranger, mallory, "arm", *calls[inner])

        def wealth() -> int:
            return sum(w.balance(a, token) for a in (mallory.address, book.address, w.fund.address))

        before = wealth()
        refused = ""
        try:
            w.do(w.stranger, mallory, "act", *calls[outer])
        except RefusedError as error:
            refused = error.name
        assert refused in ("", "WrongAmountReceived", "Panic", "AlreadyLive", "NothingLeft")
        assert wealth() == before
        assert w.balance(book.address, token) == sum(left(w, pool, n) for n in (1, 2)) + left(w, closing)
        assert w.balance(w.fund.address, token) == w.pool(pool)["raised"]
        self.check(w, good, token)


def test_batches_of_any_kind_are_matched_by_the_rule(w: World) -> None:
    """Random sponsors and random batches beside the rule in plain Python; seeded, the same in each run."""
    rng = random.Random(11)  # noqa: S311
    sponsors = [w.donor3, w.payee2, w.relayer, w.attestor4, w.stranger]
    seen = {"exhausted": 0, "unmatched": 0, "ended": 0, "several": 0}
    for pool in (w.open_pool() for _ in range(6)):
        model: dict[int, Sponsorship] = {}
        for step in range(9):
            now = w.node.now
            for who in rng.sample(sponsors, rng.choice([0, 0, 1, 2])):
                if sum(s.is_live(now + 9) for s in model.values()) == 4:
                    break
                if any(s.sponsor == who and s.is_live(now) for s in model.values()):
                    continue
                budget, ratio = rng.choice([1, UNIT, 9 * UNIT, 300 * UNIT]), rng.choice([1, 50, rng.randint(1, 1000)])
                cap, ends = rng.choice([1, 999, UNIT]), now + rng.choice([50, 200, 10**6])
                number = lock(w, pool, who, budget, ratio, cap=cap, ends=ends)
                model[number] = Sponsorship(who, budget, ends, budget, 0, cap, ratio)
            amounts = [rng.choice([1, 99, 100, UNIT, rng.randrange(1, 5 * UNIT)]) for _ in range(rng.randint(1, 40))]
            receipt = batch(w, pool, amounts, f"{pool} {step}")
            now = w.node.now
            matches = [(model[n], model[n].match(amounts, now)) for n in seats_of(w, pool) if n]
            expected = [(s.sponsor, *match) for s, match in matches if match[0]]
            told = [(v["sponsor"], v["amount"], v["gifts"]) for _, v in book_events(w, receipt)]
            assert told == expected
            assert [c[:2] for c in contributed(w, receipt)] == [e[:2] for e in expected]
            for number, s in model.items():
                assert w.see(w.sponsors, "sponsorshipOf", pool, number) == s.storage()
            seen["several"] += len(expected) > 1
            seen["unmatched"] += not expected
            seen["exhausted"] += any(s.left == 0 for s in model.values())
            seen["ended"] += any(s.left and s.endsAt < now for s in model.values())
            for number, s in list(model.items()):
                if s.left and not s.is_live(now) and rng.random() < 0.5:
                    w.do(w.stranger, w.sponsors, "withdraw", pool, number, s.sponsor)
                    s.withdrawn, s.left = s.left, 0
            w.node.wait(rng.randint(0, 60))
    assert all(seen.values()), seen
    check_sponsors(w)
