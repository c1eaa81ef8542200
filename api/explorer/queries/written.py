"""Contributions in answers. Lists of them are asked for more than all else, so they are put together from texts.

An item of a list says what its gift alone has; what many have in common, how their pool is called and where they were
recorded, stands beside the items, once for each. A single contribution is one shape that has all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from api import tables
from api.explorer import shapes, text
from api.explorer.database.prepared import PreparedAmong
from api.explorer.queries import batches
from api.explorer.queries.gift import Gift
from api.explorer.queries.places import Refunds, any_of, line_of, sums_of
from api.explorer.queries.reader import Reader
from api.explorer.trace import Span
from api.types import ANONYMOUS, Via

_BATCH = tables.batches.c
_BATCHES = PreparedAmong(select(_BATCH.log, _BATCH.batch, _BATCH.gateway), _BATCH.log)

WAYS: dict[int, shapes.Way] = {
    Via.WALLET: "wallet",
    Via.BATCH: "gateway",
    Via.BROUGHT: "bearer",
    Via.MATCH: "sponsor",
}


def write(read: Reader, gifts: Sequence[tuple[Any, ...]], following: str | None) -> msgspec.Raw:
    """Return a page (`shapes.Contributions`) as JSON.

    Args:
        read: The index.
        gifts: The items, as a `Gift` or as a row that could be one.
        following: The cursor of the page after it.

    """
    pools, logs = dict.fromkeys([gift[0] for gift in gifts]), dict.fromkeys([gift[6] for gift in gifts])
    read.load(pools=pools)
    items = ",".join(_items(read, gifts, {pool for pool in pools if any_of(read, pool)}))
    named, recorded = ",".join(_pool(read, pool) for pool in pools), _logs(read, logs)
    return msgspec.Raw(f'{{"items":[{items}],"next":{_json(following)},"pools":{{{named}}},"recorded":{{{recorded}}}}}')


def opened(page: msgspec.Raw) -> dict[str, Any]:
    """Return a page's items, each with what stands beside it, and its `next`: what templates show."""
    found = msgspec.json.decode(page)
    items = [
        {**item, **found["pools"][str(item["pool"])], **found["recorded"][item["recorded"]]} for item in found["items"]
    ]
    return {"items": items, "next": found["next"]}


def shape(read: Reader, gifts: Sequence[Gift]) -> list[shapes.Contribution]:
    """Return contributions as shapes, each with all that is said of it."""
    entries = [gift for gift in gifts if gift.position >= 0]
    found = batches.by_log(read, {gift.log for gift in entries})
    came = dict.fromkeys([(gift.pool, gift.start) for gift in entries], Came("gateway"))
    came |= _came(read, [gift for gift in gifts if gift.position < 0])
    refunds = Refunds(read, gifts, found)
    accounts = [batch.gateway for batch in found.values()]
    read.load({gift.log for gift in gifts}, accounts, {gift.pool for gift in gifts})
    items: list[shapes.Contribution] = []
    for gift in gifts:
        sums, batch = sums_of(read, gift, refunds), found.get(gift.log)
        how = came[gift.pool, gift.start]
        entry = gift.donor + (gift.paid_at << 64 | gift.amount).to_bytes(12)
        items.append(
            {
                "id": f"{gift.pool}-{gift.start}",
                "pool": gift.pool,
                "pool_name": read.pool_name(gift.pool),
                "token": read.pool_token(gift.pool),
                "amount": str(gift.amount),
                "start": str(gift.start),
                "end": str(gift.start + gift.amount),
                "number": gift.number,
                "donor": None if gift.donor == ANONYMOUS else text.hexed(gift.donor),
                "paid_at": gift.paid_at,
                "paid": text.iso(gift.paid_at),
                "direct": batch is None,
                "via": how.via,
                "bearer": how.bearer,
                "pledge": how.pledge,
                "batch": batch and text.hexed(batch.batch),
                "position": None if batch is None else gift.position,
                "gateway": batch and read.who(batch.gateway),
                "recorded": read.place(gift.log),
                "spent": str(sums.spent),
                "refunded": str(sums.refunded),
                "waiting": str(sums.waiting),
                "entry": None if batch is None else text.hexed(entry),
            }
        )
    return items


# ------------------------------------------------------------------------------------------------ items, as texts


