"""How money comes in: contribute, contributeWithPermit, contributeWithAuthorization, recordBatch.

every way
├── when the pool takes no gifts (unknown, paused, completed, funding over, frozen): NotAccepting
├── in the last second: it is taken; a second later: NotAccepting
├── when the pool's line would pass 2^63 - 1: TooMuch; up to exactly there: it is taken
└── else: the line grows, the gift is stored under its start, exactly the amount is pulled
contributeWithPermit
├── when the permit was front-run: the gift goes through
└── when the permit is of somebody else, too small, expired: the allowance decides
contributeWithAuthorization
├── when the relayer names another pool, amount, donor, time or salt: AuthorizationBadSignature
├── when it was used or cancelled: AuthorizationSpent
└── when it is not yet valid, or no more: AuthorizationNotYetValid, AuthorizationExpired
"""

from __future__ import annotations

from typing import Any

import pytest
from entrytree import entry_of
from eth_utils import keccak
from refusals import reverts
from signing import CANCEL, PERMIT, RECEIVE, TRANSFER, parts, separator, sign
from world import DAY, MAX63, NEVER, TOKEN_KIND, UNIT, ZERO, ZERO32, World, b32

SALT = keccak(text="salt")
GIFT = 5 * UNIT


def permit(w: World, who: str, amount: int, **changes: Any) -> tuple[int, bytes, bytes]:
    """Return the v, r and s of a permit to the fund."""
    said = {"nonce": 0, "deadline": NEVER, "spender": w.fund.address, "signer": who} | changes
    domain = separator("Moa USD", w.token.address)
    owner, signer = getattr(w, who), w.keys[said["signer"]]
    return parts(sign(signer, domain, PERMIT, owner, said["spender"], amount, said["nonce"], said["deadline"]))


def authorization(w: World, pool: int, **changes: Any) -> tuple[Any, ...]:
    """Return donor3's signed authorization of a gift, as it is handed in."""
    said = {"amount": GIFT, "after": 0, "before": NEVER, "salt": SALT, "to": w.fund.address, "kind": RECEIVE}
    said |= {"key": w.keys["donor3"], "domain": separator("Moa USD", w.token.address), "donor": w.donor3} | changes
    nonce = w.see(w.fund, "authorizationNonce", pool, said["salt"])
    values = (said["donor"], said["to"], said["amount"], said["after"], said["before"], nonce)
    signature = sign(said["key"], said["domain"], said["kind"], *values)
    return (said["donor"], said["amount"], said["after"], said["before"], said["salt"], signature)


def hand_in(w: World, pool: int, signed: tuple[Any, ...], sender: str | None = None, at: int | None = None) -> Any:
    """Let anyone hand in an authorization."""
    return w.do(sender or w.relayer, w.fund, "contributeWithAuthorization", pool, signed, at=at)


@pytest.fixture
def donor3(w: World) -> World:
    """Donor3 has tokens, and has allowed nothing to anyone."""
    w.mint(w.donor3, 100 * UNIT)
    return w


WAYS = ["directly", "by permit", "by authorization", "in a batch"]


def give(w: World, way: str, pool: int, amount: int, at: int | None = None) -> dict[str, Any]:
    """Give in one of the ways."""
    if way == "directly":
        return w.give(pool, amount, at=at)
    if way == "by permit":
        nonce = w.see(w.token, "nonces", w.donor1)
        signed = permit(w, "donor1", amount, nonce=nonce)
        return w.do(w.donor1, w.fund, "contributeWithPermit", pool, amount, NEVER, *signed, at=at)
    if way == "by authorization":
        signed = authorization(w, pool, amount=amount, donor=w.donor1, key=w.keys["donor1"])
        return hand_in(w, pool, signed, at=at)
    return w.do(w.gateway, w.fund, "recordBatch", pool, SALT, entry_of(bytes(20), 1, amount), at=at)


