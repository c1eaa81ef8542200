"""What people sign without sending it: EIP-712 messages, each bound to one contract on one chain.

Who signs is a `Hand`: an account of the node or of a key file (`AccountHand`), or a key made from a code (`KeyHand`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from eth_account import Account
from eth_utils.address import to_checksum_address

from scripts import receipts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.ledger import Contract, Ledger

Field = tuple[str, str, Any]
"""Name, type and value."""

DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


class Hand(Protocol):
    """Who signs."""

    @property
    def address(self) -> str:
        """Return the address that the signature is of."""

    def sign(self, ledger: Ledger, typed: dict[str, Any]) -> bytes:
        """Return the signature of a typed message: r, s, v."""


@dataclass(frozen=True)
class AccountHand:
    """An account whose key the ledger's signer has."""

    address: str

    def sign(self, ledger: Ledger, typed: dict[str, Any]) -> bytes:
        """Let the signer sign."""
        return ledger.signer.sign(ledger.node, self.address, typed)


@dataclass(frozen=True, repr=False)
class KeyHand:
    """A key that is at hand, made from a code."""

    key: bytes

    @property
    def address(self) -> str:
        """Return the key's address."""
        return to_checksum_address(receipts.address_of(self.key))

    def sign(self, ledger: Ledger, typed: dict[str, Any]) -> bytes:  # noqa: ARG002 -- the seam
        """Sign with the key itself."""
        return bytes(Account.sign_typed_data(self.key, full_message=typed).signature)


def typed_data(ledger: Ledger, contract: Contract, kind: str, fields: Sequence[Field]) -> dict[str, Any]:
    """Return a typed message. A value that is itself a list of fields is a struct of the type that is named."""
    _, name, version, chain_id, *_ = ledger.view(contract, "eip712Domain")
    types: dict[str, Any] = {"EIP712Domain": DOMAIN}
    message = _message(types, kind, fields)
    domain = {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract.address}
    return {"types": types, "primaryType": kind, "domain": domain, "message": message}


def _message(types: dict[str, Any], kind: str, fields: Sequence[Field]) -> dict[str, Any]:
    types[kind] = [{"name": name, "type": what} for name, what, _ in fields]
    made: dict[str, Any] = {}
    for name, what, value in fields:
        if isinstance(value, list):
            made[name] = _message(types, what, value)
        else:
            made[name] = "0x" + value.hex() if isinstance(value, bytes) else value
    return made


def sign(ledger: Ledger, hand: Hand, contract: Contract, kind: str, fields: Sequence[Field]) -> bytes:
    """Return the signature of a typed message."""
    return hand.sign(ledger, typed_data(ledger, contract, kind, fields))


def permit(ledger: Ledger, hand: Hand, amount: int, deadline: int) -> tuple[int, bytes, bytes]:
    """Sign an ERC-2612 permit for the fund; returns v, r and s."""
    fields = [
        ("owner", "address", hand.address),
        ("spender", "address", ledger.fund.address),
        ("value", "uint256", amount),
        ("nonce", "uint256", ledger.view(ledger.token, "nonces", hand.address)),
        ("deadline", "uint256", deadline),
    ]
    made = sign(ledger, hand, ledger.token, "Permit", fields)
    return made[64], made[:32], made[32:64]


def authorization(ledger: Ledger, hand: Hand, pool: int, amount: int, salt: bytes, before: int) -> tuple[Any, ...]:
    """Sign an ERC-3009 gift to one pool, which anyone may hand in."""
    fields = [
        ("from", "address", hand.address),
        ("to", "address", ledger.fund.address),
        ("value", "uint256", amount),
        ("validAfter", "uint256", 0),
        ("validBefore", "uint256", before),
        ("nonce", "bytes32", ledger.view(ledger.fund, "authorizationNonce", pool, salt)),
    ]
    signature = sign(ledger, hand, ledger.token, "ReceiveWithAuthorization", fields)
    return hand.address, amount, 0, before, salt, signature


def cancellation(ledger: Ledger, hand: Hand, nonce: bytes) -> bytes:
    """Sign that an ERC-3009 gift which is not handed in yet is taken back."""
    fields = [("authorizer", "address", hand.address), ("nonce", "bytes32", nonce)]
    return sign(ledger, hand, ledger.token, "CancelAuthorization", fields)


def attestation(
    ledger: Ledger, hand: Hand, key: tuple[int, int], evidence: bytes, approved: bool, deadline: int
) -> tuple[Any, ...]:
    """Sign an attestor's word on the evidence that stands; returns the arguments of `attestBySignature`."""
    fields = [
        ("attestor", "address", hand.address),
        ("pool", "uint256", key[0]),
        ("milestone", "uint256", key[1]),
        ("round", "uint256", round_of(ledger, key)),
        ("evidence", "bytes32", evidence),
        ("approved", "bool", approved),
        ("deadline", "uint256", deadline),
    ]
    signature = sign(ledger, hand, ledger.judgement, "Attestation", fields)
    return hand.address, *key, evidence, approved, deadline, signature


def objection(ledger: Ledger, hand: Hand, key: tuple[int, int], evidence: bytes, deadline: int) -> bytes:
    """Sign a contributor's no to the evidence that stands."""
    fields = [
        ("donor", "address", hand.address),
        ("pool", "uint256", key[0]),
        ("milestone", "uint256", key[1]),
        ("round", "uint256", round_of(ledger, key)),
        ("evidence", "bytes32", evidence),
        ("deadline", "uint256", deadline),
    ]
    return sign(ledger, hand, ledger.judgement, "Objection", fields)


def pledge(ledger: Ledger, hand: Hand, terms: tuple[int, ...], deadline: int) -> bytes:
    """Sign a standing order, in the domain of the pool's token: the book's allowance grows by the cap.

    `terms` are pool, amount, period (0 day, 1 week, 2 month), first due, last due, times, cap, replaces.
    """
    pool, amount, period, first, last, times, cap, replaces = terms
    said = [
        ("pool", "uint256", pool),
        ("amount", "uint64", amount),
        ("period", "string", ("day", "week", "month")[period]),
        ("firstDue", "uint32", first),
        ("lastDue", "uint32", last),
        ("times", "uint16", times),
        ("cap", "uint64", cap),
        ("replaces", "uint256", replaces),
    ]
    fields = [
        ("owner", "address", hand.address),
        ("spender", "address", ledger.pledges.address),
        ("value", "uint256", cap),
        ("nonce", "uint256", ledger.view(ledger.token, "nonces", hand.address)),
        ("deadline", "uint256", deadline),
        ("pledge", "Pledge", said),
    ]
    return sign(ledger, hand, ledger.token, "PermitWitness", fields)


def refund(ledger: Ledger, hand: Hand, batch: bytes, position: int, refunded: int, to: str, deadline: int) -> bytes:
    """Sign with a receipt key that an entry's refund goes to an address; `refunded` is what it was refunded before."""
    fields = [
        ("batch", "bytes32", batch),
        ("position", "uint256", position),
        ("refunded", "uint64", refunded),
        ("to", "address", to),
        ("deadline", "uint256", deadline),
    ]
    return sign(ledger, hand, ledger.fund, "Refund", fields)


def round_of(ledger: Ledger, key: tuple[int, int]) -> int:
    """Return the round of a milestone that is judged now."""
    return int(ledger.view(ledger.judgement, "milestoneOf", *key)["round"])
