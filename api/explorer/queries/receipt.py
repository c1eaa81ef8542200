"""One contribution with its proof, its trace, and how what waits can be claimed back once its pool is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from api import tables, tree
from api.explorer import proofs, shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, bounds, onward, paging, pools, standing, written
from api.explorer.queries.gift import Gift
from api.explorer.queries.judgements import shape_releases
from api.explorer.queries.places import Refunds, line_of, span_of, trace_of
from api.explorer.queries.reader import Reader
from api.explorer.queries.refunds import gateways_turn
from api.explorer.queries.refunds import shape as shape_refunds
from api.explorer.trace import Kind, Part, Span
from api.types import ANONYMOUS

_GIFT = tables.contributions.c


def detail(read: Reader, pool: int, start: int) -> shapes.ContributionDetail:
    """Return a contribution with its proof and its trace."""
    row = _find(read, pool, start)
    [contribution] = written.shape(read, [row])
    found = batches.by_log(read, {row.log})
    refunds = Refunds(read, [row], found)
    parts = trace_of(read, row, refunds)
    onward_of = onward.Onward(read, row.pool, [part.milestone for part in parts if part.kind is Kind.SPENT])
    by_gateway = {each.log for each in refunds.of(row) if each.start is None}
    taken = sum(part.end - part.start for part in parts if part.kind is Kind.REFUNDED and part.log in by_gateway)
    return {
        **contribution,
        "proof": _proof(read, row, found.get(row.log)),
        "trace": _trace(read, row, parts[: bounds.PARTS], refunds, onward_of),
        "more": _rest(parts[bounds.PARTS :], onward_of),
        "became": _became(parts, onward_of),
        "taken": str(taken),
        "claim": _claim(read, row, contribution["waiting"], refunds),
    }


def _find(read: Reader, pool: int, start: int) -> Gift:
    row = read.first(select(tables.contributions).where(_GIFT.pool == pool, _GIFT.start == start))
    if row is None:
        raise NotFoundError(f"contribution {pool}-{start}")
    return Gift._make(row)


def _proof(read: Reader, row: Gift, batch: Row[Any] | None) -> shapes.Proof | None:
    if batch is None:
        return None
    log, subtrees = tables.logs.c, tables.subtrees.c
    source = tables.logs.outerjoin(tables.subtrees, subtrees.log == log.log)
    [found] = read.rows(select(log.data, log.address, subtrees.roots).select_from(source).where(log.log == row.log))
    entries = proofs.entries_of_log(found.data)
    chain_id = int(read.meta["chain_id"])
    seed = tree.seed(chain_id, found.address, row.pool, batch.batch)
    proof = proofs.proof_of(seed, entries, batch.start, row.position, found.roots or b"")
    return {
        "chain_id": chain_id,
        "fund": text.hexed(found.address),
        "pool": row.pool,
        "batch": text.hexed(batch.batch),
        "seed": text.hexed(seed),
        "leaf": text.hexed(proof.leaf),
        "siblings": [text.hexed(node) for node in proof.siblings],
        "root": text.hexed(batch.root),
        "count": batch._mapping["count"],
        "position": row.position,
        "start": str(row.start),
        "entry": text.hexed(entries[row.position * 32 :][:32]),
        "computed_root": text.hexed(proof.root),
        "matches": proof.root == batch.root,
    }


def _trace(
    read: Reader, row: Gift, found: Sequence[Part], refunds: Refunds, onward_of: onward.Onward
) -> list[shapes.TracePart]:
    spent = {part.milestone for part in found if part.kind is Kind.SPENT}
    paid = tables.releases.c
    query = select(tables.releases).where(paid.pool == row.pool, paid.milestone.in_(sorted(spent)))
    releases = {release["milestone"]: release for release in shape_releases(read, read.rows(query))}
    logs = {part.log for part in found if part.kind is Kind.REFUNDED}
    back = [each for each in refunds.of(row) if each.log in logs]
    refunded = dict(zip([each.log for each in back], shape_refunds(read, back), strict=True))
    few = onward.FEW
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
            piece["paid"] = onward.shape(onward_of, onward_of.pieces(part), few)
            few -= sum(len(each.get("first", ())) for each in piece["paid"])
        parts.append(piece)
    return parts


def _rest(parts: Sequence[Part], onward_of: onward.Onward) -> shapes.TraceRest | None:
    """Return what the parts are that a trace does not tell one by one."""
    if not parts:
        return None
    start, end = parts[0].start, parts[-1].end
    return {
        "count": len(parts),
        "start": str(start),
        "end": str(end),
        "amount": str(end - start),
        "became": _became(parts, onward_of),
    }


def _became(parts: Sequence[Part], onward_of: onward.Onward) -> shapes.Became:
    found: Counter[str] = Counter()
    for part in parts:
        if part.kind is Kind.SPENT:
            for piece in onward_of.pieces(part):
                found[piece.fate] += piece.end - piece.start
        else:
            found[part.kind.value] += part.end - part.start
    return {
        "paid": str(found["paid"]),
        "delivered": str(found["delivered"]),
        "redeemed": str(found["redeemed"]),
        "undelivered": str(found["undelivered"]),
        "refunded": str(found["refunded"]),
        "waiting": str(found["waiting"]),
        "fees": "0",
    }


def deliveries(read: Reader, pool: int, start: int, at: paging.At) -> shapes.Page[shapes.Handed]:
    """Return the deliveries and vouchers that a contribution became, in the order of its places."""
    row = _find(read, pool, start)
    over = span_of(row)
    if key := paging.decode("h", at, 1):
        over = Span(max(over.start, key[0]), over.end)
    spent = [part for part in line_of(read, pool).trace(over) if part.kind is Kind.SPENT]
    onward_of = onward.Onward(read, pool, [part.milestone for part in spent])
    pieces = (piece for part in spent for piece in onward_of.pieces(part))
    found = list(onward.handed_on(onward_of, pieces, at.limit + 1))
    kept = found[: at.limit]
    # A delivery ends where the next one may begin, so a page begins with a whole one.
    return {"items": kept, "next": paging.encode("h", (int(kept[-1]["end"]),)) if len(found) > at.limit else None}


def _claim(read: Reader, row: Gift, waiting: str, refunds: Refunds) -> shapes.Refundable | None:
    found = pools.find(read, row.pool)
    if standing.ended(found) is None or waiting == "0":
        return None
    direct = row.position < 0
    by: shapes.Claimer = "wallet" if direct else "code"
    if not direct and (row.donor == ANONYMOUS or refunds.taken(row)):
        by = "gateway"
    return {"amount": waiting, "by": by, "gateway_from": None if direct else gateways_turn(read, found)}
