"""Who sits on a pool's panel, who shall, and what attestors consent to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import bounds
from api.explorer.queries.reader import Reader


def seats(read: Reader, pool: int) -> list[shapes.Seat]:
    """Return who sits on a pool's panel now, in the order of the seats."""
    seat = tables.attestors.c
    rows = read.rows(select(tables.attestors).where(seat.pool == pool).order_by(seat.log))
    read.load(logs=[row.log for row in rows], accounts=[row.account for row in rows])
    taken: list[Row[Any]] = []
    for row in rows:
        left = next((i for i, other in enumerate(taken) if other.account == row.leaving), None)
        if left is None:
            taken.append(row)
        else:
            taken[left] = row
    return [
        {
            "attestor": read.who(row.account),
            "leaving": None if row.leaving is None else read.who(row.leaving),
            "since": read.place(row.log),
        }
        for row in taken
    ]


def rotations(read: Reader, pool: int) -> list[shapes.Rotation]:
    """Return the changes of attestors that are under way: each rotation begins the consents to all others anew."""
    seat, step = tables.attestors.c, tables.rotations.c
    last = select(seat.log).where(seat.pool == pool).order_by(seat.log.desc()).limit(1).scalar_subquery()
    rows = read.rows(select(tables.rotations).where(step.pool == pool, step.log > last).order_by(step.log))
    found: dict[tuple[bytes, bytes], list[Row[Any]]] = {}
    for row in rows:
        found.setdefault((row.leaving, row.joining), []).append(row)
    return [
        {
            "leaving": read.who(leaving),
            "joining": read.who(joining),
            "consents": [read.who(row.attestor) for row in steps if row.attestor is not None],
            "at": next((row.at for row in steps if row.at is not None), None),
        }
        for (leaving, joining), steps in list(found.items())[-bounds.PLANS :]
    ]


def proposals(read: Reader, pool: int, number: int) -> list[shapes.Proposal]:
    """Return what attestors consented to as the pool's next milestone, since its panel was last changed."""
    seat, step = tables.attestors.c, tables.consents.c
    last = select(seat.log).where(seat.pool == pool).order_by(seat.log.desc()).limit(1).scalar_subquery()
    query = select(tables.consents).where(step.pool == pool, step.milestone == number, step.log > last)
    plans: dict[tuple[bytes, int, int], list[Row[Any]]] = {}
    for row in read.rows(query.order_by(step.log)):
        plans.setdefault((row.payee, row.amount, row.evidence_deadline), []).append(row)
    return [_proposal(read, plan, rows) for plan, rows in list(plans.items())[-bounds.PLANS :]]


def _proposal(read: Reader, plan: tuple[bytes, int, int], rows: Sequence[Row[Any]]) -> shapes.Proposal:
    payee, amount, deadline = plan
    return {
        "payee": read.who(payee),
        "amount": str(amount),
        "evidence_deadline": deadline,
        "consents": [read.who(row.attestor) for row in rows],
    }
