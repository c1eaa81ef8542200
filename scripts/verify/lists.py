"""The explorer's lists, each from end to end: pools, batches, the record, the books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .abi import name_of
from .forms import Forms, Shape, first_line, is_title
from .gift_shapes import GiftShapes
from .out import Progress, Report
from .pool_shapes import MOST, PoolShapes
from .site import Site, whole
from .state import Pool
from .tape import Place


class Lists:
    """Compares all lists but those of gifts."""

    def __init__(self, site: Site, forms: Forms, report: Report, progress: Progress) -> None:
        """Take what is compared."""
        self._site, self._forms, self._report, self._progress = site, forms, report, progress
        self._pools, self._gifts, self._state = PoolShapes(forms), GiftShapes(forms), forms.state

    def check(self) -> None:
        """Ask for every list, the pools first: how they are called is what the others call them."""
        state, pools = self._state, self._pools
        for i, pool in enumerate(state.pools):
            self.check_pool(pool)
            self._progress.tell("asking the explorer for pools", i, len(state.pools))
        shapes = (((p.number,), f"pool {p.number}", pools.summary(p)) for p in reversed(state.pools))
        self._site.walk("/pools", shapes, lambda item: (whole(item["pool"]),))
        self._record()
        self._books()

    def check_pool(self, pool: Pool) -> None:
        """Ask for one pool, and note how it is called."""
        path = f"/pools/{pool.number}"
        self._title(path, pool, self._site.one(path, self._pools.pool(pool)))
        self._milestones(path, pool)

    def _milestones(self, path: str, pool: Pool) -> None:
        """Ask for all of a pool's milestones, page by page, in their order."""
        shapes = self._pools.milestones(pool)
        for first in range(0, len(shapes), MOST):
            last, asked = first + MOST >= len(shapes), f"?cursor=m{first - 1}" if first else ""
            page = {"items": shapes[first : first + MOST], "next": None if last else f"m{first + MOST - 1}"}
            self._site.one(f"{path}/milestones{asked}", page)

    def _title(self, path: str, pool: Pool, found: Any) -> None:
        """Check how a pool is called: by the first line of its description, whose hash was checked, or its name."""
        title = found.get("title") if isinstance(found, dict) else None
        told = found.get("description") if isinstance(found, dict) else None
        words = told.get("text") if isinstance(told, dict) else None
        line = first_line(words) if isinstance(words, str) else ""
        name = line or name_of(pool.stored["name"])
        if not is_title(title, name):
            self._report.differs(f"{path}, title", API=title, chain=name)
        self._forms.titles[pool.number] = title if isinstance(title, str) and is_title(title, name) else name

    def _record(self) -> None:
        state, pools, gifts = self._state, self._pools, self._gifts
        batches = ((batch.place, gifts.batch(batch)) for batch in reversed(state.batches.values()))
        self._walk("/batches", "recorded", batches)
        for name, path, when, shape in (
            ("Attested", "/attestations", "attested", pools.attestation),
            ("Returned", "/returns", "returned", pools.returned),
            ("Refunded", "/refunds", "refunded", gifts.refund),
            ("Objected", "/objections", "objected", gifts.objection),
            ("VoucherTold", "/vouchers", "told", gifts.voucher),
        ):
            listed = ((Place(*at), shape(Place(*at), v)) for at, v in state.lists[name].backwards())
            self._walk(path, when, listed)
        paid = (state.pool(v["pool"]).releases[v["milestone"]] for _, v in state.lists["Released"].backwards())
        self._walk("/releases", "released", ((found.place, pools.release(found)) for found in paid))

    def _books(self) -> None:
        state, pools, gifts = self._state, self._pools, self._gifts
        locked = ((Place(*at), v) for at, v in state.lists["Locked"].backwards())
        shapes = ((at, self._sponsorship(v["pool"], v["sponsorship"])) for at, v in locked)
        self._walk("/sponsorships", "locked", shapes)
        orders = reversed(list(enumerate(state.pledges, 1)))
        pledges = ((pledge.place, gifts.pledge(number, pledge)) for number, pledge in orders)
        self._walk("/pledges", "pledged", pledges)
        rounds = [(p, n, found) for p in state.pools for n, found in p.payouts.items()]
        rounds.sort(key=lambda each: each[2].sealed, reverse=True)
        sealed = ((found.sealed, pools.payout(pool, n, found)) for pool, n, found in rounds)
        self._walk("/rounds", "sealed", sealed)
        for pool, number, found in rounds:
            given = found.deliveries.backwards() if found.deliveries else iter(())
            shapes = ((Place(*at), gifts.delivery(Place(*at), v)) for at, v in given)
            self._walk(f"/rounds/{pool.number}-{number}/deliveries", "delivered", shapes)

    def _sponsorship(self, pool: int, number: int) -> Shape:
        found = self._state.pool(pool)
        return self._pools.sponsorship(found, (number, found.sponsorships[number - 1]))

    def _walk(self, path: str, when: str, shapes: Iterator[tuple[Place, Shape]]) -> None:
        """Compare a list whose items stand where they were recorded."""
        expected = ((at[:2], f"log {at.log} of block {at.block}", shape) for at, shape in shapes)
        self._site.walk(path, expected, lambda item: (whole(item[when]["block"]), whole(item[when]["index"])))
