"""Vouchers in the tests: pools that pay them, what is signed, and the book as its events tell it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from eth_keys import keys
from eth_utils import keccak
from signing import CHAIN, digest, separator, sign
from world import DAY, NEVER, UNIT, ZERO32, World, b32, evidence_of

if TYPE_CHECKING:
    from world import Contract

PROVIDER_KIND = 5
VOUCHER = "Voucher(uint256 pool,uint256 milestone,address key,uint64 maxPart,uint32 validUntil,bytes32 salt)"
BILL = "Bill(bytes32 voucher,address provider,uint64 own,uint64 fromPool,bytes32 evidence,uint32 deadline)"
NAME = "Moa VoucherBook"
LIFETIME = 180 * DAY
CAP, PERIOD = 60 * UNIT, 7 * DAY
FUNDED = 100 * UNIT
UNUSED, REDEEMED, REVOKED = range(3)


@dataclass(frozen=True)
class Voucher:
    """A voucher, in the order of its type."""

    pool: int
    milestone: int
    key: str
    max_part: int = 10 * UNIT
    valid_until: int = NEVER
    salt: bytes = ZERO32


@dataclass(frozen=True)
class Bill:
    """A bill, in the order of its type."""

    provider: str
    own: int = 0
    from_pool: int = 10 * UNIT
    evidence: bytes = evidence_of("bill")
    deadline: int = NEVER


def key_of(code: str) -> bytes:
    """Return the voucher key of a code (by a plain hash: these tests guess no codes)."""
    return keccak(text=code)


def address_of(key: bytes) -> str:
    """Return the address of a key."""
    return keys.PrivateKey(key).public_key.to_checksum_address()


@dataclass
class Office:
    """The vouchers' book with its people: an NGO that signs, and the holder of one code."""

    w: World
    book: Contract
    ngo_key: bytes
    key: bytes = key_of("1234-5678")

    def domain(self, chain: int = CHAIN, book: str | None = None) -> bytes:
        """Return the book's domain."""
        return separator(NAME, book or self.book.address, chain)

    def voucher(self, pool: int, milestone: int = 0, **changes: Any) -> Voucher:
        """Return a voucher of 10 units that is valid for ever."""
        return replace(Voucher(pool, milestone, address_of(self.key)), **changes)

    def id_of(self, voucher: Voucher, domain: bytes | None = None) -> bytes:
        """Return a voucher's id."""
        return digest(domain or self.domain(), VOUCHER, list(astuple(voucher)))

    def issue(self, voucher: Voucher, key: bytes | None = None, domain: bytes | None = None) -> bytes:
        """Sign a voucher."""
        return sign(key or self.ngo_key, domain or self.domain(), VOUCHER, *astuple(voucher))

    def accept(self, voucher: Voucher, bill: Bill, key: bytes | None = None, domain: bytes | None = None) -> bytes:
        """Sign a bill."""
        values = (self.id_of(voucher, domain), *astuple(bill))
        return sign(key or self.key, domain or self.domain(), BILL, *values)

    def redeem(self, voucher: Voucher, bill: Bill, payer: str | None = None, at: int | None = None) -> dict[str, Any]:
        """Hand in a bill with both signatures."""
        said = (astuple(voucher), self.issue(voucher), astuple(bill), self.accept(voucher, bill))
        return self.w.do(payer or self.w.relayer, self.book, "redeem", *said, at=at)

    def hand_in(self, voucher: Voucher, issued: bytes, bill: Bill, accepted: bytes) -> dict[str, Any]:
        """Hand in a bill with these very signatures."""
        return self.w.do(self.w.relayer, self.book, "redeem", astuple(voucher), issued, astuple(bill), accepted)

    def open(
        self,
        *,
        cap: int = CAP,
        period: int = PERIOD,
        amounts: tuple[int, ...] = (FUNDED,),
        payee: str | None = None,
        token: Contract | None = None,
    ) -> int:
        """Open a pool whose milestones pay vouchers."""
        w, deadline = self.w, self.w.node.now + 60 * DAY
        changes: dict[str, Any] = {"limits": (ZERO32, 0, cap, period), "objectionWindow": 3600}
        milestones = [(payee or self.book.address, amount, deadline) for amount in amounts]
        token = token or w.token
        return w.open_pool(milestones=milestones, token=token.address, fundingThreshold=0, **changes)

    def fund(self, pool: int, *milestones: int) -> int:
        """Let a pool be given what it needs, and release its milestones; return the time of the last release."""
        w = self.w
        planned = w.see(w.fund, "milestonesOf", pool)
        for number in milestones or range(len(planned)):
            w.give(pool, planned[number]["amount"])
            w.approve(pool, number)
        w.node.wait(3600)
        for number in milestones or range(len(planned)):
            w.do(w.stranger, w.fund, "release", pool, number)
        return w.node.now

    def ready(self, **changes: Any) -> int:
        """Open a pool and release its milestones."""
        pool = self.open(**changes)
        self.fund(pool)
        return pool

    def left(self, pool: int, milestone: int = 0) -> int:
        """Return what a milestone has left."""
        found: int = self.w.see(self.book, "leftOf", pool, milestone)
        return found

    def period_left(self, pool: int) -> int:
        """Return what the period has left."""
        found: int = self.w.see(self.book, "periodLeftOf", pool)
        return found

    def state(self, voucher: Voucher) -> int:
        """Return a voucher's state."""
        found: int = self.w.see(self.book, "stateOf", self.id_of(voucher))
        return found


def provider(w: World, account: str, name: str = "Clinic") -> str:
    """Accredit a provider and return its address."""
    w.do(w.registrar, w.register, "accredit", account, PROVIDER_KIND, b32(name), ZERO32, "")
    return account


def open_office(w: World) -> Office:
    """Deploy the book, accredit a provider (payee), and let the relayer be able to pay own parts."""
    office = Office(w, w.deploy("VoucherBook", w.fund.address), w.keys["ngo"])
    provider(w, w.payee)
    w.mint(w.relayer, 1000 * UNIT)
    w.do(w.relayer, w.token, "approve", office.book.address, 2**256 - 1)
    return office


def check_vouchers(office: Office, *pools: int, token: Contract | None = None) -> None:
    """What each milestone has left is what was released less what was told as paid and given back; the book has it."""
    w, book = office.w, office.book
    paid: dict[tuple[int, int], int] = {}
    for log in w.node.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": book.address}):
        name, v = w.node.decode(log)
        if name == "VoucherRevoked":
            assert w.see(book, "stateOf", v["voucher"]) == REVOKED
            continue
        if name == "VoucherRedeemed":
            assert w.see(book, "stateOf", v["voucher"]) == REDEEMED
        place = (v["pool"], v["milestone"])
        paid[place] = paid.get(place, 0) + v["fromPool" if name == "VoucherRedeemed" else "amount"]
    total = 0
    for pool in pools:
        for number, m in enumerate(w.see(w.fund, "milestonesOf", pool)):
            mine = m["payee"] == book.address and m["releasedAt"] > 0
            left = m["amount"] - paid.get((pool, number), 0) if mine else 0
            assert office.left(pool, number) == left >= 0
            total += left
    assert w.balance(book.address, token) == total


def wallet_of(w: World, owner: str) -> Contract:
    """Deploy a contract account for somebody."""
    return w.deploy("MockWallet", owner)
