"""Which gifts paid a release: the gifts whose places it spent and that were not given back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from api import tables
from api.explorer import shapes
from api.explorer.failures import NotFoundError
from api.explorer.queries import bounds, paging, written
from api.explorer.queries.gift import Gift
from api.explorer.queries.places import first_gift, line_of, span_of
from api.explorer.queries.reader import Reader
from api.explorer.trace import Kind, Part

_GIFT, _MILESTONE = tables.contributions.c, tables.milestones.c


def page(read: Reader, pool: int, milestone: int, at: paging.At) -> shapes.Page[shapes.Payer]:
    """Return the gifts that paid a milestone's release, in the line's order, each with the parts of it that did.

    Over all pages the amounts add up to what the release paid and its payee has not given back. There is none before
    the release.

    Raises:
        NotFoundError: There is no such milestone.

    """
    known = select(_MILESTONE.log).where(_MILESTONE.pool == pool, _MILESTONE.milestone == milestone)
    if read.first(known) is None:
        raise NotFoundError(f"milestone {pool}-{milestone}")
    key = paging.decode("y", at, 1)
    rows = _gifts(read, pool, line_of(read, pool).of(milestone), key[0] if key else -1, at.limit + 1)
    return paging.page(
        rows, at, lambda row: paging.encode("y", (row.start,)), lambda kept: _shapes(read, milestone, kept)
    )


def _gifts(read: Reader, pool: int, spent: Sequence[Part], after: int, limit: int) -> list[Gift]:
    """Return the first gifts that start behind `after` and have places in some spans, in the line's order."""
    found: list[Gift] = []
    here = _GIFT.pool == pool
    for span in spent:
        if len(found) >= limit:
            break
        query = select(tables.contributions).where(
            here, _GIFT.start >= first_gift(pool, span.start), _GIFT.start < span.end, _GIFT.start > after
        )
        rows = read.rows(query.order_by(_GIFT.start).limit(limit - len(found)))
        if rows:
            found += map(Gift._make, rows)
            after = found[-1].start  # a gift may reach into the next span
    return found


def _shapes(read: Reader, milestone: int, rows: Sequence[Gift]) -> list[shapes.Payer]:
    found: list[shapes.Payer] = []
    for row, contribution in zip(rows, written.shape(read, rows), strict=True):
        trace = line_of(read, row.pool).trace(span_of(row))
        parts = [part for part in trace if part.kind is Kind.SPENT and part.milestone == milestone]
        found.append(
            {
                "contribution": contribution,
                "amount": str(sum(part.end - part.start for part in parts)),
                "parts": [{"start": str(part.start), "end": str(part.end)} for part in parts[: bounds.SPANS]],
                "parts_total": len(parts),
            }
        )
    return found
