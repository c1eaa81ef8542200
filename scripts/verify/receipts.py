"""Single gifts as an explorer shows them: their proofs, their traces, and what became of their money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import onward, trace
from .forms import Either, Forms, Shape
from .gift_shapes import GiftShapes
from .onward import Onward
from .out import Report
from .pool_shapes import PoolShapes
from .site import Expected, Site, list_in
from .state import Pool
from .tape import Gift, Place

MOST = 2_000
"""Deliveries and vouchers of one gift that are compared: ten pages of them."""


class Receipts:
    """Compares receipts with the chain."""

    def __init__(self, site: Site, forms: Forms, report: Report, some: list[tuple[Pool, Gift]]) -> None:
        """Take what is compared, and look up the refunds of these gifts, by pool and start, or by pool and batch."""
        self._site, self._report, self._state = site, report, forms.state
        self._pools, self._gifts = PoolShapes(forms), GiftShapes(forms)
        self._onward = Onward(forms.state, {at: name for name, at in forms.addresses.items()})
        self._refunds: dict[tuple[int, int | bytes | None], list[Shape]] = {}
        self._find_refunds(some)

    def check(self, pool: Pool, gift: Gift) -> None:
        """Check one gift: its proof, up from the leaf by the siblings that are shown, its trace, all its deliveries."""
        path = f"/contributions/{pool.number}-{gift.start}"
        found = self._site.one(path, self._gifts.receipt(pool, gift) | {"became": self._onward.became(pool, gift)})
        handed = self._handed(pool, gift)
        self._site.walk(f"{path}/deliveries", handed, lambda item: (-trace.digits(item["start"]),), MOST)
        if not isinstance(found, dict):
            return
        self._moves(path, pool, gift, found)
        if gift.batch is not None and not trace.proves(self._state.batches[gift.batch], gift, found.get("proof")):
            self._report.add(f"{path}, proof", "its siblings do not lead from its leaf to the batch's root")
        if (wrong := trace.mistraced(self._state, pool, gift, found.get("trace"), found.get("more"))) is not None:
            self._report.add(f"{path}, trace", wrong)

    def _handed(self, pool: Pool, gift: Gift) -> Iterator[Expected]:
        """Yield what a gift's list of deliveries and vouchers should have: in the order of its places, hence the sign.

        Past what is compared it is said that there was more.
        """
        for i, shape in enumerate(self._onward.deliveries(pool, gift)):
            if i == MOST:
                self._report.note(f"of a gift's deliveries and vouchers the first {MOST:,} were compared")
            yield (-int(shape["start"]),), f"from place {shape['start']}", shape

    def _moves(self, path: str, pool: Pool, gift: Gift, found: Any) -> None:
        """Compare the releases and refunds that a trace names with those that there are."""
        few = onward.FEW
        for i, part in enumerate(list_in(found, "trace")):
            number = part.get("milestone") if isinstance(part, dict) else None
            release = pool.releases.get(number) if type(number) is int else None
            if release is not None:
                shape = {"milestone": number, "release": self._pools.release(release)}
                if (over := trace.span_of(part)) is not None:
                    shape["paid"], few = self._onward.paid(pool, release.values["milestone"], over, few)
                self._site.compare(f"{path}, trace {i}", shape, part)
            elif isinstance(part, dict) and "refund" in part:
                known = Either(self._refunds.get((pool.number, gift.start), ()))
                of_batch = self._refunds.get((pool.number, gift.batch), ())
                self._site.compare(f"{path}, trace {i}, refund", Either((*known, *of_batch)), part["refund"])
            else:
                self._site.compare(f"{path}, trace {i}", {"waiting": True}, part)

    def _find_refunds(self, some: list[tuple[Pool, Gift]]) -> None:
        wanted = {(pool.number, key) for pool, gift in some for key in (gift.start, gift.batch) if key is not None}
        for at, v in self._state.lists["Refunded"].forwards():
            key = (v["pool"], v["start"] if "start" in v else v["batch"])
            if key in wanted:
                self._refunds.setdefault(key, []).append(self._gifts.refund(Place(*at), v))
