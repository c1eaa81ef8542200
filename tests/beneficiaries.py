"""The list of a payout round, and claims of its rows, by the words of IPayoutBook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_utils.crypto import keccak

from tests.api.explorer import merkle
from tests.signatures import sign

if TYPE_CHECKING:
    from tests.ledger import Ledger

SHEET, LEVELS = 16, 4
CLAIM = "Claim(uint256 pool,uint256 milestone,uint32 position,address to)"


def _path(leaves: list[bytes], position: int, levels: int) -> list[bytes]:
    """Return a leaf's siblings from the leaf up, 0 where it has none."""
    if levels == 0:
        return []
    half = 1 << (levels - 1)
    low, high = leaves[:half], leaves[half:]
    if position >= half:
        return [*_path(high, position - half, levels - 1), merkle.root(low)]
    return [*_path(low, position, levels - 1), merkle.root(high) if high else bytes(32)]


@dataclass
class PayList:
    """A round for people of whom each has a code."""

    ledger: Ledger
    pool: int
    milestone: int
    amounts: list[int]
    capped: bool = False
    keys: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = [keccak(text=f"code {self.pool} {self.milestone} {i}") for i in range(len(self.amounts))]

    def nullifier(self, position: int) -> bytes:
        return keccak(text=f"person {position}") if self.capped else bytes(32)

    @property
    def rows(self) -> list[bytes]:
        found = []
        for i, amount in enumerate(self.amounts):
            key = bytes.fromhex(Account.from_key(self.keys[i]).address[2:])
            commitment = keccak(key.rjust(32, b"\0") + self.nullifier(i))[12:]
            found.append(commitment + bytes(4) + amount.to_bytes(8, "big"))
        return found

    def seal(self, window: int) -> None:
        call = self.ledger.payouts.functions.seal(self.pool, self.milestone, b"".join(self.rows), window)
        self.ledger.send(call, self.ledger.ngo)

    def claim(self, position: int, to: str) -> tuple[Any, ...]:
        """Return a claim as the contract takes it."""
        seed = self.pool.to_bytes(16, "big") + (2 * self.milestone + self.capped).to_bytes(16, "big")
        first = position - position % SHEET
        starts = [sum(self.amounts[:i]) for i in range(len(self.amounts))]
        leaves = [
            merkle.leaf(seed, i, starts[first + i], row) for i, row in enumerate(self.rows[first : first + SHEET])
        ]
        made = sign(
            self.keys[position], self.ledger.payouts, "PayoutBook", CLAIM, self.pool, self.milestone, position, to
        )
        return (
            *(self.pool, self.milestone, position, starts[position], self.amounts[position]),
            *(self.nullifier(position), to, _path(leaves, position % SHEET, LEVELS)),
            *(made[:32], bytes([made[32] | (made[64] - 27) << 7]) + made[33:64]),
        )

    def deliver(self, *positions: int, to: str) -> None:
        """Hand in claims."""
        claims = [self.claim(position, to) for position in positions]
        self.ledger.send(self.ledger.payouts.functions.claimMany(claims), self.ledger.donors[4])
