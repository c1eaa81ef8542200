"""Movements: what happened, for the front page's list and the live stream. They are found in the log itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, select

from api import tables
from api.explorer import shapes, text
from api.explorer.queries import paging
from api.explorer.queries.gift import Gift
from api.explorer.queries.pledges import PERIODS
from api.explorer.queries.reader import Reader
from api.explorer.queries.written import WAYS, pledges_of
from api.types import ANONYMOUS

_LOG = tables.logs.c


def after(read: Reader, place: int, limit: int) -> list[shapes.Movement]:
    """Return what happened after a place, the oldest first."""
    return _shapes(read, read.rows(_query().where(_LOG.log > place).order_by(_LOG.log).limit(limit)))


def latest(read: Reader, at: paging.At) -> shapes.Page[shapes.Movement]:
    """Return the latest movements."""
    query = _query()
    if key := paging.decode("l", at, 1):
        query = query.where(_LOG.log < key[0])
    rows = read.rows(query.order_by(_LOG.log.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("l", (row.log,)), lambda kept: _shapes(read, kept))


def of_logs(read: Reader, query: Select[Any], limit: int) -> list[shapes.Movement]:
    """Return the movements among some logs, the oldest first. `query` selects their places."""
    return _shapes(read, read.rows(_query().where(_LOG.log.in_(query)).order_by(_LOG.log).limit(limit)))


def _query() -> Select[Any]:
    # `|| ''` keeps the planner in the log's order: most logs are movements, so the first few rows suffice.
    return select(_LOG.log, _LOG.event).where(_LOG.event.concat("").in_(_KINDS))


def _shapes(read: Reader, logs: Sequence[Row[Any]]) -> list[shapes.Movement]:
    read.load(logs=[row.log for row in logs])
    found: dict[int, shapes.Movement] = {}
    for event, (table, who, shape) in _KINDS.items():
        places = [row.log for row in logs if row.event == event]
        if places:
            rows = read.rows(select(table).where(table.c.log.in_(places)))
            read.load(accounts=[getattr(row, who) for row in rows] if who else (), pools=[row.pool for row in rows])
            found.update({row.log: shape(read, row) for row in rows})
    return [found[row.log] for row in logs]


def _base(read: Reader, row: Row[Any], kind: shapes.MovementKind, who: bytes | None, url: str) -> shapes.Movement:
    return {
        "kind": kind,
        "id": row.log,
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "place": read.place(row.log),
        "url": url,
        "who": None if who is None else read.who(who),
    }


def _contribution(read: Reader, row: Row[Any]) -> shapes.Movement:
    identity = f"{row.pool}-{row.start}"
    donor = None if row.donor == ANONYMOUS else row.donor
    base = _base(read, row, "contribution", donor, f"/contribution/{identity}")
    token = read.pool_token(row.pool)
    way: shapes.Way = "pledge" if pledges_of(read, [Gift._make(row[:9])]) else WAYS[row.via]
    return {**base, "amount": str(row.amount), "token": token, "contribution": identity, "via": way}


def _batch(read: Reader, row: Row[Any]) -> shapes.Movement:
    batch = text.hexed(row.batch)
    base = _base(read, row, "batch", row.gateway, f"/batch/{batch}")
    token = read.pool_token(row.pool)
    return {**base, "amount": str(row.amount), "token": token, "count": row._mapping["count"], "batch": batch}


def _release(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "release", row.payee, f"/pool/{row.pool}")
    return {**base, "amount": str(row.amount), "token": read.token(row.token), "milestone": row.milestone}


def _return(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "return", row.payee, f"/pool/{row.pool}#milestone-{row.milestone + 1}")
    return {**base, "amount": str(row.amount), "token": read.token(row.token), "milestone": row.milestone}


def _refund(read: Reader, row: Row[Any]) -> shapes.Movement:
    if row.start is None:
        base = _base(read, row, "refund", row.account, f"/batch/{text.hexed(row.batch)}")
        return {**base, "amount": str(row.amount), "token": read.token(row.token), "batch": text.hexed(row.batch)}
    identity = f"{row.pool}-{row.start}"
    base = _base(read, row, "refund", row.account, f"/contribution/{identity}")
    return {**base, "amount": str(row.amount), "token": read.token(row.token), "contribution": identity}


def _dispute(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "dispute", None, f"/pool/{row.pool}#milestone-{row.milestone + 1}")
    return {**base, "milestone": row.milestone}


def _cancellation(read: Reader, row: Row[Any]) -> shapes.Movement:
    return _base(read, row, "cancellation", row.account, f"/pool/{row.pool}")


def _delivery(read: Reader, row: Row[Any]) -> shapes.Movement:
    """Return a delivery, without its person."""
    base = _base(read, row, "delivery", None, f"/pool/{row.pool}#milestone-{row.milestone + 1}")
    return {**base, "amount": str(row.amount), "token": read.token(row.token), "milestone": row.milestone}


def _voucher(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "voucher", row.provider, f"/pool/{row.pool}#milestone-{row.milestone + 1}")
    return {**base, "amount": str(row.from_pool), "token": read.pool_token(row.pool), "milestone": row.milestone}


def _pledge(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "pledge", row.donor, f"/donor/{text.hexed(row.donor)}")
    return {**base, "amount": str(row.amount), "token": read.token(row.token), "period": PERIODS[row.period]}


def _sponsorship(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "sponsorship", row.sponsor, f"/pool/{row.pool}#sponsors")
    return {**base, "amount": str(row.budget), "token": read.token(row.token)}


def _evidence(read: Reader, row: Row[Any]) -> shapes.Movement:
    return {**_base(read, row, "evidence", row.ngo, f"/pool/{row.pool}"), "milestone": row.milestone}


def _attestation(read: Reader, row: Row[Any]) -> shapes.Movement:
    base = _base(read, row, "attestation", row.attestor, f"/pool/{row.pool}")
    return {**base, "milestone": row.milestone, "approved": row.approved}


def _pool(read: Reader, row: Row[Any]) -> shapes.Movement:
    return {**_base(read, row, "pool", row.ngo, f"/pool/{row.pool}"), "token": read.token(row.token)}


_KINDS: dict[str, tuple[Table, str | None, Callable[[Reader, Row[Any]], shapes.Movement]]] = {
    "Contributed": (tables.contributions, "donor", _contribution),
    "BatchRecorded": (tables.batches, "gateway", _batch),
    "Released": (tables.releases, "payee", _release),
    "Returned": (tables.returns, "payee", _return),
    "Refunded": (tables.refunds, "account", _refund),
    "BatchRefunded": (tables.refunds, "account", _refund),
    "Delivered": (tables.deliveries, None, _delivery),
    "VoucherRedeemed": (tables.vouchers, "provider", _voucher),
    "Pledged": (tables.pledges, "donor", _pledge),
    "Locked": (tables.sponsorships, "sponsor", _sponsorship),
    "MilestoneDisputed": (tables.disputes, None, _dispute),
    "Cancelled": (tables.cancellations, "account", _cancellation),
    "EvidenceSubmitted": (tables.evidence, "ngo", _evidence),
    "Attested": (tables.attestations, "attestor", _attestation),
    "PoolOpened": (tables.pools, "ngo", _pool),
}
"""The events that are movements: the table of each, the column of who did it, and its shape."""
