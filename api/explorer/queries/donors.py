"""Donors: all that one donor id gave."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import case, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries.reader import Reader
from api.types import ANONYMOUS


def donor(read: Reader, identity: bytes) -> shapes.Donor:
    """Return what a donor gave, by pool, and what became of it."""
    gift, release = tables.contributions.c, tables.releases.c
    released = (
        select(release.start + release.amount)
        .where(release.pool == gift.pool)
        .order_by(release.start.desc())
        .limit(1)
        .scalar_subquery()
    )
    line = func.coalesce(released, 0)
    spent = case((line <= gift.start, 0), (line - gift.start < gift.amount, line - gift.start), else_=gift.amount)
    query = select(
        gift.pool,
        func.count().label("contributions"),
        func.sum(gift.amount).label("amount"),
        func.sum(spent).label("spent"),
        func.min(gift.log).label("first"),
        func.max(gift.log).label("last"),
    )
    # The anonymous are not one donor, and may be most of all gifts.
    rows = [] if identity == ANONYMOUS else read.rows(query.where(gift.donor == identity).group_by(gift.pool))
    if not rows:
        raise NotFoundError(f"donor {text.address(identity)}")
    read.load(logs=[log for row in rows for log in (row.first, row.last)], pools=[row.pool for row in rows])
    tokens = {read.pool_token(row.pool)["address"]: read.pool_token(row.pool) for row in rows}
    totals: Counter[str] = Counter()
    for row in rows:
        totals[read.pool_token(row.pool)["address"]] += row.amount
    return {
        "donor": text.address(identity),
        "contributions": sum(row.contributions for row in rows),
        "totals": [{"token": tokens[address], "amount": str(amount)} for address, amount in totals.items()],
        "pools": [
            {
                "pool": row.pool,
                "pool_name": read.pool_name(row.pool),
                "token": read.pool_token(row.pool),
                "amount": str(row.amount),
                "spent": str(row.spent),
                "waiting": str(row.amount - row.spent),
                "contributions": row.contributions,
            }
            for row in sorted(rows, key=lambda row: -int(row.last))
        ],
        "first": read.place(min(row.first for row in rows)),
        "last": read.place(max(row.last for row in rows)),
    }
