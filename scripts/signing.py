"""The three things that donors and attestors sign without sending them: EIP-712, signed by the node's own accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.ledger import Contract, Ledger

DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def sign(ledger: Ledger, signer: str, contract: Contract, kind: str, fields: list[tuple[str, str, Any]]) -> bytes:
    """Let an account of the node sign a typed message; `fields` are name, type and value."""
    _, name, version, chain_id, *_ = ledger.view(contract, "eip712Domain")
    message = {field: "0x" + value.hex() if isinstance(value, bytes) else value for field, _, value in fields}
    typed = {
        "types": {"EIP712Domain": DOMAIN, kind: [{"name": field, "type": what} for field, what, _ in fields]},
        "primaryType": kind,
        "domain": {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract.address},
        "message": message,
    }
    return bytes.fromhex(ledger.node.call("eth_signTypedData_v4", signer, typed)[2:])


def permit(ledger: Ledger, owner: str, amount: int, deadline: int) -> tuple[int, bytes, bytes]:
    """Sign an ERC-2612 permit for the fund; returns v, r and s."""
    fields = [
        ("owner", "address", owner),
        ("spender", "address", ledger.fund.address),
        ("value", "uint256", amount),
        ("nonce", "uint256", ledger.view(ledger.token, "nonces", owner)),
        ("deadline", "uint256", deadline),
    ]
    made = sign(ledger, owner, ledger.token, "Permit", fields)
    return made[64], made[:32], made[32:64]


def authorization(  # noqa: PLR0917
    ledger: Ledger, pool: int, donor: str, amount: int, salt: bytes, before: int
) -> tuple[Any, ...]:
    """Sign an ERC-3009 gift to one pool, which anyone may hand in."""
    fields = [
        ("from", "address", donor),
        ("to", "address", ledger.fund.address),
        ("value", "uint256", amount),
        ("validAfter", "uint256", 0),
        ("validBefore", "uint256", before),
        ("nonce", "bytes32", ledger.view(ledger.fund, "authorizationNonce", pool, salt)),
    ]
    signature = sign(ledger, donor, ledger.token, "ReceiveWithAuthorization", fields)
    return donor, amount, 0, before, salt, signature


def attestation(  # noqa: PLR0917
    ledger: Ledger,
    attestor: str,
    milestone: tuple[int, int],
    round_: int,
    evidence: bytes,
    approved: bool,
    deadline: int,
) -> bytes:
    """Sign an attestor's word on one piece of evidence."""
    fields = [
        ("attestor", "address", attestor),
        ("pool", "uint256", milestone[0]),
        ("milestone", "uint256", milestone[1]),
        ("round", "uint256", round_),
        ("evidence", "bytes32", evidence),
        ("approved", "bool", approved),
        ("deadline", "uint256", deadline),
    ]
    return sign(ledger, attestor, ledger.fund, "Attestation", fields)
