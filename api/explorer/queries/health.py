"""How fresh the index is, and the front page's numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Table, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.database import Database
from api.explorer.queries import movements, paging, standing, trust
from api.explorer.queries.reader import Reader

STALE_SECONDS = 60
"""The index is not fine when the node has not answered for so long."""


def health(read: Reader, database: Database) -> shapes.Health:
    """Return how fresh the index is."""
    head, seen, node_head = read.head, _number(read, "node_seen_at"), _number(read, "node_head")
    block = head.number if head else None
    age = None if seen is None else max(0, read.clock - seen)
    halted, building = read.meta.get("halted"), "backfill" in read.meta
    compared = trust.state(read)
    fresh = age is not None and age <= STALE_SECONDS
    return {
        "chain_id": _number(read, "chain_id"),
        "genesis": _hash(read, "genesis"),
        "fund": text.hexed(read.fund) if read.fund else None,
        "block": block,
        "block_time": head.time if head else None,
        "node_head": node_head,
        "lag_blocks": None if node_head is None or block is None else max(0, node_head - block),
        "node_seen_at": seen,
        "age_seconds": age,
        "fresh": fresh,
        "ok": halted is None and not building and fresh and not compared["differences"],
        "building": building,
        "engine": trust.engine(read),
        "confirmations": trust.confirmations(read),
        "final_block": read.final_block,
        "reconciliation": compared,
        "halted": halted,
        "database": {"schema_version": tables.SCHEMA_VERSION, "bytes": database.size(read.connection)},
    }


def readiness(read: Reader) -> shapes.Readiness:
    """Return whether there is an index to serve, and whether it is as it should be."""
    head, seen, halted = read.head, _number(read, "node_seen_at"), read.meta.get("halted")
    age = None if seen is None else max(0, read.clock - seen)
    fresh, differences = age is not None and age <= STALE_SECONDS, trust.state(read)["differences"]
    serves, why = True, None
    if "backfill" in read.meta or head is None:
        serves, why = False, "the index is being built" if head else "nothing is indexed yet"
    elif halted is not None:
        why = f"the indexer says: {halted}"
    elif not fresh:
        why = f"the node last answered the indexer {age} seconds ago"
    elif differences:
        why = f"{differences} of the index's figures differ from the contracts'"
    return {
        "serves": serves,
        "ok": why is None,
        "fresh": fresh,
        "block": head.number if head else None,
        "final_block": read.final_block,
        "age_seconds": age,
        "differences": differences,
        "why": why,
    }


def _number(read: Reader, key: str) -> int | None:
    value = read.meta.get(key)
    return None if value is None else int(value)


def _hash(read: Reader, key: str) -> str | None:
    value = read.meta.get(key)
    return None if value is None else "0x" + value.removeprefix("0x")


@dataclass
class _Sums:
    raised: int = 0
    released: int = 0
    refunded: int = 0
    contributions: int = 0


@dataclass(frozen=True)
class _Totals:
    sums: dict[bytes, _Sums]  # by token
    pools: int
    batches: int
    attestations: int
    releases: int


def _totals(read: Reader) -> _Totals:
    """Add up all pools. They are thousands at most, but too many for each request."""
    # Added up here: in SQL the sum over pools could pass 63 bits.
    sums: defaultdict[bytes, _Sums] = defaultdict(_Sums)
    rows = standing.lines(read)
    for row in rows:
        total = sums[row.token]
        total.raised += row.raised
        total.released += row.released
        total.refunded += row.refunded
        total.contributions += row.contributions
    return _Totals(
        sums,
        len(rows),
        sum(row.batches for row in rows),
        # As many as milestones and those who judge them: few beside gifts.
        _count(read, tables.attestations),
        _count(read, tables.releases),
    )


def summary(read: Reader, database: Database, latest: int) -> shapes.Summary:
    """Return the totals by token, the counts, the latest movements and the index's health."""
    totals = read.once("totals", _totals)
    return {
        "tokens": [
            {
                "token": read.token(address),
                "raised": str(total.raised),
                "released": str(total.released),
                "refunded": str(total.refunded),
                "held": str(total.raised - total.released - total.refunded),
                "contributions": total.contributions,
            }
            for address, total in totals.sums.items()
        ],
        "pools": totals.pools,
        "contributions": sum(total.contributions for total in totals.sums.values()),
        "batches": totals.batches,
        "attestations": totals.attestations,
        "releases": totals.releases,
        "latest": movements.latest(read, paging.At(None, latest))["items"],
        "after": read.last_log(),
        "index": health(read, database),
    }


def _count(read: Reader, table: Table) -> int:
    return read.connection.execute(select(func.count()).select_from(table)).scalar_one()
