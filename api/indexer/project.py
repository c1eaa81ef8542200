"""From events to rows: which event adds a row to which table. Rows are only added (see api.tables), so this is pure.

The one thing that a row needs to know of the past is its pool's line, and that is checked: a contribution or a release
that does not start where the line stood would be a lie, and stops the sync.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from api import tables
from api.errors import BrokenLineError
from api.indexer.decode import Log, entries_of
from api.indexer.line import Line
from api.types import Via

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, list[Row]]


@dataclass
class Projection:
    """The rows of a run of logs, and the lines as they stand after it."""

    lines: dict[int, Line]
    times: dict[int, int]  # of the logs' blocks
    rows: Rows = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Say what is done with the events that move a pool's line."""
        self._moves: dict[str, Callable[[Log, dict[str, Any], Line], None]] = {
            "Contributed": self._add_gift,
            "BatchRecorded": self._add_batch,
            "ContributionsBrought": self._note_brought,
            "Released": lambda _, v, line: line.release(v["milestone"], v["amount"]),
            "Spent": lambda _, v, line: line.spend(v["milestone"], v["start"], v["amount"]),
            "Returned": lambda _, v, line: line.give_back(v["milestone"], v["start"], v["amount"]),
            "Refunded": self._add_refund,
            "BatchRefunded": self._add_refund,
        }

    def add(self, log: Log) -> None:
        """Add a log's rows.

        Raises:
            BrokenLineError: It does not fit the pool's line.

        """
        self.rows["logs"].append((log.place, log.tx, log.address, log.event, log.topics, log.data))
        simple = SIMPLE.get(log.event)
        if simple is not None:
            table, row = simple
            self.rows[table].append((log.place, *row(log.values)))
        if move := self._moves.get(log.event):
            try:
                move(log, log.values, self.lines.setdefault(log.values["pool"], Line()))
            except BrokenLineError as error:
                raise BrokenLineError(f"{_where(log)} {error}") from None
        elif log.event == "Minted":
            v = log.values
            self.rows["deposits"].append(
                (log.place, v["gateway"], v["to"], v["depositReference"], log.address, v["amount"])
            )

    def check_told(self) -> None:
        """Check that every release said what it spent: a run of logs ends where a block does."""
        for pool, line in self.lines.items():
            try:
                line.check_told()
            except BrokenLineError as error:
                raise BrokenLineError(f"In pool {pool} {error}") from None

    def _add_gift(self, log: Log, v: dict[str, Any], line: Line) -> None:
        line.lengthen(v["start"], v["amount"])
        time = self.times[log.block]
        self.rows["contributions"].append(
            (v["pool"], v["start"], v["amount"], line.number, v["donor"], time, log.place, -1, Via.WALLET)
        )

    def _note_brought(self, _log: Log, v: dict[str, Any], line: Line) -> None:
        """Mark the last contributions of this very block as brought: the fund says so right after them."""
        gifts, count = self.rows["contributions"], v["count"]
        first = gifts[-count] if 0 < count <= len(gifts) else None
        if first is None or (first[0], first[1], line.raised) != (v["pool"], v["start"], v["start"] + v["amount"]):
            raise BrokenLineError(f"tells of {count} gifts from {v['start']}, which are not the last ones")
        gifts[-count:] = [(*gift[:-1], Via.BROUGHT) for gift in gifts[-count:]]

    def _add_batch(self, log: Log, v: dict[str, Any], line: Line) -> None:
        entries, count, number = entries_of(v["entries"]), v["count"], line.number
        line.lengthen(v["start"], v["amount"], count)
        amounts = entries["amount"].astype(np.int64)
        starts = v["start"] + np.cumsum(amounts) - amounts
        self.rows["contributions"].extend(
            zip(
                [v["pool"]] * count,
                starts.tolist(),
                amounts.tolist(),
                range(number + 1, number + count + 1),
                entries["donor"].tolist(),
                entries["paid_at"].tolist(),
                [log.place] * count,
                range(count),
                [Via.BATCH] * count,
                strict=True,
            )
        )

    def _add_refund(self, log: Log, v: dict[str, Any], line: Line) -> None:
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


