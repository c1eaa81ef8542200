"""PooledFund.contributeMany: gifts of many donors, in their names, paid by whoever brings them.

├── when there is no gift: ZeroAmount; when one names no donor, or the fund: BadDonor; or no amount: ZeroEntry
├── when the pool takes no gifts: NotAccepting; when its line would pass 2^63 - 1: TooMuch
├── when the bearer has not the tokens, or has not allowed them: refused by the token
└── else each is a direct gift at the next place, and exactly the sum is pulled, once
    └── it is the donor's: it objects with it and is refunded, and the bearer is not
"""

from __future__ import annotations

from typing import Any

import pytest
from entrytree import entry_of
from refunding import DONORS, pull
from refusals import reverts
from world import DAY, MAX63, TOKEN_KIND, UNIT, ZERO, ZERO32, World, b32


def bring(w: World, pool: int, gifts: list[tuple[str, int]], bearer: str | None = None, **how: Any) -> dict[str, Any]:
    """Bring gifts: donors and amounts."""
    rows = [entry_of(donor, how.get("time", 0), amount) for donor, amount in gifts]
    return w.do(bearer or w.donor1, w.fund, "contributeMany", pool, rows, at=how.get("at"))


class TestBrought:
    def test_each_stands_in_line_in_its_donors_name(self, w: World, pool: int) -> None:
        w.give(pool, 7)
        gifts = [(DONORS[0], 5), (w.donor2, 1), (DONORS[0], 9)]
        before = w.balance(w.donor1)
        events = w.events(bring(w, pool, gifts))
        said = {"pool": pool, "token": w.token.address}
        named = [{"donor": d, "amount": a, "start": s} for (d, a), s in zip(gifts, (7, 12, 13), strict=True)]
        told = [("Contributed", said | values) for values in named]
        brought = said | {"bearer": w.donor1, "amount": 15, "start": 7, "count": 3}
        assert events == [*told, ("ContributionsBrought", brought)]
        assert [w.see(w.fund, "giftAt", pool, s) for s in (7, 12, 13)] == [{"donor": d, "amount": a} for d, a in gifts]
        assert w.see(w.fund, "giftAt", pool, 8) == {"donor": ZERO, "amount": 0}
        assert (before - w.balance(w.donor1), w.balance(w.fund.address), w.pool(pool)["raised"]) == (15, 22, 22)

    def test_the_tokens_move_once(self, w: World, pool: int) -> None:
        receipt = bring(w, pool, [(donor, 1) for donor in DONORS])
        moves = [values for name, values in w.events(receipt, w.token) if name == "Transfer"]
        assert moves == [{"from": w.donor1, "to": w.fund.address, "value": len(DONORS)}]

    def test_the_answer_is_the_first_place(self, w: World, pool: int) -> None:
        w.give(pool, 7)
        call = w.fund.call("contributeMany", pool, [entry_of(DONORS[0], 0, 1)])
        answer = w.node.rpc("eth_call", {"from": w.donor1, **call}, "latest")
        assert int(answer, 16) == 7

    def test_the_four_bytes_between_are_ignored(self, w: World, pool: int) -> None:
        bring(w, pool, [(DONORS[0], 5)], time=2**32 - 1)
        assert w.see(w.fund, "giftAt", pool, 0) == {"donor": DONORS[0], "amount": 5}

    def test_one_and_a_hundred(self, w: World, pool: int) -> None:
        for count in (1, 100):
            bring(w, pool, [(DONORS[i % 20], i + 1) for i in range(count)])
        assert w.pool(pool)["raised"] == 1 + 5050

    def test_they_make_a_pool_active(self, w: World, pool: int) -> None:
        bring(w, pool, [(DONORS[0], 25 * UNIT), (DONORS[1], 25 * UNIT)])
        assert w.state(pool) == "active"

    def test_the_donor_is_refunded_and_not_the_bearer(self, w: World, pool: int) -> None:
        bring(w, pool, [(DONORS[0], 5), (w.donor2, 6)])
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("NotTheDonor", pool, 5, w.donor1):
            pull(w, pool, 5, w.donor1, w.donor1)
        pull(w, pool, 0, DONORS[0])
        pull(w, pool, 5, w.stranger, w.donor2)
        assert (w.balance(DONORS[0]), w.balance(w.stranger), w.balance(w.fund.address)) == (5, 6, 0)

    def test_the_donor_objects_and_not_the_bearer(self, w: World, pool: int) -> None:
        bring(w, pool, [(w.donor2, 60 * UNIT), (w.donor3, 60 * UNIT)])
        evidence = w.approve(pool)
        with reverts("NotTheDonor", pool, 0, w.donor1):
            w.do(w.donor1, w.judgement, "object", pool, 0, evidence, [0])
        w.do(w.donor2, w.judgement, "object", pool, 0, evidence, [0])
        assert w.milestone_state(pool) == "disputed"


