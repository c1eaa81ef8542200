"""Attestations and releases, as lists and as shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.reader import Reader


def attestations(
    read: Reader, *, pool: int | None, ngo: bytes | None, attestor: bytes | None, at: paging.At
) -> shapes.Page[shapes.Attestation]:
    """Return attestations, the newest first."""
    query = _of_pools(read, tables.attestations, pool, ngo)
    if attestor is not None:
        query = query.where(tables.attestations.c.attestor == attestor)
    return _newest(read, tables.attestations, query, at, shape_attestations)


def releases(
    read: Reader, *, pool: int | None, ngo: bytes | None, payee: bytes | None, at: paging.At
) -> shapes.Page[shapes.Release]:
    """Return releases, the newest first."""
    query = _of_pools(read, tables.releases, pool, ngo)
    if payee is not None:
        query = query.where(tables.releases.c.payee == payee)
    return _newest(read, tables.releases, query, at, shape_releases)


def _of_pools(read: Reader, table: Table, pool: int | None, ngo: bytes | None) -> Select[Any]:
    query = select(table)
    if pool is not None:
        if not read.has_pool(pool):
            raise NotFoundError(f"pool {pool}")
        query = query.where(table.c.pool == pool)
    if ngo is not None:
        query = query.where(table.c.pool.in_(select(tables.pools.c.pool).where(tables.pools.c.ngo == ngo)))
    return query


def _newest(
    read: Reader,
    table: Table,
    query: Select[Any],
    at: paging.At,
    shape: Callable[[Reader, Sequence[Row[Any]]], list[paging.Item]],
) -> shapes.Page[paging.Item]:
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
    return [
        {
            "pool": row.pool,
            "milestone": row.milestone,
            "payee": read.who(row.payee),
            "token": read.token(row.token),
            "amount": str(row.amount),
            "start": str(row.start),
            "end": str(row.start + row.amount),
            "caller": read.who(row.caller),
            "released": read.place(row.log),
        }
        for row in rows
    ]
