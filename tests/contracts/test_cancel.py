"""The end by decision: cancel, cancelByOperator.

cancel
├── when the pool is over: PoolIs; when the caller is not its NGO: NotTheNgo
└── else it is frozen in this second, and its contributors can pull
cancelByOperator
├── when it was not announced, or 7 days are not over, or 7 more are: refused by the consortium
├── through the consortium's `execute`: CallTheContractItself
└── else as cancel
"""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak
from refusals import reverts
from world import CANCELLER, DAY, HOUR, World

pytestmark = pytest.mark.swift
NONE, FROZEN = 0, 3
WEEK = 7 * DAY


class TestCancel:
    def test_it_freezes_in_this_second(self, w: World, funded: int) -> None:
        receipt = w.do(w.ngo, w.fund, "cancel", funded)
        before = w.node.now - 1
        assert w.events(receipt) == [
            ("Cancelled", {"pool": funded, "account": w.ngo}),
            ("DeadlineMoved", {"pool": funded, "acceptsUntil": before, "defaultsAt": before}),
        ]
        assert w.state(funded) == "frozen"
        with reverts("NotAccepting", funded, before):
            w.give(funded, 1)
        with reverts("PoolIs", funded, FROZEN):
            w.do(w.ngo, w.fund, "release", funded, 0)
        w.do(w.stranger, w.fund, "refund", funded, 0, w.donor1)

    def test_an_approved_milestone_is_not_paid_any_more(self, w: World, funded: int) -> None:
        w.approve(funded)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "cancel", funded)
        with reverts("PoolIs", funded, FROZEN):
            w.do(w.ngo, w.fund, "release", funded, 0)

    def test_a_pool_that_still_collects(self, w: World, pool: int) -> None:
        w.give(pool, 1)
        w.do(w.ngo, w.fund, "cancel", pool)
        w.do(w.donor1, w.fund, "refund", pool, 0, w.donor1)

    def test_only_its_ngo_and_only_once(self, w: World, pool: int) -> None:
        for who in (w.ngo2, w.operator, w.donor1, w.stranger):
            with reverts("NotTheNgo", pool, who):
                w.do(who, w.fund, "cancel", pool)
        w.do(w.registrar, w.register, "revoke", w.ngo)
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("PoolIs", pool, FROZEN):
            w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("PoolIs", 7, NONE):
            w.do(w.ngo, w.fund, "cancel", 7)


class TestCancelByOperator:
    @pytest.fixture
    @staticmethod
    def call(w: World, funded: int) -> bytes:
        return w.fund.data("cancelByOperator", funded)

    @staticmethod
    def announce(w: World, call: bytes, when: int = 0) -> int:
        """Announce it; return from when on it can be done."""
        w.do(w.operator, w.consortium, "schedule", w.fund.address, call, when)
        return when or w.node.now + WEEK

    @staticmethod
    def operation(w: World, call: bytes) -> bytes:
        """Return the consortium's word for it."""
        return keccak(encode(["address", "address", "bytes"], [w.operator, w.fund.address, call]))

    def test_it_must_be_announced(self, w: World, funded: int, call: bytes) -> None:
        with reverts("AccessManagerNotScheduled", self.operation(w, call)):
            w.do(w.operator, w.fund, "cancelByOperator", funded)

    def test_7_days_before(self, w: World, funded: int, call: bytes) -> None:
        with reverts("AccessManagerUnauthorizedCall", w.operator, w.fund.address, call[:4]):
            self.announce(w, call, w.node.now + WEEK)
        at = self.announce(w, call)
        with reverts("AccessManagerNotReady", self.operation(w, call)):
            w.do(w.operator, w.fund, "cancelByOperator", funded, at=at - 1)
        receipt = w.do(w.operator, w.fund, "cancelByOperator", funded, at=at)
        assert w.events(receipt)[0] == ("Cancelled", {"pool": funded, "account": w.operator})
        assert w.state(funded) == "frozen"
        w.do(w.stranger, w.fund, "refund", funded, 0, w.donor1)

    def test_it_lapses_after_7_more(self, w: World, funded: int, call: bytes) -> None:
        at = self.announce(w, call)
        with reverts("AccessManagerExpired", self.operation(w, call)):
            w.do(w.operator, w.fund, "cancelByOperator", funded, at=at + WEEK)

    def test_it_is_good_once_and_for_one_pool(self, w: World, funded: int, call: bytes) -> None:
        other = w.open_pool()
        at = self.announce(w, call)
        w.node.go_to(at)
        with pytest.raises(Exception, match="AccessManagerNotScheduled"):
            w.do(w.operator, w.fund, "cancelByOperator", other)
        w.do(w.operator, w.fund, "cancelByOperator", funded)
        with reverts("AccessManagerNotScheduled", self.operation(w, call)):
            w.do(w.operator, w.fund, "cancelByOperator", funded)

    def test_what_is_over_is_not_cancelled(self, w: World, funded: int, call: bytes) -> None:
        at = self.announce(w, call)
        w.do(w.ngo, w.fund, "cancel", funded)
        with reverts("PoolIs", funded, FROZEN):
            w.do(w.operator, w.fund, "cancelByOperator", funded, at=at)

    def test_the_consortium_does_not_call_for_anybody(self, w: World, funded: int, call: bytes) -> None:
        w.node.go_to(self.announce(w, call))
        for who in (w.operator, w.admin, w.stranger):
            with reverts("CallTheContractItself"):
                w.do(who, w.consortium, "execute", w.fund.address, call)
        assert w.state(funded) == "active"

    def test_not_even_the_admin_hastens_it(self, w: World, funded: int, call: bytes) -> None:
        """A shorter delay counts only after the longer one is over."""
        w.do(w.admin, w.consortium, "grantRole", CANCELLER, w.operator, 0)
        w.node.wait(WEEK - HOUR)
        with reverts("AccessManagerNotScheduled", self.operation(w, call)):
            w.do(w.operator, w.fund, "cancelByOperator", funded)