@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_the_gift_takes_its_place_and_is_paid(self, w: World, pool: int, way: str) -> None:
        w.give(pool, 3)
        giver = w.gateway if way == "in a batch" else w.donor1
        before = w.balance(giver)
        receipt = give(w, way, pool, GIFT)
        [(name, event)] = w.events(receipt)
        assert name == ("BatchRecorded" if way == "in a batch" else "Contributed")
        assert (event["pool"], event["token"], event["amount"], event["start"]) == (pool, w.token.address, GIFT, 3)
        assert (w.pool(pool)["raised"], w.see(w.fund, "heldOf", pool)) == (3 + GIFT, 3 + GIFT)
        assert (before - w.balance(giver), w.balance(w.fund.address)) == (GIFT, 3 + GIFT)
        if way != "in a batch":
            assert event["donor"] == w.donor1
            assert w.see(w.fund, "giftAt", pool, 3) == {"donor": w.donor1, "amount": GIFT}

    def test_a_gift_of_nothing_is_refused(self, w: World, pool: int, way: str) -> None:
        with reverts(*(("ZeroEntry", 0) if way == "in a batch" else ("ZeroAmount",))):
            give(w, way, pool, 0)

    def test_the_last_second_of_funding_counts(self, w: World, pool: int, way: str) -> None:
        until = w.pool(pool)["fundingDeadline"]
        give(w, way, pool, GIFT, at=until)
        assert w.node.now == until
        with reverts("NotAccepting", pool, until):
            w.give(pool, GIFT)

    def test_a_second_later_is_too_late(self, w: World, pool: int, way: str) -> None:
        until = w.pool(pool)["fundingDeadline"]
        with reverts("NotAccepting", pool, until):
            give(w, way, pool, GIFT, at=until + 1)

    def test_a_frozen_pool_takes_nothing(self, w: World, way: str) -> None:
        due = w.node.now + DAY
        pool = w.open_pool(milestones=[(w.payee, 100 * UNIT, due)])
        with reverts("NotAccepting", pool, due):
            give(w, way, pool, GIFT, at=due + 1)
        assert w.state(pool) == "frozen"

    def test_a_paused_pool_takes_nothing(self, w: World, pool: int, way: str) -> None:
        w.do(w.pauser, w.fund, "pause", pool)
        with reverts("NotAccepting", pool, 0):
            give(w, way, pool, GIFT)

    def test_a_completed_pool_takes_nothing(self, w: World, way: str) -> None:
        pool = w.open_pool(milestones=[(w.payee, 60 * UNIT, w.node.now + 60 * DAY)])
        w.give(pool, 70 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", pool, 0)
        assert w.state(pool) == "completed"
        with reverts("NotAccepting", pool, 0):
            give(w, way, pool, GIFT)

    def test_an_unknown_pool_takes_nothing(self, w: World, way: str) -> None:
        with reverts("NotAccepting", 7, 0):
            give(w, way, 7, GIFT)

    def test_the_line_may_fill_63_bits_and_no_more(self, w: World, way: str) -> None:
        """With a token that has no limit to its supply."""
        token = w.deploy("MockToken", 6)
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("big"), ZERO32, "")
        pool = w.open_pool(token=token.address)
        for giver in (w.donor1, w.gateway):
            w.do(giver, token, "mint", giver, 2**70)
            w.do(giver, token, "approve", w.fund.address, 2**256 - 1)
        if way != "by authorization":
            give(w, way, pool, MAX63 - 5)
            w.give(pool, 5)
            assert w.pool(pool)["raised"] == MAX63
        else:
            w.give(pool, MAX63)
        with reverts("TooMuch", pool):
            w.give(pool, 1)
        with reverts("TooMuch", pool):
            w.give(pool, 2**64 - 1)
        with reverts("TooMuch", pool):
            w.do(w.gateway2, w.fund, "recordBatch", pool, b32("more"), entry_of(bytes(20), 1, 1))


