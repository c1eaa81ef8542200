"""Tokens that are not plain. The registrar should not accredit them; if it does, they hurt nobody else.

├── more than 6 decimals, or none: refused at openPool
├── a fee, a bonus, a lie, a `false`: refused at every gift
├── no return value: taken, as a plain token
├── an issuer that bars a payee: that milestone waits, others are paid
├── balances that shrink: that token's pools lose, no others
└── hooks that call back in: refused, or as if called from outside; the fund stays solvent
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from entrytree import entry_of
from eth_utils import keccak
from refusals import reverts
from replay import Replay
from truth import check_lines, check_solvent, check_storage
from world import DAY, GATEWAY, NEVER, NGO_KIND, TOKEN_KIND, UNIT, ZERO32, World, b32, evidence_of

if TYPE_CHECKING:
    from world import Contract

pytestmark = pytest.mark.swift
GIFT = 10 * UNIT


@pytest.fixture
def good(w: World) -> int:
    """A pool in the good token, which must never feel what happens to the others."""
    pool = w.open_pool()
    w.give(pool, 120 * UNIT)
    return pool


def accept(w: World, kind: str, *args: Any) -> Contract:
    """Deploy a token, accredit it, and give it to people who let the fund take it."""
    token = w.deploy(kind, *args)
    w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32(kind), ZERO32, "")
    for who in (w.donor1, w.gateway):
        w.do(who, token, "mint", who, 10**12)
        w.do(who, token, "approve", w.fund.address, 2**255)
    return token


def check(w: World, good: int, *tokens: Contract) -> None:
    """The fund is solvent in every token, its storage is what it told, and the good pool pays."""
    told = Replay(w)
    told.follow()
    check_storage(w, told, told.gifts, told.batches)
    check_lines(told)
    check_solvent(w, tokens)
    w.approve(good)
    w.node.wait(DAY)
    before = w.balance(w.payee)
    w.do(w.ngo, w.fund, "release", good, 0)
    assert w.balance(w.payee) - before == 100 * UNIT


def batch(w: World, pool: int, amount: int, reference: str = "ref") -> dict[str, Any]:
    """Record a batch of one gift."""
    return w.do(w.gateway, w.fund, "recordBatch", pool, b32(reference), entry_of(bytes(20), 1, amount))


class TestAtTheDoor:
    @pytest.mark.parametrize("decimals", [7, 18, 255])
    def test_more_than_6_decimals(self, w: World, good: int, decimals: int) -> None:
        token = accept(w, "MockToken", decimals)
        with reverts("BadPlan", "token: more than 6 decimals"):
            w.open_pool(token=token.address)
        check(w, good, token)

    @pytest.mark.parametrize("decimals", [0, 2, 6])
    def test_up_to_6_decimals_are_fine(self, w: World, decimals: int) -> None:
        token = accept(w, "MockToken", decimals)
        w.give(w.open_pool(token=token.address), GIFT)

    def test_an_account_without_code_or_a_contract_that_is_no_token(self, w: World) -> None:
        no_code = ("BadPlan", "token: no contract")
        for address, refusal in ((w.stranger, no_code), (w.consortium.address, ("",))):
            w.do(w.registrar, w.register, "accredit", address, TOKEN_KIND, b32("none"), ZERO32, "")
            with reverts(*refusal):
                w.open_pool(token=address)


class TestNotToTheUnit:
    @pytest.mark.parametrize(
        ("kind", "received"), [("FeeToken", GIFT - GIFT // 100), ("BonusToken", GIFT + 1), ("LyingToken", 0)]
    )
    def test_what_does_not_arrive_as_asked_is_refused(self, w: World, good: int, kind: str, received: int) -> None:
        token = accept(w, kind)
        pool = w.open_pool(token=token.address)
        with reverts("WrongAmountReceived", GIFT, received):
            w.give(pool, GIFT)
        with reverts("WrongAmountReceived", GIFT, received):
            batch(w, pool, GIFT)
        assert w.pool(pool)["raised"] == 0
        check(w, good, token)

    def test_a_lie_about_an_authorization(self, w: World, good: int) -> None:
        token = accept(w, "LyingToken")
        pool = w.open_pool(token=token.address)
        with reverts("WrongAmountReceived", GIFT, 0):
            args = (w.donor1, GIFT, 0, NEVER, ZERO32, b"")
            w.do(w.relayer, w.fund, "contributeWithAuthorization", pool, args)
        check(w, good, token)

    def test_a_token_that_answers_false(self, w: World, good: int) -> None:
        token = accept(w, "FalseToken")
        pool = w.open_pool(token=token.address)
        w.give(pool, 120 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        w.do(w.stranger, token, "refuse", True)
        for call in (
            lambda: w.give(pool, GIFT),
            lambda: batch(w, pool, GIFT),
            lambda: w.do(w.ngo, w.fund, "release", pool, 0),
        ):
            with reverts("SafeERC20FailedOperation", token.address):
                call()
        check(w, good, token)
        w.do(w.stranger, token, "refuse", False)
        w.do(w.ngo, w.fund, "release", pool, 0)

    def test_a_token_that_returns_nothing_is_plain_enough(self, w: World, good: int) -> None:
        token = accept(w, "SilentToken")
        pool = w.open_pool(token=token.address)
        w.give(pool, 120 * UNIT)
        batch(w, pool, GIFT)
        w.approve(pool)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", pool, 0)
        assert w.balance(w.payee, token) == 100 * UNIT
        check(w, good, token)

    def test_a_permit_that_the_token_does_not_know_leaves_it_to_the_allowance(self, w: World) -> None:
        token = accept(w, "MockToken", 6)
        pool = w.open_pool(token=token.address)
        w.do(w.donor1, w.fund, "contributeWithPermit", pool, GIFT, NEVER, 27, ZERO32, ZERO32)
        assert w.pool(pool)["raised"] == GIFT


class TestUnderWay:
    def test_a_barred_payee_blocks_no_other(self, w: World, good: int) -> None:
        token = accept(w, "BarringToken")
        pool = w.open_pool(token=token.address)
        w.give(pool, 300 * UNIT)
        w.approve(pool, 0)
        w.approve(pool, 1)
        w.node.wait(DAY)
        w.do(w.stranger, token, "bar", w.payee, True)
        with reverts("Barred", w.payee):
            w.do(w.ngo, w.fund, "release", pool, 0)
        w.do(w.ngo, w.fund, "release", pool, 1)
        check(w, good, token)
        w.do(w.stranger, token, "bar", w.payee, False)
        w.do(w.ngo, w.fund, "release", pool, 0)
        assert w.state(pool) == "completed"

    def test_a_barred_fund_keeps_its_other_tokens(self, w: World, good: int) -> None:
        token = accept(w, "BarringToken")
        pool = w.open_pool(token=token.address)
        w.do(w.stranger, token, "bar", w.fund.address, True)
        with reverts("Barred", w.fund.address):
            w.give(pool, GIFT)
        check(w, good, token)

    def test_a_shrinking_balance_is_the_loss_of_its_own_token(self, w: World, good: int) -> None:
        """Nothing can defend a pool against its own token: the register must not take such a one."""
        token = accept(w, "RebasingToken")
        pool = w.open_pool(token=token.address)
        w.give(pool, 120 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        w.do(w.stranger, token, "shrink", w.fund.address, 30 * UNIT)
        with reverts("ERC20InsufficientBalance", w.fund.address, 90 * UNIT, 100 * UNIT):
            w.do(w.ngo, w.fund, "release", pool, 0)
        check(w, good)


class TestHooks:
    """One attacker is NGO, payee, donor and gateway at once, and calls back in at each transfer."""

    @pytest.fixture
    def stage(self, w: World, good: int) -> tuple[World, int, Contract, Contract, int]:
        token, mallory = accept(w, "HookToken"), w.deploy("Reentrant")
        w.do(w.registrar, w.register, "accredit", mallory.address, NGO_KIND, b32("Mallory"), ZERO32, "")
        w.do(w.registrar, w.consortium, "grantRole", GATEWAY, mallory.address, 0)
        w.do(w.stranger, token, "mint", mallory.address, 10**12)
        plan = w.plan(token=token.address, milestones=[(mallory.address, 100 * UNIT, w.node.now + 60 * DAY)])
        self.act(w, mallory, token.data("approve", w.fund.address, 2**255), token.address)
        self.act(w, mallory, w.fund.data("openPool", w.words(plan)))
        pool = w.see(w.fund, "poolCount")
        w.give(pool, 250 * UNIT)
        evidence = w.judgement.data("submitEvidence", pool, 0, evidence_of("x"), "")
        self.act(w, mallory, evidence, w.judgement.address)
        for who in w.attestors[:2]:
            w.do(who, w.judgement, "attest", pool, 0, evidence_of("x"), True)
        w.node.wait(DAY)
        return w, good, token, mallory, pool

    def act(self, w: World, mallory: Contract, call: bytes, target: str | None = None) -> dict[str, Any]:
        """Let the attacker call something."""
        return w.do(w.stranger, mallory, "act", target or w.fund.address, call)

    def calls(self, w: World, pool: int, mallory: Contract) -> dict[str, bytes]:
        """Return what the attacker may do."""
        authorization = (mallory.address, 5, 0, NEVER, keccak(text="salt"), b"")
        return {
            "contribute": w.fund.data("contribute", pool, 7),
            "batch": w.fund.data("recordBatch", pool, b32("inner"), entry_of(bytes(20), 1, 9)),
            "the same batch": w.fund.data("recordBatch", pool, b32("outer"), entry_of(bytes(20), 1, GIFT)),
            "authorization": w.fund.data("contributeWithAuthorization", pool, authorization),
            "release": w.fund.data("release", pool, 0),
            "give back": w.fund.data("giveBack", pool, 0, 11),
        }

    @pytest.mark.parametrize(
        "inner", ["contribute", "batch", "the same batch", "authorization", "release", "give back"]
    )
    @pytest.mark.parametrize("outer", ["contribute", "batch", "authorization", "release"])
    def test_calling_back_in_gains_nothing(self, stage: tuple, outer: str, inner: str) -> None:
        w, good, token, mallory, pool = stage
        calls = self.calls(w, pool, mallory)
        call = calls["the same batch"] if outer == "batch" else calls[outer]
        before = w.balance(mallory.address, token) + w.balance(w.fund.address, token)
        w.do(w.stranger, mallory, "arm", w.fund.address, calls[inner])
        try:
            self.act(w, mallory, call)
        except Exception as refused:
            outcome = str(refused)
            assert "WrongAmountReceived" in outcome or "Panic" in outcome or "ReferenceUsed" in outcome
        assert w.balance(mallory.address, token) + w.balance(w.fund.address, token) == before
        stored = w.pool(pool)
        assert w.balance(w.fund.address, token) == stored["raised"] - stored["released"]
        assert stored["released"] + stored["returned"] in (0, 100 * UNIT)
        assert stored["returned"] == (11 if (outer, inner) == ("release", "give back") else 0)
        check(w, good, token)

    def test_a_gift_inside_a_gift_makes_the_outer_one_fail(self, stage: tuple) -> None:
        w, _good, _token, mallory, pool = stage
        w.do(w.stranger, mallory, "arm", w.fund.address, w.fund.data("contribute", pool, 7))
        with reverts("WrongAmountReceived", GIFT, GIFT + 7):
            self.act(w, mallory, w.fund.data("contribute", pool, GIFT))

    def test_a_payee_cannot_release_twice_from_inside(self, stage: tuple) -> None:
        w, _good, token, mallory, pool = stage
        w.do(w.stranger, mallory, "arm", w.fund.address, w.fund.data("release", pool, 0))
        before = w.balance(mallory.address, token)
        w.do(w.stranger, w.fund, "release", pool, 0)
        assert w.balance(mallory.address, token) - before == 100 * UNIT
        assert (w.see(mallory, "passed"), w.see(mallory, "refused")) == (0, 1)

    def test_a_gift_from_inside_a_release_is_a_gift(self, w: World, good: int) -> None:
        """The payee of one pool gives to another while it is being paid: everything is written, so all adds up."""
        token, mallory = accept(w, "HookToken"), w.deploy("Reentrant")
        w.do(w.stranger, token, "mint", mallory.address, 1000)
        self.act(w, mallory, token.data("approve", w.fund.address, 1000), token.address)
        tranche = (mallory.address, 100 * UNIT, w.node.now + 60 * DAY)
        pool, other = w.open_pool(token=token.address, milestones=[tranche]), w.open_pool(token=token.address)
        w.give(pool, 100 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        w.do(w.stranger, mallory, "arm", w.fund.address, w.fund.data("contribute", other, 1000))
        w.do(w.ngo, w.fund, "release", pool, 0)
        assert (w.see(mallory, "passed"), w.pool(other)["raised"]) == (1, 1000)
        check(w, good, token)
