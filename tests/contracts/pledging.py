"""Pledges, as the tests make and sign them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_abi import encode
from eth_keys import keys
from eth_utils import keccak
from signing import separator
from world import NEVER, UNIT, World

if TYPE_CHECKING:
    from world import Contract

DAY, WEEK, MONTH = range(3)
NONE, LIVE, PAUSED, STOPPED = range(4)
REASONS = (
    *("none", "unknown", "stopped", "paused", "ended", "not due", "cap reached", "pool closed", "pool full"),
    *("no allowance", "no balance", "refused", "run failed"),
)
PLEDGE = (
    "Pledge(uint256 pool,uint64 amount,string period,uint32 firstDue,uint32 lastDue,uint16 times,uint64 cap,"
    "uint256 replaces)"
)
WITNESS = "Pledge pledge)" + PLEDGE
PERMIT_WITNESS = "PermitWitness(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,"


@dataclass(frozen=True)
class Terms:
    """What a donor says: 5 units a month from now on, 12 times at most."""

    pool: int
    amount: int = 5 * UNIT
    period: int = MONTH
    first_due: int = 0
    last_due: int = 0
    times: int = 0
    cap: int = 60 * UNIT
    replaces: int = 0

    def values(self) -> tuple[int, ...]:
        """Return the terms as the contract takes them."""
        return tuple(vars(self).values())

    def hash(self, period: str | None = None) -> bytes:
        """Return the EIP-712 hash."""
        word = period or ("day", "week", "month")[self.period]
        types = ["bytes32", "uint256", "uint64", "bytes32", "uint32", "uint32", "uint16", "uint64", "uint256"]
        values = [keccak(text=PLEDGE), *self.values()]
        values[3] = keccak(text=word)
        return keccak(encode(types, values))


def permit_digest(
    domain: bytes,
    *,
    owner: str,
    spender: str,
    value: int,
    nonce: int,
    deadline: int,
    witness: bytes,
    rest: str = WITNESS,
) -> bytes:
    """Return what an owner signs."""
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256", "bytes32"]
    values = [keccak(text=PERMIT_WITNESS + rest), owner, spender, value, nonce, deadline, witness]
    return keccak(b"\x19\x01" + domain + keccak(encode(types, values)))


def signed(key: bytes, digest: bytes) -> bytes:
    """Return a signature: r, s, v."""
    made = keys.PrivateKey(key).sign_msg_hash(digest)
    return made.r.to_bytes(32) + made.s.to_bytes(32) + bytes([27 + made.v])


@dataclass(frozen=True)
class Pledges:
    """The book of a world."""

    w: World
    book: Contract

    def sign(self, key: bytes, donor: str, terms: Terms, **changes: Any) -> bytes:
        """Return a donor's signature under its pledge."""
        w = self.w
        said: dict[str, Any] = {
            "domain": separator("Moa USD", w.token.address),
            "owner": donor,
            "spender": self.book.address,
            "value": terms.cap,
            "deadline": NEVER,
            "witness": terms.hash(),
        } | changes
        if "nonce" not in said:
            said["nonce"] = w.see(w.token, "nonces", donor)
        return signed(key, permit_digest(**said))

    def hand_in(self, donor: str, terms: Terms, signature: bytes, **changes: Any) -> dict[str, Any]:
        """Let somebody hand in a signed pledge."""
        said = {"sender": self.w.relayer, "deadline": NEVER, "at": None} | changes
        args = (donor, terms.values(), said["deadline"], signature)
        return self.w.do(said["sender"], self.book, "pledgeBySignature", *args, at=said["at"])

    def by_signature(self, who: str, terms: Terms) -> int:
        """Pledge for somebody by a relayed signature and return the pledge's number."""
        donor = self.w.addresses[who]
        self.hand_in(donor, terms, self.sign(self.w.keys[who], donor, terms))
        return self.count

    def make(self, donor: str, terms: Terms, at: int | None = None) -> int:
        """Pledge directly and return the pledge's number."""
        self.w.do(donor, self.book, "pledge", terms.values(), at=at)
        return self.count

    @property
    def count(self) -> int:
        """How many pledges there are."""
        found: int = self.w.see(self.book, "pledgeCount")
        return found

    def of(self, pledge: int) -> dict[str, Any]:
        """Return a pledge's storage."""
        found: dict[str, Any] = self.w.see(self.book, "pledgeOf", pledge)
        return found

    def do(self, donor: str, function: str, *args: Any, at: int | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Let a donor change a pledge, and return the book's events."""
        return self.w.events(self.w.do(donor, self.book, function, *args, at=at), self.book)

    def collect(self, *ids: int, at: int | None = None, keeper: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Let a keeper collect, and return the book's events."""
        return self.w.events(self.w.do(keeper or self.w.stranger, self.book, "collect", ids, at=at), self.book)

    def outcome(self, *ids: int, at: int | None = None) -> list[str]:
        """Collect and return what came of each pledge: "collected", or why it was not."""
        said: dict[int, list[str]] = {}
        for name, event in self.collect(*ids, at=at):
            if name == "Collected":
                for row in map(Row.of, event["rows"]):
                    said.setdefault(row.pledge, []).insert(0, "collected")
            elif name == "CollectionFailed":
                said.setdefault(event["pledge"], []).append(REASONS[event["reason"]])
        return [said[i].pop(0) for i in ids]


@dataclass(frozen=True)
class Row:
    """One collection, as the event `Collected` tells it."""

    pledge: int
    period: int
    start: int
    amount: int

    @classmethod
    def of(cls, row: bytes) -> Row:
        """Read 32 bytes."""
        return cls(*(int.from_bytes(part) for part in (row[:14], row[14:16], row[16:24], row[24:])))
