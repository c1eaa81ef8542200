"""object: a direct contributor's no, weighed by what was contributed before the evidence.

object
├── when the pool is unknown, funding, frozen or completed, or the milestone is unknown: refused
├── when the milestone is not approved: MilestoneIs
├── when it is about other evidence: OtherEvidence
├── when the window is over: WindowClosed; in its last second: counted
├── when there is no gift at a place: NoGift; when it is somebody else's: NotTheDonor
├── when the gift came after the evidence: GaveLater
├── when the gift objects already: passed over
├── up to the threshold exactly: counted, and nothing else
└── one unit above: disputed
"""

from __future__ import annotations

import pytest
from entrytree import entry_of
from judging import (
    APPROVED,
    COMPLETED,
    DISPUTED,
    EVIDENCE,
    FROZEN,
    FUNDING,
    OTHER,
    PLANNED,
    REJECTED,
    RELEASED,
    SUBMITTED,
    approved_pool,
    finish_window,
    give,
    names,
    objecting,
    record,
    release,
    submit,
)
from refusals import reverts
from world import DAY, HOUR, MAX63, UNIT, ZERO32, World

pytestmark = pytest.mark.swift
HUGE = MAX63 - 4 * 10**12
"""As many tokens as there can be, less those that the world begins with."""


class TestWhoMay:
    def test_a_donor_objects_and_it_is_told(self, w: World) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, UNIT)])
        [(name, event)] = w.events(objecting(w, pool, start, donor=w.donor2))
        said = {"pool": pool, "milestone": 0, "donor": w.donor2, "round": 1, "evidence": EVIDENCE}
        assert (name, event) == ("Objected", said | {"start": start, "amount": UNIT})
        assert (w.milestone(pool)["objected"], w.milestone_state(pool)) == (UNIT, "approved")
        assert [w.see(w.judgement, "hasObjected", pool, 0, s) for s in (0, start, start + 1)] == [False, True, False]

    def test_several_gifts_at_once_or_one_by_one(self, w: World) -> None:
        gifts = [(w.donor1, 120 * UNIT), *[(w.donor2, UNIT)] * 4]
        pool, (_, *starts) = approved_pool(w, gifts)
        receipt = objecting(w, pool, *starts[:3], donor=w.donor2)
        assert [e["start"] for _, e in w.events(receipt)] == starts[:3]
        objecting(w, pool, starts[3], donor=w.donor2)
        assert w.milestone(pool)["objected"] == 4 * UNIT

    def test_with_no_gift_nothing_happens(self, w: World, funded: int) -> None:
        w.approve(funded)
        assert names(w, objecting(w, funded, donor=w.stranger)) == []

    def test_nobody_objects_with_anothers_gift(self, w: World, funded: int) -> None:
        w.approve(funded)
        for who in (w.donor2, w.ngo, w.attestor1, w.operator, w.admin):
            with reverts("NotTheDonor", funded, 0, who):
                objecting(w, funded, 0, donor=who)

    @pytest.mark.parametrize("place", [1, 120 * UNIT, 120 * UNIT - 1, 2**64 - 1])
    def test_a_place_where_no_gift_starts(self, w: World, funded: int, place: int) -> None:
        w.approve(funded)
        with reverts("NoGift", funded, place):
            objecting(w, funded, place)

    def test_a_place_in_a_batch_is_no_gift(self, w: World, pool: int) -> None:
        [(_, _, start, _, _)] = record(w, pool, entry_of(w.donor1, 1, 120 * UNIT))
        w.approve(pool)
        with reverts("NoGift", pool, start):
            objecting(w, pool, start)

    def test_a_gift_to_another_pool(self, w: World, funded: int) -> None:
        other = w.open_pool()
        give(w, other, UNIT)
        start = give(w, other, UNIT)
        w.approve(funded)
        with reverts("NoGift", funded, start):
            objecting(w, funded, start)

    def test_a_gift_brought_by_somebody_else_is_the_donors(self, w: World, funded: int) -> None:
        w.do(w.donor1, w.fund, "contributeMany", funded, [entry_of(w.stranger, 0, UNIT)])
        w.approve(funded)
        with reverts("NotTheDonor", funded, 120 * UNIT, w.donor1):
            objecting(w, funded, 120 * UNIT)
        objecting(w, funded, 120 * UNIT, donor=w.stranger)

    def test_the_ngo_and_its_attestors_have_a_say_as_donors_only(self, w: World, funded: int) -> None:
        w.rich("attestor1", amount=UNIT)
        start = give(w, funded, UNIT, w.attestor1)
        w.approve(funded)
        objecting(w, funded, start, donor=w.attestor1)
        assert w.milestone(funded)["objected"] == UNIT


