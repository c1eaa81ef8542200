"""PooledFund.openPool

├── when the caller is no accredited NGO: NotAccredited
├── when the plan is not in order: NotAccredited or BadPlan, with the reason
├── when every number is at its limit: it opens
└── when the plan is in order
    ├── it stores and tells the whole plan
    └── later pools have the next numbers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from refusals import reverts
from signing import CHAIN
from world import ATTESTOR_KIND, DAY, HOUR, MAX63, NEVER, NO_LIMITS, PANEL, UNIT, ZERO, ZERO32, World, b32

if TYPE_CHECKING:
    from collections.abc import Callable

Change = dict[str, Any]


def milestones(*changes: tuple[int, Any]) -> Callable[[World], Change]:
    """Return a plan's one milestone with some of its fields changed."""

    def changed(w: World) -> Change:
        tranche: list[Any] = [w.payee, 100 * UNIT, w.node.now + 60 * DAY]
        for index, value in changes:
            tranche[index] = value(w) if callable(value) else value
        return {"milestones": [tuple(tranche)]}

    return changed


def tranches(*days: int) -> Callable[[World], Change]:
    """Return milestones with their evidence due in so many days."""
    return lambda w: {"milestones": [(w.payee, 60 * UNIT, w.node.now + day * DAY) for day in days]}


BAD: dict[str, tuple[Callable[[World], Change], str]] = {
    "no name": (lambda _w: {"name": ZERO32}, "name: empty"),
    "a name that starts with a zero": (lambda _w: {"name": b"\0" * 30 + b"x\0"}, "name: empty"),
    "a name of 32 bytes": (lambda _w: {"name": b"x" * 32}, "name: more than 31 bytes"),
    "a deadline that never comes, not open-ended": (
        lambda _w: {"fundingDeadline": NEVER},
        "fundingDeadline: never",
    ),
    "objection window below an hour": (
        lambda _w: {"objectionWindow": HOUR - 1},
        "objectionWindow: not 1 hour to 180 days",
    ),
    "objection window above 180 days": (
        lambda _w: {"objectionWindow": 180 * DAY + 1},
        "objectionWindow: not 1 hour to 180 days",
    ),
    "attestation window below an hour": (
        lambda _w: {"attestationWindow": HOUR - 1},
        "attestationWindow: not 1 hour to 180 days",
    ),
    "attestation window above 180 days": (
        lambda _w: {"attestationWindow": 180 * DAY + 1},
        "attestationWindow: not 1 hour to 180 days",
    ),
    "an objection threshold above half": (
        lambda _w: {"objectionThreshold": 5_001},
        "objectionThreshold: more than 50 %",
    ),
    "no attestor": (lambda _w: {"attestors": []}, "attestors: not 1 to 32"),
    "33 attestors": (lambda w: {"attestors": w.attestors[:1] * 33}, "attestors: not 1 to 32"),
    "an attestor twice": (lambda w: {"attestors": w.attestors[:2] + w.attestors[:1]}, "attestors: one twice"),
    "no quorum": (lambda _w: {"quorum": 0}, "quorum: not 1 to all attestors"),
    "a quorum above all": (lambda _w: {"quorum": 4}, "quorum: not 1 to all attestors"),
    "no milestone": (lambda _w: {"milestones": []}, "milestones: not 1 to 32"),
    "33 milestones": (
        lambda w: {"milestones": [(w.payee, 100 * UNIT, w.node.now + DAY)] * 33},
        "milestones: not 1 to 32",
    ),
    "funding that is over now": (lambda w: {"fundingDeadline": w.node.now + 1}, "fundingDeadline: past"),
    "no funding deadline, not open-ended": (lambda _w: {"fundingDeadline": 0}, "fundingDeadline: past"),
    "open-ended with a deadline that is past": (
        lambda w: {"fundingDeadline": w.node.now, "openEnded": True},
        "fundingDeadline: past",
    ),
    "a payee of zero": (milestones((0, ZERO)), "milestones: payee"),
    "the fund as payee": (milestones((0, lambda w: w.fund.address)), "milestones: payee"),
    "the token as payee": (milestones((0, lambda w: w.token.address)), "milestones: payee"),
    "the Judgement as payee": (milestones((0, lambda w: w.judgement.address)), "milestones: payee"),
    "the sponsors' book as payee": (milestones((0, lambda w: w.sponsors.address)), "milestones: payee"),
    "an attestor as payee": (milestones((0, lambda w: w.attestor3)), "milestones: payee is an attestor"),
    "an amount of nothing": (milestones((1, 0)), "milestones: amount is 0"),
    "evidence due now": (
        milestones((2, lambda w: w.node.now + 1)),
        "milestones: evidenceDeadline past or out of order",
    ),
    "evidence due in the past": (milestones((2, 1)), "milestones: evidenceDeadline past or out of order"),
    "milestones out of order": (tranches(60, 59), "milestones: evidenceDeadline past or out of order"),
    "evidence never due": (milestones((2, NEVER)), "milestones: evidenceDeadline never"),
    "an amount above 63 bits": (milestones((1, 2**63)), "milestones: more than 2^63 - 1"),
    "a sum above 63 bits": (
        lambda w: {"milestones": [(w.payee, 2**62, w.node.now + DAY)] * 2},
        "milestones: more than 2^63 - 1",
    ),
    "a sum that overflows 64 bits": (
        lambda w: {"milestones": [(w.payee, 2**64 - 1, w.node.now + DAY)] * 3},
        "milestones: more than 2^63 - 1",
    ),
    "a threshold above the milestones": (
        lambda _w: {"fundingThreshold": 300 * UNIT + 1},
        "fundingThreshold: more than the milestones",
    ),
    "a programme without a cap": (
        lambda _w: {"limits": (b32("meals"), 0, 5, DAY)},
        "limits: a programme without a beneficiaryCap",
    ),
    "a voucher cap without its period": (
        lambda _w: {"limits": (ZERO32, 0, 5, 0)},
        "limits: voucherCap and voucherPeriod go together",
    ),
    "a cap of a beneficiary above 63 bits": (
        lambda _w: {"limits": (ZERO32, 2**63, 0, 0)},
        "limits: more than 2^63 - 1",
    ),
    "a voucher cap above 63 bits": (
        lambda _w: {"limits": (ZERO32, 0, 2**63, DAY)},
        "limits: more than 2^63 - 1",
    ),
    "a voucher period without its cap": (
        lambda _w: {"limits": (ZERO32, 5, 0, DAY)},
        "limits: voucherCap and voucherPeriod go together",
    ),
}


