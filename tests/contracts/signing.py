"""What people sign: permits, authorizations, attestations, objections. All EIP-712, hashed here by hand."""

from __future__ import annotations

from typing import Any

from eth_abi import encode
from eth_keys import keys
from eth_utils import keccak

PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
_MOVE = "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
TRANSFER, RECEIVE = "TransferWithAuthorization" + _MOVE, "ReceiveWithAuthorization" + _MOVE
CANCEL = "CancelAuthorization(address authorizer,bytes32 nonce)"
ATTESTATION = (
    "Attestation(address attestor,uint256 pool,uint256 milestone,uint256 round,"
    "bytes32 evidence,bool approved,uint256 deadline)"
)
OBJECTION = "Objection(address donor,uint256 pool,uint256 milestone,uint256 round,bytes32 evidence,uint256 deadline)"
REFUND = "Refund(bytes32 batch,uint256 position,uint64 refunded,address to,uint256 deadline)"
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
CHAIN = 1337


def separator(name: str, contract: str, chain: int = CHAIN, version: str = "1") -> bytes:
    """Return the hash of an EIP-712 domain."""
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    names = [keccak(text=DOMAIN), keccak(text=name), keccak(text=version)]
    return keccak(encode(types, [*names, chain, contract]))


def digest(domain: bytes, kind: str, values: list[Any]) -> bytes:
    """Return the hash that is signed."""
    types = [field.split(" ")[0] for field in kind[kind.index("(") + 1 : -1].split(",")]
    return keccak(b"\x19\x01" + domain + keccak(encode(["bytes32", *types], [keccak(text=kind), *values])))


def sign(key: bytes, domain: bytes, kind: str, *values: Any) -> bytes:
    """Return a signature: r, s, v."""
    made = keys.PrivateKey(key).sign_msg_hash(digest(domain, kind, list(values)))
    return made.r.to_bytes(32) + made.s.to_bytes(32) + bytes([27 + made.v])


def parts(signature: bytes) -> tuple[int, bytes, bytes]:
    """Return v, r and s."""
    return signature[64], signature[:32], signature[32:64]
