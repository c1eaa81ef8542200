"""SettlementToken: mint, ERC-20, permit (ERC-2612) and authorizations (ERC-3009).

mint
├── when the gateway used the deposit reference before: DepositReferenceUsed
├── when all tokens would pass 63 bits: SupplyTooLarge; up to exactly there: minted
└── else it is minted and told with its reference
transferWithAuthorization, receiveWithAuthorization, cancelAuthorization
├── when used, cancelled, too early, too late, or signed by another: refused
└── else it moves exactly what was signed, once
"""

from __future__ import annotations

from typing import Any

import pytest
from refusals import reverts
from signing import CANCEL, PERMIT, RECEIVE, TRANSFER, parts, separator, sign
from world import MAX63, NEVER, UNIT, ZERO, World, b32

NONCE = b32("nonce")


def mint(w: World, amount: int, reference: str = "deposit", sender: str | None = None) -> dict[str, Any]:
    """Mint to donor3."""
    return w.do(sender or w.gateway, w.token, "mint", w.donor3, amount, b32(reference))


def domain(w: World, **changes: Any) -> bytes:
    """Return the token's EIP-712 domain."""
    return separator("Moa USD", w.token.address, **changes)


def move(w: World, kind: str, **changes: Any) -> tuple[Any, ...]:
    """Return donor1's authorization to pay the payee, as it is handed in."""
    said = {"from": w.donor1, "to": w.payee, "value": UNIT, "after": 0, "before": NEVER, "nonce": NONCE}
    said |= {"key": w.keys["donor1"], "domain": domain(w)} | changes
    values = tuple(said[k] for k in ("from", "to", "value", "after", "before", "nonce"))
    return (*values, sign(said["key"], said["domain"], kind, *values))


class TestMint:
    def test_it_is_told_with_its_reference(self, w: World) -> None:
        events = w.events(mint(w, UNIT), w.token)
        assert [name for name, _ in events] == ["Transfer", "Minted"]
        said = {"gateway": w.gateway, "to": w.donor3, "depositReference": b32("deposit"), "amount": UNIT}
        assert events[1][1] == said
        assert w.balance(w.donor3) == UNIT
        assert w.see(w.token, "depositReferenceUsed", w.gateway, b32("deposit"))
        assert not w.see(w.token, "depositReferenceUsed", w.gateway2, b32("deposit"))

    def test_a_deposit_is_minted_once_for_each_gateway(self, w: World) -> None:
        mint(w, UNIT)
        for amount in (UNIT, 1):
            with reverts("DepositReferenceUsed", w.gateway, b32("deposit")):
                mint(w, amount)
        mint(w, UNIT, sender=w.gateway2)
        mint(w, UNIT, "another")

    def test_all_tokens_fit_63_bits(self, w: World) -> None:
        left = MAX63 - w.see(w.token, "totalSupply")
        with reverts("SupplyTooLarge", MAX63 + 1):
            mint(w, left + 1)
        mint(w, left)
        assert w.see(w.token, "totalSupply") == MAX63
        with reverts("SupplyTooLarge", MAX63 + 1):
            mint(w, 1, "more")

    def test_an_amount_that_overflows(self, w: World) -> None:
        with reverts("Panic", "overflow"):
            mint(w, 2**256 - 1)

    def test_to_nobody(self, w: World) -> None:
        with reverts("ERC20InvalidReceiver", ZERO):
            w.do(w.gateway, w.token, "mint", ZERO, 1, b32("x"))

    def test_its_words(self, w: World) -> None:
        assert [w.see(w.token, view) for view in ("name", "symbol", "decimals")] == ["Moa USD", "mUSD", 6]


