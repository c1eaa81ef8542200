"""Which gifts paid a release, as an explorer tells it: those that have places which the milestone spent and kept."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from .forms import Forms
from .gift_shapes import GiftShapes
from .line import Span
from .out import Report
from .site import Expected, Site
from .state import Pool
from .tape import Gift
from .trace import digits

MOST = 200
"""Gifts of one release that are compared, the first in line; and as many from a place by chance on."""

_RELEASED, _OTHERS = 100, 20
"""Milestones that are asked for, by chance where there are more: released ones, and those that were not."""


class Payers:
    """Compares who paid releases with the chain."""

    def __init__(self, site: Site, forms: Forms, report: Report) -> None:
        """Take what is compared."""
        self._site, self._report, self._state, self._gifts = site, report, forms.state, GiftShapes(forms)
        self._chance = random.SystemRandom()

    def check(self) -> None:
        """Ask for the payers of releases, and that what was not released has none."""
        both: tuple[list[tuple[Pool, int]], list[tuple[Pool, int]]] = [], []
        for pool in self._state.pools:
            for number in range(len(pool.planned)):
                both[number not in pool.releases].append((pool, number))
        for found, most in zip(both, (_RELEASED, _OTHERS), strict=True):
            if len(found) > most:
                what = "releases" if found is both[0] else "milestones that were not released"
                self._report.note(f"of {most} {what} it was asked who paid, by chance")
            for pool, number in self._chance.sample(found, min(most, len(found))):
                self._milestone(pool, number)

    def _milestone(self, pool: Pool, number: int) -> None:
        path = f"/pools/{pool.number}/milestones/{number}/contributions"
        spans = sorted(pool.line.spent.get(number, []))  # those that touch were spent one by one, and stay two
        listed = list(islice(self._payers(pool, spans, 0), MOST + 1))
        self._site.walk(path, listed, lambda item: (-digits(item["contribution"]["start"]),), MOST)
        if len(listed) > MOST:
            self._report.note(f"of who paid a release the first {MOST} were compared, and {MOST} by chance")
            start = self._somewhere(pool, spans)
            shapes = [shape for _, _, shape in islice(self._payers(pool, spans, start), MOST)]
            self._site.first(f"{path}?cursor=y{start - 1}", shapes)

    def _somewhere(self, pool: Pool, spans: list[Span]) -> int:
        """Return where a gift begins that has a place of these, each place with the same chance."""
        at = self._chance.randrange(sum(end - start for start, end in spans))
        for start, end in spans:
            if at < end - start:
                gift = pool.gifts.around(start + at)
                return gift.start if gift else 0
            at -= end - start
        return 0

    def _payers(self, pool: Pool, spans: list[Span], since: int) -> Iterator[Expected]:
        """Yield what a list should have from a gift's start on: in the order of its places, hence the sign."""
        for gift in _over(pool, spans, since):
            end = gift.start + gift.amount
            parts, at = [], bisect_right(spans, gift.start, key=lambda span: span[1])
            while at < len(spans) and spans[at][0] < end:
                parts.append((max(gift.start, spans[at][0]), min(end, spans[at][1])))
                at += 1
            yield (-gift.start,), f"gift {pool.number}-{gift.start}", self._gifts.payer(pool, gift, parts)


def _over(pool: Pool, spans: list[Span], since: int) -> Iterator[Gift]:
    """Yield the gifts that have places of some spans, each once, from one's start on."""
    for start, end in spans:
        if end > since:  # or a gift that was yielded has all of it
            for gift in pool.gifts.since(max(start, since)):
                if gift.start >= end:
                    break
                yield gift
                since = gift.start + gift.amount