class TestRefused:
    @pytest.mark.parametrize("case", BAD)
    def test_a_plan_that_is_not_in_order(self, w: World, case: str) -> None:
        change, reason = BAD[case]
        with reverts("BadPlan", reason):
            w.open_pool(**change(w))
        assert w.see(w.fund, "poolCount") == 0

    @pytest.mark.parametrize("who", ["stranger", "operator", "registrar", "gateway", "attestor1", "admin", "payee"])
    def test_a_caller_who_is_no_ngo(self, w: World, who: str) -> None:
        with reverts("NotAccredited", getattr(w, who)):
            w.open_pool(sender=getattr(w, who))

    def test_an_ngo_that_was_revoked(self, w: World) -> None:
        w.do(w.registrar, w.register, "revoke", w.ngo)
        with reverts("NotAccredited", w.ngo):
            w.open_pool()

    @pytest.mark.parametrize("who", ["donor1", "ngo", "gateway"])
    def test_a_token_that_is_none(self, w: World, who: str) -> None:
        with reverts("NotAccredited", getattr(w, who)):
            w.open_pool(token=getattr(w, who))

    @pytest.mark.parametrize("who", ["stranger", "ngo", "ngo2", "gateway"])
    def test_an_attestor_who_is_not_accredited_as_one(self, w: World, who: str) -> None:
        with reverts("NotAccredited", getattr(w, who)):
            w.open_pool(attestors=[w.attestor1, getattr(w, who)])

    def test_an_attestor_who_was_revoked(self, w: World) -> None:
        w.do(w.registrar, w.register, "revoke", w.attestor2)
        with reverts("NotAccredited", w.attestor2):
            w.open_pool()


