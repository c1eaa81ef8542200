"""attestBySignature.

attestBySignature
├── when anything that was signed differs, or the domain does: BadSignature
├── when its deadline is past: DeadlinePassed
└── else as attest, whoever hands it in
"""

from __future__ import annotations

from typing import Any

import pytest
from judging import OTHER, PLANNED, attest, domain, hand_in, signed_attestation, submit, twin
from refusals import reverts
from world import ATTESTOR_KIND, NEVER, UNIT, ZERO32, World, b32

pytestmark = pytest.mark.swift


class TestAttestBySignature:
    def test_it_counts_as_the_attestors_own(self, w: World, funded: int) -> None:
        submit(w, funded)
        [(name, event)] = w.events(hand_in(w, signed_attestation(w, funded)))
        assert (name, event["attestor"], event["approved"]) == ("Attested", w.attestor1, True)
        with reverts("AlreadyAttested", funded, 0, w.attestor1):
            attest(w, 1, funded)

    def test_two_signatures_decide(self, w: World, funded: int) -> None:
        submit(w, funded)
        for name in ("attestor1", "attestor2"):
            hand_in(w, signed_attestation(w, funded, attestor=getattr(w, name), key=w.keys[name], approved=False))
        assert w.milestone_state(funded) == "rejected"

    @pytest.mark.parametrize(("index", "value"), [(2, 1), (3, OTHER), (4, False), (5, NEVER - 1)])
    def test_nothing_that_was_signed_can_be_changed(self, w: World, funded: int, index: int, value: Any) -> None:
        w.give(funded, 180 * UNIT)
        submit(w, funded)
        submit(w, funded, 1)
        args = list(signed_attestation(w, funded))
        args[index] = value
        with reverts("BadSignature", w.attestor1):
            hand_in(w, tuple(args))

    def test_it_is_for_one_pool(self, w: World, funded: int) -> None:
        other = w.open_pool()
        w.give(other, 100 * UNIT)
        submit(w, funded)
        submit(w, other)
        attestor, _, *rest = signed_attestation(w, funded)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, (attestor, other, *rest))

    def test_it_is_for_one_round_even_of_the_same_evidence(self, w: World, funded: int) -> None:
        submit(w, funded)
        yes = signed_attestation(w, funded)
        attest(w, 2, funded, approved=False)
        attest(w, 3, funded, approved=False)
        submit(w, funded)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, yes)
        hand_in(w, signed_attestation(w, funded, round=2))

    @pytest.mark.parametrize("wrong", ["signer", "other attestor", "name", "version", "chain", "contract", "garbage"])
    def test_another_signer_or_domain(self, w: World, funded: int, wrong: str) -> None:
        submit(w, funded)
        changes: dict[str, dict[str, Any]] = {
            "signer": {"key": w.keys["stranger"]},
            "other attestor": {"key": w.keys["attestor2"]},
            "name": {"domain": domain(w, name="Moa PooledFund")},
            "version": {"domain": domain(w, version="2")},
            "chain": {"domain": domain(w, chain=1)},
            "contract": {"domain": domain(w, contract=w.fund.address)},
        }
        args = signed_attestation(w, funded, **changes.get(wrong, {}))
        if wrong == "garbage":
            args = (*args[:-1], b"")
        with reverts("BadSignature", w.attestor1):
            hand_in(w, args)

    def test_a_twin_of_a_signature_is_none(self, w: World, funded: int) -> None:
        """The same signature with the other s does not pass for a second one."""
        submit(w, funded)
        *args, signature = signed_attestation(w, funded)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, (*args, twin(signature)))

    def test_somebody_without_a_seat_signs_for_nothing(self, w: World, funded: int) -> None:
        submit(w, funded)
        with reverts("NotAnAttestor", funded, w.stranger):
            hand_in(w, signed_attestation(w, funded, attestor=w.stranger, key=w.keys["stranger"]))

    def test_it_works_once(self, w: World, funded: int) -> None:
        submit(w, funded)
        hand_in(w, signed_attestation(w, funded))
        with reverts("AlreadyAttested", funded, 0, w.attestor1):
            hand_in(w, signed_attestation(w, funded))

    def test_before_the_evidence_it_is_for_no_round(self, w: World, funded: int) -> None:
        with reverts("MilestoneIs", funded, 0, PLANNED):
            hand_in(w, signed_attestation(w, funded, round=0))

    def test_an_unknown_pool_or_milestone(self, w: World, funded: int) -> None:
        with reverts("UnknownPool", 9):
            hand_in(w, signed_attestation(w, 9))
        with reverts("UnknownMilestone", funded, 2):
            hand_in(w, signed_attestation(w, funded, milestone=2))

    def test_the_last_second_of_its_deadline_counts(self, w: World, funded: int) -> None:
        submit(w, funded)
        deadline = w.node.now + 100
        with reverts("DeadlinePassed", deadline - 50):
            hand_in(w, signed_attestation(w, funded, deadline=deadline - 50), at=deadline - 49)
        hand_in(w, signed_attestation(w, funded, deadline=deadline), at=deadline)

    def test_a_contract_attests_by_erc_1271(self, w: World) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.do(w.registrar, w.register, "accredit", wallet, ATTESTOR_KIND, b32("wallet"), ZERO32, "")
        pool = w.open_pool(attestors=[wallet], quorum=1)
        w.give(pool, 100 * UNIT)
        submit(w, pool)
        with reverts("BadSignature", wallet):
            hand_in(w, signed_attestation(w, pool, attestor=wallet, key=w.keys["stranger"]))
        hand_in(w, signed_attestation(w, pool, attestor=wallet, key=w.keys["donor3"]))
        assert w.milestone_state(pool) == "approved"

    def test_one_signature_fills_one_seat(self, w: World) -> None:
        """Though the same key signs for an account and for the wallet that it owns."""
        wallet = w.deploy("MockWallet", w.attestor1).address
        w.do(w.registrar, w.register, "accredit", wallet, ATTESTOR_KIND, b32("wallet"), ZERO32, "")
        pool = w.open_pool(attestors=[w.attestor1, wallet], quorum=2)
        w.give(pool, 100 * UNIT)
        submit(w, pool)
        args = signed_attestation(w, pool)
        with reverts("BadSignature", wallet):
            hand_in(w, (wallet, *args[1:]))
        hand_in(w, args)
        assert w.milestone_state(pool) == "submitted"
