"""Some donors as an explorer shows them: what each gave, what became of it, and the list of their gifts."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from typing import Any

from . import trace
from .forms import Either, Forms, Shape, hexed, place
from .gift_shapes import GiftShapes
from .out import Report
from .site import Expected, Key, Site, list_in, whole
from .state import Pool
from .tape import Gift, Place

_DONORS, _PLEDGES = 10, 50

_ADDED_UP, _POOLS = 5_000, 200
"""A donor's gifts, and pools, up to which an answer has all of them."""

MOST = 1_000
"""Gifts of a donor's list that are compared, the newest."""


class Donors:
    """Compares donors with the chain. All gifts must be shown to it first."""

    def __init__(self, site: Site, forms: Forms, report: Report, some: list[tuple[Pool, Gift]]) -> None:
        """Take what is compared, and choose donors of these gifts by chance."""
        self._site, self._forms, self._report = site, forms, report
        self._gifts, self._state = GiftShapes(forms), forms.state
        named = [gift.donor for _, gift in some if any(gift.donor)]
        chosen = random.SystemRandom().sample(named, min(_DONORS, len(named)))
        self._donors: dict[bytes, dict[int, dict[str, int]]] = {donor: {} for donor in chosen}
        self._spans: dict[bytes, list[Place]] = {}
        self._newest: dict[bytes, list[tuple[Key, int, Gift]]] = {donor: [] for donor in chosen}

    def add(self, pool: Pool, gift: Gift) -> None:
        """Add up a gift, if it is one of a chosen donor's."""
        if gift.donor not in self._donors:
            return
        sums = self._donors[gift.donor].setdefault(
            pool.number, dict.fromkeys(("amount", "spent", "refunded", "waiting", "contributions"), 0)
        )
        waiting = pool.line.unspent(gift.start, gift.start + gift.amount)
        refunded = trace.refunded_of(self._state, pool, gift.start, gift.amount, gift.batch)
        sums["amount"] += gift.amount
        sums["spent"] += gift.amount - waiting
        sums["refunded"] += refunded
        sums["waiting"] += waiting - refunded
        sums["contributions"] += 1
        places = [*self._spans.get(gift.donor, []), gift.place]
        self._spans[gift.donor] = [min(places), max(places)]
        newest = self._newest[gift.donor]
        heapq.heappush(newest, ((*gift.place[:2], gift.start), pool.number, gift))
        if len(newest) > MOST + 1:  # one more, which says that the list goes on
            heapq.heappop(newest)

    def check(self) -> None:
        """Ask for each donor."""
        for donor, pools in self._donors.items():
            self._donor(donor, pools)
            path = f"/donors/{hexed(donor)}/contributions"
            self._site.walk(path, self._given(donor), _key_of, MOST)

    def _given(self, donor: bytes) -> Iterator[Expected]:
        for i, (key, number, gift) in enumerate(sorted(self._newest[donor], reverse=True)):
            if i == MOST:
                self._report.note(f"of a donor's list of gifts the newest {MOST:,} were compared")
            yield key, f"gift {number}-{gift.start}", self._gifts.listed(self._state.pool(number), gift)

    def _donor(self, donor: bytes, pools: dict[int, dict[str, int]]) -> None:
        path, rest = f"/donors/{hexed(donor)}", dict(pools)
        count = sum(sums["contributions"] for sums in pools.values())
        if count > _ADDED_UP:
            # Its gifts are compared one by one in their pools' lists; the sums are of the newest alone.
            self._site.one(path, {"donor": hexed(donor)})
            return
        first, last = self._spans[donor]
        orders = [(n, p) for n, p in enumerate(self._state.pledges, 1) if p.stored["donor"] == donor]
        pledges = [self._gifts.pledge(number, pledge) for number, pledge in orders[: -_PLEDGES - 1 : -1]]
        shape: Shape = {"donor": hexed(donor), "contributions": count, "first": place(first), "last": place(last)}
        shape |= {"pools_total": len(pools), "since": None}
        found = self._site.one(path, shape | {"pledges": pledges})
        for shown in list_in(found, "pools"):
            number = shown.get("pool") if isinstance(shown, dict) else None
            sums = rest.pop(number, None) if isinstance(number, int) else None
            if sums is None or number is None:
                self._report.differs(f"{path}, a pool", API=number, chain="no gift to such a pool")
                continue
            pool = self._state.pool(number)
            over = [pool.ended_at(clock) is not None for clock in self._forms.clocks()]
            shape = {name: str(value) for name, value in sums.items() if name != "contributions"}
            shape |= {"contributions": sums["contributions"], "token": self._forms.token(pool.stored["token"])}
            shape["claimable"] = Either(str(sums["waiting"] if it else 0) for it in over)
            self._site.compare(f"{path}, pool {number}", shape | self._forms.named(number), shown)
        for number in rest if len(pools) <= _POOLS else ():
            self._report.differs(f"{path}, pool {number}", API="nothing", chain="it is there")
        self._totals(path, pools, found)

    def _totals(self, path: str, pools: dict[int, dict[str, int]], found: Any) -> None:
        """Compare what a donor gave in all, by token."""
        totals: dict[bytes, int] = {}
        for number, sums in pools.items():
            token = self._state.pool(number).stored["token"]
            totals[token] = totals.get(token, 0) + sums["amount"]
        wanted = [{"token": self._forms.token(token), "amount": str(amount)} for token, amount in totals.items()]
        told = sorted(list_in(found, "totals"), key=str)
        self._site.compare(f"{path}, totals", sorted(wanted, key=str), told)


def _key_of(item: Any) -> Key:
    at = item["recorded"]
    return whole(at["block"]), whole(at["index"]), trace.digits(item["start"])
