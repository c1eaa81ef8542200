"""The list of a payout round and its claims, written from IPayoutBook's words alone, nothing taken from scripts/."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from entrytree import leaf_of, root_of
from eth_keys import keys
from eth_utils import keccak
from signing import CHAIN, separator, sign
from world import DAY, NO_LIMITS, UNIT, ZERO32, Contract, World, evidence_of

CLAIM = "Claim(uint256 pool,uint256 milestone,uint32 position,address to)"
SHEET = 16


def key_of(text: str) -> bytes:
    """Return a claim key; of a code, where one is wanted, see scripts/codes.py."""
    return keccak(text=text)


def address_of(key: bytes) -> bytes:
    """Return the address of a key."""
    return keys.PrivateKey(key).public_key.to_canonical_address()


def row_of(key: bytes, nullifier: bytes, amount: int) -> bytes:
    """Return the 32 bytes of one row."""
    return keccak(bytes(12) + address_of(key) + nullifier)[12:] + bytes(4) + amount.to_bytes(8)


def seed_of(pool: int, milestone: int, capped: bool) -> bytes:
    """Return what ties the leaves to one list."""
    return pool.to_bytes(16) + (2 * milestone + capped).to_bytes(16)


def path_of(leaves: list[bytes], position: int, levels: int) -> list[bytes]:
    """Return the siblings of a leaf, one for each level, 0 where it has none."""
    if levels == 0:
        return []
    half = 1 << levels - 1
    if position >= half:
        return [*path_of(leaves[half:], position - half, levels - 1), root_of(leaves[:half])]
    return [*path_of(leaves[:half], position, levels - 1), root_of(leaves[half:]) if leaves[half:] else ZERO32]


@dataclass(frozen=True)
class Person:
    """A beneficiary's row: claim key, nullifier, amount."""

    key: bytes
    amount: int
    nullifier: bytes = ZERO32


@dataclass(frozen=True)
class Row:
    """A claim: what the contract takes, in its order."""

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

    def but(self, **changes: Any) -> Row:
        """Return the same claim with a lie in it."""
        return replace(self, **changes)

    @property
    def args(self) -> tuple[Any, ...]:
        """The claim as the ABI wants it."""
        return tuple(vars(self).values())


@dataclass(frozen=True)
class PayList:
    """A sealed list."""

    book: str
    pool: int
    milestone: int
    people: tuple[Person, ...]
    capped: bool = False
    chain: int = field(default=CHAIN)

    @cached_property
    def rows(self) -> list[bytes]:
        """Its rows."""
        return [row_of(p.key, p.nullifier, p.amount) for p in self.people]

    @cached_property
    def starts(self) -> list[int]:
        """What the rows before each add up to."""
        found = [0]
        for person in self.people:
            found.append(found[-1] + person.amount)
        return found

    @property
    def total(self) -> int:
        """What all rows add up to."""
        return self.starts[-1]

    @property
    def data(self) -> bytes:
        """What is sealed."""
        return b"".join(self.rows)

    @cached_property
    def sheets(self) -> list[list[bytes]]:
        """The leaves of each sheet."""
        made = []
        seed = seed_of(self.pool, self.milestone, self.capped)
        for sheet in range((len(self.rows) + SHEET - 1) // SHEET):
            part = range(sheet * SHEET, min(len(self.rows), (sheet + 1) * SHEET))
            made.append([leaf_of(seed, i % SHEET, self.starts[i], self.rows[i]) for i in part])
        return made

    def proof(self, position: int) -> tuple[bytes, ...]:
        """Return the proof of a row."""
        return tuple(path_of(self.sheets[position // SHEET], position % SHEET, 4))

    def signed(self, position: int, to: str, key: bytes | None = None) -> tuple[bytes, bytes]:
        """Let a key, the row's if no other is named, sign where a row goes, in ERC-2098's compact form."""
        domain = separator("Moa PayoutBook", self.book, self.chain)
        made = sign(key or self.people[position].key, domain, CLAIM, self.pool, self.milestone, position, to)
        return made[:32], bytes([made[32] | (made[64] - 27) << 7]) + made[33:64]

    def claim(self, position: int, to: str, key: bytes | None = None) -> Row:
        """Return a claim of a row for an address."""
        person = self.people[position]
        where = (self.pool, self.milestone, position, self.starts[position], person.amount, person.nullifier)
        return Row(*where, to, self.proof(position), *self.signed(position, to, key))


# ---- a round in the world, from the pool to the money


def crowd(count: int, name: str = "p", amount: int | None = None, capped: bool = False) -> tuple[Person, ...]:
    """Return beneficiaries with amounts that differ, or one amount for all."""
    return tuple(
        Person(
            key_of(f"{name} {i}"),
            amount or (i * 37 % 150 + 50) * UNIT // 10,
            keccak(text=f"person {i}") if capped else ZERO32,
        )
        for i in range(count)
    )


def open_round(
    w: World,
    *lists: tuple[Person, ...],
    ngo: str | None = None,
    limits: Any = NO_LIMITS,
    token: Contract | None = None,
) -> list[PayList]:
    """Open a pool of which each milestone is a round for one of these lists, with all its money in it."""
    now = w.node.now
    totals = [sum(p.amount for p in people) for people in lists]
    milestones = [(w.payouts.address, total, now + (60 + i) * DAY) for i, total in enumerate(totals)]
    money = token or w.token
    pool = w.open_pool(sender=ngo, milestones=milestones, fundingThreshold=0, limits=limits, token=money.address)
    if token:
        w.do(w.stranger, token, "mint", w.donor3, sum(totals))
    else:
        w.mint(w.donor3, sum(totals))
    w.do(w.donor3, money, "approve", w.fund.address, sum(totals))
    w.give(pool, sum(totals), donor=w.donor3)
    return [PayList(w.payouts.address, pool, i, people, limits[1] != 0) for i, people in enumerate(lists)]


def seal(w: World, lst: PayList, window: int = 30 * DAY, ngo: str | None = None) -> dict[str, Any]:
    """Hand in a list."""
    return w.do(ngo or w.ngo, w.payouts, "seal", lst.pool, lst.milestone, lst.data, window)


def release(w: World, lst: PayList, ngo: str | None = None) -> dict[str, Any]:
    """Bring a sealed round to its money: evidence, attestations, the objection window, the release."""
    evidence = evidence_of("done")
    w.do(ngo or w.ngo, w.judgement, "submitEvidence", lst.pool, lst.milestone, evidence, "content:done")
    for attestor in w.attestors[:2]:
        w.do(attestor, w.judgement, "attest", lst.pool, lst.milestone, evidence, True)
    w.node.wait(DAY)
    return w.do(w.stranger, w.fund, "release", lst.pool, lst.milestone)


def paying(
    w: World,
    *people: Person,
    ngo: str | None = None,
    limits: Any = NO_LIMITS,
    token: Contract | None = None,
    window: int = 30 * DAY,
) -> PayList:
    """Return the list of a round whose money is there to be claimed."""
    [lst] = open_round(w, people, ngo=ngo, limits=limits, token=token)
    seal(w, lst, window, ngo)
    release(w, lst, ngo)
    return lst
