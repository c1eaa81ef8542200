"""What contributors and gateways do to get their money back, for the tests of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entrytree import Tree, entry_of, seed_of
from eth_keys.datatypes import PrivateKey
from eth_utils import keccak, to_checksum_address
from signing import CHAIN, REFUND, separator, sign
from world import DAY, NEVER, UNIT, World, b32

if TYPE_CHECKING:
    from collections.abc import Sequence

FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
MONTH = 30 * DAY
KEYS = [keccak(text=f"receipt key {i}") for i in range(20)]
DONORS = [PrivateKey(key).public_key.to_checksum_address() for key in KEYS]
"""Donor ids of those who have a code: `DONORS[i]` signs with `KEYS[i]`."""


def address_of(number: int) -> str:
    """Return an address that nobody else has."""
    return str(to_checksum_address(keccak(text=f"address {number}")[:20]))


@dataclass(frozen=True, repr=False)
class Recorded:
    """A batch, as its gateway recorded it."""

    batch: bytes
    reference: bytes
    tree: Tree

    def receipt(self, position: int) -> tuple[Any, ...]:
        """Return an entry's receipt, as the fund takes it."""
        tree = self.tree
        return (self.batch, position, tree.starts[position], tree.entries[position], tree.path(position))


def record(w: World, pool: int, gifts: Sequence[tuple[str, int]], reference: str = "batch", **by: str) -> Recorded:
    """Record a batch of gifts, each a donor id and an amount."""
    gateway, start = by.get("gateway", w.gateway), w.pool(pool)["raised"]
    entries = tuple(entry_of(donor, 1, amount) for donor, amount in gifts)
    w.do(gateway, w.fund, "recordBatch", pool, b32(reference), b"".join(entries))
    batch = w.see(w.fund, "batchId", gateway, b32(reference))
    return Recorded(batch, b32(reference), Tree(seed_of(CHAIN, w.fund.address, pool, batch), start, entries))


def fund_domain(w: World, **changes: Any) -> bytes:
    """Return the hash of the fund's EIP-712 domain."""
    return separator(**({"name": "Moa PooledFund", "contract": w.fund.address} | changes))


def consent(w: World, recorded: Recorded, position: int, to: str, **said: Any) -> bytes:
    """Return a donor's signature that its entry is refunded to `to`."""
    pool, start = w.see(w.fund, "batchOf", recorded.batch)["pool"], recorded.tree.starts[position]
    before = w.see(w.fund, "refundedOf", pool, start)
    named = {"batch": recorded.batch, "position": position, "refunded": before, "to": to, "deadline": NEVER}
    named |= said.get("named", {})
    key, domain = said.get("key", KEYS[position]), said.get("domain", fund_domain(w))
    return sign(key, domain, said.get("kind", REFUND), *named.values())


def claim(w: World, recorded: Recorded, position: int, to: str, **how: Any) -> dict[str, Any]:
    """Let anyone hand in a donor's word; entry i is DONORS[i]'s if nothing else is said."""
    signature = how["signature"] if "signature" in how else consent(w, recorded, position, to, **how)
    receipt, deadline = how.get("receipt", recorded.receipt(position)), how.get("deadline", NEVER)
    return w.do(w.relayer, w.fund, "refundEntry", receipt, to, deadline, signature, at=how.get("at"))


def take(w: World, recorded: Recorded, to: str, at: int | None = None, sender: str | None = None) -> dict[str, Any]:
    """Let the gateway take what is unclaimed."""
    return w.do(sender or w.gateway, w.fund, "refundBatch", recorded.reference, to, at=at)


def pull(w: World, pool: int, start: int, to: str, sender: str | None = None) -> dict[str, Any]:
    """Pull a direct gift back, as a stranger if nobody else is named."""
    return w.do(sender or w.stranger, w.fund, "refund", pool, start, to)


def pay_out(w: World, pool: int, milestone: int = 0) -> None:
    """Approve and release a milestone."""
    w.approve(pool, milestone)
    w.node.wait(w.see(w.judgement, "panelOf", pool)["objectionWindow"])
    w.do(w.ngo, w.fund, "release", pool, milestone)


def give_back(w: World, pool: int, amount: int, milestone: int = 0, payee: str | None = None) -> dict[str, Any]:
    """Let the payee give back, with an allowance of exactly that."""
    who = payee or w.payee
    w.do(who, w.token, "approve", w.fund.address, amount)
    return w.do(who, w.fund, "giveBack", pool, milestone, amount)


def ended(w: World, *gifts: tuple[str, int]) -> int:
    """Return a pool with these gifts that its NGO has given up."""
    pool = w.open_pool()
    for who, amount in gifts:
        w.give(pool, amount * UNIT, who)
    w.do(w.ngo, w.fund, "cancel", pool)
    return pool
