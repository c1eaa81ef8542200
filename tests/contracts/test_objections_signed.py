"""objectBySignature: by a wallet, a receipt key or an ERC-1271 account, handed in by anyone.

objectBySignature
├── when anything that was signed differs (donor, pool, milestone, round, evidence, deadline), or the domain does:
│   BadSignature
├── when its deadline is past: DeadlinePassed
├── when a receipt is forged: BadReceipt; of another pool: OtherPool; of another donor: NotTheDonor
├── when the entry is anonymous: nobody can sign for it
├── when a receipt objects already: passed over; when it came after the evidence: GaveLater
└── else as object, with any of the donor's gifts and receipts; the same words serve for more of them in this round
"""

from __future__ import annotations

from typing import Any

import pytest
from entrytree import entry_of
from judging import (
    EVIDENCE,
    OTHER,
    PLANNED,
    approved_pool,
    confirm,
    domain,
    give,
    hand_in,
    names,
    objecting,
    record,
    signed_objection,
    submit,
    twin,
)
from refusals import reverts
from world import DAY, NEVER, UNIT, ZERO, World, b32

Receipt = tuple[Any, ...]


pytestmark = pytest.mark.swift


@pytest.fixture
def entries(w: World, pool: int) -> tuple[int, list[Receipt]]:
    """An approved pool with a gift of 120 and a batch: of donor3's receipt key, anonymous, of donor1, of donor3."""
    w.give(pool, 120 * UNIT)
    batch = [
        entry_of(who, 7, amount)
        for who, amount in ((w.donor3, 5), (ZERO, 6 * UNIT), (w.donor1, 7), (w.donor3, 90 * UNIT))
    ]
    receipts = record(w, pool, *batch)
    w.approve(pool)
    return pool, receipts


def by_receipt_key(w: World, pool: int, *receipts: Receipt, **changes: Any) -> tuple[Any, ...]:
    """Return what donor3's receipt key signed."""
    said = {"donor": w.donor3, "key": w.keys["donor3"], "receipts": list(receipts)}
    return signed_objection(w, pool, **(said | changes))


def changed(receipt: Receipt, index: int, value: Any) -> Receipt:
    """Return a receipt with something else in it."""
    return (*receipt[:index], value, *receipt[index + 1 :])


