"""What the index's own tables add up to, of one snapshot: the third of the three sources."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from api import tables
from api.indexer.reconcile.figures import LEDGER, About, Said
from api.indexer.store.audit import Look

_NOTHING = (0, 0)


class Kept:
    """All sums of all pools: a few queries, whatever their number."""

    def __init__(self, look: Look, vouchers: bytes) -> None:
        """Read them. `vouchers`: the address of the book that pays them."""
        t, spent = tables, tables.spends.c
        self._pools = {row.pool: row for row in look.rows(select(t.pools.c.pool, t.pools.c.token, t.pools.c.ngo))}
        self._gifts = look.sums(t.contributions, t.contributions.c.amount, "pool")
        self._line = look.last(t.contributions, "start", "pool")
        self._batches = look.sums(t.batches, t.batches.c.amount, "pool")
        self._planned = look.sums(t.milestones, t.milestones.c.amount, "pool")
        self._paid = look.sums(t.releases, t.releases.c.amount, "pool")
        self._spent = look.sums(t.spends, t.spends.c.amount, "pool")
        front = func.max(spent.start + spent.amount).label("front")
        self._front = {row.pool: int(row.front) for row in look.rows(select(spent.pool, front).group_by(spent.pool))}
        self._returned = look.sums(t.returns, t.returns.c.amount, "pool")
        self._refunds = look.sums(t.refunds, t.refunds.c.amount, "pool")
        self._refunded = look.last(t.refunds, "log", "pool")
        self._deadlines = look.last(t.deadlines, "log", "pool")
        self._pauses = look.last(t.pauses, "log", "pool")

        both = ("pool", "milestone")
        self._seals = look.last(t.seals, "log", *both)
        self._openings = look.last(t.openings, "log", *both)
        self._delivered = look.sums(t.deliveries, t.deliveries.c.amount, *both)
        self._deliveries = look.last(t.deliveries, "start", *both)
        self._expired = look.sums(t.expiries, t.expiries.c.amount, *both)
        paid = select(t.releases.c.pool, t.releases.c.milestone, t.releases.c.amount)
        self._for_vouchers = {
            (row.pool, row.milestone): row.amount for row in look.rows(paid.where(t.releases.c.payee == vouchers))
        }
        self._vouchers = look.sums(t.vouchers, t.vouchers.c.from_pool, *both)

        terms = ("pool", "sponsorship")
        self._budgets = look.sums(t.sponsorships, t.sponsorships.c.budget, *terms)
        self._drawn = look.sums(t.matches, t.matches.c.amount, *terms)
        self._withdrawn = look.sums(t.withdrawals, t.withdrawals.c.amount, *terms)
        self._sponsorships = look.sums(t.sponsorships, t.sponsorships.c.budget, "pool")

    @property
    def pools(self) -> int:
        """Return how many pools there are."""
        return len(self._pools)

    def abouts(self) -> set[About]:
        """Return all that the index has rows of."""
        pools = self._pools.keys() | self._gifts.keys() | self._planned.keys() | self._paid.keys()
        found = {LEDGER} | {About("pool", pool) for pool in pools}
        found |= {About("round", *key) for key in self._seals.keys() | self._openings.keys() | self._delivered.keys()}
        found |= {About("vouchers", *key) for key in self._for_vouchers.keys() | self._vouchers.keys()}
        return found | {About("sponsorship", *key) for key in self._budgets.keys() | self._drawn.keys()}

    def says(self, about: About) -> Said:
        """Return what the index says about something."""
        match about.kind:
            case "ledger":
                return {"pools": {"rows of pools": len(self._pools)}}
            case "pool":
                return self._pool(about.pool)
            case "round":
                return self._round((about.pool, about.number))
            case "sponsorship":
                return self._sponsorship((about.pool, about.number))
            case _:
                key = (about.pool, about.number)
                left = self._for_vouchers.get(key, 0) - _sum(self._vouchers, key) - _sum(self._expired, key)
                return {"left": {"releases - vouchers - expiries": left}}

    def _pool(self, pool: int) -> Said:
        plan, line, refund = self._pools.get(pool), self._line.get(pool), self._refunded.get(pool)
        deadline, pause = self._deadlines.get(pool), self._pauses.get(pool)
        gifts, spent, returned = self._gifts.get(pool, _NOTHING), _sum(self._spent, pool), _sum(self._returned, pool)
        return {
            "token": {"pools.token": plan.token if plan else None},
            "NGO": {"pools.ngo": plan.ngo if plan else None},
            "raised": {
                "sum of contributions.amount": gifts[0],
                "end of the last of contributions": line.start + line.amount if line else 0,
            },
            "raised by batches": {"sum of batches.amount": _sum(self._batches, pool)},
            "gifts": {
                "rows of contributions": gifts[1],
                "contributions.number of the last": line.number if line else 0,
            },
            "planned": {"sum of milestones.amount": _sum(self._planned, pool)},
            "milestones": {"rows of milestones": self._planned.get(pool, _NOTHING)[1]},
            "milestones paid": {"rows of releases": self._paid.get(pool, _NOTHING)[1]},
            "spent": {"sum of spends.amount": spent},
            "released": {"releases - returns": _sum(self._paid, pool) - returned},
            "returned and not spent again": {
                "end of spends - spends + returns": self._front.get(pool, 0) - spent + returned
            },
            "refunded": {
                "sum of refunds.amount": _sum(self._refunds, pool),
                "refunds.total of the last": refund.total if refund else 0,
            },
            "takes gifts until": {"deadlines.accepts_until of the last": deadline.accepts_until if deadline else 0},
            "stops after": {"deadlines.defaults_at of the last": deadline.defaults_at if deadline else 0},
            "paused": {"pauses.paused of the last": bool(pause.paused) if pause else False},
            "seconds paused": {"pauses.clock_shift of the last": pause.clock_shift if pause else 0},
            "sponsorships": {"rows of sponsorships": self._sponsorships.get(pool, _NOTHING)[1]},
        }

    def _round(self, key: tuple[int, int]) -> Said:
        seal, opening, last = self._seals.get(key), self._openings.get(key), self._deliveries.get(key)
        return {
            "amount": {"seals.amount of the last": seal.amount if seal else 0},
            "lists sealed": {"seals.version of the last": seal.version if seal else 0},
            "claims taken until": {"openings.claims_until": opening.claims_until if opening else 0},
            "delivered": {
                "sum of deliveries.amount": _sum(self._delivered, key),
                "end of the last of deliveries": last.start + last.amount if last else 0,
            },
            "closed": {"rows of expiries": key in self._expired},
        }

    def _sponsorship(self, key: tuple[int, int]) -> Said:
        budget, withdrawn = _sum(self._budgets, key), _sum(self._withdrawn, key)
        left = budget - _sum(self._drawn, key) - withdrawn
        return {
            "budget": {"sponsorships.budget": budget},
            "left": {"sponsorships - matches - withdrawals": left},
            "withdrawn": {"sum of withdrawals.amount": withdrawn},
        }


def _sum(sums: dict[Any, tuple[int, int]], key: Any) -> int:
    return sums.get(key, _NOTHING)[0]
