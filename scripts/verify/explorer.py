"""What a running explorer is asked: its totals, its lists from end to end, and the proofs and traces of some gifts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import trace
from .abi import events_of
from .again import Again
from .donors import Donors
from .forms import Forms, Shape, hexed, place
from .gift_shapes import GiftShapes
from .lists import Lists
from .node import Header, Log, Node
from .out import Progress, Report
from .payers import Payers
from .pool_shapes import PoolShapes
from .receipts import Receipts
from .site import Expected, Key, Site, list_in, whole
from .state import Pool
from .tables import CONTRIBUTIONS, contribution
from .tape import Gift
from .words import HOLDERS

_BLOCKS, _LATEST, _SHOWN, _LONG = 12, 200, 12, 1024

_MANY = 50_000
"""Gifts up to which all pages of them are read."""

_COLUMNS = [*CONTRIBUTIONS, "batch", "gateway", "token", "block", "index", "time", "tx"]
_HEAD, _ROW = 4096, 600
"""Bytes that a file of gifts has at most: its beginning, and each row."""


class Explorer:
    """Compares an explorer with the chain."""

    def __init__(self, site: Site, forms: Forms, report: Report, progress: Progress) -> None:
        """Take what is compared."""
        self._site, self._forms, self._report, self._progress = site, forms, report, progress
        self._pools, self._gifts, self._state = PoolShapes(forms), GiftShapes(forms), forms.state
        self._donors = Donors(site, forms, report, [])
        self._contracts = {at: name for name, at in forms.addresses.items()}

    def check(self, node: Node, block: Header, genesis: bytes, sample: int, gifts: str = "pages") -> None:
        """Ask for everything that it shows of money; of single gifts' proofs and traces, and of raw logs, a sample.

        Args:
            node: Who has the raw logs.
            block: Up to which the state is.
            genesis: The hash of the chain's first block.
            sample: How many gifts are asked for by themselves.
            gifts: Whether all gifts are read by `pages` or by the `export`; `auto`: many of them by the export.

        """
        self._progress.begin()
        Lists(self._site, self._forms, self._report, self._progress).check()
        self._overview(genesis)
        some = list(self._state.some_gifts(sample))
        self._donors = Donors(self._site, self._forms, self._report, some)
        done = 0
        by_export = gifts == "export" or (gifts == "auto" and self._state.gifts > _MANY and self._site.offers_export())
        if by_export:
            self._report.note("all gifts were read in the explorer's export, of its pages the newest (--gifts pages)")
        for pool in self._state.pools:
            done = self._exported(pool, block, done) if by_export else self._contributions(pool, done)
        receipts = Receipts(self._site, self._forms, self._report, some)
        for pool, gift in some:
            receipts.check(pool, gift)
        self._donors.check()
        Payers(self._site, self._forms, self._report).check()
        Again(self._site, self._forms, self._report, some).check()
        self._events(node, {gift.place.block for _, gift in some[:_BLOCKS]}, block.number)

    # ------------------------------------------------------------------------------------- the whole and the lists

    def _overview(self, genesis: bytes) -> None:
        state, lists = self._state, self._state.lists
        fund = hexed(self._forms.addresses["PooledFund"])
        health = {"chain_id": self._forms.chain_id, "genesis": hexed(genesis), "fund": fund, "halted": None}
        self._site.one("/health", health)
        moves = [self._gifts.movement(*move) for move in reversed(state.movements)]
        self._site.first("/movements", moves)
        found = self._site.one(
            "/summary",
            {
                "pools": len(state.pools),
                "contributions": state.gifts,
                "batches": len(state.batches),
                "attestations": lists["Attested"].count,
                "releases": lists["Released"].count,
                "latest": moves[:_SHOWN],
                "after": state.last_log,
                "index": health,
            },
        )
        totals = self._pools.totals()
        for shown in list_in(found, "tokens"):
            token = shown.get("token") if isinstance(shown, dict) else None
            named = token.get("address") if isinstance(token, dict) else None
            wanted = totals.pop(named, None) if isinstance(named, str) else None
            self._site.compare("/summary, totals of a token", wanted or "no such token", shown)
        for token in totals:
            self._report.differs(f"/summary, totals of {token}", API="nothing", chain="it is there")

    # ---------------------------------------------------------------------------------------------------- gifts

    def _exported(self, pool: Pool, block: Header, done: int) -> int:
        """Compare all gifts by the file that has them, pinned to the block, and the newest page of them."""
        path = f"/export/contributions.csv?pool={pool.number}&block={block.number}&hash=0x{block.hash.hex()}"
        token = hexed(pool.stored["token"])
        rows = self._site.export(path, _COLUMNS, 2, _HEAD + _ROW * pool.gifts.count)
        for i, gift in enumerate(pool.gifts.gifts()):
            self._donors.add(pool, gift)
            if rows is not None:
                rows.expect([*contribution(pool.number, gift), *self._beside(gift, token)])
            if not i & 4095:
                self._progress.tell("asking the explorer for every gift", done + i, self._state.gifts)
        if rows is not None:
            rows.finish()
        newest = [self._gifts.listed(pool, gift) for gift in islice(pool.gifts.newest(), _LATEST)]
        self._site.first(f"/pools/{pool.number}/contributions", newest)
        return done + pool.gifts.count

    def _beside(self, gift: Gift, token: str) -> list[str]:
        batch = self._state.batches[gift.batch] if gift.batch else None
        own = [hexed(batch.identity), hexed(batch.gateway)] if batch else ["", ""]
        block, index, tx, time = gift.place
        return [*own, token, str(block), str(index), str(time), hexed(tx)]

    def _contributions(self, pool: Pool, done: int) -> int:
        count = 0

        def expected() -> Iterator[Expected]:
            nonlocal count
            for gift in pool.gifts.newest():
                self._donors.add(pool, gift)
                count += 1
                if not count & 1023:
                    self._progress.tell("asking the explorer for every gift", done + count, self._state.gifts)
                yield (gift.start,), f"gift {pool.number}-{gift.start}", self._gifts.listed(pool, gift)

        path = f"/pools/{pool.number}/contributions"
        gifts = expected()
        self._site.walk(path, gifts, lambda item: (trace.digits(item["start"]),))
        for _ in gifts:  # where the list was cut short, the donors' sums still want the rest
            pass
        return done + pool.gifts.count

    # ----------------------------------------------------------------------------------------------- the raw logs

    def _decoded(self, log: Log) -> Shape:
        """Return the name of a log's event, and its values but for long ones."""
        event = events_of(self._contracts[log.address])[log.topics[0]]
        values = event.decode(log.topics, log.data)
        sizes = {
            name: sum(map(len, v)) if isinstance(v, list) else len(v)
            for name, v in values.items()
            if isinstance(v, bytes | list)
        }
        return {"event": event.name, "args": {n: _said(v) for n, v in values.items() if sizes.get(n, 0) <= _LONG}}

    def _events(self, node: Node, blocks: set[int], last: int) -> None:
        """Compare the newest gifts of all, and the raw logs of some blocks with the node's."""
        recent = sorted(
            filter(None, (_last(pool) for pool in self._state.pools)), key=lambda each: each[0], reverse=True
        )
        newest = [(g, pool) for _, pool in recent[:_LATEST] for g in islice(pool.gifts.newest(), _LATEST)]
        newest.sort(key=lambda each: (each[0].place[:2], each[1].number, each[0].start), reverse=True)
        self._site.first("/contributions", [self._gifts.listed(p, g) for g, p in newest[:_LATEST]])
        for block in sorted({*blocks, last}):
            for _, logs in node.logs(list(self._forms.addresses.values()), block, block):
                shapes = [
                    {
                        "id": log.block << 20 | log.index, "address": hexed(log.address),
                        "topics": [hexed(topic) for topic in log.topics], "data": hexed(log.data),
                        "place": place((log.block, log.index, log.tx, log.time)), **self._decoded(log),
                    }
                    for log in reversed(logs)
                    if events_of(self._contracts[log.address])[log.topics[0]].name not in HOLDERS
                ]  # fmt: skip
                path = f"/events?from_block={block}&to_block={block}"
                expected = (((whole(s["id"]),), f"event {s['id']}", s) for s in shapes)
                self._site.walk(path, expected, lambda item: (whole(item["id"]),))


def _said(value: Any) -> Any:
    """Return an event's value as JSON has it: whole numbers are strings."""
    if isinstance(value, bytes):
        return hexed(value)
    if isinstance(value, list):
        return [hexed(word) for word in value]
    return value if isinstance(value, bool | str) else str(value)


def _last(pool: Pool) -> tuple[Key, Pool] | None:
    gift = next(pool.gifts.newest(), None)
    return ((*gift.place[:2], pool.number), pool) if gift else None
