"""What donors, attestors and others sign, for tests that speak to the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account import Account

if TYPE_CHECKING:
    from tests.ledger import Ledger


VOUCHER = "Voucher(uint256 pool,uint256 milestone,address key,uint64 maxPart,uint32 validUntil,bytes32 salt)"
BILL = "Bill(bytes32 voucher,address provider,uint64 own,uint64 fromPool,bytes32 evidence,uint32 deadline)"


def typed_of(contract: Any, name: str, kind: str, *values: Any) -> dict[str, Any]:
    """Return what is signed by EIP-712 for one of Moa's contracts; `kind` as in `Mail(address to,uint256 sum)`."""
    primary, _, fields = kind.removesuffix(")").partition("(")
    return {
        "domain": {
            "name": f"Moa {name}", "version": "1", "chainId": contract.w3.eth.chain_id,
            "verifyingContract": contract.address,
        },
        "types": {
            "EIP712Domain": _fields("string name,string version,uint256 chainId,address verifyingContract"),
            primary: _fields(fields),
        },
        "primaryType": primary,
        "message": dict(zip([field["name"] for field in _fields(fields)], values, strict=True)),
    }  # fmt: skip


def sign(key: bytes, contract: Any, name: str, kind: str, *values: Any) -> bytes:
    """Return a signature by a key."""
    typed = typed_of(contract, name, kind, *values)
    return bytes(Account.sign_typed_data(key, full_message=typed).signature)


def sign_by(ledger: Ledger, account: str, contract: Any, name: str, kind: str, *values: Any) -> bytes:
    """Return a signature by one of the node's own accounts."""
    typed = typed_of(contract, name, kind, *(f"0x{v.hex()}" if isinstance(v, bytes) else v for v in values))
    return bytes.fromhex(ledger.node.rpc("eth_signTypedData_v4", account, typed)[2:])


def _fields(text: str) -> list[dict[str, str]]:
    return [dict(zip(("type", "name"), field.split(" "), strict=True)) for field in text.split(",")]


def entry_receipt(contribution: dict[str, Any]) -> tuple[Any, ...]:
    """Return a batch's entry as the fund takes it for a receipt, from its JSON."""
    proof = contribution["proof"]
    siblings = [bytes.fromhex(node[2:]) for node in proof["siblings"]]
    batch, entry = (bytes.fromhex(proof[name][2:]) for name in ("batch", "entry"))
    return (batch, proof["position"], int(proof["start"]), entry, siblings)