class TestWhat:
    def test_a_gift_counts_once(self, w: World) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, UNIT)])
        assert names(w, objecting(w, pool, start, start, donor=w.donor2)) == ["Objected"]
        assert names(w, objecting(w, pool, start, donor=w.donor2)) == []
        assert w.milestone(pool)["objected"] == UNIT

    def test_a_gift_after_the_evidence_has_no_say(self, w: World, funded: int) -> None:
        submit(w, funded)
        late = give(w, funded, 1)
        for who in (w.attestor1, w.attestor2):
            w.do(who, w.judgement, "attest", funded, 0, EVIDENCE, True)
        later = give(w, funded, 500 * UNIT)
        for start in (late, later):
            with reverts("GaveLater", start, 120 * UNIT):
                objecting(w, funded, start)
        assert w.milestone(funded)["lineAtEvidence"] == 120 * UNIT

    def test_new_evidence_gives_later_gifts_a_say(self, w: World, funded: int) -> None:
        w.reject(funded)
        start = give(w, funded, UNIT, w.donor2)
        w.approve(funded)
        objecting(w, funded, start, donor=w.donor2)
        assert w.milestone(funded)["lineAtEvidence"] == 121 * UNIT

    def test_a_gift_that_is_spent_still_has_its_say(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT, w.donor2)
        w.approve(funded)
        finish_window(w)
        release(w, funded)
        w.approve(funded, 1)
        objecting(w, funded, 0, milestone=1)
        assert w.milestone_state(funded, 1) == "disputed"

    def test_milestones_are_weighed_each_by_itself(self, w: World) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor1, 400 * UNIT), (w.donor2, 60 * UNIT)])
        w.approve(pool, 1)
        objecting(w, pool, start, donor=w.donor2)
        assert [w.milestone(pool, i)["objected"] for i in (0, 1)] == [60 * UNIT, 0]
        objecting(w, pool, start, donor=w.donor2, milestone=1)
        assert [w.see(w.judgement, "hasObjected", pool, i, start) for i in (0, 1)] == [True, True]

    @pytest.mark.parametrize("evidence", [OTHER, ZERO32])
    def test_other_evidence(self, w: World, funded: int, evidence: bytes) -> None:
        w.approve(funded)
        with reverts("OtherEvidence", EVIDENCE):
            objecting(w, funded, 0, evidence=evidence)


class TestThreshold:
    """Objections of more than the threshold dispute; the threshold itself does not."""

    # Threshold in hundredths of a percent, what was contributed, and the most that may object without a dispute.
    CASES = (
        (2_000, 120 * UNIT, 24 * UNIT),
        (2_000, 100 * UNIT + 4, 20 * UNIT),  # a fifth of 100,000,004 is 20,000,000.8
        (5_000, 100 * UNIT + 1, 50 * UNIT),
        (5_000, 200 * UNIT, 100 * UNIT),
        (1, 100 * UNIT, 10_000),
        (4_999, HUGE, HUGE * 4_999 // 10_000),
        (5_000, HUGE, HUGE // 2),
    )

    @pytest.mark.parametrize(("threshold", "line", "most"), CASES)
    def test_exactly_it_and_one_unit_above(self, w: World, threshold: int, line: int, most: int) -> None:
        w.rich("donor1", amount=HUGE)
        w.do(w.donor1, w.token, "transfer", w.donor2, most + 1)
        gifts = [(w.donor2, most), (w.donor2, 1), (w.donor1, line - most - 1)]
        pool, (first, one, _) = approved_pool(w, gifts, objectionThreshold=threshold)
        assert names(w, objecting(w, pool, first, donor=w.donor2)) == ["Objected"]
        assert w.milestone_state(pool) == "approved"
        receipt = objecting(w, pool, one, donor=w.donor2)
        assert names(w, receipt) == ["Objected", "MilestoneDisputed", "DeadlineMoved"]
        said = {"pool": pool, "milestone": 0, "evidence": EVIDENCE, "round": 2, "objected": most + 1, "line": line}
        assert w.events(receipt)[1][1] == said
        stored = w.milestone(pool)
        now = {"state": DISPUTED, "disputed": True, "round": 2, "yes": 0, "no": 0, "objected": 0}
        assert stored | now | {"decidedAt": w.node.now} == stored
        assert w.pool(pool)["defaultsAt"] == w.node.now + 2 * DAY

    def test_0_any_unit_disputes(self, w: World) -> None:
        pool, (_, one) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, 1)], objectionThreshold=0)
        objecting(w, pool, donor=w.donor2)
        assert w.milestone_state(pool) == "approved"
        objecting(w, pool, one, donor=w.donor2)
        assert w.milestone_state(pool) == "disputed"

    def test_one_call_may_bring_far_more_than_needed(self, w: World) -> None:
        pool, starts = approved_pool(w, [(w.donor1, 60 * UNIT), (w.donor1, 60 * UNIT)])
        receipt = objecting(w, pool, *starts)
        assert names(w, receipt) == ["Objected", "Objected", "MilestoneDisputed", "DeadlineMoved"]

    def test_after_the_dispute_nobody_objects_to_what_is_not_approved(self, w: World) -> None:
        pool, starts = approved_pool(w, [(w.donor1, 60 * UNIT), (w.donor2, 60 * UNIT)])
        objecting(w, pool, starts[0])
        with reverts("MilestoneIs", pool, 0, DISPUTED):
            objecting(w, pool, starts[1], donor=w.donor2)


