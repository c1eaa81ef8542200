"""Contributions as JSON. Lists of them are asked for more than all else, so they are put together from texts.

Each is a `shapes.Contribution`: what its gift alone says is written here, all else once for each pool, batch and log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, select

from api import tables
from api.explorer import shapes, text
from api.explorer.queries import batches
from api.explorer.queries.gift import Gift
from api.explorer.queries.places import Refunds, any_of, line_of, sums_of
from api.explorer.queries.reader import Reader
from api.types import ANONYMOUS, Via

WAYS: dict[int, shapes.Way] = {
    Via.WALLET: "wallet",
    Via.BATCH: "gateway",
    Via.BROUGHT: "bearer",
    Via.MATCH: "sponsor",
}


def shape(read: Reader, gifts: Sequence[Gift]) -> list[shapes.Contribution]:
    """Return contributions as shapes."""
    return [msgspec.json.decode(item) for item in write(read, gifts)]


def opened(page: shapes.Page[msgspec.Raw]) -> shapes.Page[shapes.Contribution]:
    """Return a page of contributions with shapes for items."""
    return {"items": [msgspec.json.decode(item) for item in page["items"]], "next": page["next"]}


def write(read: Reader, gifts: Sequence[Gift]) -> list[msgspec.Raw]:
    """Return contributions as JSON."""
    found = batches.by_log(read, {gift.log for gift in gifts if gift.position >= 0})
    bearers, pledges, refunds = _bearers(read, gifts), pledges_of(read, gifts), Refunds(read, gifts, found)
    read.load(
        logs={gift.log for gift in gifts},
        accounts=[*(batch.gateway for batch in found.values()), *bearers.values()],
        pools={gift.pool for gift in gifts},
    )
    items: list[msgspec.Raw] = []
    last_pool = last_log = last_start = before = -1
    for gift, shown in zip(gifts, text.addresses([gift.donor for gift in gifts]), strict=True):
        pool, start, amount, number, donor, paid_at, log, position, via = gift
        end = start + amount
        if pool != last_pool or log != last_log:
            last_pool, last_log, batch, last_start = pool, log, found.get(log), -1
            of_pool, recorded, came = _of_pool(read, pool), _place(read, log), batch and _of_batch(read, batch)
            line, gave_back = line_of(read, pool), any_of(read, pool)
        if gave_back:
            spent, refunded, waiting = sums_of(read, gift, refunds)
        else:
            # In the line's order a gift ends where the one before it in the list begins.
            until = before if end == last_start else line.spent_before(end)
            before, last_start = line.spent_before(start), start
            spent, refunded, waiting = until - before, 0, amount - until + before
        if came is None:
            way, entry = _direct(read, via, bearers.get((pool, start)), pledges.get((pool, start))), "null"
        else:
            way = f'{came},"position":{position}'
            entry = f'"0x{donor.hex()}{(paid_at << 64 | amount).to_bytes(12).hex()}"'
        giver = "null" if donor == ANONYMOUS else f'"{shown}"'
        first, much = str(start), str(amount)
        items.append(
            msgspec.Raw(
                f'{{"id":"{pool}-{first}",{of_pool},"amount":"{much}","start":"{first}","end":"{end}",'
                f'"number":{number},"donor":{giver},"paid_at":{paid_at},"paid":"{text.iso(paid_at)}",{way},'
                f'"recorded":{recorded},"spent":"{spent}","refunded":"{refunded}","waiting":"{waiting}","entry":{entry}}}'
            )
        )
    return items


def _direct(read: Reader, via: int, bearer: bytes | None, pledge: int | None) -> str:
    way = "pledge" if pledge is not None else WAYS[via]
    who = None if bearer is None else read.who(bearer)
    return (
        f'"direct":true,"via":"{way}","pledge":{_json(pledge)},"bearer":{_json(who)},'
        '"batch":null,"gateway":null,"position":null'
    )


def _of_batch(read: Reader, batch: Row[Any]) -> str:
    return read.memory.written.once(
        ("batch", batch.log),
        lambda: (
            f'"direct":false,"via":"{WAYS[Via.BATCH]}","pledge":null,"bearer":null,'
            f'"batch":"{text.hexed(batch.batch)}","gateway":{_json(read.who(batch.gateway))}'
        ),
    )


def _of_pool(read: Reader, pool: int) -> str:
    return read.memory.written.once(
        ("pool", pool),
        lambda: f'"pool":{pool},"pool_name":{_json(read.pool_name(pool))},"token":{_json(read.pool_token(pool))}',
    )


def _place(read: Reader, log: int) -> str:
    return read.memory.written.once(("place", log), lambda: _json(read.place(log)))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# ------------------------------------------------------------------------------------------------ what stands beside


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
    """Return who brought these contributions, by pool and start, for those that were brought."""
    brought, found = tables.brought.c, {}
    for gift in gifts:
        if gift.via == Via.BROUGHT:
            query = select(brought.bearer).where(brought.pool == gift.pool, brought.start <= gift.start)
            [bearer] = read.rows(query.order_by(brought.start.desc()).limit(1))
            found[gift.pool, gift.start] = bearer.bearer
    return found
