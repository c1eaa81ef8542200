"""PooledFund.refundEntry: an entry of a batch is refunded to whom its receipt key says.

├── when the receipt does not prove the entry: BadReceipt
├── when the deadline is past: DeadlinePassed; in its last second: paid
├── when the receipt key did not sign exactly this: BadSignature; an anonymous entry has no key
├── when the gateway has taken the rest: TakenByGateway
├── when the pool is not over: PoolIs; when nothing is left, or it was refunded: NothingToRefund
└── else exactly the entry's places that are not spent are paid, whoever hands the word in
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from refunding import (
    ACTIVE,
    DONORS,
    KEYS,
    Recorded,
    address_of,
    claim,
    consent,
    fund_domain,
    give_back,
    pay_out,
    record,
)
from refusals import reverts
from signing import REFUND, parts
from world import NEVER, UNIT, ZERO, World

pytestmark = pytest.mark.swift
TO = address_of(100)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
Over = tuple[int, Recorded]


@pytest.fixture
def over(w: World) -> Over:
    """A pool that was given up, with a direct gift of 7 and a batch: 10, 20 and 30 of three donors, 40 of nobody."""
    pool = w.open_pool()
    w.give(pool, 7 * UNIT)
    gifts = [(DONORS[i], 10 * (i + 1) * UNIT) for i in range(3)]
    recorded = record(w, pool, [*gifts, (ZERO, 40 * UNIT)])
    w.do(w.ngo, w.fund, "cancel", pool)
    return pool, recorded


class TestPaid:
    def test_the_relayer_pays_gas_and_the_named_account_gets_it(self, w: World, over: Over) -> None:
        pool, recorded = over
        start = 17 * UNIT
        told = w.events(claim(w, recorded, 1, TO))
        said = {"pool": pool, "donor": DONORS[1], "batch": recorded.batch, "token": w.token.address, "start": start}
        assert told == [("Refunded", said | {"amount": 20 * UNIT, "to": TO, "caller": w.relayer})]
        assert w.balance(TO) == 20 * UNIT
        assert w.see(w.fund, "refundedOf", pool, start) == w.pool(pool)["refunded"] == 20 * UNIT
        stored = w.see(w.fund, "batchOf", recorded.batch)
        assert (stored["refunded"], stored["taken"]) == (20 * UNIT, False)

    def test_each_entry_for_itself_and_once(self, w: World, over: Over) -> None:
        pool, recorded = over
        for i in (2, 0, 1):
            claim(w, recorded, i, address_of(i))
        assert [w.balance(address_of(i)) for i in range(3)] == [10 * UNIT, 20 * UNIT, 30 * UNIT]
        for i in range(3):
            with reverts("NothingToRefund", pool, recorded.tree.starts[i]):
                claim(w, recorded, i, TO)
        assert w.see(w.fund, "heldOf", pool) == 47 * UNIT

    def test_only_what_is_not_spent_and_more_once_it_comes_back(self, w: World) -> None:
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], 90 * UNIT), (DONORS[1], 30 * UNIT)])
        pay_out(w, pool)
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("NothingToRefund", pool, 0):
            claim(w, recorded, 0, TO)
        claim(w, recorded, 1, TO)
        assert w.balance(TO) == 20 * UNIT
        give_back(w, pool, 25 * UNIT)
        claim(w, recorded, 1, TO)
        assert w.balance(TO) == 30 * UNIT
        claim(w, recorded, 0, TO)
        assert (w.balance(TO), w.see(w.fund, "heldOf", pool)) == (45 * UNIT, 0)

    @pytest.mark.parametrize("late", [0, 1])
    def test_the_last_second_of_the_word_counts(self, w: World, over: Over, late: int) -> None:
        deadline = w.node.now + 100
        said: dict[str, Any] = {"named": {"deadline": deadline}, "deadline": deadline, "at": deadline + late}
        with reverts("DeadlinePassed", deadline) if late else nullcontext():
            claim(w, over[1], 0, TO, **said)

    def test_a_contract_account_signs_by_erc_1271(self, w: World) -> None:
        pool, wallet = w.open_pool(), w.deploy("MockWallet", w.donor3).address
        recorded = record(w, pool, [(wallet, UNIT)])
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("BadSignature", wallet):
            claim(w, recorded, 0, TO, key=w.keys["donor2"])
        claim(w, recorded, 0, TO, key=w.keys["donor3"])
        assert w.balance(TO) == UNIT

    def test_a_donor_with_a_wallet_must_sign_as_well(self, w: World) -> None:
        """Its account as donor id is a receipt key like any other: nobody sends it a refund unasked."""
        pool = w.open_pool()
        recorded = record(w, pool, [(w.donor2, UNIT)])
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("BadSignature", w.donor2):
            claim(w, recorded, 0, w.donor2, key=w.keys["stranger"])
        claim(w, recorded, 0, w.donor2, key=w.keys["donor2"])


class TestRefused:
    @pytest.mark.parametrize("part", ["position", "start", "amount", "donor", "proof", "batch", "no proof"])
    def test_a_receipt_that_is_forged(self, w: World, over: Over, part: str) -> None:
        _, recorded = over
        batch, position, start, entry, proof = recorded.receipt(1)
        forged = {
            "position": (batch, 2, start, entry, proof),
            "start": (batch, position, start + 1, entry, proof),
            "amount": (batch, position, start, entry[:24] + (21 * UNIT).to_bytes(8), proof),
            "donor": (batch, position, start, bytes.fromhex(DONORS[0][2:]) + entry[20:], proof),
            "proof": (batch, position, start, entry, proof[::-1]),
            "batch": (b"\1" * 32, position, start, entry, proof),
            "no proof": (batch, position, start, entry, []),
        }[part]
        with reverts("BadReceipt", forged[0], forged[1]):
            claim(w, recorded, 1, TO, receipt=forged)

    @pytest.mark.parametrize("who", range(5))
    def test_another_key(self, w: World, over: Over, who: int) -> None:
        """Not another donor's of the batch, not the gateway's nor the NGO's nor the operator's."""
        _, recorded = over
        key = [KEYS[0], KEYS[2], w.keys["gateway"], w.keys["ngo"], w.keys["operator"]][who]
        with reverts("BadSignature", DONORS[1]):
            claim(w, recorded, 1, TO, key=key)

    def test_an_anonymous_entry(self, w: World, over: Over) -> None:
        _, recorded = over
        for signature in (b"", bytes(65), b"\xff" * 65, consent(w, recorded, 3, TO, key=KEYS[0])):
            with reverts("BadSignature", ZERO):
                claim(w, recorded, 3, TO, signature=signature)

    @pytest.mark.parametrize("what", ["to", "position", "batch", "deadline"])
    def test_a_word_about_something_else(self, w: World, over: Over, what: str) -> None:
        _, recorded = over
        other = {"to": w.stranger, "position": 0, "batch": b"\1" * 32, "deadline": NEVER - 1}[what]
        with reverts("BadSignature", DONORS[1]):
            claim(w, recorded, 1, TO, named={what: other})

    @pytest.mark.parametrize("what", ["name", "contract", "chain", "version", "kind"])
    def test_a_word_to_somebody_else(self, w: World, over: Over, what: str) -> None:
        changes: dict[str, Any] = {
            "name": {"domain": fund_domain(w, name="Moa Judgement")},
            "contract": {"domain": fund_domain(w, contract=w.judgement.address)},
            "chain": {"domain": fund_domain(w, chain=1)},
            "version": {"domain": fund_domain(w, version="2")},
            "kind": {"kind": REFUND.replace("Refund", "Claim")},
        }
        with reverts("BadSignature", DONORS[1]):
            claim(w, over[1], 1, TO, **changes[what])

    def test_the_same_word_in_another_batch_of_the_same_donor(self, w: World) -> None:
        """Same donor, same position, same amount, another pool: each needs its own word."""
        pools = [w.open_pool(), w.open_pool()]
        first, second = (record(w, pool, [(DONORS[0], UNIT)], f"r{pool}") for pool in pools)
        for pool in pools:
            w.do(w.ngo, w.fund, "cancel", pool)
        word = consent(w, first, 0, TO)
        with reverts("BadSignature", DONORS[0]):
            claim(w, second, 0, TO, signature=word)
        claim(w, first, 0, TO, signature=word)
        with reverts("BadSignature", DONORS[0]):
            claim(w, first, 0, TO, signature=word)
        with reverts("NothingToRefund", pools[0], 0):
            claim(w, first, 0, TO)

    def test_the_same_word_for_what_comes_back_later(self, w: World) -> None:
        """It was said when there was less: whoever was named then gets nothing of it without a new word."""
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], 120 * UNIT)])
        pay_out(w, pool)
        w.do(w.ngo, w.fund, "cancel", pool)
        word = consent(w, recorded, 0, TO)
        claim(w, recorded, 0, TO, signature=word)
        give_back(w, pool, 30 * UNIT)
        with reverts("BadSignature", DONORS[0]):
            claim(w, recorded, 0, TO, signature=word)
        claim(w, recorded, 0, TO)
        assert w.balance(TO) == 50 * UNIT

    def test_a_signature_that_is_bent(self, w: World, over: Over) -> None:
        """The other root (n - s), a compact form, and trailing bytes: none is taken, before or after the true one."""
        _, recorded = over
        word = consent(w, recorded, 1, TO)
        v, r, s = parts(word)
        assert int.from_bytes(s) <= HALF_ORDER
        other_root = (2 * HALF_ORDER + 1 - int.from_bytes(s)).to_bytes(32)
        compact = ((v - 27 << 255) | int.from_bytes(s)).to_bytes(32)
        bent = (
            b"",
            r + other_root + bytes([55 - v]),
            r + compact,
            word + b"\0",
            word[:64],
            word[:64] + bytes([v - 27]),
        )
        for signature in bent:
            with reverts("BadSignature", DONORS[1]):
                claim(w, recorded, 1, TO, signature=signature)
        claim(w, recorded, 1, TO, signature=word)
        assert w.balance(TO) == 20 * UNIT

    def test_before_the_end(self, w: World) -> None:
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], 60 * UNIT)])
        with reverts("PoolIs", pool, ACTIVE):
            claim(w, recorded, 0, TO)

    def test_to_nobody_or_to_the_fund(self, w: World, over: Over) -> None:
        for to in (ZERO, w.fund.address):
            with reverts("BadReceiver", to):
                claim(w, over[1], 0, to)
        claim(w, over[1], 0, TO)
