"""Milestones: their states and rounds of evidence, put together from what was said, in the order of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, select

from api import tables
from api.explorer import shapes
from api.explorer.queries.judgements import shape_attestations, shape_releases
from api.explorer.queries.reader import Reader

Rows = Sequence[Row[Any]]


def read_milestones(read: Reader, pool: int, attestation_window: int) -> list[shapes.Milestone]:
    """Return a pool's milestones in their order."""
    plans = read.rows(
        select(tables.milestones).where(tables.milestones.c.pool == pool).order_by(tables.milestones.c.milestone)
    )
    evidence, attestations = _by_milestone(read, tables.evidence, pool), _by_milestone(read, tables.attestations, pool)
    verdicts, releases = _by_milestone(read, tables.verdicts, pool), _by_milestone(read, tables.releases, pool)
    read.load(
        logs=[
            row.log
            for table in (evidence, attestations, verdicts, releases)
            for found in table.values()
            for row in found
        ],
        accounts=[row.payee for row in plans] + [row.attestor for found in attestations.values() for row in found],
    )
    milestones: list[shapes.Milestone] = []
    for plan in plans:
        number = plan.milestone
        rounds = _rounds(read, evidence[number], attestations[number], verdicts[number])
        paid = shape_releases(read, releases[number])
        state = _state(rounds, bool(paid))
        milestones.append(
            {
                "pool": pool,
                "milestone": number,
                "payee": read.who(plan.payee),
                "amount": str(plan.amount),
                "evidence_deadline": plan.evidence_deadline,
                "state": state,
                "round": rounds[-1]["round"] if rounds else 0,
                "evidence": rounds,
                "release": paid[0] if paid else None,
                "late": read.now > _due(state, plan.evidence_deadline, rounds, attestation_window, read.now),
            }
        )
    return milestones


def _by_milestone(read: Reader, table: Table, pool: int) -> defaultdict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in read.rows(select(table).where(table.c.pool == pool).order_by(table.c.log)):
        found[row.milestone].append(row)
    return found


def _rounds(read: Reader, evidence: Rows, attestations: Rows, verdicts: Rows) -> list[shapes.Evidence]:
    rounds: list[shapes.Evidence] = []
    for i, row in enumerate(evidence):
        end = evidence[i + 1].log if i + 1 < len(evidence) else None
        decided = [v for v in verdicts if row.log < v.log and (end is None or v.log < end)]
        rounds.append(
            {
                "round": row.round,
                "content": read.content.show(row.hash, row.uri),
                "line": str(row.line),
                "submitted": read.place(row.log),
                "attestations": shape_attestations(read, [a for a in attestations if a.round == row.round]),
                "verdict": {
                    "approved": decided[-1].approved,
                    "releasable_at": decided[-1].releasable_at,
                    "decided": read.place(decided[-1].log),
                }
                if decided
                else None,
            }
        )
    return rounds


def _state(rounds: list[shapes.Evidence], released: bool) -> shapes.MilestoneStateName:
    if released:
        return "released"
    if not rounds:
        return "planned"
    verdict = rounds[-1]["verdict"]
    if verdict is None:
        return "submitted"
    return "approved" if verdict["approved"] else "rejected"


def _due(
    state: shapes.MilestoneStateName, deadline: int, rounds: list[shapes.Evidence], window: int, never: int
) -> int:
    """Return the last second by which something must happen to the milestone, `never` if nothing must."""
    if state in ("planned", "rejected"):
        return deadline
    return rounds[-1]["submitted"]["time"] + window if state == "submitted" else never
