"""From events to rows: which event adds a row to which table. Rows are only added (see api.tables), so this is pure.

The one thing that a row needs to know of the past is how far its pool's line reaches, and that is checked: a
contribution or a release that does not start where the line stood would be a lie, and stops the sync.
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

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, list[Row]]


@dataclass
class Line:
    """How far a pool's line reaches."""

    raised: int = 0
    number: int = 0  # of its contributions
    released: int = 0


@dataclass
class Projection:
    """The rows of a run of logs, and the lines as they stand after it."""

    lines: dict[int, Line]
    times: dict[int, int]  # of the logs' blocks
    rows: Rows = field(default_factory=lambda: defaultdict(list))

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
        elif log.event == "Contributed":
            self._add_gift(log)
        elif log.event == "BatchRecorded":
            self._add_batch(log)
        elif log.event == "Released":
            self._add_release(log)
        elif log.event == "Minted":
            v = log.values
            self.rows["deposits"].append(
                (log.place, v["gateway"], v["to"], v["depositReference"], log.address, v["amount"])
            )

    def _line(self, log: Log) -> Line:
        return self.lines.setdefault(log.values["pool"], Line())

    def _add_gift(self, log: Log) -> None:
        v, line = log.values, self._line(log)
        _check(log, "starts", line.raised)
        line.number += 1
        line.raised += v["amount"]
        paid_at = self.times[log.block]
        self.rows["contributions"].append(
            (v["pool"], v["start"], v["amount"], line.number, v["donor"], paid_at, log.place, -1)
        )

    def _add_batch(self, log: Log) -> None:
        v, line = log.values, self._line(log)
        _check(log, "starts", line.raised)
        entries = entries_of(v["entries"])
        count = v["count"]
        amounts = entries["amount"].astype(np.int64)
        starts = v["start"] + np.cumsum(amounts) - amounts
        self.rows["batches"].append(
            (
                log.place,
                v["batch"],
                v["pool"],
                v["gateway"],
                v["gatewayReference"],
                v["root"],
                v["start"],
                v["amount"],
                count,
            )
        )
        self.rows["contributions"].extend(
            zip(
                [v["pool"]] * count,
                starts.tolist(),
                amounts.tolist(),
                range(line.number + 1, line.number + count + 1),
                entries["donor"].tolist(),
                entries["paid_at"].tolist(),
                [log.place] * count,
                range(count),
                strict=True,
            )
        )
        line.number += count
        line.raised += v["amount"]

    def _add_release(self, log: Log) -> None:
        v, line = log.values, self._line(log)
        _check(log, "spends from", line.released)
        line.released += v["amount"]
        if line.released > line.raised:
            raise BrokenLineError(f"{_where(log)} spends up to {line.released}, but only {line.raised} were raised")
        self.rows["releases"].append(
            (log.place, v["pool"], v["milestone"], v["payee"], v["token"], v["amount"], v["start"], v["caller"])
        )


def project(logs: Iterable[Log], lines: dict[int, Line], times: dict[int, int]) -> Rows:
    """Return the rows of these logs by table, in the tables' column order; `lines` is moved on.

    Raises:
        BrokenLineError: A log does not fit its pool's line.

    """
    projection = Projection(lines, times)
    for log in logs:
        projection.add(log)
    return projection.rows


def _check(log: Log, verb: str, stands: int) -> None:
    start = log.values["start"]
    if start != stands:
        raise BrokenLineError(
            f"{_where(log)} {verb} {start}, but the line of pool {log.values['pool']} stands at {stands}"
        )


def _where(log: Log) -> str:
    return f"{log.event} (log {log.place & (2**tables.LOG_BITS - 1)} of block {log.block})"


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
            v["attestationWindow"], v["quorum"],
        ),
    ),
    "AttestorSeated": ("attestors", _pick("pool", "attestor")),
    "MilestoneOpened": ("milestones", _pick("pool", "milestone", "payee", "amount", "evidenceDeadline")),
    "DeadlineMoved": ("deadlines", _pick("pool", "acceptsUntil", "defaultsAt")),
    "Paused": ("pauses", lambda v: (v["pool"], True, v["account"])),
    "Unpaused": ("pauses", lambda v: (v["pool"], False, v["account"])),
    "EvidenceSubmitted": ("evidence", _pick("pool", "milestone", "round", "ngo", "evidence", "uri", "line")),
    "Attested": ("attestations", _pick("pool", "milestone", "round", "attestor", "evidence", "approved")),
    "MilestoneApproved": ("verdicts", lambda v: (v["pool"], v["milestone"], v["evidence"], True, v["releasableAt"])),
    "MilestoneRejected": ("verdicts", lambda v: (v["pool"], v["milestone"], v["evidence"], False, None)),
}  # fmt: skip
"""The events that add one row as they stand. The token's transfers and the roles' changes are kept as raw logs only."""
