"""Attestations, objections and releases, as lists and as shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import bounds, paging, sifted
from api.explorer.queries.places import line_of
from api.explorer.queries.reader import Reader


def attestations(
    read: Reader, *, pool: int | None, ngo: bytes | None, attestor: bytes | None, at: paging.At
) -> shapes.Page[shapes.Attestation]:
    """Return attestations, the newest first."""
    query = of_pools(read, tables.attestations, pool, ngo)
    if attestor is not None:
        query = query.where(tables.attestations.c.attestor == attestor)
    return newest(read, tables.attestations, query, at, shape_attestations)


def releases(
    read: Reader, *, pool: int | None, ngo: bytes | None, payee: bytes | None, at: paging.At
) -> shapes.Page[shapes.Release]:
    """Return releases, the newest first."""
    query = of_pools(read, tables.releases, pool, ngo)
    if payee is not None:
        query = query.where(tables.releases.c.payee == payee)
    return newest(read, tables.releases, query, at, shape_releases)


def objections(
    read: Reader, *, pool: int | None, milestone: int | None, donor: bytes | None, at: paging.At
) -> shapes.Page[shapes.Objection]:
    """Return objections, the newest first."""
    wanted = {"pool": pool, "milestone": milestone, "donor": donor}
    return sifted.page(read, tables.objections, wanted, at, _shape_objections)


def returns(read: Reader, *, pool: int | None, ngo: bytes | None, at: paging.At) -> shapes.Page[shapes.Return]:
    """Return what payees gave back, the newest first."""
    return newest(read, tables.returns, of_pools(read, tables.returns, pool, ngo), at, shape_returns)


def of_pools(read: Reader, table: Table, pool: int | None, ngo: bytes | None) -> Select[Any]:
    """Return the query for a table's rows of a pool, of an NGO's pools, or all.

    Raises:
        NotFoundError: There is no such pool.

    """
    query = select(table)
    if pool is not None:
        if not read.has_pool(pool):
            raise NotFoundError(f"pool {pool}")
        query = query.where(table.c.pool == pool)
    if ngo is not None:
        query = query.where(table.c.pool.in_(select(tables.pools.c.pool).where(tables.pools.c.ngo == ngo)))
    return query


def newest(
    read: Reader,
    table: Table,
    query: Select[Any],
    at: paging.At,
    shape: Callable[[Reader, Sequence[Row[Any]]], list[paging.Item]],
) -> shapes.Page[paging.Item]:
    """Return a page of a table's rows, the newest first: of a small table, however they are found."""
    if key := paging.decode("l", at, 1):
        query = query.where(table.c.log < key[0])
    rows = read.rows(query.order_by(table.c.log.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("l", (row.log,)), lambda kept: shape(read, kept))


def shape_attestations(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Attestation]:
    """Return the shapes of attestations."""
    read.load(logs=[row.log for row in rows], accounts=[row.attestor for row in rows])
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "round": row.round,
            "attestor": read.who(row.attestor),
            "evidence": text.hexed(row.evidence),
            "approved": row.approved,
            "attested": read.place(row.log),
        }
        for row in rows
    ]


def shape_releases(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Release]:
    """Return the shapes of releases."""
    read.load(logs=[row.log for row in rows], accounts=[a for row in rows for a in (row.payee, row.caller)])
    spent = _spent(read, rows)
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "payee": read.who(row.payee),
            "token": read.token(row.token),
            "amount": str(row.amount),
            "spent": [{"start": str(s.start), "end": str(s.start + s.amount)} for s in spent[row.log][: bounds.SPANS]],
            "spans": len(spent[row.log]),
            # What is not its own any more was given back: a milestone is released once.
            "returned": str(row.amount - line_of(read, row.pool).kept(row.milestone)),
            "caller": read.who(row.caller),
            "released": read.place(row.log),
        }
        for row in rows
    ]


def _spent(read: Reader, rows: Sequence[Row[Any]]) -> defaultdict[int, list[Row[Any]]]:
    """Return what each of these releases spent, by its log: the fund tells of it right after, in the same block."""
    paid, spent = tables.releases.c, tables.spends.c
    same = (spent.pool == paid.pool) & (spent.milestone == paid.milestone)
    query = select(paid.log.label("release"), spent.start, spent.amount).join_from(
        tables.releases,
        tables.spends,
        same & (spent.log > paid.log) & (spent.log <= paid.log.op("|")(2**tables.LOG_BITS - 1)),
    )
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in read.rows(query.where(paid.log.in_([row.log for row in rows])).order_by(spent.log)):
        found[row.release].append(row)
    return found


def shape_returns(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Return]:
    """Return the shapes of what was given back."""
    read.load(logs=[row.log for row in rows], accounts=[row.payee for row in rows])
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "payee": read.who(row.payee),
            "token": read.token(row.token),
            "amount": str(row.amount),
            "start": str(row.start),
            "end": str(row.start + row.amount),
            "returned": read.place(row.log),
        }
        for row in rows
    ]


def _shape_objections(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Objection]:
    read.load(logs=[row.log for row in rows])
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "round": row.round,
            "donor": text.hexed(row.donor),
            "evidence": text.hexed(row.evidence),
            "contribution": f"{row.pool}-{row.start}",
            "amount": str(row.amount),
            "objected": read.place(row.log),
        }
        for row in rows
    ]
