"""What a running explorer is asked: its totals, its lists from end to end, and the proofs and traces of some gifts."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import trace
from .forms import Either, Forms, Shape, address, hexed
from .fund import refunded_of
from .gift_shapes import GiftShapes
from .node import Node
from .out import Progress, Report
from .pool_shapes import PoolShapes
from .site import Expected, Key, Site
from .state import Pool
from .tape import Gift, Place

_DONORS, _BLOCKS, _LATEST = 10, 12, 200


class Explorer:
    """Compares an explorer with the chain."""

    def __init__(self, site: Site, forms: Forms, report: Report, progress: Progress) -> None:
        """Take what is compared."""
        self._site, self._forms, self._report, self._progress = site, forms, report, progress
        self._pools, self._gifts, self._state = PoolShapes(forms), GiftShapes(forms), forms.state
        self._donors: dict[bytes, dict[int, dict[str, int]]] = {}

    def check(self, node: Node, block: int, genesis: bytes, sample: int) -> None:
        """Ask for everything that it shows of money; of single gifts' proofs and traces, and of raw logs, a sample."""
        self._progress.begin()
        self._overview(genesis)
        self._lists()
        some = list(self._state.some_gifts(sample))
        chance = random.SystemRandom()
        named = [gift.donor for _, gift in some if any(gift.donor)]
        self._donors = {donor: {} for donor in chance.sample(named, min(_DONORS, len(named)))}
        done = 0
        for pool in self._state.pools:
            done = self._contributions(pool, done)
        for pool, gift in some:
            self._receipt(pool, gift)
        for donor, pools in self._donors.items():
            self._donor(donor, pools)
        self._events(node, {gift.place.block for _, gift in some[:_BLOCKS]}, block)

    # ------------------------------------------------------------------------------------- the whole and the lists

    def _overview(self, genesis: bytes) -> None:
        state, one = self._state, self._site.one
        fund = address(self._forms.addresses["PooledFund"])
        one("health", "/health", {"chain_id": self._forms.chain_id, "genesis": hexed(genesis), "fund": fund})
        lists = state.lists
        counts = {
            "pools": len(state.pools), "contributions": state.gifts, "batches": len(state.batches),
            "attestations": lists["Attested"].count, "releases": lists["Released"].count,
        }  # fmt: skip
        found = one("summary", "/summary", counts)
        tokens = found.get("tokens") if isinstance(found, dict) else None
        totals = {**self._pools.totals()}
        for shown in tokens if isinstance(tokens, list) else []:
            token = shown.get("token") if isinstance(shown, dict) else None
            named = token.get("address") if isinstance(token, dict) else None
            wanted = totals.pop(named, None) if isinstance(named, str) else None
            self._site.compare("summary, totals of a token", wanted or "no such token", shown)
        for token in totals:
            self._report.differs(f"summary, totals of {token}", API="nothing", chain="it is there")
        moves = [self._gifts.movement(*move) for move in reversed(state.movements)]
        self._site.first("movements", "/movements", moves)

    def _lists(self) -> None:
        state, pools, gifts, walk = self._state, self._pools, self._gifts, self._site.walk
        by_number = ((pool.number,) for pool in reversed(state.pools))
        shapes = (pools.summary(pool) for pool in reversed(state.pools))
        walk("pools", "/pools", _named("pool", by_number, shapes), lambda item: (_int(item["pool"]),))
        for i, pool in enumerate(state.pools):
            what = f"pool {pool.number}"
            found = self._site.one(what, f"/pools/{pool.number}", pools.pool(pool))
            self._described(what, pool, found)
            self._site.one(f"{what}, milestones", f"/pools/{pool.number}/milestones", pools.milestones(pool))
            self._progress.tell("asking the explorer for pools", i, len(state.pools))
        batches = ((batch.place, gifts.batch(batch)) for batch in reversed(state.batches.values()))
        self._record("batch", "/batches", "recorded", batches)
        for name, path, when, shape in (
            ("Attested", "attestations", "attested", pools.attestation),
            ("Returned", "returns", "returned", pools.returned),
            ("Refunded", "refunds", "refunded", gifts.refund),
            ("Objected", "objections", "objected", gifts.objection),
            ("VoucherTold", "vouchers", "told", gifts.voucher),
        ):
            listed = ((Place(*at), shape(Place(*at), v)) for at, v in state.lists[name].backwards())
            self._record(path[:-1], f"/{path}", when, listed)
        paid = (state.pool(v["pool"]).releases[v["milestone"]] for _, v in state.lists["Released"].backwards())
        self._record("release", "/releases", "released", ((found.place, pools.release(found)) for found in paid))
        self._books()

    def _books(self) -> None:
        state, pools, gifts = self._state, self._pools, self._gifts
        locked = ((Place(*at), v) for at, v in state.lists["Locked"].backwards())
        shapes = ((at, self._sponsorship(v["pool"], v["sponsorship"])) for at, v in locked)
        self._record("sponsorship", "/sponsorships", "locked", shapes)
        orders = reversed(list(enumerate(state.pledges, 1)))
        pledges = ((pledge.place, gifts.pledge(number, pledge)) for number, pledge in orders)
        self._record("standing order", "/pledges", "pledged", pledges)
        rounds = [(p, n, found) for p in state.pools for n, found in p.payouts.items()]
        rounds.sort(key=lambda each: each[2].sealed, reverse=True)
        sealed = ((found.sealed, pools.payout(pool, n, found)) for pool, n, found in rounds)
        self._record("payout round", "/rounds", "sealed", sealed)
        for pool, number, found in rounds:
            given = found.deliveries.backwards() if found.deliveries else iter(())
            shapes = ((Place(*at), gifts.delivery(Place(*at), v)) for at, v in given)
            path = f"/rounds/{pool.number}-{number}/deliveries"
            self._record(f"delivery of round {pool.number}-{number}", path, "delivered", shapes)

    def _sponsorship(self, pool: int, number: int) -> Shape:
        found = self._state.pool(pool)
        return self._pools.sponsorship(found, (number, found.sponsorships[number - 1]))

    def _record(self, what: str, path: str, when: str, shapes: Iterator[tuple[Place, Shape]]) -> None:
        """Compare a list whose items stand where they were recorded."""
        expected = ((at[:2], f"{what} at log {at.log} of block {at.block}", shape) for at, shape in shapes)
        self._site.walk(
            f"{what} list", path, expected, lambda item: (_int(item[when]["block"]), _int(item[when]["index"]))
        )

    def _described(self, what: str, pool: Pool, found: Any) -> None:
        """Check that the text which is shown as the pool's description hashes to what its NGO named."""
        told = found.get("description") if isinstance(found, dict) else None
        words = told.get("text") if isinstance(told, dict) else None
        if words is None:
            return
        texts = (
            [words.encode("utf-8", "replace"), b"\xef\xbb\xbf" + words.encode("utf-8", "replace")]
            if isinstance(words, str)
            else []
        )
        if pool.stored["descriptionHash"] not in [hashlib.sha256(text).digest() for text in texts]:
            self._report.differs(f"{what}, description's text", API=words, chain=pool.stored["descriptionHash"])

    # ---------------------------------------------------------------------------------------------------- gifts

    def _contributions(self, pool: Pool, done: int) -> int:
        count = 0

        def expected() -> Iterator[Expected]:
            nonlocal count
            for gift in pool.gifts.newest():
                if gift.donor in self._donors:
                    self._add_up(pool, gift)
                count += 1
                if not count & 1023:
                    self._progress.tell("asking the explorer for every gift", done + count, self._state.gifts)
                yield (gift.start,), f"gift {pool.number}-{gift.start}", self._gifts.gift(pool, gift)

        path = f"/pools/{pool.number}/contributions"
        self._site.walk(f"gifts of pool {pool.number}", path, expected(), lambda item: (trace.digits(item["start"]),))
        return done + pool.gifts.count

    def _add_up(self, pool: Pool, gift: Gift) -> None:
        sums = self._donors[gift.donor].setdefault(
            pool.number, dict.fromkeys(("amount", "spent", "refunded", "waiting", "contributions"), 0)
        )
        waiting = pool.line.unspent(gift.start, gift.start + gift.amount)
        refunded = refunded_of(self._state, pool, gift.start, gift.amount, gift.batch)
        sums["amount"] += gift.amount
        sums["spent"] += gift.amount - waiting
        sums["refunded"] += refunded
        sums["waiting"] += waiting - refunded
        sums["contributions"] += 1

    def _donor(self, donor: bytes, pools: dict[int, dict[str, int]]) -> None:
        what = f"donor {address(donor)}"
        count = sum(sums["contributions"] for sums in pools.values())
        found = self._site.one(what, f"/donors/{hexed(donor)}", {"donor": address(donor), "contributions": count})
        given = found.get("pools") if isinstance(found, dict) else None
        rest = dict(pools)
        for shown in given if isinstance(given, list) else []:
            number = shown.get("pool") if isinstance(shown, dict) else None
            sums = rest.pop(number, None) if isinstance(number, int) else None
            if sums is None or number is None:
                self._report.differs(f"{what}, a pool", API=number, chain="no gift to such a pool")
                continue
            pool = self._state.pool(number)
            over = [pool.ended_at(clock) is not None for clock in self._forms.clocks]
            shape: Shape = {name: str(value) for name, value in sums.items() if name != "contributions"}
            shape |= {"contributions": sums["contributions"], "token": self._forms.token(pool.stored["token"])}
            shape["claimable"] = Either(str(sums["waiting"] if it else 0) for it in over)
            self._site.compare(f"{what}, pool {number}", shape, shown)
        for number in rest:
            self._report.differs(f"{what}, pool {number}", API="nothing", chain="it is there")

    def _receipt(self, pool: Pool, gift: Gift) -> None:
        """Check one gift by itself: its proof, up from the leaf by the very siblings that are shown, and its trace."""
        name, shape = f"gift {pool.number}-{gift.start}, by itself", self._gifts.gift(pool, gift)
        path = f"/contributions/{pool.number}-{gift.start}"
        found = self._site.one(name, path, {**shape, "proof": self._gifts.proof(pool, gift)})
        if not isinstance(found, dict):
            return
        if gift.batch is not None and not trace.proves(self._state.batches[gift.batch], gift, found.get("proof")):
            self._report.add(f"{name}, proof", "its siblings do not lead from its leaf to the batch's root")
        if (wrong := trace.mistraced(self._state, pool, gift, found.get("trace"))) is not None:
            self._report.add(f"{name}, trace", wrong)

    # ----------------------------------------------------------------------------------------------- the raw logs

    def _events(self, node: Node, blocks: set[int], last: int) -> None:
        """Compare the newest gifts of all, and the raw logs of some blocks with the node's."""
        recent = sorted(
            filter(None, (_last(pool) for pool in self._state.pools)), key=lambda each: each[0], reverse=True
        )
        newest = [(g, pool) for _, pool in recent[:_LATEST] for g in islice(pool.gifts.newest(), _LATEST)]
        newest.sort(key=lambda each: (each[0].place[:2], each[1].number, each[0].start), reverse=True)
        self._site.first("latest gifts", "/contributions", [self._gifts.gift(p, g) for g, p in newest[:_LATEST]])
        for block in sorted({*blocks, last}):
            for _, logs in node.logs(list(self._forms.addresses.values()), block, block):
                shapes = [
                    {
                        "id": log.block << 20 | log.index, "address": address(log.address),
                        "topics": [hexed(topic) for topic in log.topics], "data": hexed(log.data),
                        "place": {"block": log.block, "index": log.index, "tx": hexed(log.tx), "time": log.time},
                    }
                    for log in reversed(logs)
                ]  # fmt: skip
                path = f"/events?from_block={block}&to_block={block}"
                expected = (((_int(s["id"]),), f"event {s['id']}", s) for s in shapes)
                self._site.walk(f"events of block {block}", path, expected, lambda item: (_int(item["id"]),))


def _named(what: str, keys: Iterator[Key], shapes: Iterator[Any]) -> Iterator[Expected]:
    return ((key, f"{what} {key[0]}", shape) for key, shape in zip(keys, shapes, strict=True))


def _int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _last(pool: Pool) -> tuple[Key, Pool] | None:
    gift = next(pool.gifts.newest(), None)
    return ((*gift.place[:2], pool.number), pool) if gift else None
