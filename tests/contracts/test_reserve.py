# ruff: noqa: S311 (seeded: the same walk in each run)
"""Evidence waits for its money, so that what is approved can be paid.

submitEvidence
├── when the pool holds less than the amount beside what is under judgement: NotCovered
└── else the amount is reserved, until the milestone is released or rejected
at any time, under any calls: a pool holds what is reserved, and an approved milestone can be paid after its window
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from judging import (
    APPROVED,
    DISPUTED,
    OTHER,
    SUBMITTED,
    attest,
    confirm,
    finish_window,
    objecting,
    record,
    release,
    submit,
)
from refusals import reverts
from world import DAY, HOUR, UNIT, RefusedError, World, evidence_of

pytestmark = pytest.mark.swift


def reserved(w: World, pool: int) -> int:
    """Return what is under judgement."""
    found: int = w.see(w.judgement, "panelOf", pool)["reserved"]
    return found


class TestNotCovered:
    def test_exactly_the_amount_is_needed(self, w: World, pool: int) -> None:
        w.give(pool, 100 * UNIT - 1)
        with reverts("NotCovered", 100 * UNIT - 1, 100 * UNIT):
            submit(w, pool)
        w.give(pool, 1)
        submit(w, pool)
        assert reserved(w, pool) == 100 * UNIT

    def test_beside_what_is_submitted_approved_or_disputed(self, w: World, pool: int) -> None:
        w.give(pool, 300 * UNIT - 1)
        submit(w, pool)
        refused = ("NotCovered", 200 * UNIT - 1, 200 * UNIT)
        with reverts(*refused):
            submit(w, pool, 1)
        for seat in (1, 2):
            attest(w, seat, pool)
        with reverts(*refused):
            submit(w, pool, 1)
        objecting(w, pool, 0)
        with reverts(*refused):
            submit(w, pool, 1)
        w.give(pool, 1)
        submit(w, pool, 1)

    def test_a_rejection_sets_it_free(self, w: World, pool: int) -> None:
        w.give(pool, 200 * UNIT)
        submit(w, pool)
        with reverts("NotCovered", 100 * UNIT, 200 * UNIT):
            submit(w, pool, 1)
        for seat in (1, 2):
            attest(w, seat, pool, approved=False)
        assert reserved(w, pool) == 0
        submit(w, pool, 1)
        with reverts("NotCovered", 0, 100 * UNIT):
            submit(w, pool)

    def test_a_release_spends_it_and_is_not_there_twice(self, w: World, funded: int) -> None:
        w.give(funded, 100 * UNIT)
        w.approve(funded)
        finish_window(w)
        release(w, funded)
        assert reserved(w, funded) == 0
        with reverts("NotCovered", 120 * UNIT, 200 * UNIT):
            submit(w, funded, 1)

    def test_what_a_payee_gives_back_counts_again(self, w: World, funded: int) -> None:
        w.give(funded, 100 * UNIT)
        w.approve(funded)
        finish_window(w)
        release(w, funded)
        w.do(w.payee, w.token, "approve", w.fund.address, 80 * UNIT)
        w.do(w.payee, w.fund, "giveBack", funded, 0, 80 * UNIT)
        submit(w, funded, 1)
        for seat in (1, 2):
            attest(w, seat, funded, milestone=1)
        finish_window(w)
        release(w, funded, 1)
        assert (w.state(funded), w.see(w.fund, "heldOf", funded)) == ("completed", 0)

    def test_neither_other_pools_nor_tokens_sent_by_mistake_help(self, w: World, funded: int) -> None:
        w.give(w.open_pool(), 500 * UNIT)
        w.do(w.donor2, w.token, "transfer", w.fund.address, 500 * UNIT)
        with reverts("NotCovered", 120 * UNIT, 200 * UNIT):
            submit(w, funded, 1)

    def test_a_batch_covers_it_as_well(self, w: World, pool: int) -> None:
        record(w, pool, bytes(24) + (100 * UNIT).to_bytes(8))
        submit(w, pool)

    def test_a_dispute_keeps_it(self, w: World, funded: int) -> None:
        w.approve(funded)
        objecting(w, funded, 0)
        assert reserved(w, funded) == 100 * UNIT
        submit(w, funded, evidence=OTHER)
        assert reserved(w, funded) == 100 * UNIT
        confirm(w, funded, 1, 2)
        finish_window(w)
        release(w, funded)
        assert reserved(w, funded) == 0


Call = tuple[str, Any, str, tuple[Any, ...]]


class Walk:
    """Somebody does something in one of two pools of five milestones, again and again; most of it is refused."""

    def __init__(self, w: World, seed: int) -> None:
        self.w, self.rng = w, random.Random(seed)
        self.done = 0
        now, self.payees = w.node.now, (w.payee, w.payee2)
        for payee in self.payees:
            w.do(payee, w.token, "approve", w.fund.address, 2**255)
        self.pools = []
        for open_ended in (False, True):
            tranches = [(self.rng.choice(self.payees), self.amount(), now + (200 + i) * DAY) for i in range(5)]
            plan = {"openEnded": open_ended, "fundingThreshold": 1, "attestationWindow": 20 * DAY}
            self.pools.append(w.open_pool(milestones=tranches, objectionThreshold=1_000, **plan))
            w.give(self.pools[-1], 30)

    def amount(self) -> int:
        return self.rng.choice((1, 40, 100, self.rng.randrange(1, 120)))

    def step(self) -> None:
        """Do one thing, if it is not refused: mostly what the milestone waits for."""
        w, rng = self.w, self.rng
        pool, milestone = rng.choice(self.pools), rng.randrange(5)
        m = w.see(w.judgement, "milestoneOf", pool, milestone)
        said, yes = m["evidence"], rng.random() < 0.8
        submits = (w.ngo, w.judgement, "submitEvidence", (pool, milestone, evidence_of(str(rng.random())), ""))
        attests = (rng.choice(w.attestors[:3]), w.judgement, "attest", (pool, milestone, said, yes))
        objects = (w.donor1, w.judgement, "object", (pool, milestone, said, [0]))
        releases = (w.ngo, w.fund, "release", (pool, milestone))
        gives_back = (rng.choice(self.payees), w.fund, "giveBack", (pool, milestone, self.amount()))
        waited_for: list[Call] = [
            *([submits], [attests], [objects, releases, releases], [attests, attests, attests, submits], [submits]),
            [gives_back],
        ][m["state"]]
        others: list[Call] = [
            *[(w.donor1, w.fund, "contribute", (pool, self.amount()))] * 5,
            *(submits, attests, objects, releases, gives_back),
            *((w.pauser, w.fund, "pause", (pool,)), (w.operator, w.fund, "unpause", (pool,))),
        ]
        who, contract, function, args = rng.choice(waited_for if rng.random() < 0.7 else others)
        if rng.random() < 0.3:
            w.node.wait(rng.choice((HOUR, 12 * HOUR, DAY)))
        try:
            w.do(who, contract, function, *args)
            self.done += 1
        except RefusedError:
            return

    def check(self) -> int:
        """What is reserved is what is under judgement, it is there, and what is approved is paid."""
        w, payable = self.w, 0
        for pool in self.pools:
            state, held = w.state(pool), w.see(w.fund, "heldOf", pool)
            judged, planned = w.see(w.judgement, "milestonesOf", pool), w.see(w.fund, "milestonesOf", pool)
            under = [i for i, m in enumerate(judged) if m["state"] in (SUBMITTED, APPROVED, DISPUTED)]
            assert reserved(w, pool) == sum(planned[i]["amount"] for i in under) <= held
            ripe = [
                i
                for i in under
                if judged[i]["state"] == APPROVED and w.node.now > judged[i]["decidedAt"] + DAY and state == "active"
            ]
            for i in ripe:  # one after the other, in any order, on top of each other
                w.node.rpc("eth_call", {"from": w.stranger, **w.fund.call("release", pool, i)}, "latest")
            if len(ripe) > 1:
                before = w.node.rpc("evm_snapshot")
                for i in self.rng.sample(ripe, len(ripe)):
                    release(w, pool, i)
                w.node.rpc("evm_revert", before)
            payable += len(ripe)
        return payable


@pytest.mark.parametrize("seed", range(6))
def test_what_is_approved_can_always_be_paid(w: World, seed: int) -> None:
    walk, payable = Walk(w, seed), 0
    for _ in range(90):
        walk.step()
        payable += walk.check()
    assert walk.done > 15
    assert payable
