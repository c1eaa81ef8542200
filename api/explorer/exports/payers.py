"""Who paid a release, as a table: a row for each part of a gift that it spent and that was not given back.

In the line's order. No table of the index has it: it is worked out from the pool's line, page by page.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Integer, Select, case, literal, select

from api import tables
from api.explorer.database import Database
from api.explorer.exports import reading, ways
from api.explorer.exports.pins import Pin
from api.explorer.exports.reading import Page
from api.explorer.exports.ways import Filters
from api.explorer.queries.places import first_gift, paint
from api.explorer.trace import Part

_GIFT = tables.contributions.c


def pages(database: Database, pin: Pin, filters: Filters) -> Iterator[Page]:
    """Yield the rows, page by page. Nothing is open while one is with the reader.

    What is held meanwhile is where the release's places are: a few numbers for each of its spends.

    Args:
        database: The index.
        pin: Up to which block: what was spent or given back later is not known.
        filters: `pool` and `milestone`.

    Raises:
        RewoundError: The chain no longer has the pinned block. What was yielded before does not count.
        UnavailableError: The index cannot be read.

    """
    pool, milestone = int(filters["pool"]), int(filters["milestone"])
    with database.snapshot() as connection:
        pin.check(connection)
        parts = paint(connection, pool, pin.end).of(milestone)
    for part in parts:
        after, more = -1, True
        while more:
            with database.snapshot() as connection:
                pin.check(connection)
                page = _page(connection, pool, part, after)
            yield page
            more = len(page) == reading.PAGE
            after = page[-1].gift if page else after


def _page(connection: Connection, pool: int, part: Part, after: int) -> Page:
    near = _gifts(pool, part, after).subquery("near")
    return connection.execute(ways.joined(ways.PAYERS, near).order_by(near.c.gift)).all()


def _gifts(pool: int, part: Part, after: int) -> Select[tuple[int, ...]]:
    """Return the query for the next gifts that have places in a part, each cut to it."""
    first = first_gift(pool, part.start)
    end = _GIFT.start + _GIFT.amount
    start = case((_GIFT.start < part.start, part.start), else_=_GIFT.start)
    own = {
        "pool": _GIFT.pool,
        "milestone": literal(part.milestone, Integer),
        "start": start,
        "amount": case((end > part.end, part.end), else_=end) - start,
        "gift": _GIFT.start,
        "gift_amount": _GIFT.amount,
        **{name: _GIFT[name] for name in ("number", "donor", "paid_at", "log", "position")},
    }
    query = select(*(own[column.name].label(column.name) for column in ways.PAYERS.columns))
    here = (_GIFT.pool == pool, _GIFT.start >= first, _GIFT.start < part.end, _GIFT.start > after)
    return query.where(*here).order_by(_GIFT.start).limit(reading.PAGE)
