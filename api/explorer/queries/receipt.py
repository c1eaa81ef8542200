"""One contribution with its proof, its trace, and how what waits can be claimed back once its pool is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from api import tables
from api.explorer import proofs, shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, pools, standing, written
from api.explorer.queries.gift import Gift
from api.explorer.queries.judgements import shape_releases
from api.explorer.queries.places import Refunds, trace_of
from api.explorer.queries.reader import Reader
from api.explorer.queries.refunds import gateways_turn
from api.explorer.queries.refunds import shape as shape_refunds
from api.explorer.trace import Kind
from api.types import ANONYMOUS

_GIFT = tables.contributions.c


def detail(read: Reader, pool: int, start: int) -> shapes.ContributionDetail:
    """Return a contribution with its proof and its trace."""
    found_row = read.first(select(tables.contributions).where(_GIFT.pool == pool, _GIFT.start == start))
    if found_row is None:
        raise NotFoundError(f"contribution {pool}-{start}")
    row = Gift._make(found_row)
    [contribution] = written.shape(read, [row])
    found = batches.by_log(read, {row.log})
    refunds = Refunds(read, [row], found)
    return {
        **contribution,
        "proof": _proof(read, row, found.get(row.log)),
        "trace": _trace(read, row, refunds),
        "claim": _claim(read, row, contribution["waiting"], refunds),
    }


def _proof(read: Reader, row: Gift, batch: Row[Any] | None) -> shapes.Proof | None:
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


def _trace(read: Reader, row: Gift, refunds: Refunds) -> list[shapes.TracePart]:
    found = trace_of(read, row, refunds)
    spent = {part.milestone for part in found if part.kind is Kind.SPENT}
    paid = tables.releases.c
    query = select(tables.releases).where(paid.pool == row.pool, paid.milestone.in_(sorted(spent)))
    releases = {release["milestone"]: release for release in shape_releases(read, read.rows(query))}
    back = refunds.of(row)
    refunded = dict(zip([each.log for each in back], shape_refunds(read, back), strict=True))
    parts: list[shapes.TracePart] = []
    for part in found:
        piece: shapes.TracePart = {
            "start": str(part.start), "end": str(part.end), "amount": str(part.end - part.start),
        }  # fmt: skip
        if part.kind is Kind.WAITING:
            piece["waiting"] = True
        elif part.kind is Kind.REFUNDED:
            piece["refund"] = refunded[part.log]
        else:
            piece["milestone"] = part.milestone
            piece["release"] = releases[part.milestone]
        parts.append(piece)
    return parts


def _claim(read: Reader, row: Gift, waiting: str, refunds: Refunds) -> shapes.Refundable | None:
    found = pools.find(read, row.pool)
    if standing.ended(found) is None or waiting == "0":
        return None
    direct = row.position < 0
    by: shapes.Claimer = "wallet" if direct else "code"
    if not direct and (row.donor == ANONYMOUS or refunds.taken(row)):
        by = "gateway"
    return {"amount": waiting, "by": by, "gateway_from": None if direct else gateways_turn(read, found)}