def _items(read: Reader, rows: Sequence[tuple[Any, ...]], gave_back: set[int]) -> Iterator[str]:
    refunds = None
    if gave_back:
        gifts = [Gift._make(row) for row in rows]
        refunds = Refunds(read, gifts, batches.by_log(read, {gift.log for gift in gifts}))
    direct = [Gift._make(row) for row in rows if row[7] < 0]
    came = _came(read, direct) if direct else {}
    last_pool = last_log = low = -1
    high: float = -1
    for pool, start, amount, number, donor, paid_at, log, position, via in rows:
        if pool != last_pool or log != last_log:
            if pool != last_pool:
                low, high, line, back = 0, 0, line_of(read, pool), pool in gave_back
            last_pool, last_log, place = pool, log, _place(log)
            before, between = f'{{"id":"{pool}-', f'","pool":{pool},"start":"'
        first, much = str(start), str(amount)
        if refunds is not None and back:
            sums = sums_of(read, Gift(pool, start, amount, number, donor, paid_at, log, position, via), refunds)
            spent, refunded, waiting = map(str, sums)
        else:
            # Most gifts lie whole in one span of the line, and in the same as the gift before.
            if not low <= start < high:
                low, high, whole = line.around(start)
            if start + amount <= high:
                spent, waiting = (much, "0") if whole else ("0", much)
            else:
                out = line.spent(Span(start, start + amount))
                spent, waiting = str(out), str(amount - out)
            refunded = "0"
        way = f'"gateway","position":{position}' if position >= 0 else _way(came[pool, start])
        giver = "null" if donor == ANONYMOUS else f'"0x{donor.hex()}"'
        yield (
            f'{before}{first}{between}{first}","amount":"{much}","number":{number},"donor":{giver},"paid_at":{paid_at},'
            f'"via":{way},"recorded":"{place}","spent":"{spent}","refunded":"{refunded}","waiting":"{waiting}"}}'
        )


def _way(came: Came) -> str:
    bearer = "" if came.bearer is None else f',"bearer":{_json(came.bearer)}'
    pledge = "" if came.pledge is None else f',"pledge":{came.pledge}'
    return f'"{came.via}"{bearer}{pledge}'


def _logs(read: Reader, logs: Iterable[int]) -> str:
    """Return what recorded some contributions, by place."""
    kept = read.memory.written_logs
    texts = {log: kept.get(log) for log in logs}
    if new := [log for log, written in texts.items() if written is None]:
        found = {log: (batch, gateway) for log, batch, gateway in _BATCHES.rows(read.connection, new)}
        read.load(new, [gateway for _, gateway in found.values()])
        for log in new:
            texts[log] = kept[log] = f'"{_place(log)}":{_json(_recorded(read, log, *found.get(log, ())))}'
    return ",".join(filter(None, texts.values()))


def _pool(read: Reader, pool: int) -> str:
    return read.memory.written_pools.once(
        pool,
        lambda: f'"{pool}":' + _json({"pool_name": read.pool_name(pool), "token": read.pool_token(pool)}),
    )


def _recorded(read: Reader, log: int, batch: bytes | None = None, gateway: bytes | None = None) -> shapes.Recorded:
    return {
        "at": read.place(log),
        "batch": None if batch is None else text.hexed(batch),
        "gateway": None if gateway is None else read.who(gateway),
    }


def _place(log: int) -> str:
    """Return how a log is named beside the items: by its block and its index there."""
    return f"{log >> tables.LOG_BITS}-{log & 2**tables.LOG_BITS - 1}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# ------------------------------------------------------------------------------------------------ who brought them


class Came(NamedTuple):
    """How a contribution came: who brought it if not its donor did, and by which standing order."""

    via: shapes.Way
    bearer: shapes.Who | None = None
    pledge: int | None = None


def _came(read: Reader, gifts: Sequence[Gift]) -> dict[tuple[int, int], Came]:
    """Return how contributions came that are no entries of batches, by pool and start."""
    brought = [gift for gift in gifts if gift.via == Via.BROUGHT]
    pledges, bearers = pledges_of(read, brought), _bearers(read, brought)
    read.load(accounts=bearers.values())
    found = {(gift.pool, gift.start): Came(WAYS[gift.via]) for gift in gifts}
    for key, bearer in bearers.items():
        pledge = pledges.get(key)
        found[key] = Came("bearer" if pledge is None else "pledge", read.who(bearer), pledge)
    return found


def pledges_of(read: Reader, gifts: Sequence[Gift]) -> dict[tuple[int, int], int]:
    """Return the standing orders by which these contributions came, by pool and start."""
    brought: defaultdict[int, list[int]] = defaultdict(list)
    for gift in gifts:
        if gift.via == Via.BROUGHT:
            brought[gift.pool].append(gift.start)
    taken, found = tables.collections.c, {}
    for pool, starts in brought.items():
        query = select(taken.start, taken.pledge).where(taken.pool == pool, taken.start.in_(starts))
        found.update({(pool, row.start): row.pledge for row in read.rows(query)})
    return found


def _bearers(read: Reader, gifts: Sequence[Gift]) -> dict[tuple[int, int], bytes]:
    """Return who brought these contributions, by pool and start."""
    brought, found = tables.brought.c, {}
    for gift in gifts:
        query = select(brought.bearer).where(brought.pool == gift.pool, brought.start <= gift.start)
        [bearer] = read.rows(query.order_by(brought.start.desc()).limit(1))
        found[gift.pool, gift.start] = bearer.bearer
    return found
