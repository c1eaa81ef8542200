"""Receipt keys: how a donor without a wallet gets a donor id, and can later prove that it is theirs.

The gateway makes each donor's code from its own secret and the donor's text (a phone number, a card's token), so the
same donor always gets the same code and nobody else can guess it. The code (SMS, paper, mail) makes the receipt key,
and the key's address is the donor id in the entry.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

import coincurve
import sha3

if TYPE_CHECKING:
    from pathlib import Path

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U."""

ANONYMOUS = bytes(20)
CODE_BYTES = 10
SECRET_BYTES = 32
KEY_DOMAIN = "Moa receipt key 1:"


class SecretError(ValueError):
    """A file that does not hold a gateway's secret, in one sentence."""


def load_secret(path: Path) -> tuple[bytes, bool]:
    """Return the gateway's secret, and whether it was made just now. Only its owner may read the file."""
    if found := read_secret(path):
        return found, False
    made = new_secret()
    keep_secret(path, made)
    return made, True


def read_secret(path: Path) -> bytes | None:
    """Return the secret in a file; nothing if there is no file."""
    try:
        found = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        return None
    except ValueError:
        raise SecretError(f"{path} is not a secret: 64 hexadecimal digits.") from None
    # Codes that are made from nothing could be made by anybody.
    if len(found) != SECRET_BYTES:
        raise SecretError(f"{path} is not a secret: it has {len(found)} bytes, not {SECRET_BYTES}.")
    return found


def new_secret() -> bytes:
    """Return a secret that nobody had before."""
    return secrets.token_bytes(SECRET_BYTES)


def keep_secret(path: Path, made: bytes) -> None:
    """Write a secret into a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(made.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def code_of(secret: bytes, donor: str) -> str:
    """Return a donor's code: 80 bits as XXXX-XXXX-XXXX-XXXX."""
    number = int.from_bytes(hmac.digest(secret, donor.encode(), hashlib.sha256)[:CODE_BYTES], "big")
    digits = "".join(ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def key_of(code: str) -> bytes:
    """Return the receipt key of a code."""
    return bytes(sha3.keccak_256((KEY_DOMAIN + tidy(code)).encode()).digest())


def tidy(code: str) -> str:
    """Return a code as it was handed out; small letters, spaces and O for 0 do not matter."""
    plain = "".join(c for c in code.upper().translate(str.maketrans("OIL", "011")) if c in ALPHABET)
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def donor_id(secret: bytes, donor: str) -> bytes:
    """Return the donor id of a donor's text: the address of its receipt key; all zero without a text."""
    return address_of(key_of(code_of(secret, donor))) if donor else ANONYMOUS


def address_of(key: bytes) -> bytes:
    """Return the address of a secp256k1 key."""
    point = coincurve.PublicKey.from_secret(key).format(compressed=False)
    return bytes(sha3.keccak_256(point[1:]).digest()[12:])
