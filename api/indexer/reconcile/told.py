"""What the contracts' events tell, added up one by one: the second of the three sources. Pure.

It reads the stored logs as they came, knows nothing of the index's other tables, and is kept from one comparison to
the next, so that only new events are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from api.errors import BrokenLineError
from api.indexer.decode import Log
from api.indexer.line import Line
from api.indexer.reconcile.figures import LEDGER, About, Said

_PLAN = ("PoolOpened", "MilestoneOpened", "DeadlineMoved", "Paused", "Unpaused")
_LINE = ("Contributed", "BatchRecorded", "Released", "Spent", "Returned", "Refunded", "BatchRefunded")
WANTED = {
    "PooledFund": (*_PLAN, *_LINE),
    "PayoutBook": ("RoundSealed", "RoundOpened", "Delivered", "RoundExpired"),
    "VoucherBook": ("VoucherRedeemed", "VouchersExpired"),
    "SponsorBook": ("Locked", "Matched", "Withdrawn"),
}
"""The events that are added up, by contract."""


@dataclass
class Round:
    """A payout round."""

    amount: int = 0
    version: int = 0
    claims_until: int = 0
    delivered: int = 0
    closed: bool = False

    @property
    def held(self) -> int:
        """Return what the book still holds of it."""
        return self.amount - self.delivered if self.claims_until and not self.closed else 0


@dataclass
class Sponsorship:
    """A sponsor's budget."""

    budget: int = 0
    drawn: int = 0
    withdrawn: int = 0

    @property
    def held(self) -> int:
        """Return what the book still holds of it."""
        return self.budget - self.drawn - self.withdrawn


@dataclass
class Pool:
    """A pool."""

    token: bytes | None = None
    ngo: bytes | None = None
    line: Line = field(default_factory=Line)
    batched: int = 0
    planned: int = 0
    payees: list[bytes] = field(default_factory=list)
    paid: dict[int, int] = field(default_factory=dict)  # by milestone, once it is released
    spent: int = 0
    returned: int = 0
    accepts_until: int = 0
    defaults_at: int = 0
    paused: bool = False
    clock_shift: int = 0
    rounds: dict[int, Round] = field(default_factory=dict)
    vouchers: dict[int, int] = field(default_factory=dict)  # by milestone: what was paid on them or went back
    sponsorships: dict[int, Sponsorship] = field(default_factory=dict)


@dataclass
class Told:
    """All pools, as the events up to a place tell them."""

    vouchers: bytes  # the address of the book that pays them
    place: int = -1
    pools: dict[int, Pool] = field(default_factory=dict)
    _own: set[int] | None = None  # pools that may be changed; None: all

    def fork(self) -> Told:
        """Return a copy that goes on by itself. A pool is copied when its first event comes."""
        return replace(self, pools=dict(self.pools), _own=set())

    def add(self, logs: Iterable[Log]) -> None:
        """Add events, in the ledger's order.

        Raises:
            BrokenLineError: One does not fit its pool's line.

        """
        for log in logs:
            v, number = log.values, log.values["pool"]
            try:
                _add(log.event, v, self._pool(number))
            except BrokenLineError as error:
                raise BrokenLineError(f"{log.event} in block {log.block}, pool {number}: {error}") from None
            self.place = log.place

    def _pool(self, number: int) -> Pool:
        if self._own is None:
            return self.pools.setdefault(number, Pool())
        if number not in self._own:
            self._own.add(number)
            self.pools[number] = deepcopy(self.pools.get(number, Pool()))
        return self.pools[number]

    # ------------------------------------------------------------------------------------------------ as a source

    def abouts(self) -> set[About]:
        """Return all that the events told of."""
        found = {LEDGER}
        for number, pool in self.pools.items():
            found.add(About("pool", number))
            found |= {About("round", number, milestone) for milestone in pool.rounds}
            found |= {About("vouchers", number, milestone) for milestone in self._vouchers(pool)}
            found |= {About("sponsorship", number, sponsorship) for sponsorship in pool.sponsorships}
        return found

    def says(self, about: About) -> Said:
        """Return what the events tell about something."""
        if about == LEDGER:
            return {"pools": {"events": sum(pool.token is not None for pool in self.pools.values())}}
        pool = self.pools.get(about.pool, Pool())
        match about.kind:
            case "pool":
                return _pool(pool)
            case "round":
                r = pool.rounds.get(about.number, Round())
                said = {"amount": r.amount, "lists sealed": r.version, "claims taken until": r.claims_until}
                return _named(said | {"delivered": r.delivered, "closed": r.closed})
            case "sponsorship":
                s = pool.sponsorships.get(about.number, Sponsorship())
                return _named({"budget": s.budget, "left": s.held, "withdrawn": s.withdrawn})
            case _:
                return _named({"left": self._vouchers(pool).get(about.number, 0)})

    def held(self) -> dict[tuple[bytes, str], int]:
        """Return what each contract must hold, by token and contract."""
        found: dict[tuple[bytes, str], int] = {}
        for pool in self.pools.values():
            for contract, amount in (
                ("PooledFund", pool.line.held),
                ("PayoutBook", sum(r.held for r in pool.rounds.values())),
                ("SponsorBook", sum(s.held for s in pool.sponsorships.values())),
                ("VoucherBook", sum(self._vouchers(pool).values())),
                ("PledgeBook", 0),
            ):
                if pool.token is not None:
                    found[pool.token, contract] = found.get((pool.token, contract), 0) + amount
        return found

    def _vouchers(self, pool: Pool) -> dict[int, int]:
        """Return what the book of vouchers has left, by milestone."""
        return {
            milestone: amount - pool.vouchers.get(milestone, 0)
            for milestone, amount in pool.paid.items()
            if milestone < len(pool.payees) and pool.payees[milestone] == self.vouchers
        }