class TestWhoSigns:
    def test_a_wallet_for_its_gifts(self, w: World) -> None:
        pool, (_, a, b) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 3), (w.donor1, 4)])
        receipt = hand_in(w, signed_objection(w, pool, a, b))
        said = {"pool": pool, "milestone": 0, "donor": w.donor1, "round": 1, "evidence": EVIDENCE}
        assert w.events(receipt) == [
            ("Objected", said | {"start": a, "amount": 3}),
            ("Objected", said | {"start": b, "amount": 4}),
        ]
        assert names(w, objecting(w, pool, b)) == []

    def test_a_receipt_key_for_its_entries(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, (small, _, _, large) = entries
        [(name, event)] = w.events(hand_in(w, by_receipt_key(w, pool, small)))
        assert (name, event["donor"], event["start"], event["amount"]) == ("Objected", w.donor3, 120 * UNIT, 5)
        assert w.see(w.judgement, "hasObjected", pool, 0, 120 * UNIT)
        receipt = hand_in(w, by_receipt_key(w, pool, large))
        assert names(w, receipt) == ["Objected", "MilestoneDisputed", "DeadlineMoved"]
        assert w.events(receipt)[1][1]["objected"] == 90 * UNIT + 5

    def test_one_word_for_gifts_and_receipts_of_the_same_key(
        self, w: World, entries: tuple[int, list[Receipt]]
    ) -> None:
        pool, receipts = entries
        receipt = hand_in(w, signed_objection(w, pool, 0, receipts=[receipts[2]]))
        assert [e["amount"] for n, e in w.events(receipt) if n == "Objected"] == [120 * UNIT, 7]
        assert w.events(receipt)[2][1]["objected"] == 120 * UNIT + 7

    def test_a_contract_by_erc_1271_for_gifts_and_receipts(self, w: World, funded: int) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.do(w.donor1, w.fund, "contributeMany", funded, [entry_of(wallet, 0, 11)])
        receipts = record(w, funded, entry_of(wallet, 1, 12))
        w.approve(funded)
        said = {"donor": wallet, "receipts": receipts}
        with reverts("BadSignature", wallet):
            hand_in(w, signed_objection(w, funded, 120 * UNIT, **said, key=w.keys["stranger"]))
        hand_in(w, signed_objection(w, funded, 120 * UNIT, **said, key=w.keys["donor3"]))
        assert w.milestone(funded)["objected"] == 23

    def test_nobody_signs_for_an_anonymous_entry(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, (_, anonymous, *_) = entries
        *args, signature = signed_objection(w, pool, donor=ZERO, receipts=[anonymous])
        for forged in (signature, b"", bytes(65), b"\0" * 64 + b"\x1b", signature[:64] + b"\x1d"):
            with reverts("BadSignature", ZERO):
                hand_in(w, (*args, forged))
        with reverts("NotTheDonor", pool, 120 * UNIT + 5, w.donor1):
            hand_in(w, signed_objection(w, pool, receipts=[anonymous]))

    def test_nobody_signs_for_anothers_gift_or_entry(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, (first, *_) = entries
        with reverts("NotTheDonor", pool, 120 * UNIT, w.donor1):
            hand_in(w, signed_objection(w, pool, receipts=[first]))
        with reverts("NotTheDonor", pool, 0, w.donor3):
            hand_in(w, signed_objection(w, pool, 0, donor=w.donor3, key=w.keys["donor3"]))


class TestReceipts:
    def test_a_forged_one(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, (small, _, _, large) = entries
        forged = [
            changed(small, 0, bytes(32)),
            changed(small, 1, 1),
            changed(small, 1, 2**128),
            changed(small, 2, small[2] + 1),
            changed(small, 3, entry_of(w.donor3, 7, 90 * UNIT)),
            changed(small, 3, entry_of(w.donor3, 8, 5)),
            changed(small, 4, large[4]),
            changed(small, 4, small[4][:1]),
            changed(small, 4, []),
        ]
        for receipt in forged:
            with reverts("BadReceipt", receipt[0], receipt[1]):
                hand_in(w, by_receipt_key(w, pool, receipt))
        with reverts("BadReceipt", forged[3][0], 0):
            hand_in(w, by_receipt_key(w, pool, large, forged[3]))
        assert w.milestone(pool)["objected"] == 0

    def test_one_of_another_pool(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        other = w.open_pool()
        w.give(other, 120 * UNIT)
        w.approve(other)
        pool, (small, *_) = entries
        with reverts("OtherPool", pool):
            hand_in(w, by_receipt_key(w, other, small))

    def test_one_of_a_batch_after_the_evidence(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, _ = entries
        [late] = record(w, pool, entry_of(w.donor3, 7, 100 * UNIT), reference="late")
        with reverts("GaveLater", late[2], late[2]):
            hand_in(w, by_receipt_key(w, pool, late))

    def test_each_once(self, w: World, entries: tuple[int, list[Receipt]]) -> None:
        pool, (small, *_) = entries
        assert names(w, hand_in(w, by_receipt_key(w, pool, small, small))) == ["Objected"]
        assert names(w, hand_in(w, by_receipt_key(w, pool, small, deadline=NEVER - 1))) == []
        assert w.milestone(pool)["objected"] == 5


class TestReplay:
    """What was signed holds for one donor, pool, milestone, round, evidence, contract and chain."""

    @pytest.mark.parametrize("what", ["donor", "pool", "milestone", "round", "evidence", "deadline"])
    def test_nothing_that_was_signed_can_be_changed(self, w: World, what: str) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor2, 320 * UNIT), (w.donor1, 3)])
        other, _ = approved_pool(w, [(w.donor2, 320 * UNIT), (w.donor1, 3)])
        w.approve(pool, 1)
        signed: dict[str, Any] = {"donor": w.donor2, "pool": other, "milestone": 1, "round": 2, "evidence": OTHER}
        signed["deadline"] = NEVER - 1
        honest = signed_objection(w, pool, start)
        about = {what: signed[what]}
        forged = (*honest[:-1], signed_objection(w, about.pop("pool", pool), start, **about)[-1])
        with reverts("BadSignature", w.donor1):
            hand_in(w, forged)
        hand_in(w, honest)

    @pytest.mark.parametrize("wrong", ["signer", "name", "version", "chain", "contract", "garbage", "twin", "kind"])
    def test_another_signer_or_domain(self, w: World, wrong: str) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 3)])
        second = w.deploy("Judgement", w.register.address, w.fund.address)
        changes: dict[str, dict[str, Any]] = {
            "signer": {"key": w.keys["donor2"]},
            "name": {"domain": domain(w, name="Moa PooledFund")},
            "version": {"domain": domain(w, version="2")},
            "chain": {"domain": domain(w, chain=1)},
            "contract": {"domain": domain(w, contract=second.address)},
        }
        *args, signature = signed_objection(w, pool, start, **changes.get(wrong, {}))
        signature = {"garbage": b"", "twin": twin(signature), "kind": signature + b"\0"}.get(wrong, signature)
        with reverts("BadSignature", w.donor1):
            hand_in(w, (*args, signature))

    def test_an_objection_to_one_milestone_is_none_to_another_with_the_same_evidence(self, w: World) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor2, 320 * UNIT), (w.donor1, 3)])
        w.approve(pool, 1)
        args = signed_objection(w, pool, start)
        hand_in(w, args)
        with reverts("BadSignature", w.donor1):
            hand_in(w, (*args[:2], 1, *args[3:]))

    def test_nor_in_a_later_round_of_the_same_evidence(self, w: World) -> None:
        pool, (_, start, small) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 60 * UNIT), (w.donor1, 3)])
        args = signed_objection(w, pool, start)
        hand_in(w, args)
        confirm(w, pool)
        assert w.milestone_state(pool) == "approved"
        for starts in ([start], [small]):
            with reverts("BadSignature", w.donor1):
                hand_in(w, (*args[:4], starts, *args[5:]))
        hand_in(w, signed_objection(w, pool, small, round=2))
        assert (w.milestone(pool)["round"], w.milestone(pool)["objected"]) == (2, 3)

    def test_nor_after_a_rejection_of_the_same_evidence(self, w: World, funded: int) -> None:
        w.reject(funded, text="done")
        args = signed_objection(w, funded, 0)
        w.approve(funded)
        with reverts("BadSignature", w.donor1):
            hand_in(w, args)

    def test_the_same_words_serve_for_more_gifts_of_the_donor(self, w: World) -> None:
        """The donor says no, not with which gifts: whoever hands it in may bring all of them, by and by."""
        pool, (_, a, b) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 3), (w.donor1, 4)])
        args = signed_objection(w, pool, a)
        hand_in(w, args)
        hand_in(w, (*args[:4], [b], *args[5:]))
        assert w.milestone(pool)["objected"] == 7

    def test_it_is_no_attestation_and_no_attestation_is_one(self, w: World) -> None:
        """The kinds differ, whatever the values."""
        w.rich("attestor1", amount=UNIT)
        pool, (_, start) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.attestor1, 3)])
        *args, signature = signed_objection(w, pool, start, donor=w.attestor1, key=w.keys["attestor1"])
        submitted = w.open_pool()
        give(w, submitted, 120 * UNIT)
        submit(w, submitted)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, (w.attestor1, submitted, 0, EVIDENCE, True, NEVER, signature))
        hand_in(w, (*args, signature))


