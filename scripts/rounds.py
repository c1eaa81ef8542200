"""A payout round's list as its book seals it, and the claims of its rows. See contracts/interfaces/IPayoutBook.sol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from api.explorer.proofs import parent
from scripts import onetime as codes
from scripts import signing
from scripts.ledger import LedgerError
from scripts.receipts import address_of
from scripts.signing import KeyHand

if TYPE_CHECKING:
    from scripts.ledger import Ledger
    from scripts.signing import Hand

ROW = 32
SHEET = 16
LEVELS = 4
NOBODY = bytes(32)


def key_of(ledger: Ledger, code: str, pool: int, milestone: int) -> bytes:
    """Return the claim key that a code makes in a round."""
    return codes.key_of(code, codes.ROUND, ledger.deployment.chain_id, ledger.payouts.address, pool, milestone)


def commitment_of(key: bytes, nullifier: bytes = NOBODY) -> bytes:
    """Return what stands for a claim key and a person in the list."""
    return bytes(keccak(bytes(12) + address_of(key) + nullifier)[12:])


def row_of(key: bytes, amount: int, nullifier: bytes = NOBODY) -> bytes:
    """Return the 32 bytes of one row."""
    return commitment_of(key, nullifier) + bytes(4) + amount.to_bytes(8, "big")


@dataclass(frozen=True)
class Sealed:
    """The list of a round that stands."""

    pool: int
    milestone: int
    rows: bytes
    capped: bool

    def position_of(self, key: bytes, nullifier: bytes = NOBODY) -> int | None:
        """Return where a claim key's row is; None if it has none."""
        wanted = commitment_of(key, nullifier)
        places = (at // ROW for at in range(0, len(self.rows), ROW) if self.rows.startswith(wanted, at))
        return next(places, None)

    def amount_of(self, position: int) -> int:
        """Return a row's amount."""
        return int.from_bytes(self.rows[position * ROW + 24 : position * ROW + ROW], "big")

    def claim(self, ledger: Ledger, hand: Hand, position: int, to: str, nullifier: bytes = NOBODY) -> tuple[Any, ...]:
        """Return a claim of a row, signed by its key, as the book takes it."""
        fields = [
            ("pool", "uint256", self.pool),
            ("milestone", "uint256", self.milestone),
            ("position", "uint32", position),
            ("to", "address", to),
        ]
        made = signing.sign(ledger, hand, ledger.payouts, "Claim", fields)
        compact = made[:32], bytes([made[32] | (made[64] - 27) << 7]) + made[33:64]
        where = self.pool, self.milestone, position, self.start_of(position), self.amount_of(position)
        return *where, nullifier, to, self._proof(position), *compact

    def start_of(self, position: int) -> int:
        """Return what the rows before one add up to."""
        return sum(map(self.amount_of, range(position)))

    def _leaf(self, position: int) -> bytes:
        seed = self.pool.to_bytes(16, "big") + (2 * self.milestone + self.capped).to_bytes(16, "big")
        place = (position % SHEET).to_bytes(16, "big") + self.start_of(position).to_bytes(16, "big")
        return bytes(keccak(seed + place + self.rows[position * ROW : position * ROW + ROW]))

    def _proof(self, position: int) -> list[bytes]:
        """Return the siblings of a row within its sheet, one a level; 0 where there is none."""
        first = position - position % SHEET
        level = [self._leaf(at) for at in range(first, min(first + SHEET, len(self.rows) // ROW))]
        place, found = position % SHEET, []
        for _ in range(LEVELS):
            found.append(level[place ^ 1] if place ^ 1 < len(level) else bytes(32))
            pairs = [parent(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            level = pairs + level[2 * len(pairs) :]
            place //= 2
        return found


def sealed(ledger: Ledger, pool: int, milestone: int) -> Sealed:
    """Return the list that stands."""
    wanted = "0x" + pool.to_bytes(32, "big").hex(), "0x" + milestone.to_bytes(32, "big").hex()
    found = list(ledger.events(ledger.payouts, "RoundSealed", *wanted))
    if not found:
        raise LedgerError(f"No list is sealed for milestone {milestone} of pool {pool}.")
    capped = ledger.view(ledger.fund, "limitsOf", pool)["beneficiaryCap"] != 0
    return Sealed(pool, milestone, found[-1]["rows"], capped)


def hand_of(ledger: Ledger, code: str, pool: int, milestone: int) -> KeyHand:
    """Return the claim key of a code as one that signs."""
    return KeyHand(key_of(ledger, code, pool, milestone))