class TestRefused:
    def test_nothing(self, w: World, pool: int) -> None:
        with reverts("ZeroAmount"):
            bring(w, pool, [])

    @pytest.mark.parametrize("position", [0, 1, 2])
    def test_a_gift_of_nobody_or_of_nothing(self, w: World, pool: int, position: int) -> None:
        gifts = [(donor, 5) for donor in DONORS[:3]]
        for name, bad in (("BadDonor", (ZERO, 5)), ("BadDonor", (w.fund.address, 5)), ("ZeroEntry", (DONORS[0], 0))):
            with reverts(name, position):
                bring(w, pool, [*gifts[:position], bad, *gifts[position + 1 :]])
        assert w.pool(pool)["raised"] == 0

    def test_when_the_pool_takes_no_gifts(self, w: World, pool: int) -> None:
        until = w.pool(pool)["fundingDeadline"]
        with reverts("NotAccepting", pool + 1, 0):
            bring(w, pool + 1, [(DONORS[0], 5)])
        bring(w, pool, [(DONORS[0], 5)], at=until)
        with reverts("NotAccepting", pool, until):
            bring(w, pool, [(DONORS[0], 5)])

    def test_when_it_is_paused(self, w: World, pool: int) -> None:
        w.do(w.pauser, w.fund, "pause", pool)
        with reverts("NotAccepting", pool, 0):
            bring(w, pool, [(DONORS[0], 5)])

    def test_without_allowance_or_tokens_none_is_in_line(self, w: World, pool: int) -> None:
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, 11):
            bring(w, pool, [(w.donor1, 5), (w.donor2, 6)], w.stranger)
        w.do(w.stranger, w.token, "approve", w.fund.address, 11)
        with reverts("ERC20InsufficientBalance", w.stranger, 0, 11):
            bring(w, pool, [(w.donor1, 5), (w.donor2, 6)], w.stranger)
        assert (w.pool(pool)["raised"], w.see(w.fund, "giftAt", pool, 0)["amount"]) == (0, 0)

    def test_the_line_may_fill_63_bits_and_no_more(self, w: World) -> None:
        token = w.deploy("MockToken", 6)
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("big"), ZERO32, "")
        pool = w.open_pool(token=token.address)
        w.do(w.donor1, token, "mint", w.donor1, 2**80)
        w.do(w.donor1, token, "approve", w.fund.address, 2**256 - 1)
        w.give(pool, 10)
        for amounts in ([MAX63 - 9], [MAX63 - 10, 1], [2**64 - 1, 11], [2**64 - 1] * 9):
            with reverts("TooMuch", pool):
                bring(w, pool, [(DONORS[0], amount) for amount in amounts])
        bring(w, pool, [(DONORS[0], MAX63 - 11), (DONORS[1], 1)])
        assert w.pool(pool)["raised"] == MAX63

    def test_a_token_that_keeps_a_fee(self, w: World) -> None:
        token = w.deploy("FeeToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("fee"), ZERO32, "")
        pool = w.open_pool(token=token.address)
        w.do(w.donor1, token, "mint", w.donor1, 1000)
        w.do(w.donor1, token, "approve", w.fund.address, 1000)
        with reverts("WrongAmountReceived", 200, 198):
            bring(w, pool, [(DONORS[0], 100), (DONORS[1], 100)])

    def test_a_frozen_pool(self, w: World, funded: int) -> None:
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "cancel", funded)
        with reverts("NotAccepting", funded, w.node.now - 1):
            bring(w, funded, [(DONORS[0], 1)])
