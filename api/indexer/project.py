"""From events to rows: which event adds a row to which table. Rows are only added (see api.tables), so this is pure.

The one thing that a row needs to know of the past is its pool's line, and that is checked: a contribution or a release
that does not start where the line stood would be a lie, and stops the sync.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any, TypeAlias

from api import tables, tree
from api.errors import BrokenLineError
from api.indexer.decode import GIFT, Gifts, Log, entries_of
from api.indexer.line import Line
from api.indexer.simple import SIMPLE, Row
from api.indexer.tally import TALLIES, count
from api.types import Via

Rows: TypeAlias = dict[str, list[Row]]


@dataclass
class Projection:
    """The rows of a run of logs, and the lines as they stand after it."""

    lines: dict[int, Line]
    times: dict[int, int]  # of the logs' blocks
    chain_id: int
    rows: Rows = field(default_factory=lambda: defaultdict(list))

    _matches: defaultdict[int, list[Log]] = field(default_factory=lambda: defaultdict(list))  # by pool: not yet in line

    def add(self, log: Log) -> None:
        """Add a log's rows.

        Raises:
            BrokenLineError: It does not fit the pool's line.

        """
        place, tx, address, topics, data, event, _ = log
        self.rows["logs"].append((place, tx, address, event, topics, data))
        simple = SIMPLE.get(event)
        if simple is not None:
            table, row = simple
            if (values := row(log.values)) is not None:
                self.rows[table].append((log.place, *values, *self._totals(table, log.values)))
        if move := _MOVES.get(event):
            try:
                pool = log.values["pool"]
                move(self, log, log.values, self._line(pool))
            except BrokenLineError as error:
                raise BrokenLineError(f"{_where(log)} {error}") from None
        elif event == "Minted":
            v = log.values
            self.rows["deposits"].append(
                (log.place, v["gateway"], v["to"], v["depositReference"], log.address, v["amount"])
            )

    def _totals(self, table: str, values: dict[str, Any]) -> tuple[int, ...]:
        """Return the running totals of an event's row; none in most tables."""
        return count(table, values, self._line(values["pool"]).sums) if table in TALLIES else ()

    def _line(self, pool: int) -> Line:
        line = self.lines.get(pool)
        if line is None:
            line = self.lines[pool] = Line()
        return line

    def check_told(self) -> None:
        """Check that what was begun was told to its end: a run of logs ends where a block does.

        Raises:
            BrokenLineError: A release did not say what it spent, or a sponsor's match did not come into line.

        """
        for matches in self._matches.values():
            if matches:
                raise BrokenLineError(f"{_where(matches[0])} of {matches[0].values['amount']} did not come into line")
        for pool, line in self.lines.items():
            try:
                line.check_told()
            except BrokenLineError as error:
                raise BrokenLineError(f"In pool {pool} {error}") from None

    def add_gift(self, log: Log, v: dict[str, Any], line: Line) -> None:
        """Add a direct gift at its line's end."""
        line.lengthen(v["start"], v["amount"])
        time, via = self.times[log.block], self._way_of(log, v)
        self.rows["contributions"].append(
            (v["pool"], v["start"], v["amount"], line.number, v["donor"], time, log.place, -1, via)
        )

    def add_gifts(self, gifts: Gifts) -> None:
        """Add many direct gifts, as `add` would one after the other.

        Raises:
            BrokenLineError: One does not fit its pool's line.

        """
        if any(self._matches.values()):
            for log in gifts.each():  # sponsors' gifts are among them
                self.add(log)
            return
        v = gifts.values
        numbers: list[int] = []
        for pool, start, amount in zip(v["pool"], v["start"], v["amount"], strict=True):
            line = self._line(pool)
            try:
                line.lengthen(start, amount)
            except BrokenLineError as error:
                log = next(islice(gifts.each(), len(numbers), None))
                raise BrokenLineError(f"{_where(log)} {error}") from None
            numbers.append(line.number)
        places, _, txs, addresses, topics, data = zip(*gifts.logs, strict=True)
        times = [self.times[place >> tables.LOG_BITS] for place in places]
        self.rows["logs"] += zip(places, txs, addresses, repeat(GIFT, len(places)), topics, data, strict=True)
        told = (v[name] for name in ("pool", "start", "amount"))
        same = repeat(-1, len(numbers)), repeat(Via.WALLET, len(numbers))
        self.rows["contributions"] += zip(*told, numbers, v["donor"], times, places, *same, strict=True)

    def note_match(self, log: Log, v: dict[str, Any], _line: Line) -> None:
        """Keep in mind what a sponsor adds: it comes into line next."""
        self._matches[v["pool"]].append(log)

    def _way_of(self, log: Log, v: dict[str, Any]) -> Via:
        """Return how a direct gift came. What sponsors add comes in the order in which their book told of it."""
        matches = self._matches[v["pool"]]
        if not matches:
            return Via.WALLET
        match = matches.pop(0)
        m = match.values
        if (m["sponsor"], m["amount"], match.tx) != (v["donor"], v["amount"], log.tx):
            raise BrokenLineError(f"comes where the match of {m['amount']} by 0x{m['sponsor'].hex()} was told")
        self.rows["matches"].append(
            (
                *(match.place, *(m[n] for n in ("pool", "sponsorship", "sponsor", "token", "amount", "gifts"))),
                *(v["start"], *self._totals("matches", m)),
            )
        )
        return Via.MATCH

    def add_collections(self, log: Log, v: dict[str, Any], _line: Line) -> None:
        """Add what a keeper brought: 32 bytes each, pledge (14) ‖ period (2) ‖ start (8) ‖ amount (8)."""
        start = v["start"]
        for row in v["rows"]:
            pledge, period, place, amount = (
                int.from_bytes(row[a:b], "big") for a, b in ((0, 14), (14, 16), (16, 24), (24, 32))
            )
            if place != start:
                raise BrokenLineError(f"tells of a collection at {place} where the last one ended at {start}")
            start += amount
            self.rows["collections"].append((v["pool"], place, log.place, pledge, period, amount, v["keeper"]))
        if start != v["start"] + v["amount"]:
            raise BrokenLineError(f"tells of {v['amount']}, but its collections add up to {start - v['start']}")

    def note_brought(self, _log: Log, v: dict[str, Any], line: Line) -> None:
        """Mark the last contributions of this very block as brought: the fund says so right after them."""
        gifts, count = self.rows["contributions"], v["count"]
        first = gifts[-count] if 0 < count <= len(gifts) else None
        if first is None or (first[0], first[1], line.raised) != (v["pool"], v["start"], v["start"] + v["amount"]):
            raise BrokenLineError(f"tells of {count} gifts from {v['start']}, which are not the last ones")
        gifts[-count:] = [(*gift[:-1], Via.BROUGHT) for gift in gifts[-count:]]

    def add_batch(self, log: Log, v: dict[str, Any], line: Line) -> None:
        """Add a batch's entries, one behind the other."""
        entries, count, number = entries_of(v["entries"]), v["count"], line.number
        line.lengthen(v["start"], v["amount"], count)
        starts = tree.starts(v["entries"], v["start"])
        seed = tree.seed(self.chain_id, log.address, v["pool"], v["batch"])
        roots = tree.roots(tree.leaves(seed, v["entries"], starts))
        if (root := tree.Tree(roots).root) != v["root"]:
            raise BrokenLineError(f"tells of the root 0x{v['root'].hex()}, but its entries come to 0x{root.hex()}")
        self.rows["subtrees"].append((log.place, v["pool"], b"".join(roots)))
        self.rows["contributions"].extend(
            zip(
                [v["pool"]] * count,
                starts.tolist(),
                entries["amount"].tolist(),
                range(number + 1, number + count + 1),
                entries["donor"].tolist(),
                entries["paid_at"].tolist(),
                [log.place] * count,
                range(count),
                [Via.BATCH] * count,
                strict=True,
            )
        )

    def add_refund(self, log: Log, v: dict[str, Any], line: Line) -> None:
        """Add what went back to a donor, or of a batch to its gateway."""
        total = line.refund(v["amount"])
        if log.event == "Refunded":
            account, batch, start, caller = v["donor"], v["batch"], v["start"], v["caller"]
        else:
            account, batch, start, caller = v["gateway"], v["batch"], None, v["gateway"]
        self.rows["refunds"].append(
            (
                *(log.place, v["pool"], account, batch if any(batch) else None, start),
                *(v["token"], v["amount"], v["to"], caller, total),
            )
        )