class TestWhen:
    def test_the_last_second_of_its_deadline_counts(self, w: World) -> None:
        pool, (_, a, b) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 3), (w.donor1, 4)])
        deadline = w.node.now + 100
        hand_in(w, signed_objection(w, pool, a, deadline=deadline), at=deadline)
        with reverts("DeadlinePassed", deadline):
            hand_in(w, signed_objection(w, pool, b, deadline=deadline), at=deadline + 1)

    def test_the_window_is_that_of_object(self, w: World) -> None:
        pool, (_, a, b) = approved_pool(w, [(w.donor2, 120 * UNIT), (w.donor1, 3), (w.donor1, 4)])
        closes = w.milestone(pool)["decidedAt"] + DAY
        w.do(w.pauser, w.fund, "pause", pool)
        hand_in(w, signed_objection(w, pool, a), at=closes - 1)
        with reverts("WindowClosed", closes):
            hand_in(w, signed_objection(w, pool, b), at=closes)

    def test_other_evidence_and_other_states(self, w: World, funded: int) -> None:
        with reverts("MilestoneIs", funded, 0, PLANNED):
            hand_in(w, signed_objection(w, funded, 0, round=0, evidence=bytes(32)))
        w.approve(funded)
        with reverts("OtherEvidence", EVIDENCE):
            hand_in(w, signed_objection(w, funded, 0, evidence=OTHER))
        with reverts("UnknownPool", 9):
            hand_in(w, signed_objection(w, 9, 0))
        with reverts("UnknownMilestone", funded, 2):
            hand_in(w, signed_objection(w, funded, 0, milestone=2))

    def test_thirty_receipts_at_once(self, w: World, pool: int) -> None:
        w.give(pool, 120 * UNIT)
        receipts = record(w, pool, *[entry_of(w.donor3, i, UNIT) for i in range(40)], reference=b32("x").hex()[:8])
        w.approve(pool)
        receipt = hand_in(w, by_receipt_key(w, pool, *receipts[:30]))
        assert names(w, receipt) == ["Objected"] * 30
        assert w.milestone(pool)["objected"] == 30 * UNIT
        hand_in(w, by_receipt_key(w, pool, *receipts[30:33]))
        assert w.milestone_state(pool) == "disputed"