def project(logs: Iterable[Log], lines: dict[int, Line], times: dict[int, int]) -> Rows:
    """Return the rows of these logs by table, in the tables' column order; `lines` is moved on.

    Args:
        logs: Those of whole blocks.
        lines: By pool, as they stood before.
        times: Of the blocks.

    Raises:
        BrokenLineError: A log does not fit its pool's line.

    """
    projection = Projection(lines, times)
    for log in logs:
        projection.add(log)
    projection.check_told()
    return projection.rows


def _where(log: Log) -> str:
    where = f"log {log.place & (2**tables.LOG_BITS - 1)} of block {log.block}"
    return f"{log.event} of pool {log.values['pool']} ({where})"


def _text(word: bytes) -> str:
    return word.rstrip(b"\0").decode("utf-8", "replace")


def _pick(*names: str) -> Callable[[dict[str, Any]], Row]:
    return lambda values: tuple(values[name] for name in names)


SIMPLE: dict[str, tuple[str, Callable[[dict[str, Any]], Row]]] = {
    "Accredited": ("members", lambda v: (v["account"], v["kind"], _text(v["name"]), v["detailsHash"], v["detailsURI"])),
    "Revoked": ("members", lambda v: (v["account"], 0, "", bytes(32), "")),
    "PoolOpened": (
        "pools",
        lambda v: (
            v["pool"], v["ngo"], v["token"], _text(v["name"]), v["descriptionHash"], v["descriptionURI"],
            v["fundingThreshold"], v["fundingDeadline"], v["openEnded"], v["objectionWindow"],
            v["attestationWindow"], v["objectionThreshold"], v["quorum"],
        ),
    ),
    "LimitsSet": ("limits", _pick("pool", "programme", "beneficiaryCap", "voucherCap", "voucherPeriod")),
    "MilestoneOpened": ("milestones", _pick("pool", "milestone", "payee", "amount", "evidenceDeadline")),
    "DeadlineMoved": ("deadlines", _pick("pool", "acceptsUntil", "defaultsAt")),
    "Paused": ("pauses", lambda v: (v["pool"], True, v["account"], v["until"], v["clockShift"])),
    "Unpaused": ("pauses", lambda v: (v["pool"], False, v["account"], None, v["clockShift"])),
    "Cancelled": ("cancellations", _pick("pool", "account")),
    "MatchingSet": ("matchings", _pick("pool", "matched")),
    "ContributionsBrought": ("brought", _pick("pool", "bearer", "token", "amount", "start", "count")),
    "BatchRecorded": (
        "batches",
        _pick("batch", "pool", "gateway", "gatewayReference", "root", "start", "amount", "count"),
    ),
    "Released": ("releases", _pick("pool", "milestone", "payee", "token", "amount", "caller")),
    "Spent": ("spends", _pick("pool", "milestone", "start", "amount")),
    "Returned": ("returns", _pick("pool", "milestone", "payee", "token", "amount", "start")),
    "AttestorSeated": ("attestors", lambda v: (v["pool"], v["attestor"], None)),
    "AttestorReplaced": ("attestors", _pick("pool", "joining", "leaving")),
    "RotationConsented": ("rotations", lambda v: (v["pool"], v["leaving"], v["joining"], v["attestor"], None)),
    "RotationAgreed": ("rotations", lambda v: (v["pool"], v["leaving"], v["joining"], None, v["at"])),
    "MilestoneConsented": (
        "consents",
        _pick("pool", "milestone", "attestor", "payee", "amount", "evidenceDeadline"),
    ),
    "EvidenceSubmitted": ("evidence", _pick("pool", "milestone", "round", "ngo", "evidence", "uri", "line")),
    "Attested": ("attestations", _pick("pool", "milestone", "round", "attestor", "evidence", "approved")),
    "MilestoneApproved": (
        "verdicts",
        lambda v: (v["pool"], v["milestone"], v["evidence"], True, v["releasableAt"], False),
    ),
    "MilestoneRejected": (
        "verdicts",
        lambda v: (v["pool"], v["milestone"], v["evidence"], False, None, v["last"]),
    ),
    "Objected": ("objections", _pick("pool", "milestone", "round", "donor", "evidence", "start", "amount")),
    "MilestoneDisputed": ("disputes", _pick("pool", "milestone", "evidence", "round", "objected", "line")),
}  # fmt: skip
"""The events that add one row as they stand. The token's transfers and the roles' changes are kept as raw logs only."""