_MOVES: dict[str, Callable[[Projection, Log, dict[str, Any], Line], None]] = {
    "Contributed": Projection.add_gift,
    "BatchRecorded": Projection.add_batch,
    "ContributionsBrought": Projection.note_brought,
    "Matched": Projection.note_match,
    "Collected": Projection.add_collections,
    "Released": lambda _, _log, v, line: line.release(v["milestone"], v["amount"]),
    "Spent": lambda _, _log, v, line: line.spend(v["milestone"], v["start"], v["amount"]),
    "Returned": lambda _, _log, v, line: line.give_back(v["milestone"], v["start"], v["amount"]),
    "Refunded": Projection.add_refund,
    "BatchRefunded": Projection.add_refund,
}
"""What is done with the events that move a pool's line."""


def project(logs: Iterable[Log | Gifts], lines: dict[int, Line], times: dict[int, int], chain_id: int) -> Rows:
    """Return the rows of these logs by table, in the tables' column order; `lines` is moved on.

    Args:
        logs: Those of whole blocks.
        lines: By pool, as they stood before.
        times: Of the blocks.
        chain_id: To which batches' trees are bound.

    Raises:
        BrokenLineError: A log does not fit its pool's line.

    """
    projection = Projection(lines, times, chain_id)
    for each in logs:
        if isinstance(each, Gifts):
            projection.add_gifts(each)
        else:
            projection.add(each)
    projection.check_told()
    return projection.rows


def _where(log: Log) -> str:
    where = f"log {log.place & (2**tables.LOG_BITS - 1)} of block {log.block}"
    return f"{log.event} of pool {log.values['pool']} ({where})"
