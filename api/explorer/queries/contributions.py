"""Contributions: the lists that need no filter, and one with its proof and trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from api import tables
from api.explorer import proofs, shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, paging
from api.explorer.queries.judgements import shape_releases
from api.explorer.queries.reader import Reader
from api.explorer.trace import Span, spent, trace
from api.types import ANONYMOUS

_GIFT = tables.contributions.c


def latest(read: Reader, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return the latest contributions of all pools."""
    columns = [_GIFT.log, _GIFT.pool, _GIFT.start]
    return _page(read, select(tables.contributions), "l", columns, at)


def of_donor(read: Reader, donor: bytes, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return a donor's contributions to all pools."""
    query = select(tables.contributions).where(_GIFT.donor == donor)
    if donor == ANONYMOUS or read.first(query) is None:
        raise NotFoundError(f"donor {text.address(donor)}")
    return _page(read, query, "d", [_GIFT.log, _GIFT.position], at)


def of_batch(read: Reader, batch: bytes, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return a batch's entries in their order."""
    row = batches.find(read, batch)
    query = select(tables.contributions).where(_GIFT.log == row.log, _GIFT.pool == row.pool)
    if key := paging.decode("b", at, 1):
        query = query.where(_GIFT.start > key[0])
    rows = read.rows(query.order_by(_GIFT.start).limit(at.limit + 1))
    return paging.page(rows, at, lambda r: paging.encode("b", (r.start,)), lambda kept: shape(read, kept))


def _page(
    read: Reader,
    query: Select[Any],
    order: str,
    columns: Sequence[ColumnElement[Any]],
    at: paging.At,
) -> shapes.Page[shapes.Contribution]:
    if key := paging.decode(order, at, len(columns)):
        query = query.where(paging.before(columns, key))
    rows = read.rows(query.order_by(*(column.desc() for column in columns)).limit(at.limit + 1))
    names = [column.key for column in columns]
    return paging.page(
        rows,
        at,
        lambda row: paging.encode(order, tuple(getattr(row, str(name)) for name in names)),
        lambda kept: shape(read, kept),
    )


def shape(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Contribution]:
    """Return the shapes of contributions."""
    found = batches.by_log(read, {row.log for row in rows if row.position >= 0})
    read.load(
        logs=[row.log for row in rows],
        accounts=[batch.gateway for batch in found.values()],
        pools=[row.pool for row in rows],
    )
    return [_shape(read, row, found.get(row.log)) for row in rows]


def _shape(read: Reader, row: Row[Any], batch: Row[Any] | None) -> shapes.Contribution:
    taken = spent(Span(row.start, row.start + row.amount), read.released(row.pool))
    entry = row.donor + row.paid_at.to_bytes(4, "big") + row.amount.to_bytes(8, "big")
    return {
        "id": f"{row.pool}-{row.start}",
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "token": read.pool_token(row.pool),
        "amount": str(row.amount),
        "start": str(row.start),
        "end": str(row.start + row.amount),
        "number": row.number,
        "donor": None if row.donor == ANONYMOUS else text.address(row.donor),
        "paid_at": row.paid_at,
        "paid": text.iso(row.paid_at),
        "direct": batch is None,
        "batch": text.hexed(batch.batch) if batch else None,
        "position": row.position if batch else None,
        "gateway": read.who(batch.gateway) if batch else None,
        "recorded": read.place(row.log),
        "spent": str(taken),
        "waiting": str(row.amount - taken),
        "entry": text.hexed(entry) if batch else None,
    }


# ------------------------------------------------------------------------------------------------------ one of them


def detail(read: Reader, pool: int, start: int) -> shapes.ContributionDetail:
    """Return a contribution with its proof and its trace."""
    row = read.first(select(tables.contributions).where(_GIFT.pool == pool, _GIFT.start == start))
    if row is None:
        raise NotFoundError(f"contribution {pool}-{start}")
    [contribution] = shape(read, [row])
    return {**contribution, "proof": _proof(read, row), "trace": _trace(read, row)}


def _proof(read: Reader, row: Row[Any]) -> shapes.Proof | None:
    batch = batches.by_log(read, {row.log}).get(row.log)
    if batch is None:
        return None
    [log] = read.rows(select(tables.logs.c.data, tables.logs.c.address).where(tables.logs.c.log == row.log))
    entries = proofs.entries_of_log(log.data)
    chain_id = int(read.meta["chain_id"])
    seed = proofs.seed(chain_id, log.address, row.pool, batch.batch)
    tree = proofs.tree_of(seed, entries, batch.start)
    return {
        "chain_id": chain_id,
        "fund": text.address(log.address),
        "pool": row.pool,
        "batch": text.hexed(batch.batch),
        "seed": text.hexed(seed),
        "leaf": text.hexed(tree.leaf(row.position)),
        "siblings": [text.hexed(node) for node in tree.siblings(row.position)],
        "root": text.hexed(batch.root),
        "count": batch._mapping["count"],
        "position": row.position,
        "start": str(row.start),
        "entry": text.hexed(entries[row.position * 32 :][:32]),
        "computed_root": text.hexed(tree.root),
        "matches": tree.root == batch.root,
    }


def _trace(read: Reader, row: Row[Any]) -> list[shapes.TracePart]:
    release, end = tables.releases.c, row.start + row.amount
    # The release that holds the gift's first unit, and those after it up to the gift's end.
    first = select(release.start).where(release.pool == row.pool, release.start <= row.start)
    query = select(tables.releases).where(release.pool == row.pool, release.start < end)
    if held := read.first(first.order_by(release.start.desc())):
        query = query.where(release.start >= held.start)
    rows = read.rows(query.order_by(release.start))
    releases = shape_releases(read, rows)
    spans = [Span(found.start, found.start + found.amount) for found in rows]
    parts: list[shapes.TracePart] = []
    for part in trace(Span(row.start, end), spans):
        piece: shapes.TracePart = {
            "start": str(part.start), "end": str(part.end), "amount": str(part.end - part.start),
        }  # fmt: skip
        if part.release is None:
            piece["waiting"] = True
        else:
            piece["milestone"] = rows[part.release].milestone
            piece["release"] = releases[part.release]
        parts.append(piece)
    return parts