class TestErc20:
    def test_transfer(self, w: World) -> None:
        before = w.balance(w.donor1)
        w.do(w.donor1, w.token, "transfer", w.payee, 7)
        assert (before - w.balance(w.donor1), w.balance(w.payee)) == (7, 7)
        with reverts("ERC20InsufficientBalance", w.stranger, 0, 1):
            w.do(w.stranger, w.token, "transfer", w.payee, 1)

    def test_nobody_moves_what_was_not_allowed(self, w: World) -> None:
        with reverts("ERC20InsufficientAllowance", w.stranger, 0, 1):
            w.do(w.stranger, w.token, "transferFrom", w.donor1, w.stranger, 1)
        with reverts("ERC20InsufficientAllowance", w.operator, 0, 1):
            w.do(w.operator, w.token, "transferFrom", w.fund.address, w.operator, 1)
        w.do(w.donor1, w.token, "approve", w.stranger, 5)
        w.do(w.stranger, w.token, "transferFrom", w.donor1, w.stranger, 5)
        with reverts("ERC20InsufficientAllowance", w.stranger, 0, 1):
            w.do(w.stranger, w.token, "transferFrom", w.donor1, w.stranger, 1)


class TestPermit:
    def handed_in(self, w: World, deadline: int, at: int | None = None, **changes: Any) -> None:
        said = {"nonce": 0, "key": "donor3", "owner": w.donor3} | changes
        values = (said["owner"], w.stranger, 5, said["nonce"], deadline)
        signed = parts(sign(w.keys[said["key"]], domain(w), PERMIT, *values))
        w.do(w.relayer, w.token, "permit", w.donor3, w.stranger, 5, deadline, *signed, at=at)

    def test_it_allows_once(self, w: World) -> None:
        self.handed_in(w, NEVER)
        assert (w.see(w.token, "allowance", w.donor3, w.stranger), w.see(w.token, "nonces", w.donor3)) == (5, 1)

    def test_the_last_second_counts(self, w: World) -> None:
        deadline = w.node.now + 100
        with reverts("ERC2612ExpiredSignature", deadline - 50):
            self.handed_in(w, deadline - 50, at=deadline - 49)
        self.handed_in(w, deadline, at=deadline)

    def test_a_replay_or_another_signer(self, w: World) -> None:
        for changes in ({"nonce": 1}, {"key": "stranger"}, {"owner": w.donor1}):
            values = {"nonce": 0, "key": "donor3", "owner": w.donor3} | changes
            with pytest.raises(Exception, match="ERC2612InvalidSigner"):
                self.handed_in(w, NEVER, **values)


