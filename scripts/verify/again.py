"""What an explorer tells a second time, by itself: a batch and its entries, a standing order, a payout round, NGOs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from .forms import Forms, hexed
from .gift_shapes import GiftShapes
from .out import Report
from .pool_shapes import PoolShapes
from .site import Expected, Key, Site, whole
from .state import NGO, Batch, Member, Pool
from .tape import Gift, Place
from .trace import digits

MOST = 200
"""Entries of a batch that are compared, the first ones, and as many from a place by chance on; and collections."""

_SOME, _NGOS, _POOLS = 12, 40, 100
"""How many of each are asked for; NGOs; pools that an answer of an NGO has."""

Found = TypeVar("Found")


class Again:
    """Compares them with the chain."""

    def __init__(self, site: Site, forms: Forms, report: Report, some: list[tuple[Pool, Gift]]) -> None:
        """Take what is compared; the batches are those of `some` gifts."""
        self._site, self._report, self._state = site, report, forms.state
        self._pools, self._gifts = PoolShapes(forms), GiftShapes(forms)
        self._some, self._chance = some, random.SystemRandom()

    def check(self) -> None:
        """Ask for some of each, by chance."""
        batches = {gift.batch: (pool, gift) for pool, gift in self._some if gift.batch is not None}
        for batch in self._few(list(batches), _SOME, "batches"):
            self._batch(self._state.batches[batch], *batches[batch])
        self._pledges(self._few(range(1, len(self._state.pledges) + 1), _SOME, "standing orders"))
        rounds = [(pool, number) for pool in self._state.pools for number in pool.payouts]
        for pool, number in self._few(rounds, _SOME, "payout rounds"):
            shape = self._pools.payout(pool, number, pool.payouts[number])
            self._site.one(f"/rounds/{pool.number}-{number}", shape)
        self._ngos()

    def _few(self, found: Sequence[Found], most: int, what: str) -> list[Found]:
        if len(found) > most:
            self._report.note(f"of {what} {most} were asked for by themselves, by chance")
        return self._chance.sample(found, min(most, len(found)))

    # ------------------------------------------------------------------------------------------------ batches

    def _batch(self, batch: Batch, pool: Pool, gift: Gift) -> None:
        """Ask for a batch, its first entries, and those from a gift of it on."""
        path, first = f"/batches/{hexed(batch.identity)}", batch.stored["start"]
        self._site.one(path, self._gifts.batch(batch))
        entries = self._entries(pool, first)
        self._site.walk(f"{path}/contributions", entries, lambda item: (-digits(item["start"]),), MOST)
        if batch.stored["count"] > MOST:
            self._report.note(f"of a batch's list of entries the first {MOST} were compared, and {MOST} by chance")
            entries = self._entries(pool, first, gift.position)
            shapes = [shape for _, _, shape in islice(entries, MOST)]
            self._site.first(f"{path}/contributions?cursor=b{gift.start - 1}", shapes)

    def _entries(self, pool: Pool, first: int, position: int = 0) -> Iterator[Expected]:
        """Yield what a batch's list should have: in the order of its places, hence the sign."""
        for entry in islice(pool.gifts.of_batch(first), position, None):
            yield (-entry.start,), f"gift {pool.number}-{entry.start}", self._gifts.listed(pool, entry)

    # ----------------------------------------------------------------------------------------- standing orders

    def _pledges(self, numbers: list[int]) -> None:
        """Ask for standing orders, and what was collected of each lately."""
        taken: dict[int, list[Expected]] = {number: [] for number in numbers}
        for row in self._state.lists["Collected"].backwards() if numbers else ():
            found = taken.get(row[2])
            if found is not None and len(found) <= MOST:  # one more, which says that the list goes on
                at = Place(*row[0])
                found.append(((*at[:2], row[4]), f"log {at.log} of block {at.block}", self._gifts.collection(at, row)))
        for number, collected in taken.items():
            self._site.one(f"/pledges/{number}", self._gifts.pledge(number, self._state.pledges[number - 1]))
            if len(collected) > MOST:
                self._report.note(f"of what was collected of a standing order the newest {MOST} were compared")
            self._site.walk(f"/pledges/{number}/collections", collected, _collected, MOST)

    # --------------------------------------------------------------------------------------------------- NGOs

    def _ngos(self) -> None:
        """Ask for the list of all NGOs, and for some by themselves, with their newest pools."""
        own: dict[bytes, list[Pool]] = {}
        for pool in self._state.pools:
            own.setdefault(pool.stored["ngo"], []).append(pool)
        found = [(account, member) for account, member in self._state.members.items() if member.kind == NGO]
        found.sort(key=lambda each: each[1].place, reverse=True)

        def listed() -> Iterator[Expected]:
            for account, member in found:
                shape = self._pools.ngo(account, member, len(own.get(account, ())))
                yield member.place[:2], f"NGO {hexed(account)}", shape

        self._site.walk("/ngos", listed(), _accredited)
        for account, member in self._few(found, _NGOS, "NGOs"):
            self._ngo(account, member, own.get(account, []))

    def _ngo(self, account: bytes, member: Member, own: list[Pool]) -> None:
        newest = own[: -_POOLS - 1 : -1]
        pools = [self._pools.summary(pool) for pool in newest]
        more = {"pools": pools, "pools_next": f"p{newest[-1].number}" if len(own) > _POOLS else None}
        self._site.one(f"/ngos/{hexed(account)}", self._pools.ngo(account, member, len(own)) | more)


def _collected(item: Any) -> Key:
    at = item["collected"]
    return whole(at["block"]), whole(at["index"]), digits(item["contribution"].partition("-")[2])


def _accredited(item: Any) -> Key:
    return whole(item["accredited"]["block"]), whole(item["accredited"]["index"])