class TestOpened:
    def test_the_whole_plan_is_told_in_this_order(self, w: World) -> None:
        plan = w.plan()
        events = w.events(w.do(w.ngo, w.fund, "openPool", w.words(plan)))
        names = ["PoolOpened", *["MilestoneOpened"] * 2, *["AttestorSeated"] * 3, "DeadlineMoved"]
        assert [name for name, _ in events] == names
        told = {k: v for k, v in plan.items() if k not in ("attestors", "milestones", "limits")}
        assert events[0][1] == told | {"pool": 1, "ngo": w.ngo}
        tranches = [(e["milestone"], e["payee"], e["amount"], e["evidenceDeadline"]) for _, e in events[1:3]]
        assert tranches == [(i, *m) for i, m in enumerate(plan["milestones"])]
        assert [event["attestor"] for _, event in events[3:6]] == plan["attestors"]
        until = {"acceptsUntil": plan["fundingDeadline"], "defaultsAt": plan["milestones"][0][2]}
        assert events[6][1] == {"pool": 1} | until

    def test_it_is_stored_and_waits_for_funding(self, w: World) -> None:
        plan = w.plan()
        w.do(w.ngo, w.fund, "openPool", w.words(plan))
        stored, panel = w.pool(1), w.see(w.judgement, "panelOf", 1)
        elsewhere = (*PANEL, "milestones", "descriptionURI", "limits")
        same = {k: v for k, v in plan.items() if k not in elsewhere}
        assert stored | same | {"ngo": w.ngo, "milestones": 2, "raised": 0, "paused": False} == stored
        rules = {k: plan[k] for k in PANEL if k != "attestors"}
        assert panel | rules | {"ngo": w.ngo, "attestors": 3, "milestones": 2, "openEnded": False} == panel
        assert (w.state(1), w.milestone_state(1, 0), w.milestone_state(1, 1)) == ("funding", "planned", "planned")
        seats = [w.see(w.judgement, "isAttestor", 1, who) for who in (*w.attestors, w.ngo)]
        assert seats == [True, True, True, False, False]
        paid = [{"payee": payee, "amount": amount, "releasedAt": 0} for payee, amount, _ in plan["milestones"]]
        assert w.see(w.fund, "milestonesOf", 1) == paid
        assert [m["evidenceDeadline"] for m in w.see(w.judgement, "milestonesOf", 1)] == [
            due for _, _, due in plan["milestones"]
        ]

    @pytest.mark.parametrize(
        "limits", [(b32("meals"), MAX63, MAX63, DAY), (ZERO32, 5, 0, 0), (ZERO32, 0, 6, 1), (b32("meals"), 1, 0, 0)]
    )
    def test_its_limits_are_told_and_stored(self, w: World, limits: tuple[Any, ...]) -> None:
        events = w.events(w.do(w.ngo, w.fund, "openPool", w.words(w.plan(limits=limits))))
        named = dict(zip(("programme", "beneficiaryCap", "voucherCap", "voucherPeriod"), limits, strict=True))
        assert events[1] == ("LimitsSet", {"pool": 1} | named)
        assert w.see(w.fund, "limitsOf", 1) == named

    def test_without_limits_none_are_told(self, w: World) -> None:
        w.open_pool(limits=NO_LIMITS)
        assert tuple(w.see(w.fund, "limitsOf", 1).values()) == NO_LIMITS

    def test_the_payout_book_may_be_a_payee(self, w: World) -> None:
        w.open_pool(**milestones((0, lambda w: w.payouts.address))(w))

    def test_without_a_threshold_it_is_active_at_once(self, w: World) -> None:
        assert w.state(w.open_pool(fundingThreshold=0)) == "active"

    def test_open_ended_without_a_deadline_takes_gifts_until_its_first_evidence_is_due(self, w: World) -> None:
        pool = w.pool(w.open_pool(openEnded=True, fundingDeadline=0))
        assert (pool["fundingDeadline"], pool["acceptsUntil"]) == (NEVER, pool["defaultsAt"])

    def test_open_ended_may_have_a_deadline(self, w: World) -> None:
        deadline = w.node.now + DAY
        assert w.pool(w.open_pool(openEnded=True, fundingDeadline=deadline))["acceptsUntil"] == deadline

    def test_pools_are_numbered_from_1(self, w: World) -> None:
        assert [w.open_pool(), w.open_pool(sender=w.ngo2), w.open_pool()] == [1, 2, 3]
        assert [w.pool(n)["ngo"] for n in (1, 2, 3)] == [w.ngo, w.ngo2, w.ngo]

    def test_another_order_of_the_same_attestors_and_milestones_on_one_day_is_fine(self, w: World) -> None:
        w.open_pool(attestors=w.attestors[2::-1], **tranches(60, 60)(w))

    def test_every_number_at_its_limit(self, w: World) -> None:
        """32 attestors and milestones, a sum of 2^63 - 1 that is also the threshold, both windows at an end."""
        many = ["0x" + bytes([1, i]).rjust(20, b"\1").hex() for i in range(32)]
        for i, who in enumerate(many):
            w.do(w.registrar, w.register, "accredit", who, ATTESTOR_KIND, b32(f"a{i}"), ZERO32, "")
        due = w.node.now + 2
        tranches = [(w.payee, 1, due + 2)] * 31 + [(w.payee, MAX63 - 31, NEVER - 1)]
        for short, long in ((HOUR, 180 * DAY), (180 * DAY, HOUR)):
            pool = w.open_pool(
                attestors=many,
                quorum=32,
                milestones=[(who, amount, at + 9) for who, amount, at in tranches[:-1]] + tranches[-1:],
                fundingThreshold=MAX63,
                objectionWindow=short,
                attestationWindow=long,
                objectionThreshold=5_000,
                limits=(b"\xff" * 32, MAX63, MAX63, NEVER),
            )
            assert w.pool(pool)["fundingThreshold"] == MAX63
            assert len(w.see(w.fund, "milestonesOf", pool)) == 32

    def test_the_earliest_deadlines_are_the_next_second(self, w: World) -> None:
        soon = w.node.now + 2
        pool = w.open_pool(fundingDeadline=soon, milestones=[(w.payee, 100 * UNIT, soon)])
        assert w.pool(pool)["defaultsAt"] == soon == w.node.now + 1


