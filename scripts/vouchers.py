"""Vouchers: what an NGO signs, the bill that its holder signs, and the file that carries them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts import codes, signing
from scripts.signing import Hand, KeyHand

if TYPE_CHECKING:
    from scripts.ledger import Ledger


@dataclass(frozen=True)
class Voucher:
    """A promise to pay at most `max_part` of one bill, to whoever has the key. Base units, unix seconds."""

    pool: int
    milestone: int
    key: str
    max_part: int
    valid_until: int
    salt: bytes

    def words(self) -> tuple[Any, ...]:
        """Return the voucher as the book takes it."""
        return self.pool, self.milestone, self.key, self.max_part, self.valid_until, self.salt

    def sign(self, ledger: Ledger, ngo: Hand) -> bytes:
        """Let the NGO sign it."""
        fields = [
            ("pool", "uint256", self.pool),
            ("milestone", "uint256", self.milestone),
            ("key", "address", self.key),
            ("maxPart", "uint64", self.max_part),
            ("validUntil", "uint32", self.valid_until),
            ("salt", "bytes32", self.salt),
        ]
        return signing.sign(ledger, ngo, ledger.vouchers, "Voucher", fields)


@dataclass(frozen=True)
class Bill:
    """What a provider is paid on a voucher."""

    provider: str
    own: int
    from_pool: int
    evidence: bytes
    deadline: int

    def words(self) -> tuple[Any, ...]:
        """Return the bill as the book takes it."""
        return self.provider, self.own, self.from_pool, self.evidence, self.deadline

    def sign(self, ledger: Ledger, holder: Hand, voucher: Voucher) -> bytes:
        """Let the voucher's key sign it."""
        fields = [
            ("voucher", "bytes32", ledger.view(ledger.vouchers, "idOf", voucher.words())),
            ("provider", "address", self.provider),
            ("own", "uint64", self.own),
            ("fromPool", "uint64", self.from_pool),
            ("evidence", "bytes32", self.evidence),
            ("deadline", "uint32", self.deadline),
        ]
        return signing.sign(ledger, holder, ledger.vouchers, "Bill", fields)


def hand_of(ledger: Ledger, code: str, pool: int, milestone: int) -> KeyHand:
    """Return the voucher key of a code as one that signs."""
    where = codes.Round(ledger.deployment.chain_id, ledger.vouchers.address, pool, milestone)
    return KeyHand(codes.claim_key(code, where))


def write(voucher: Voucher, signature: bytes) -> str:
    """Return the text of a voucher's file."""
    pool, milestone, key, most, until, salt = voucher.words()
    plain = {"pool": pool, "milestone": milestone, "key": key, "maxPart": str(most), "validUntil": until}
    return json.dumps(plain | {"salt": "0x" + salt.hex(), "signature": "0x" + signature.hex()}, indent=1) + "\n"


def read(found: Any) -> tuple[Voucher, bytes]:
    """Read what a voucher's file holds.

    Raises:
        ValueError: It is not one.

    """
    try:
        numbers = [int(found[name]) for name in ("pool", "milestone", "maxPart", "validUntil")]
        salt, signature = (bytes.fromhex(found[name][2:]) for name in ("salt", "signature"))
        return Voucher(numbers[0], numbers[1], str(found["key"]), numbers[2], numbers[3], salt), signature
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
