"""Payout rounds and vouchers: what became of milestones whose payee is a book, without any person in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging, sifted
from api.explorer.queries.judgements import newest, of_pools
from api.explorer.queries.reader import Reader

VOUCHERS_LAST = 180 * 86400
"""Seconds after its release in which a milestone pays vouchers (VoucherBook, and the contracts' Clock)."""

_SEAL, _OUT, _VOUCHER = tables.seals.c, tables.deliveries.c, tables.vouchers.c


def page(read: Reader, pool: int | None, at: paging.At) -> shapes.Page[shapes.Round]:
    """Return payout rounds by their last sealing, the newest first."""
    later = tables.seals.alias("later")
    same = (later.c.pool == _SEAL.pool) & (later.c.milestone == _SEAL.milestone) & (later.c.log > _SEAL.log)
    query = of_pools(read, tables.seals, pool, None).where(~select(later.c.log).where(same).exists())
    return newest(read, tables.seals, query, at, _shapes)


def round_(read: Reader, pool: int, milestone: int) -> shapes.Round:
    """Return one round.

    Raises:
        NotFoundError: No list was sealed for this milestone.

    """
    found = of_milestone(read, pool, milestone)
    if found is None:
        raise NotFoundError(f"round {pool}-{milestone}")
    return found


def of_milestone(read: Reader, pool: int, milestone: int) -> shapes.Round | None:
    """Return the round of a milestone, if it has one."""
    query = select(tables.seals).where(_SEAL.pool == pool, _SEAL.milestone == milestone)
    row = read.first(query.order_by(_SEAL.log.desc()))
    return None if row is None else _shapes(read, [row])[0]


def _shapes(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Round]:
    read.load(logs=[row.log for row in rows], pools=[row.pool for row in rows])
    return [_shape(read, row) for row in rows]


def _shape(read: Reader, row: Row[Any]) -> shapes.Round:
    here = {"pool": row.pool, "milestone": row.milestone}
    opened = read.first(select(tables.openings).filter_by(**here))
    closed = read.first(select(tables.expiries).filter_by(**here))
    last = read.first(select(tables.deliveries).filter_by(**here).order_by(_OUT.start.desc()))
    delivered = last.start + last.amount if last else 0
    state: shapes.RoundStateName = "sealed"
    if opened is not None:
        state = "closed" if closed is not None else "expired" if read.now > opened.claims_until else "open"
    return {
        "id": f"{row.pool}-{row.milestone}",
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "milestone": row.milestone,
        "token": read.pool_token(row.pool),
        "state": state,
        "version": row.version,
        "count": row._mapping["count"],
        "amount": str(row.amount),
        "deliveries": last.number if last else 0,
        "delivered": str(delivered),
        "unclaimed": str(row.amount - delivered),
        "returned": str(closed.amount if closed else 0),
        "cap": str(opened.beneficiary_cap) if opened is not None and opened.beneficiary_cap else None,
        "claim_window": row.claim_window,
        "claims_until": opened.claims_until if opened is not None else None,
        "sealed": read.place(row.log),
        "opened": read.place(opened.log) if opened is not None else None,
        "closed": read.place(closed.log) if closed is not None else None,
    }


def deliveries(read: Reader, pool: int, milestone: int, at: paging.At) -> shapes.Page[shapes.Delivery]:
    """Return a round's deliveries, the newest first."""
    round_(read, pool, milestone)
    query = select(tables.deliveries).where(_OUT.pool == pool, _OUT.milestone == milestone)
    if key := paging.decode("v", at, 1):
        query = query.where(_OUT.start < key[0])
    rows = read.rows(query.order_by(_OUT.start.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("v", (row.start,)), lambda kept: _deliveries(read, kept))


def _deliveries(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Delivery]:
    read.load(logs=[row.log for row in rows])
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "position": row.position,
            "token": read.token(row.token),
            "amount": str(row.amount),
            "start": str(row.start),
            "end": str(row.start + row.amount),
            "delivered": read.place(row.log),
        }
        for row in rows
    ]


# ---------------------------------------------------------------------------------------------------------- vouchers


def vouchers(read: Reader, pool: int | None, provider: bytes | None, at: paging.At) -> shapes.Page[shapes.Voucher]:
    """Return vouchers that were redeemed or revoked, the newest first."""
    return sifted.page(read, tables.vouchers, {"pool": pool, "provider": provider}, at, _vouchers)


def _vouchers(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Voucher]:
    providers = [row.provider for row in rows if row.provider is not None]
    read.load(logs=[row.log for row in rows], accounts=providers, pools=[row.pool for row in rows])
    return [
        {
            "pool": row.pool,
            "pool_name": read.pool_name(row.pool),
            "milestone": row.milestone,
            "voucher": text.hexed(row.voucher),
            "token": read.pool_token(row.pool),
            "revoked": row.provider is None,
            "provider": None if row.provider is None else read.who(row.provider),
            "own": str(row.own),
            "from_pool": str(row.from_pool),
            "evidence": None if row.evidence is None else text.hexed(row.evidence),
            "told": read.place(row.log),
        }
        for row in rows
    ]


def voucher_money(read: Reader, release: shapes.Release) -> shapes.VoucherMoney:
    """Return how a released milestone, whose payee is the book of vouchers, stands."""
    here = {_VOUCHER.pool: release["pool"], _VOUCHER.milestone: release["milestone"]}
    row = read.first(paging.newest(select(tables.vouchers), here, [_VOUCHER.log]))
    count, paid, own = (row.number, row.total, row.total_own) if row else (0, 0, 0)
    amount, returned = int(release["amount"]), int(release["returned"])
    return {
        "amount": release["amount"],
        "paid": str(paid),
        "own": str(own),
        "count": count,
        "left": str(amount - paid - returned),
        "returned": release["returned"],
        "until": release["released"]["time"] + VOUCHERS_LAST,
    }
