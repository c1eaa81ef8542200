"""One-time codes of a payout round: code → claim key → commitment → row → claim. No chain, no files, no network.

A beneficiary is told a code of twelve characters. The code makes the claim key, and the key's address, hashed with the
beneficiary's nullifier, is the commitment that stands in the round's list. Who knows the code can claim the row, and
signs to which address it goes; the code itself is never shown. Codes are worth money: print them, hand them out, and
keep no copy. Amounts are base units of the pool's token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import coincurve
import sha3

from scripts.receipts import ALPHABET, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CODE_LENGTH = 12
SHEET = 16
ROW = 32
NONE = bytes(32)
MAX_AMOUNT = 2**63 - 1
KEY_DOMAIN = b"Moa claim key 1:"
NULLIFIER_DOMAIN = b"Moa nullifier 1:"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
SCRYPT_MEMORY = 32 * 2**20
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_CLAIM = b"Claim(uint256 pool,uint256 milestone,uint32 position,address to)"
_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


class CodeError(ValueError):
    """What is wrong with a code, a list or a claim; says so in a sentence."""


# ------------------------------------------------------------------------------------------------------- codes


def new_code() -> str:
    """Return a new code, XXXX-XXXX-XXXX: eleven random characters (55 bits) and one that checks them."""
    return _completed([secrets.randbelow(32) for _ in range(CODE_LENGTH - 1)])


def code_of(secret: bytes, person: str) -> str:
    """Return the code that a secret makes for a person, the same every time: for stories that are told again."""
    number = int.from_bytes(hmac.digest(secret, b"Moa code 1:" + person.encode(), hashlib.sha256))
    return _completed([(number >> 5 * at) & 31 for at in range(CODE_LENGTH - 1)])


def read_code(text: str) -> str:
    """Return a code as it was handed out, from how somebody typed it; a `CodeError` if it cannot be one.

    Small letters, spaces, hyphens, O for 0 and I or L for 1 do not matter. One wrong character, or two that changed
    places, are always noticed.
    """
    plain = "".join(text.upper().split()).replace("-", "").translate(str.maketrans("OIL", "011"))
    strange = next((c for c in plain if c not in ALPHABET), None)
    if strange is not None:
        raise CodeError(f"{strange!r} stands in no code: its characters are 0 to 9 and A to Z without I, L, O and U.")
    if len(plain) != CODE_LENGTH:
        raise CodeError(f"A code has {CODE_LENGTH} characters, not {len(plain)}.")
    digits = [ALPHABET.index(c) for c in plain]
    if digits[-1] != _check(digits[:-1]):
        raise CodeError("There is a typing error in the code.")
    return _shown(plain)


def _completed(digits: list[int]) -> str:
    return _shown("".join(ALPHABET[d] for d in [*digits, _check(digits)]))


def _shown(plain: str) -> str:
    return "-".join(plain[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def _check(digits: Sequence[int]) -> int:
    """Return the weighted sum of the digits in the field of 32 elements.

    The weights, from the last digit to the first, are 2, 2², 2³, …: all differ, and differ from the check's own, 1.
    """
    return reduce(lambda total, digit: _double(total ^ digit), digits, 0)


def _double(element: int) -> int:
    """Multiply by 2 in the field of 32 elements, modulo x⁵ + x² + 1, of which 2 is a generator."""
    element <<= 1
    return element ^ 0b100101 if element & 32 else element


# --------------------------------------------------------------------------------------------- keys and nullifiers


class Round(NamedTuple):
    """Which payout round: the chain, the PayoutBook's address, pool, milestone, and whether the pool has a cap."""

    chain_id: int
    book: str
    pool: int
    milestone: int
    capped: bool = False


def claim_key(code: str, where: Round) -> bytes:
    """Return the claim key of a code in one round. It is slow on purpose (scrypt, 16 MiB): guessing codes must cost."""
    salt = KEY_DOMAIN + _word(where.chain_id) + _address(where.book) + _word(where.pool) + _word(where.milestone)
    made = hashlib.scrypt(
        read_code(code).encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=SCRYPT_MEMORY, dklen=48
    )
    return (int.from_bytes(made) % (ORDER - 1) + 1).to_bytes(32)


def scope_of(token: str, programme: bytes, pool: int) -> bytes:
    """Return within what a cap counts, as PayoutBook.scopeOf does."""
    return _keccak(_word(pool)) if programme == NONE else _keccak(bytes(12) + _address(token) + programme)


def nullifier_of(secret: bytes, scope: bytes, person: str) -> bytes:
    """Return who a person is under a cap: HMAC-SHA256 of the person's id under the consortium's key and the scope.

    The scope is the programme and token or, without a programme, the pool (`scope_of`), so that a person cannot be
    followed from one programme to another. Case, spaces and hyphens of an id do not matter. A `CodeError` without an
    id or with a key of less than 32 bytes.
    """
    if len(secret) < 32 or len(scope) != 32:
        raise CodeError("The consortium's key has at least 32 bytes, a scope exactly 32.")
    folded = unicodedata.normalize("NFKC", person).casefold()
    tidy = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) != "Pd")
    if not tidy:
        raise CodeError("A person's id is empty.")
    return hmac.digest(secret, NULLIFIER_DOMAIN + scope + tidy.encode(), hashlib.sha256)


