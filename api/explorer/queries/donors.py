"""Donors: all that one donor id gave, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, case, func, literal, select, union_all

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, paging, pledges, standing
from api.explorer.queries.alike import total
from api.explorer.queries.gift import Gift
from api.explorer.queries.places import Refunds, line_of, sums_of
from api.explorer.queries.reader import Reader
from api.types import ANONYMOUS

_GIFT, _REFUND = tables.contributions.c, tables.refunds.c
PLEDGES = 50
"""How many standing orders an answer names; /pledges has all."""

GIFTS = 5_000
"""How many of a donor's gifts are added up, about: a machine's may be millions."""

POOLS = 200
"""How many pools an answer names."""

_CHUNK = 400
"""SQLite joins at most 500 selects."""


def donor(read: Reader, identity: bytes) -> shapes.Donor:
    """Return what a donor gave, by pool, and what became of it."""
    since = _since(read, identity)
    query = select(
        _GIFT.pool,
        func.count().label("contributions"),
        total(_GIFT.amount).label("amount"),
        func.min(_GIFT.log).label("first"),
        func.max(_GIFT.log).label("last"),
    )
    # The anonymous are not one donor, and may be most of all gifts.
    query = query.where(_GIFT.donor == identity, _GIFT.log >= since).group_by(_GIFT.pool).order_by(_GIFT.pool)
    rows = [] if identity == ANONYMOUS else read.rows(query)
    orders = pledges.page(read, None, identity, paging.At(None, PLEDGES))["items"] if identity != ANONYMOUS else []
    if not rows and not orders:
        raise NotFoundError(f"donor {text.hexed(identity)}")
    read.load(logs=[log for row in rows for log in (row.first, row.last)], pools=[row.pool for row in rows])
    shown = sorted(rows, key=lambda row: -int(row.last))[:POOLS]
    pools = [row.pool for row in shown]
    spent, refunded = _spent(read, identity, since, pools), _refunded(read, identity, since, pools)
    over = standing.over(read, pools)
    tokens = {read.pool_token(row.pool)["address"]: read.pool_token(row.pool) for row in rows}
    totals: Counter[str] = Counter()
    for row in rows:
        totals[read.pool_token(row.pool)["address"]] += row.amount
    waiting = {row.pool: row.amount - spent[row.pool] - refunded[row.pool] for row in shown}
    return {
        "donor": text.hexed(identity),
        "contributions": sum(row.contributions for row in rows),
        "totals": [{"token": tokens[address], "amount": str(amount)} for address, amount in totals.items()],
        "pools": [
            {
                "pool": row.pool,
                "pool_name": read.pool_name(row.pool),
                "token": read.pool_token(row.pool),
                "amount": str(row.amount),
                "spent": str(spent[row.pool]),
                "refunded": str(refunded[row.pool]),
                "waiting": str(waiting[row.pool]),
                "claimable": str(waiting[row.pool] if row.pool in over else 0),
                "contributions": row.contributions,
            }
            for row in shown
        ],
        "pools_total": len(rows),
        "since": read.place(since) if since else None,
        "pledges": orders,
        "first": read.place(min(row.first for row in rows)) if rows else None,
        "last": read.place(max(row.last for row in rows)) if rows else None,
    }


def _since(read: Reader, identity: bytes) -> int:
    """Return the place from which on a donor's gifts are added up, 0: all of them are."""
    if identity == ANONYMOUS:
        return 0
    newest = paging.newest(select(_GIFT.log), {_GIFT.donor: identity}, [_GIFT.log, _GIFT.position])
    row = read.first(newest.offset(GIFTS))
    return int(row.log) if row else 0


def _spent(read: Reader, identity: bytes, since: int, pools: Iterable[int]) -> Counter[int]:
    """Return what is spent of a donor's gifts, by pool."""
    spans = [(pool, span) for pool in pools for span in line_of(read, pool).spans()]
    found: Counter[int] = Counter()
    for i in range(0, len(spans), _CHUNK):
        each = [
            select(*(literal(n, BigInteger).label(name) for name, n in {"pool": pool, **span._asdict()}.items()))
            for pool, span in spans[i : i + _CHUNK]
        ]
        span = union_all(*each).subquery("span").c
        end = _GIFT.start + _GIFT.amount
        overlap = case((end < span.end, end), else_=span.end) - case(
            (_GIFT.start > span.start, _GIFT.start), else_=span.start
        )
        query = select(_GIFT.pool, total(overlap).label("amount")).where(
            _GIFT.donor == identity,
            _GIFT.log >= since,
            _GIFT.pool == span.pool,
            _GIFT.start < span.end,
            end > span.start,
        )
        for row in read.rows(query.group_by(_GIFT.pool)):
            found[row.pool] += row.amount
    return found


def _refunded(read: Reader, identity: bytes, since: int, pools: Sequence[int]) -> Counter[int]:
    """Return what a donor claimed back, and what the gateways of its batches took to pay it back, by pool."""
    # Gift by gift, however the database would go about a join: refunds may be as many as gifts.
    same = (_REFUND.pool == _GIFT.pool, _REFUND.start == _GIFT.start, _REFUND.account == identity)
    back = select(total(_REFUND.amount)).where(*same).correlate(tables.contributions).scalar_subquery()
    given = (_GIFT.donor == identity, _GIFT.log >= since, _GIFT.pool.in_(pools))
    own = select(_GIFT.pool, total(func.coalesce(back, 0)).label("amount")).where(*given).group_by(_GIFT.pool)
    found = Counter({row.pool: row.amount for row in read.rows(own)})
    batch = tables.batches.c
    taken = select(_REFUND.batch).where(_REFUND.batch == batch.batch, _REFUND.start.is_(None)).exists()
    query = select(tables.contributions).join(tables.batches, (batch.log == _GIFT.log) & (batch.pool == _GIFT.pool))
    gifts = [Gift._make(row) for row in read.rows(query.where(*given, taken))]
    refunds = Refunds(read, gifts, batches.by_log(read, {gift.log for gift in gifts}))
    for gift in gifts:
        claimed = sum(row.amount for row in refunds.of(gift) if row.start is not None)
        found[gift.pool] += sums_of(read, gift, refunds).refunded - claimed
    return found
