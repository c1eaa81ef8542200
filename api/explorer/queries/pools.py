"""Pools: what was planned and raised, what became of it, and who judges it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Subquery, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import bounds, judgements, paging, panels, sifted, sponsors, standing
from api.explorer.queries.milestones import newest_milestones, one_milestone, page_of_milestones
from api.explorer.queries.reader import Reader
from api.types import NEVER

BUDGET = 1_000
"""Pools whose state is worked out for a page: each costs many seeks."""

_PLAN = tables.pools.c


def page(
    read: Reader, state: shapes.PoolStateName | None, ngo: bytes | None, at: paging.At
) -> shapes.Page[shapes.PoolSummary]:
    """Return pools by number, the newest first.

    With a state a page sifts `BUDGET` pools at most, see `sifted`.
    """
    if ngo is not None and not _is_ngo(read, ngo):
        raise NotFoundError(f"an NGO with the address 0x{ngo.hex()}")
    found = standing.numbers()
    query, looked = standing.with_state(found, read.now), select(_PLAN.pool)
    if ngo is not None:
        query, looked = query.where(found.c.ngo == ngo), looked.where(_PLAN.ngo == ngo)
    if key := paging.decode("p", at, 1):
        query, looked = query.where(found.c.pool < key[0]), looked.where(_PLAN.pool < key[0])
    query, looked = query.order_by(found.c.pool.desc()), looked.order_by(_PLAN.pool.desc())

    def keep(near: Subquery) -> Select[Any]:
        # By the last of them, not one by one: so a pool's state is worked out only until the page is full.
        last = select(func.min(near.c.pool)).scalar_subquery()
        return query.where(found.c.pool >= last, standing.state(found, read.now) == state)

    led, sifts = (query, None) if state is None else (looked, keep)
    kept, following = sifted.sift(read, led, sifts, at, _cursor_of, budget=BUDGET)
    return {"items": _summaries(read, kept), "next": following}


def _cursor_of(row: Row[Any]) -> str:
    return paging.encode("p", (row.pool,))


def count_of_ngo(read: Reader, ngo: bytes) -> int:
    """Return how many pools an NGO opened."""
    return read.connection.execute(select(func.count()).where(tables.pools.c.ngo == ngo)).scalar_one()


def find(read: Reader, number: int) -> Row[Any]:
    """Return a pool's row, with its totals and its state.

    Raises:
        NotFoundError: There is none.

    """
    numbers = standing.numbers()
    row = read.first(standing.with_state(numbers, read.now).where(numbers.c.pool == number))
    if row is None:
        raise NotFoundError(f"pool {number}")
    return row


def pool(read: Reader, number: int) -> shapes.Pool:
    """Return a pool with everything it promised and did, as far as `bounds` goes."""
    row = find(read, number)
    newest = paging.At(None, bounds.MOVES)
    released = judgements.releases(read, pool=number, ngo=None, payee=None, at=newest)
    returned = judgements.returns(read, pool=number, ngo=None, at=newest)
    description = read.content.show(row.description_hash, row.description_uri)
    milestones = newest_milestones(read, row)
    seats = panels.seats(read, number)
    return {
        **_summary(read, row, description["title"]),
        "description": description,
        "open_ended": row.open_ended,
        "objection_window": row.objection_window,
        "objection_threshold": row.objection_threshold,
        "attestation_window": row.attestation_window,
        "quorum": row.quorum,
        "attestors": [seat["attestor"] for seat in seats],
        "seats": seats,
        "rotations": panels.rotations(read, number),
        "limits": _limits(read, number),
        "stopped": standing.stop(read, row, milestones),
        "ended": standing.ended(row),
        "paused_until": row.paused_until if row.paused else None,
        "milestones": milestones,
        "proposals": panels.proposals(read, number, row.milestones_total) if row.open_ended else [],
        "sponsorships": sponsors.of_pool(read, number),
        "releases": released["items"],
        "releases_next": released["next"],
        "returns": returned["items"],
        "returns_next": returned["next"],
    }


def milestones(read: Reader, number: int, at: paging.At) -> shapes.Page[shapes.Milestone]:
    """Return a pool's milestones in their order."""
    return page_of_milestones(read, find(read, number), at)


def milestone(read: Reader, number: int, which: int) -> shapes.Milestone:
    """Return one of a pool's milestones.

    Raises:
        NotFoundError: There is no such milestone.

    """
    found = one_milestone(read, find(read, number), which)
    if found is None:
        raise NotFoundError(f"milestone {number}-{which}")
    return found


def _limits(read: Reader, number: int) -> shapes.Limits:
    row = read.first(select(tables.limits).where(tables.limits.c.pool == number))
    cap, vouchers = (row.beneficiary_cap, row.voucher_cap) if row else (0, 0)
    return {
        "programme": text.hexed(row.programme) if row and any(row.programme) else None,
        "beneficiary_cap": str(cap) if cap else None,
        "voucher_cap": str(vouchers) if vouchers else None,
        "voucher_period": row.voucher_period if row and vouchers else None,
    }


def _is_ngo(read: Reader, account: bytes) -> bool:
    return read.who(account)["kind"] == "ngo" or count_of_ngo(read, account) > 0


# -------------------------------------------------------------------------------------------------------- the shapes


def _summaries(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.PoolSummary]:
    read.load(logs=[row.log for row in rows], accounts=[row.ngo for row in rows])
    titles = [read.content.show(row.description_hash, row.description_uri)["title"] for row in rows]
    return [_summary(read, row, title) for row, title in zip(rows, titles, strict=True)]


def _summary(read: Reader, row: Row[Any], title: str | None) -> shapes.PoolSummary:
    return {
        "pool": row.pool,
        "name": row.name,
        "title": title or row.name,
        "ngo": read.who(row.ngo),
        "token": read.token(row.token),
        "state": row.state,
        "stop": standing.reason(row),
        "paused": bool(row.paused),
        "raised": str(row.raised),
        "released": str(row.released),
        "returned": str(row.returned),
        "refunded": str(row.refunded),
        "held": str(row.raised - row.released - row.refunded),
        "planned": str(row.planned),
        "threshold": str(row.funding_threshold),
        "contributions": row.contributions,
        # Counting a pool's distinct donors would read all its gifts.
        "donors": None,
        "accepts_until": _deadline(row.accepts_until),
        "funding_deadline": _deadline(row.funding_end),
        "milestones_released": row.milestones_released,
        "milestones_total": row.milestones_total,
        "opened": read.place(row.log),
    }


def _deadline(time: int | None) -> int | None:
    return None if time == NEVER else time