class TestAuthorizations:
    def test_a_transfer_moves_what_was_signed_once(self, w: World) -> None:
        signed = move(w, TRANSFER)
        receipt = w.do(w.relayer, w.token, "transferWithAuthorization", *signed)
        events = w.events(receipt, w.token)
        assert events[0] == ("AuthorizationUsed", {"authorizer": w.donor1, "nonce": NONCE})
        assert w.balance(w.payee) == UNIT
        assert w.see(w.token, "authorizationState", w.donor1, NONCE)
        with reverts("AuthorizationSpent", w.donor1, NONCE):
            w.do(w.relayer, w.token, "transferWithAuthorization", *signed)

    def test_a_receipt_is_handed_in_by_the_receiver_alone(self, w: World) -> None:
        signed = move(w, RECEIVE)
        for who in (w.relayer, w.donor1):
            with reverts("AuthorizationNotForCaller", w.payee):
                w.do(who, w.token, "receiveWithAuthorization", *signed)
        w.do(w.payee, w.token, "receiveWithAuthorization", *signed)
        with reverts("AuthorizationSpent", w.donor1, NONCE):
            w.do(w.payee, w.token, "receiveWithAuthorization", *signed)

    def test_one_kind_does_not_pass_for_the_other(self, w: World) -> None:
        with reverts("AuthorizationBadSignature", w.donor1):
            w.do(w.payee, w.token, "receiveWithAuthorization", *move(w, TRANSFER))
        with reverts("AuthorizationBadSignature", w.donor1):
            w.do(w.payee, w.token, "transferWithAuthorization", *move(w, RECEIVE))

    def test_a_nonce_is_spent_for_both_kinds(self, w: World) -> None:
        w.do(w.relayer, w.token, "transferWithAuthorization", *move(w, TRANSFER))
        with reverts("AuthorizationSpent", w.donor1, NONCE):
            w.do(w.payee, w.token, "receiveWithAuthorization", *move(w, RECEIVE))

    @pytest.mark.parametrize("index", range(6))
    def test_nothing_that_was_signed_can_be_changed(self, w: World, index: int) -> None:
        args = list(move(w, TRANSFER))
        args[index] = (w.donor2, w.stranger, UNIT + 1, 1, NEVER - 1, b32("other"))[index]
        with reverts("AuthorizationBadSignature", args[0]):
            w.do(w.relayer, w.token, "transferWithAuthorization", *args)

    @pytest.mark.parametrize("wrong", ["signer", "chain", "contract", "version", "length"])
    def test_another_signer_or_domain(self, w: World, wrong: str) -> None:
        changes: dict[str, dict[str, Any]] = {
            "signer": {"key": w.keys["donor2"]},
            "chain": {"domain": domain(w, chain=1)},
            "contract": {"domain": separator("Moa USD", w.fund.address)},
            "version": {"domain": domain(w, version="2")},
        }
        args = move(w, TRANSFER, **changes.get(wrong, {}))
        if wrong == "length":
            args = (*args[:-1], args[-1] + b"\0")
        with reverts("AuthorizationBadSignature", w.donor1):
            w.do(w.relayer, w.token, "transferWithAuthorization", *args)

    def test_it_is_valid_strictly_between_its_times(self, w: World) -> None:
        after, before = w.node.now + 100, w.node.now + 200
        span = {"after": after, "before": before}
        with reverts("AuthorizationNotYetValid", after):
            w.do(w.relayer, w.token, "transferWithAuthorization", *move(w, TRANSFER, **span), at=after)
        w.do(w.relayer, w.token, "transferWithAuthorization", *move(w, TRANSFER, **span), at=after + 1)
        last = move(w, TRANSFER, **span, nonce=b32("last"))
        w.do(w.relayer, w.token, "transferWithAuthorization", *last, at=before - 1)
        late = move(w, TRANSFER, **span, nonce=b32("late"))
        with reverts("AuthorizationExpired", before):
            w.do(w.relayer, w.token, "transferWithAuthorization", *late, at=before)

    def test_a_cancelled_one_is_spent(self, w: World) -> None:
        said = sign(w.keys["donor1"], domain(w), CANCEL, w.donor1, NONCE)
        receipt = w.do(w.relayer, w.token, "cancelAuthorization", w.donor1, NONCE, said)
        assert w.events(receipt, w.token) == [("AuthorizationCanceled", {"authorizer": w.donor1, "nonce": NONCE})]
        with reverts("AuthorizationSpent", w.donor1, NONCE):
            w.do(w.relayer, w.token, "transferWithAuthorization", *move(w, TRANSFER))
        with reverts("AuthorizationSpent", w.donor1, NONCE):
            w.do(w.relayer, w.token, "cancelAuthorization", w.donor1, NONCE, said)

    def test_nobody_cancels_for_another(self, w: World) -> None:
        said = sign(w.keys["stranger"], domain(w), CANCEL, w.donor1, NONCE)
        with reverts("AuthorizationBadSignature", w.donor1):
            w.do(w.stranger, w.token, "cancelAuthorization", w.donor1, NONCE, said)

    def test_without_the_money_the_nonce_stays_good(self, w: World) -> None:
        signed = move(w, TRANSFER, **{"from": w.donor3, "key": w.keys["donor3"]})
        with reverts("ERC20InsufficientBalance", w.donor3, 0, UNIT):
            w.do(w.relayer, w.token, "transferWithAuthorization", *signed)
        w.mint(w.donor3, UNIT)
        w.do(w.relayer, w.token, "transferWithAuthorization", *signed)

    def test_a_contract_account_signs_by_erc_1271(self, w: World) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.mint(wallet, UNIT)
        with reverts("AuthorizationBadSignature", wallet):
            args = move(w, TRANSFER, **{"from": wallet})
            w.do(w.relayer, w.token, "transferWithAuthorization", *args)
        args = move(w, TRANSFER, **{"from": wallet, "key": w.keys["donor3"]})
        w.do(w.relayer, w.token, "transferWithAuthorization", *args)
        assert w.balance(w.payee) == UNIT