class TestContribute:
    def test_without_tokens_or_allowance_it_is_refused(self, w: World, pool: int) -> None:
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, GIFT):
            w.give(pool, GIFT, w.donor3)
        w.do(w.donor3, w.token, "approve", w.fund.address, GIFT)
        with reverts("ERC20InsufficientBalance", w.donor3, 0, GIFT):
            w.give(pool, GIFT, w.donor3)
        assert w.pool(pool)["raised"] == 0

    def test_gifts_stand_in_line_in_the_order_of_the_ledger(self, w: World, pool: int) -> None:
        for donor, amount in ((w.donor1, 3), (w.donor2, 4), (w.donor1, 5)):
            w.give(pool, amount, donor)
        stored = [(g["donor"], g["amount"]) for g in (w.see(w.fund, "giftAt", pool, s) for s in (0, 3, 7))]
        assert stored == [(w.donor1, 3), (w.donor2, 4), (w.donor1, 5)]
        for between in (1, 2, 4, 8, 12):
            assert w.see(w.fund, "giftAt", pool, between) == {"donor": ZERO, "amount": 0}

    def test_lines_of_pools_do_not_touch(self, w: World, pool: int) -> None:
        other = w.open_pool()
        w.give(pool, 3)
        w.give(other, 4)
        assert (w.pool(pool)["raised"], w.pool(other)["raised"]) == (3, 4)
        assert w.see(w.fund, "giftAt", other, 0)["amount"] == 4

    def test_reaching_the_threshold_makes_the_pool_active(self, w: World, pool: int) -> None:
        w.give(pool, 50 * UNIT - 1)
        assert w.state(pool) == "funding"
        w.give(pool, 1)
        assert w.state(pool) == "active"


class TestPermit:
    def test_the_permit_is_all_that_is_needed(self, donor3: World, pool: int) -> None:
        w = donor3
        w.do(w.donor3, w.fund, "contributeWithPermit", pool, GIFT, NEVER, *permit(w, "donor3", GIFT))
        assert w.see(w.fund, "giftAt", pool, 0) == {"donor": w.donor3, "amount": GIFT}
        assert w.see(w.token, "allowance", w.donor3, w.fund.address) == 0

    def test_a_front_run_permit_has_left_its_allowance(self, donor3: World, pool: int) -> None:
        w = donor3
        signed = permit(w, "donor3", GIFT)
        w.do(w.stranger, w.token, "permit", w.donor3, w.fund.address, GIFT, NEVER, *signed)
        w.do(w.donor3, w.fund, "contributeWithPermit", pool, GIFT, NEVER, *signed)
        assert w.pool(pool)["raised"] == GIFT

    def test_it_cannot_be_used_twice(self, donor3: World, pool: int) -> None:
        w = donor3
        signed = permit(w, "donor3", GIFT)
        w.do(w.donor3, w.fund, "contributeWithPermit", pool, GIFT, NEVER, *signed)
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, GIFT):
            w.do(w.donor3, w.fund, "contributeWithPermit", pool, GIFT, NEVER, *signed)

    @pytest.mark.parametrize(
        "lie", [{"signer": "stranger"}, {"nonce": 1}, {"deadline": 1}, {"spender": "0x" + "12" * 20}]
    )
    def test_a_permit_that_is_no_good_leaves_no_allowance(self, donor3: World, pool: int, lie: dict[str, Any]) -> None:
        w = donor3
        deadline = lie.get("deadline", NEVER)
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, GIFT):
            args = (pool, GIFT, deadline, *permit(w, "donor3", GIFT, **lie))
            w.do(w.donor3, w.fund, "contributeWithPermit", *args)

    def test_somebody_elses_permit_pulls_nothing_from_them(self, donor3: World, pool: int) -> None:
        w = donor3
        with reverts("ERC20InsufficientAllowance", w.fund.address, 0, GIFT):
            w.do(w.stranger, w.fund, "contributeWithPermit", pool, GIFT, NEVER, *permit(w, "donor3", GIFT))
        assert w.balance(w.donor3) == 100 * UNIT

    def test_a_front_run_permit_for_more_does_not_give_more(self, donor3: World, pool: int) -> None:
        w = donor3
        w.do(w.stranger, w.token, "permit", w.donor3, w.fund.address, GIFT, NEVER, *permit(w, "donor3", GIFT))
        with reverts("ERC20InsufficientAllowance", w.fund.address, GIFT, GIFT + 1):
            args = (pool, GIFT + 1, NEVER, *permit(w, "donor3", GIFT + 1))
            w.do(w.donor3, w.fund, "contributeWithPermit", *args)


