"""One-time codes: what a beneficiary is told, and the key that is made from it.

A code has 80 bits and is written as four groups of four letters. The key is made from it slowly (scrypt) and for one
purpose only: the same code makes another key in another round, book or chain, so that a list of guessed keys is of no
use. The code itself is never on the chain.
"""

from __future__ import annotations

import hashlib
import secrets

from eth_utils.crypto import keccak

from scripts import receipts

SCRYPT_N, SCRYPT_R = 2**14, 8
"""About 50 ms and 16 MB for each guess."""

ROUND, VOUCHER = "payout round", "voucher"


class CodeError(ValueError):
    """What was typed is not a code."""


def make() -> str:
    """Return a new code."""
    digits = "".join(secrets.choice(receipts.ALPHABET) for _ in range(16))
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def tidy(text: str) -> str:
    """Return a code as it was handed out, however carelessly it was typed."""
    found = receipts.tidy(text)
    if len(found) != 19:
        raise CodeError("A code has 16 letters and digits, as in 7QK4-M2XD-90RT-AB3F.")
    return found


def key_of(code: str, purpose: str, chain_id: int, book: str, *place: int) -> bytes:
    """Return the key that a code makes for a purpose: a book's round, or vouchers, of a pool and a milestone."""
    words = [purpose, str(chain_id), book.lower(), *map(str, place)]
    salt = hashlib.sha256("\n".join(["Moa code 1", *words]).encode()).digest()
    stretched = hashlib.scrypt(tidy(code).encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=1, dklen=32)
    return bytes(keccak(b"Moa key 1" + stretched))
