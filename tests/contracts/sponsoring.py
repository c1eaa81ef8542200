"""Sponsors in the tests: the short way to lock a budget, the rule in Python, the book as its events tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from world import MAX63, UNIT, ZERO, World

if TYPE_CHECKING:
    from world import Contract

NOBODY = {
    **{"sponsor": ZERO, "left": 0, "endsAt": 0, "budget": 0, "withdrawn": 0},
    **{"capPerGift": 0, "ratioPercent": 0},
}


def endow(w: World, sponsor: str, amount: int, token: Contract | None = None) -> None:
    """Give somebody tokens and let the book take them."""
    if token is None:
        w.mint(sponsor, amount)
    else:
        w.do(w.stranger, token, "mint", sponsor, amount)
    w.do(sponsor, token or w.token, "approve", w.sponsors.address, amount)


def invite(w: World, pool: int, sponsor: str, ngo: str | None = None) -> None:
    """Let the NGO invite somebody."""
    w.do(ngo or w.ngo, w.sponsors, "invite", pool, sponsor, True)


def lock(
    w: World,
    pool: int,
    sponsor: str,
    budget: int,
    ratio: int = 100,
    *,
    cap: int = 10 * UNIT,
    ends: int | None = None,
    token: Contract | None = None,
) -> int:
    """Let somebody be invited, have the tokens and lock a budget; return the sponsorship's number."""
    invite(w, pool, sponsor, w.pool(pool)["ngo"])
    endow(w, sponsor, budget, token)
    w.do(sponsor, w.sponsors, "lock", pool, budget, ratio, cap, ends or w.node.now + 10**6)
    number: int = w.see(w.sponsors, "sponsorshipCount", pool)
    return number


def seats_of(w: World, pool: int) -> list[int]:
    """Return the numbers in a pool's seats."""
    # The answer is a fixed array, whose type the world's decoder knows as a tuple.
    return list(w.see(w.sponsors, "seatsOf", pool))


@dataclass
class Sponsorship:
    """One sponsorship, under the names of the contract's storage."""

    sponsor: str
    left: int
    endsAt: int  # noqa: N815
    budget: int
    withdrawn: int
    capPerGift: int  # noqa: N815
    ratioPercent: int  # noqa: N815

    def match(self, amounts: list[int], now: int, room: int = MAX63) -> tuple[int, int]:
        """Match gifts one after the other; return the sum, and how many of them were matched."""
        given = gifts = 0
        for amount in amounts:
            part = min(amount * self.ratioPercent // 100, self.capPerGift, self.left, room - given)
            if now <= self.endsAt and part > 0:
                self.left -= part
                given += part
                gifts += 1
        return given, gifts

    def is_live(self, now: int) -> bool:
        """Whether it can still match."""
        return self.left > 0 and now <= self.endsAt

    def storage(self) -> dict[str, Any]:
        """Return what the book should store."""
        return asdict(self)


class Told:
    """The book's storage, as its events tell it."""

    def __init__(self) -> None:
        self.sponsorships: dict[tuple[int, int], dict[str, Any]] = {}
        self.seats: dict[int, list[int]] = {}
        self.invited: dict[tuple[int, str], bool] = {}
        self.drawn: dict[tuple[int, int], int] = {}

    def take(self, name: str, v: dict[str, Any]) -> None:
        """Take in an event."""
        key = (v["pool"], v.get("sponsorship", 0))
        if name == "Invited":
            self.invited[v["pool"], v["sponsor"]] = v["invited"]
        elif name == "Locked":
            seats = self.seats.setdefault(v["pool"], [0] * 4)
            seats[seats.index(0)] = v["sponsorship"]
            same = {k: v[k] for k in ("sponsor", "endsAt", "budget", "capPerGift", "ratioPercent")}
            self.sponsorships[key] = same | {"left": v["budget"], "withdrawn": 0}
            self.drawn[key] = 0
        elif name == "Matched":
            self.sponsorships[key]["left"] -= v["amount"]
            self.drawn[key] += v["amount"]
        elif name == "Withdrawn":
            self.sponsorships[key]["left"] -= v["amount"]
            self.sponsorships[key]["withdrawn"] += v["amount"]
        elif name == "Unseated":
            seats = self.seats[v["pool"]]
            seats[seats.index(v["sponsorship"])] = 0
        else:
            raise AssertionError(name)


def told_by(w: World) -> Told:
    """Replay the book's events from the first block."""
    book, told = w.sponsors, Told()
    for log in w.node.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": book.address}):
        told.take(*w.node.decode(log))
    return told


def check_sponsors(w: World, *tokens: Contract) -> Told:
    """The book stores what its events say, owes nobody more than it has, and each budget adds up."""
    book, told = w.sponsors, told_by(w)
    owed: dict[str, int] = {}
    for (pool, number), said in told.sponsorships.items():
        stored = w.see(book, "sponsorshipOf", pool, number)
        assert stored == said
        assert stored["budget"] == told.drawn[pool, number] + stored["left"] + stored["withdrawn"]
        assert stored["left"] >= 0
        token = w.pool(pool)["token"]
        owed[token] = owed.get(token, 0) + stored["left"]
    for pool, seats in told.seats.items():
        assert seats_of(w, pool) == seats
        count = sum(p == pool for p, _ in told.sponsorships)
        assert w.see(book, "sponsorshipCount", pool) == count
        assert w.see(book, "sponsorshipOf", pool, count + 1) == NOBODY
    for (pool, who), invited in told.invited.items():
        assert w.see(book, "isInvited", pool, who) == invited
    for token in (w.token, *tokens):
        assert w.balance(book.address, token) >= owed.get(token.address, 0)
    return told