class TestAuthorization:
    def test_anyone_may_hand_it_in_and_the_donor_is_the_signer(self, donor3: World, pool: int) -> None:
        w = donor3
        hand_in(w, pool, authorization(w, pool), sender=w.stranger)
        assert w.see(w.fund, "giftAt", pool, 0) == {"donor": w.donor3, "amount": GIFT}
        assert (w.balance(w.donor3), w.balance(w.stranger)) == (95 * UNIT, 0)

    def test_a_relayer_cannot_choose_another_pool(self, donor3: World, pool: int) -> None:
        w = donor3
        other = w.open_pool()
        with reverts("AuthorizationBadSignature", w.donor3):
            hand_in(w, other, authorization(w, pool))

    @pytest.mark.parametrize(
        ("index", "value"), [(1, GIFT + 1), (1, GIFT - 1), (2, 1), (3, NEVER - 1), (4, b32("other salt"))]
    )
    def test_a_relayer_cannot_change_anything(self, donor3: World, pool: int, index: int, value: Any) -> None:
        w = donor3
        signed = list(authorization(w, pool))
        signed[index] = value
        with reverts("AuthorizationBadSignature", w.donor3):
            hand_in(w, pool, tuple(signed))

    def test_a_relayer_cannot_name_another_donor(self, donor3: World, pool: int) -> None:
        w = donor3
        _, *rest = authorization(w, pool)
        with reverts("AuthorizationBadSignature", w.donor1):
            hand_in(w, pool, (w.donor1, *rest))

    @pytest.mark.parametrize("wrong", ["name", "contract", "chain", "kind", "receiver", "signer", "garbage"])
    def test_a_signature_of_something_else_is_refused(self, donor3: World, pool: int, wrong: str) -> None:
        w = donor3
        changes: dict[str, dict[str, Any]] = {
            "name": {"domain": separator("Moa EUR", w.token.address)},
            "contract": {"domain": separator("Moa USD", w.fund.address)},
            "chain": {"domain": separator("Moa USD", w.token.address, chain=1)},
            "kind": {"kind": TRANSFER},
            "receiver": {"to": w.payee},
            "signer": {"key": w.keys["stranger"]},
        }
        signed = authorization(w, pool, **changes.get(wrong, {}))
        if wrong == "garbage":
            signed = (*signed[:5], b"\x01" * 64)
        with reverts("AuthorizationBadSignature", w.donor3):
            hand_in(w, pool, signed)

    def test_it_works_once(self, donor3: World, pool: int) -> None:
        w = donor3
        signed = authorization(w, pool)
        hand_in(w, pool, signed)
        with reverts("AuthorizationSpent", w.donor3, w.see(w.fund, "authorizationNonce", pool, SALT)):
            hand_in(w, pool, signed)

    def test_a_cancelled_one_does_not_work(self, donor3: World, pool: int) -> None:
        w = donor3
        nonce = w.see(w.fund, "authorizationNonce", pool, SALT)
        said = sign(w.keys["donor3"], separator("Moa USD", w.token.address), CANCEL, w.donor3, nonce)
        w.do(w.stranger, w.token, "cancelAuthorization", w.donor3, nonce, said)
        with reverts("AuthorizationSpent", w.donor3, nonce):
            hand_in(w, pool, authorization(w, pool))

    def test_it_is_valid_after_one_second_and_before_another(self, donor3: World, pool: int) -> None:
        w = donor3
        after, before = w.node.now + 100, w.node.now + 200
        signed = authorization(w, pool, after=after, before=before)
        with reverts("AuthorizationNotYetValid", after):
            hand_in(w, pool, signed, at=after)
        last = authorization(w, pool, after=after, before=before, salt=b32("last"))
        hand_in(w, pool, signed, at=after + 1)
        hand_in(w, pool, last, at=before - 1)
        late = authorization(w, pool, after=after, before=before, salt=b32("late"))
        with reverts("AuthorizationExpired", before):
            hand_in(w, pool, late, at=before)

    def test_nobody_can_take_it_to_the_token_directly(self, donor3: World, pool: int) -> None:
        """The token lets only the fund hand it in, so that it cannot arrive without becoming a gift."""
        w = donor3
        donor, amount, after, before, _, signature = authorization(w, pool)
        nonce = w.see(w.fund, "authorizationNonce", pool, SALT)
        args = (donor, w.fund.address, amount, after, before, nonce, signature)
        with reverts("AuthorizationNotForCaller", w.fund.address):
            w.do(w.stranger, w.token, "receiveWithAuthorization", *args)
        with reverts("AuthorizationBadSignature", w.donor3):
            w.do(w.stranger, w.token, "transferWithAuthorization", *args)

    def test_a_contract_account_signs_by_erc_1271(self, w: World, pool: int) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.mint(wallet, GIFT)
        with reverts("AuthorizationBadSignature", wallet):
            hand_in(w, pool, authorization(w, pool, donor=wallet, key=w.keys["stranger"]))
        hand_in(w, pool, authorization(w, pool, donor=wallet))
        assert w.see(w.fund, "giftAt", pool, 0) == {"donor": wallet, "amount": GIFT}

    def test_a_donor_without_the_money_gives_nothing(self, w: World, pool: int) -> None:
        with reverts("ERC20InsufficientBalance", w.donor3, 0, GIFT):
            hand_in(w, pool, authorization(w, pool))
        assert w.pool(pool)["raised"] == 0