# ------------------------------------------------------------------------------------------------ rows and claims


def row_of(key: bytes, amount: int, nullifier: bytes = NONE) -> bytes:
    """Return a row of the list: commitment (20) ‖ zero (4) ‖ amount (8)."""
    if not 0 < amount <= MAX_AMOUNT:
        raise CodeError(f"The amount {amount} is not 1 to 2^63 - 1.")
    return commitment_of(key, nullifier) + bytes(4) + amount.to_bytes(8)


def commitment_of(key: bytes, nullifier: bytes = NONE) -> bytes:
    """Return what stands for a beneficiary in the list."""
    return _keccak(bytes(12) + address_of(key) + nullifier)[12:]


class Claim(NamedTuple):
    """A claim, in the order in which PayoutBook takes it."""

    pool: int
    milestone: int
    position: int
    start: int
    amount: int
    nullifier: bytes
    to: str
    proof: tuple[bytes, ...]
    r: bytes
    vs: bytes


@dataclass(frozen=True)
class PayoutList:
    """A round's list: the bytes that were sealed, as they stand in the log of RoundSealed."""

    where: Round
    data: bytes

    def __post_init__(self) -> None:
        """Refuse what the contract would refuse."""
        if not self.data or len(self.data) % ROW:
            raise CodeError(f"A list is a whole number of rows of {ROW} bytes, not {len(self.data)} bytes.")

    @property
    def rows(self) -> list[bytes]:
        """The rows, one by one."""
        return [self.data[at : at + ROW] for at in range(0, len(self.data), ROW)]

    @property
    def amounts(self) -> list[int]:
        """What each row pays."""
        return [int.from_bytes(row[24:]) for row in self.rows]

    def find(self, key: bytes, nullifier: bytes = NONE) -> int:
        """Return the position of a key's row; a `CodeError` if the list has none."""
        wanted = commitment_of(key, nullifier)
        for position, row in enumerate(self.rows):
            if row[:20] == wanted:
                return position
        raise CodeError(
            "The code is of another round, or the nullifier of another person: no row of the list is theirs."
        )

    def claim(self, code: str, to: str, nullifier: bytes = NONE) -> Claim:
        """Return the claim that sends a code's row to an address; anyone may hand it in."""
        if self.where.capped != (nullifier != NONE):
            raise CodeError("A nullifier is wanted where the pool has a cap, and only there.")
        key = claim_key(code, self.where)
        position = self.find(key, nullifier)
        amounts = self.amounts
        where = (self.where.pool, self.where.milestone, position, sum(amounts[:position]), amounts[position])
        return Claim(*where, nullifier, to, self.proof(position), *sign(key, self.where, position, to))

    def proof(self, position: int) -> tuple[bytes, ...]:
        """Return the four siblings of a row in the tree of its sheet, from the row up; all zero where there is none."""
        seed = _half(self.where.pool) + _half(2 * self.where.milestone + self.where.capped)
        first = position - position % SHEET
        start = sum(self.amounts[:first])
        nodes = []
        for i, row in enumerate(self.rows[first : first + SHEET]):
            nodes.append(_keccak(seed + _half(i) + _half(start) + row))
            start += int.from_bytes(row[24:])
        siblings = []
        place = position % SHEET
        for _ in range(SHEET.bit_length() - 1):
            siblings.append(nodes[place ^ 1] if place ^ 1 < len(nodes) else NONE)
            nodes = [_keccak(b"".join(p)) if len(p := nodes[i : i + 2]) == 2 else p[0] for i in range(0, len(nodes), 2)]
            place >>= 1
        return tuple(siblings)


def sign(key: bytes, where: Round, position: int, to: str) -> tuple[bytes, bytes]:
    """Let a claim key sign where its row goes: EIP-712, in the compact form of ERC-2098 (r, vs)."""
    names = _keccak(_DOMAIN) + _keccak(b"Moa PayoutBook") + _keccak(b"1")
    domain = _keccak(names + _word(where.chain_id) + bytes(12) + _address(where.book))
    numbers = _word(where.pool) + _word(where.milestone) + _word(position)
    said = _keccak(_keccak(_CLAIM) + numbers + bytes(12) + _address(to))
    made = coincurve.PrivateKey(key).sign_recoverable(_keccak(b"\x19\x01" + domain + said), hasher=None)
    return made[:32], bytes([made[32] | made[64] << 7]) + made[33:64]


def _keccak(data: bytes) -> bytes:
    return bytes(sha3.keccak_256(data).digest())


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _half(number: int) -> bytes:
    return number.to_bytes(16)


def _address(text: str) -> bytes:
    try:
        made = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        made = b""
    if len(made) != 20:
        raise CodeError(f"{text!r} is no address.")
    return made
