"""NGOs: who opened pools, or may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging, pools
from api.explorer.queries.reader import Reader
from api.types import MemberKind

_MEMBER = tables.members.c
_POOLS = 100


def page(read: Reader, at: paging.At) -> shapes.Page[shapes.NgoSummary]:
    """Return the NGOs by their latest accreditation. One that was revoked since stays in the list, and says so."""
    later = tables.members.alias("later")
    query = (
        select(tables.members)
        .where(_MEMBER.kind == MemberKind.NGO)
        .where(
            ~select(later.c.log)
            .where(later.c.account == _MEMBER.account, later.c.log > _MEMBER.log, later.c.kind != MemberKind.NONE)
            .exists()
        )
    )
    if key := paging.decode("l", at, 1):
        query = query.where(_MEMBER.log < key[0])
    rows = read.rows(query.order_by(_MEMBER.log.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda r: paging.encode("l", (r.log,)), lambda kept: _summaries(read, kept))


def ngo(read: Reader, account: bytes) -> shapes.Ngo:
    """Return an NGO with its newest pools."""
    query = select(tables.members).where(_MEMBER.account == account, _MEMBER.kind == MemberKind.NGO)
    row = read.first(query.order_by(_MEMBER.log.desc()))
    if row is None:
        raise NotFoundError(f"an NGO with the address {text.hexed(account)}")
    own = pools.page(read, None, account, paging.At(None, _POOLS))
    return {**_summaries(read, [row])[0], "pools": own["items"], "pools_next": own["next"]}


def _summaries(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.NgoSummary]:
    accounts = [row.account for row in rows]
    read.load(logs=[row.log for row in rows], accounts=accounts)
    ngos = tables.pools.c.ngo
    query = select(ngos, func.count().label("total")).where(ngos.in_(accounts)).group_by(ngos)
    totals: dict[bytes, int] = {row.ngo: row.total for row in read.rows(query)}
    return [
        {
            "ngo": read.who(row.account),
            "details": read.content.show(row.details_hash, row.details_uri),
            "accredited": read.place(row.log),
            "pools_total": totals.get(row.account, 0),
        }
        for row in rows
    ]