class TestUnknown:
    """Views of what is not there."""

    def test_a_pool_that_is_not_there_is_in_no_state(self, w: World, pool: int) -> None:
        for number in (0, pool + 1, 2**255):
            assert w.state(number) == "none"
            assert w.pool(number)["ngo"] == ZERO
            assert w.see(w.fund, "milestonesOf", number) == []
            with reverts("UnknownPool", number):
                w.milestone(number)
            with reverts("UnknownPool", number):
                w.see(w.judgement, "hasAttested", number, 0, w.attestor1)
            with reverts("UnknownPool", number):
                w.see(w.judgement, "milestoneOf", number, 0)
            assert w.see(w.fund, "limitsOf", number)["programme"] == ZERO32

    def test_a_milestone_that_is_not_there(self, w: World, pool: int) -> None:
        with reverts("UnknownMilestone", pool, 2):
            w.milestone(pool, 2)
        with reverts("UnknownMilestone", pool, 2):
            w.see(w.judgement, "milestoneOf", pool, 2)
        with reverts("UnknownMilestone", pool, 2**200):
            w.see(w.judgement, "hasAttested", pool, 2**200, w.attestor1)

    def test_ids_follow_from_their_parts_alone(self, w: World) -> None:
        assert w.see(w.fund, "batchId", w.gateway, b32("x")) == keccak(
            encode(["address", "bytes32"], [w.gateway, b32("x")])
        )
        assert w.see(w.fund, "authorizationNonce", 7, b32("x")) == keccak(encode(["uint256", "bytes32"], [7, b32("x")]))
        assert int(w.node.rpc("eth_chainId"), 16) == CHAIN