class TestWhen:
    def test_from_the_first_second_to_the_last(self, w: World) -> None:
        pool, (_, one, two, three) = approved_pool(w, [(w.donor1, 120 * UNIT), *[(w.donor2, 1)] * 3])
        closes = w.milestone(pool)["decidedAt"] + DAY
        objecting(w, pool, one, donor=w.donor2)
        assert w.node.now == closes - DAY + 1
        objecting(w, pool, two, donor=w.donor2, at=closes - 1)
        with reverts("WindowClosed", closes):
            objecting(w, pool, three, donor=w.donor2, at=closes)

    @pytest.mark.parametrize("window", [HOUR, 180 * DAY])
    def test_no_second_belongs_to_both_the_objectors_and_the_release(self, w: World, window: int) -> None:
        now = w.node.now
        later = [(w.payee, 100 * UNIT, now + 300 * DAY)]
        pool, (_, one) = approved_pool(
            w, [(w.donor1, 120 * UNIT), (w.donor2, 1)], objectionWindow=window, milestones=later
        )
        closes = w.milestone(pool)["decidedAt"] + window
        with reverts("TooEarly", closes):
            release(w, pool, at=closes - 1)
        with reverts("WindowClosed", closes):
            objecting(w, pool, one, donor=w.donor2)
        release(w, pool)

    def test_before_and_after_the_milestone_is_approved(self, w: World, funded: int) -> None:
        with reverts("MilestoneIs", funded, 0, PLANNED):
            objecting(w, funded, 0, evidence=ZERO32)
        submit(w, funded)
        with reverts("MilestoneIs", funded, 0, SUBMITTED):
            objecting(w, funded, 0)
        for who in (w.attestor1, w.attestor2):
            w.do(who, w.judgement, "attest", funded, 0, EVIDENCE, False)
        with reverts("MilestoneIs", funded, 0, REJECTED):
            objecting(w, funded, 0)
        w.approve(funded)
        assert w.milestone(funded)["state"] == APPROVED
        finish_window(w)
        release(w, funded)
        with reverts("MilestoneIs", funded, 0, RELEASED):
            objecting(w, funded, 0)

    def test_a_pause_does_not_stop_it_nor_lengthen_the_window(self, w: World) -> None:
        pool, (_, start, later) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, 60 * UNIT), (w.donor2, 1)])
        closes = w.milestone(pool)["decidedAt"] + DAY
        w.do(w.pauser, w.fund, "pause", pool)
        objecting(w, pool, start, donor=w.donor2, at=closes - 1)
        assert w.milestone_state(pool) == "disputed"
        other, _ = approved_pool(w, [(w.donor1, 120 * UNIT)])
        closes = w.milestone(other)["decidedAt"] + DAY
        w.do(w.pauser, w.fund, "pause", other)
        with reverts("WindowClosed", closes):
            objecting(w, other, 0, at=closes)
        assert w.see(w.judgement, "hasObjected", pool, 0, later) is False

    def test_a_pool_that_is_not_active(self, w: World, funded: int) -> None:
        with reverts("UnknownPool", 9):
            objecting(w, 9, 0)
        with reverts("UnknownMilestone", funded, 2):
            objecting(w, funded, 0, milestone=2)
        with reverts("PoolIs", funded + 1, FUNDING):
            objecting(w, w.open_pool(), 0)
        w.approve(funded)
        w.do(w.ngo, w.fund, "cancel", funded)
        with reverts("PoolIs", funded, FROZEN):
            objecting(w, funded, 0)

    def test_a_completed_pool(self, w: World) -> None:
        pool, _ = approved_pool(w, [(w.donor1, 120 * UNIT)], milestones=[(w.payee, 100 * UNIT, w.node.now + 60 * DAY)])
        finish_window(w)
        release(w, pool)
        with reverts("PoolIs", pool, COMPLETED):
            objecting(w, pool, 0)
