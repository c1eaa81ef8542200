"""PooledFund.giveBack, and how releases spend what came back.

giveBack
├── when the pool or the milestone is unknown: refused; when the caller is not its payee: NotThePayee
├── when the amount is nothing: ZeroAmount
├── when it is more than the payee got and has not given back: MoreThanReleased
├── when the payee has not the tokens, or has not allowed them: refused by the token
└── else, in whatever state the pool is, the last places that the release spent are unspent again
    ├── the next release spends the lowest of them before anything newer
    ├── each contribution keeps its places, and is refunded those
    └── giving back in pieces leaves no more behind than giving back at once
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st
from places import Places
from refunding import ended, give_back, pay_out, pull
from refusals import reverts
from world import DAY, HOUR, UNIT, World

pytestmark = pytest.mark.swift
LONG = bool(os.environ.get("MOA_LONG"))
SOME = settings(
    max_examples=300 if LONG else 20,
    derandomize=not LONG,
    database=None,
    deadline=None,
    verbosity=Verbosity.normal,
    suppress_health_check=HealthCheck.all(),
)
MILESTONES = (30, 20, 25, 25)


@pytest.fixture
def paid(w: World) -> int:
    """A pool of 150 in two gifts, 90 and 60, of which 100 were paid."""
    pool = w.open_pool()
    w.give(pool, 90 * UNIT)
    w.give(pool, 60 * UNIT, w.donor2)
    pay_out(w, pool)
    return pool


def in_pool(w: World, pool: int, *names: str) -> tuple[int, ...]:
    """Return some of a pool's numbers in whole units."""
    stored = w.pool(pool)
    return tuple(stored[name] // UNIT for name in names)


def intervals(w: World, view: str, *args: int) -> list[tuple[int, int]]:
    """Return the intervals that a view gives, in whole units."""
    return [(i["start"] // UNIT, i["amount"] // UNIT) for i in w.see(w.fund, view, *args)]


class TestGivenBack:
    def test_the_last_places_of_the_release_are_unspent_again(self, w: World, paid: int) -> None:
        before = w.balance(w.payee)
        told = w.events(give_back(w, paid, 30 * UNIT))
        said = {"pool": paid, "milestone": 0, "payee": w.payee, "token": w.token.address}
        assert told == [("Returned", said | {"amount": 30 * UNIT, "start": 70 * UNIT})]
        assert (before - w.balance(w.payee), w.balance(w.fund.address)) == (30 * UNIT, 80 * UNIT)
        assert in_pool(w, paid, "released", "returned", "raised") == (70, 30, 150)
        assert w.see(w.fund, "heldOf", paid) == 80 * UNIT
        assert intervals(w, "spentOf", paid, 0) == [(0, 70)]
        assert intervals(w, "returnedOf", paid) == [(70, 30)]
        assert w.milestone_state(paid) == "released"

    def test_all_of_it(self, w: World, paid: int) -> None:
        give_back(w, paid, 100 * UNIT)
        assert in_pool(w, paid, "released", "returned") == (0, 100)
        assert (intervals(w, "spentOf", paid, 0), intervals(w, "returnedOf", paid)) == ([], [(0, 100)])
        assert w.see(w.fund, "heldOf", paid) == 150 * UNIT
        with reverts("MoreThanReleased", paid, 0, 1):
            give_back(w, paid, 1)
        with reverts("AlreadyReleased", paid, 0):
            w.do(w.ngo, w.fund, "release", paid, 0)

    def test_the_next_release_spends_it_before_anything_newer(self, w: World, paid: int) -> None:
        give_back(w, paid, 30 * UNIT)
        w.give(paid, 170 * UNIT)
        w.approve(paid, 1)
        w.node.wait(DAY)
        told = w.events(w.do(w.ngo, w.fund, "release", paid, 1))
        spent = [(e["start"] // UNIT, e["amount"] // UNIT) for name, e in told if name == "Spent"]
        assert spent == intervals(w, "spentOf", paid, 1) == [(70, 30), (100, 170)]
        assert in_pool(w, paid, "released", "returned") == (270, 0)
        assert intervals(w, "returnedOf", paid) == []

    def test_it_counts_as_what_the_pool_holds(self, w: World, paid: int) -> None:
        """The second milestone, of 200, is covered by what came back."""
        w.give(paid, 50 * UNIT)
        with reverts("NotCovered", 100 * UNIT, 200 * UNIT):
            w.approve(paid, 1)
        give_back(w, paid, 100 * UNIT)
        pay_out(w, paid, 1)
        assert intervals(w, "spentOf", paid, 1) == [(0, 100), (100, 100)]

    def test_a_release_gives_back_its_last_piece_first(self, w: World, paid: int) -> None:
        give_back(w, paid, 30 * UNIT)
        w.give(paid, 170 * UNIT)
        pay_out(w, paid, 1)  # spends 70 to 100, and 100 to 270
        told = w.events(give_back(w, paid, 180 * UNIT, 1, w.payee2))
        back = [(e["start"] // UNIT, e["amount"] // UNIT) for _, e in told]
        assert back == [(100, 170), (90, 10)]
        assert (intervals(w, "spentOf", paid, 1), intervals(w, "returnedOf", paid)) == ([(70, 20)], [(90, 180)])

    def test_each_gift_is_refunded_its_own_places(self, w: World, paid: int) -> None:
        """Of the first gift's 90, 70 stay spent; the second keeps all its 60 places, though it came later."""
        give_back(w, paid, 30 * UNIT)
        w.do(w.ngo, w.fund, "cancel", paid)
        before = w.balance(w.donor1), w.balance(w.donor2)
        pull(w, paid, 0, w.donor1)
        pull(w, paid, 90 * UNIT, w.donor2)
        after = w.balance(w.donor1), w.balance(w.donor2)
        assert [(b - a) // UNIT for a, b in zip(before, after, strict=True)] == [20, 60]
        assert w.see(w.fund, "heldOf", paid) == 0

    @pytest.mark.parametrize("pieces", [(1,) * 7, (3, 4), (7,)])
    def test_in_pieces_it_is_one_piece(self, w: World, paid: int, pieces: tuple[int, ...]) -> None:
        for piece in pieces:
            give_back(w, paid, piece * UNIT)
        assert (intervals(w, "spentOf", paid, 0), intervals(w, "returnedOf", paid)) == ([(0, 93)], [(93, 7)])

    def test_pieces_of_two_releases_in_turn_are_two_pieces(self, w: World, paid: int) -> None:
        w.give(paid, 150 * UNIT)
        w.approve(paid, 1)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", paid, 1)
        for _ in range(5):
            give_back(w, paid, UNIT, 1, w.payee2)
            give_back(w, paid, UNIT, 0)
        assert intervals(w, "returnedOf", paid) == [(295, 5), (95, 5)]

    @pytest.mark.parametrize("state", ["paused", "frozen", "completed"])
    def test_in_whatever_state_the_pool_is(self, w: World, state: str) -> None:
        pool = w.open_pool(milestones=[(w.payee, 100 * UNIT, w.node.now + 60 * DAY)], openEnded=state != "completed")
        w.give(pool, 100 * UNIT)
        pay_out(w, pool)
        if state != "completed":
            w.do(*((w.pauser, w.fund, "pause") if state == "paused" else (w.ngo, w.fund, "cancel")), pool)
        before = w.state(pool)
        give_back(w, pool, 40 * UNIT)
        assert (w.see(w.fund, "heldOf", pool), w.state(pool)) == (40 * UNIT, before)
        if state != "paused":
            pull(w, pool, 0, w.donor1)
            assert w.balance(w.fund.address) == 0


class TestRefused:
    def test_more_than_it_got(self, w: World, paid: int) -> None:
        with reverts("MoreThanReleased", paid, 0, 100 * UNIT + 1):
            give_back(w, paid, 100 * UNIT + 1)
        give_back(w, paid, 60 * UNIT)
        with reverts("MoreThanReleased", paid, 0, 40 * UNIT + 1):
            give_back(w, paid, 40 * UNIT + 1)
        assert in_pool(w, paid, "released", "returned") == (40, 60)

    def test_of_a_milestone_that_is_not_released(self, w: World, paid: int) -> None:
        with reverts("MoreThanReleased", paid, 1, 1):
            give_back(w, paid, 1, 1, w.payee2)

    def test_by_anybody_else(self, w: World, paid: int) -> None:
        for who in (w.payee2, w.ngo, w.donor1, w.stranger, w.operator):
            with reverts("NotThePayee", paid, 0, who):
                w.do(who, w.fund, "giveBack", paid, 0, 1)

    def test_nothing_or_nowhere(self, w: World, paid: int) -> None:
        with reverts("ZeroAmount"):
            give_back(w, paid, 0)
        with reverts("UnknownMilestone", paid, 2):
            give_back(w, paid, 1, 2)
        with reverts("UnknownPool", paid + 1):
            give_back(w, paid + 1, 1)

    def test_without_allowance_or_tokens(self, w: World, paid: int) -> None:
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, UNIT):
            w.do(w.payee, w.fund, "giveBack", paid, 0, UNIT)
        w.do(w.payee, w.token, "transfer", w.stranger, 100 * UNIT)
        with reverts("ERC20InsufficientBalance", w.payee, 0, UNIT):
            give_back(w, paid, UNIT)
        assert in_pool(w, paid, "released", "returned") == (100, 0)

    def test_a_cancelled_pool_never_spends_it(self, w: World) -> None:
        pool = ended(w, (w.donor1, 120))
        with reverts("PoolIs", pool, 3):
            w.do(w.ngo, w.fund, "release", pool, 0)


class TestAnyOrder:
    """Gifts, releases and give-backs in any order, beside a list of all units."""

    @pytest.mark.timeout(3600 if LONG else 600)
    @SOME
    @given(data=st.data())
    def test_the_fund_says_of_every_unit_what_a_list_says(self, swift: World, data: st.DataObject) -> None:
        w = swift
        before = w.node.rpc("evm_snapshot")
        try:
            self.play(w, data)
        finally:
            w.node.rpc("evm_revert", before)

    def play(self, w: World, data: st.DataObject) -> None:
        """Make a few random moves, and compare after each."""
        due = w.node.now + 300 * DAY
        plan: dict[str, Any] = {"objectionWindow": HOUR, "fundingThreshold": 0, "fundingDeadline": due}
        pool = w.open_pool(milestones=[(w.payee, amount, due) for amount in MILESTONES], **plan)
        w.do(w.payee, w.token, "approve", w.fund.address, 2**256 - 1)
        places, released = Places(), set[int]()
        starts: list[int] = []
        while len(places.owner) < 140 and data.draw(st.integers(0, 12)):
            open_ = [m for m in range(4) if m not in released and places.free() >= MILESTONES[m]]
            back = [m for m in released if places.kept(m)]
            move = data.draw(st.sampled_from(["give", *["release"] * 3 * bool(open_), *["back"] * 3 * bool(back)]))
            if move == "give":
                amount = data.draw(st.integers(1, 40))
                starts.append(len(places.owner))
                w.give(pool, amount)
                places.lengthen(starts[-1], amount)
            elif move == "release":
                milestone = data.draw(st.sampled_from(open_))
                pay_out(w, pool, milestone)
                places.spend(milestone, MILESTONES[milestone])
                released.add(milestone)
                if len(released) == 4:
                    break
            else:
                milestone = data.draw(st.sampled_from(back))
                amount = data.draw(st.integers(1, places.kept(milestone)))
                w.do(w.payee, w.fund, "giveBack", pool, milestone, amount)
                places.give_back(milestone, amount)
            self.compare(w, pool, places, starts)

    @staticmethod
    def compare(w: World, pool: int, places: Places, starts: list[int]) -> None:
        """Every interval and every number is as the list has it."""
        stored = w.pool(pool)
        assert w.see(w.fund, "heldOf", pool) == w.balance(w.fund.address) == places.free()
        assert stored["released"] == len(places.owner) - places.free()
        front = stored["released"] + stored["returned"]
        assert all(by is None for by in places.spent_by[front:])
        for milestone in range(4):
            said = w.see(w.fund, "spentOf", pool, milestone)
            assert join(said) == places.runs(milestone)
        holes = w.see(w.fund, "returnedOf", pool)
        assert join(holes[::-1]) == places.runs(None, front)
        assert len(holes) <= 4  # never more than there are releases
        due = places.due()
        for start, end in zip(starts, [*starts[1:], len(places.owner)], strict=True):
            assert w.see(w.fund, "unspentOf", pool, start, end - start) == due[start]


def join(said: list[dict[str, int]]) -> list[dict[str, int]]:
    """Return intervals that stand in their order with those that touch joined."""
    found: list[dict[str, int]] = []
    for piece in said:
        if found and found[-1]["start"] + found[-1]["amount"] == piece["start"]:
            found[-1]["amount"] += piece["amount"]
        else:
            assert not found or found[-1]["start"] + found[-1]["amount"] < piece["start"]
            found.append(dict(piece))
    return found