def _add(event: str, v: dict[str, int], pool: Pool) -> None:
    if event in _PLAN:
        _add_to_plan(event, v, pool)
    elif event in _LINE:
        _add_to_line(event, v, pool)
    elif event in WANTED["PayoutBook"]:
        _add_to_round(event, v, pool.rounds.setdefault(v["milestone"], Round()))
    elif event in WANTED["SponsorBook"]:
        _add_to_sponsorship(event, v, pool.sponsorships.setdefault(v["sponsorship"], Sponsorship()))
    else:
        amount = v["fromPool"] if event == "VoucherRedeemed" else v["amount"]
        pool.vouchers[v["milestone"]] = pool.vouchers.get(v["milestone"], 0) + amount


def _add_to_plan(event: str, v: dict[str, Any], pool: Pool) -> None:
    match event:
        case "PoolOpened":
            pool.token, pool.ngo = v["token"], v["ngo"]
        case "MilestoneOpened":
            pool.planned += v["amount"]
            pool.payees.append(v["payee"])
        case "DeadlineMoved":
            pool.accepts_until, pool.defaults_at = v["acceptsUntil"], v["defaultsAt"]
        case "Paused" | "Unpaused":
            pool.paused, pool.clock_shift = event == "Paused", v["clockShift"]


def _add_to_line(event: str, v: dict[str, int], pool: Pool) -> None:
    match event:
        case "Contributed":
            pool.line.lengthen(v["start"], v["amount"])
        case "BatchRecorded":
            pool.line.lengthen(v["start"], v["amount"], v["count"])
            pool.batched += v["amount"]
        case "Released":
            pool.line.release(v["milestone"], v["amount"])
            pool.paid[v["milestone"]] = v["amount"]
        case "Spent":
            pool.line.spend(v["milestone"], v["start"], v["amount"])
            pool.spent += v["amount"]
        case "Returned":
            pool.line.give_back(v["milestone"], v["start"], v["amount"])
            pool.returned += v["amount"]
        case "Refunded" | "BatchRefunded":
            pool.line.refund(v["amount"])


def _add_to_round(event: str, v: dict[str, int], r: Round) -> None:
    match event:
        case "RoundSealed":
            r.amount, r.version = v["amount"], v["version"]
        case "RoundOpened":
            r.claims_until = v["claimsUntil"]
        case "Delivered":
            r.delivered += v["amount"]
        case "RoundExpired":
            r.closed = True


def _add_to_sponsorship(event: str, v: dict[str, int], s: Sponsorship) -> None:
    match event:
        case "Locked":
            s.budget = v["budget"]
        case "Matched":
            s.drawn += v["amount"]
        case "Withdrawn":
            s.withdrawn += v["amount"]


def _pool(pool: Pool) -> Said:
    line = pool.line
    return {
        "token": {"events": pool.token},
        "NGO": {"events": pool.ngo},
        "raised": {"events": line.raised},
        "raised by batches": {"events": pool.batched},
        "gifts": {"events": line.number},
        "planned": {"events": pool.planned},
        "milestones": {"events": len(pool.payees)},
        "milestones paid": {"events": len(pool.paid)},
        "spent": {"events Released": sum(pool.paid.values()), "events Spent": pool.spent},
        "released": {"events": sum(pool.paid.values()) - pool.returned},
        "returned and not spent again": {"events": sum(end - start for start, end in line.holes)},
        "refunded": {"events": line.refunded},
        "takes gifts until": {"events": pool.accepts_until},
        "stops after": {"events": pool.defaults_at},
        "paused": {"events": pool.paused},
        "seconds paused": {"events": pool.clock_shift},
        "sponsorships": {"events": len(pool.sponsorships)},
    }


def _named(values: dict[str, int]) -> Said:
    return {what: {"events": value} for what, value in values.items()}