class TestRecordBatch:
    """What a batch's tree is worth stands in test_proofs.py."""

    def test_only_a_gateway_may(self, w: World, pool: int) -> None:
        for who in (w.stranger, w.ngo, w.operator, w.registrar, w.pauser, w.admin, w.deployer):
            with reverts("AccessManagedUnauthorized", who):
                w.do(who, w.fund, "recordBatch", pool, SALT, entry_of(bytes(20), 1, 1))

    def test_a_gateway_that_cannot_pay_records_nothing(self, w: World, pool: int) -> None:
        w.do(w.gateway, w.token, "approve", w.fund.address, GIFT - 1)
        with reverts("ERC20InsufficientAllowance", w.fund.address, GIFT - 1, GIFT):
            w.do(w.gateway, w.fund, "recordBatch", pool, SALT, entry_of(bytes(20), 1, GIFT))
        batch = w.see(w.fund, "batchId", w.gateway, SALT)
        nothing = {"root": ZERO32, "start": 0, "amount": 0, "refunded": 0, "count": 0, "pool": 0, "taken": False}
        assert w.see(w.fund, "batchOf", batch) == nothing

    def test_a_pool_number_beyond_32_bits_is_no_pool(self, w: World) -> None:
        with reverts("NotAccepting", 2**32, 0):
            w.do(w.gateway, w.fund, "recordBatch", 2**32, SALT, entry_of(bytes(20), 1, 1))

    def test_8000_entries_fit_one_block(self, w: World, pool: int) -> None:
        w.do(w.gateway, w.fund, "recordBatch", pool, SALT, entry_of(b"\1" * 20, 1, 1) * 8000)
        assert w.pool(pool)["raised"] == 8000
