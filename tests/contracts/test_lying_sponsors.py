"""Custody holds against a sponsors' book that lies: what is not paid to the unit is not in line.

├── when it pays less than it says, or more: WrongAmountReceived, and the gift that it matches falls with it
├── when it names a sponsor who adds nothing: ZeroAmount
├── when a line would pass 2^63 - 1 by it: TooMuch
└── else each sponsor's part stands directly behind the gifts
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from entrytree import entry_of
from refunding import DONORS
from refusals import reverts
from world import UNIT, World, next_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.swift
GIFT = 10 * UNIT


@pytest.fixture
def lied(w: World) -> Iterator[World]:
    """A fund whose sponsors' book lies, with pool 1 and 1,000 units of other people's money in it."""
    *_, fund = islice(next_addresses(w.node, w.deployer), 4)
    judgement = w.deploy("Judgement", w.register.address, fund)
    sponsors, payouts = w.deploy("MockSponsors", fund), w.deploy("MockFor", fund)
    books = (judgement.address, sponsors.address, payouts.address)
    truth = w.fund, w.judgement, w.sponsors
    w.fund = w.deploy("PooledFund", w.consortium.address, w.register.address, *books)
    w.judgement, w.sponsors = judgement, sponsors
    try:
        w.mint(sponsors.address, 1000 * UNIT)
        for who in (w.donor1, w.donor2):
            w.do(who, w.token, "approve", w.fund.address, 2**256 - 1)
        w.open_pool()
        w.give(1, 1000 * UNIT, w.donor2)
        yield w
        held = sum(w.see(w.fund, "heldOf", pool) for pool in range(1, w.see(w.fund, "poolCount") + 1))
        assert held == w.balance(w.fund.address)
    finally:
        w.fund, w.judgement, w.sponsors = truth


def matched(w: World, paid: int, *parts: tuple[str, int]) -> int:
    """Open a pool that is matched so; return its number."""
    pool = w.open_pool()
    sponsors, amounts = [who for who, _ in parts], [amount for _, amount in parts]
    w.do(w.stranger, w.sponsors, "set", pool, sponsors, amounts, paid)
    return pool


@pytest.mark.parametrize("paid", [0, 1, 6, 8, 100 * UNIT])
def test_what_is_not_paid_to_the_unit_is_refused(lied: World, paid: int) -> None:
    w = lied
    pool = matched(w, paid, (DONORS[0], 3), (DONORS[1], 4))
    with reverts("WrongAmountReceived", 7, paid):
        w.give(pool, GIFT)
    with reverts("WrongAmountReceived", 7, paid):
        w.do(w.donor1, w.fund, "contributeMany", pool, [entry_of(DONORS[2], 0, GIFT)])
    assert w.pool(pool)["raised"] == 0


def test_what_is_paid_and_not_said_is_refused(lied: World) -> None:
    pool = matched(lied, 1)
    with reverts("WrongAmountReceived", 0, 1):
        lied.give(pool, GIFT)


def test_a_sponsor_who_adds_nothing_is_refused(lied: World) -> None:
    pool = matched(lied, 3, (DONORS[0], 3), (DONORS[1], 0))
    with reverts("ZeroAmount"):
        lied.give(pool, GIFT)


def test_a_line_that_would_be_too_long_is_refused(lied: World) -> None:
    pool = matched(lied, 0, (DONORS[0], 2**63 - 1))
    with reverts("TooMuch", pool):
        lied.give(pool, GIFT)


def test_an_honest_one_stands_behind_the_gift(lied: World) -> None:
    w = lied
    pool = matched(w, 7, (DONORS[0], 3), (DONORS[1], 4))
    w.give(pool, GIFT)
    assert [w.see(w.fund, "giftAt", pool, GIFT + s) for s in (0, 3)] == [
        {"donor": DONORS[0], "amount": 3},
        {"donor": DONORS[1], "amount": 4},
    ]
    assert w.pool(pool)["raised"] == GIFT + 7


def test_none_is_no_harm(lied: World) -> None:
    pool = matched(lied, 0)
    lied.give(pool, GIFT)
    assert lied.pool(pool)["raised"] == GIFT
