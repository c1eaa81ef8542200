"""Milestones: their states and rounds of judgement, put together from what was said, in the order of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import paging
from api.explorer.queries.judgements import shape_attestations, shape_releases
from api.explorer.queries.reader import Reader
from api.explorer.queries.rounds import of_milestone, voucher_money

Rows = Sequence[Row[Any]]
ByMilestone = defaultdict[int, list[Row[Any]]]

WHOLE = 10_000
"""The objection threshold is in hundredths of a percent."""

RELEASE_WINDOW = 90 * 86400
"""Seconds after its objection window in which an approved milestone can be released (Judgement)."""


@dataclass
class _Said:
    """All that was said about a pool's milestones."""

    evidence: ByMilestone
    attestations: ByMilestone
    verdicts: ByMilestone
    disputes: ByMilestone
    releases: ByMilestone
    objections: dict[tuple[int, int], tuple[int, int]]  # by milestone and round: count, amount
    pauses: Rows

    @property
    def shift(self) -> int:
        """Return by how much pauses have moved the deadlines that were planned; one under way counts whole."""
        return int(self.pauses[-1].clock_shift) if self.pauses else 0

    def still_to_come(self, log: int, time: int) -> int:
        """Return by how much pauses move a deadline that began at this log: Clock.stoodStill is what came before it."""
        past = [row for row in self.pauses if row.log < log]
        if not past:
            return self.shift
        left = max(0, past[-1].until - time) if past[-1].paused else 0
        return int(self.shift - past[-1].clock_shift + left)


def read_milestones(read: Reader, pool: Row[Any]) -> list[shapes.Milestone]:
    """Return a pool's milestones in their order. `pool`: its row, with its rules."""
    plan = tables.milestones.c
    plans = read.rows(select(tables.milestones).where(plan.pool == pool.pool).order_by(plan.milestone))
    said = _read(read, pool.pool)
    tables_read = (said.evidence, said.attestations, said.verdicts, said.disputes, said.releases)
    read.load(
        logs=[row.log for table in tables_read for found in table.values() for row in found],
        accounts=[row.payee for row in plans] + [row.attestor for found in said.attestations.values() for row in found],
    )
    return [_milestone(read, pool, row, said) for row in plans]


def _read(read: Reader, pool: int) -> _Said:
    pause = tables.pauses.c
    evidence, disputes = _by_milestone(read, tables.evidence, pool), _by_milestone(read, tables.disputes, pool)
    begins = [row for table in (evidence, disputes) for found in table.values() for row in found]
    return _Said(
        evidence=evidence,
        attestations=_by_milestone(read, tables.attestations, pool),
        verdicts=_by_milestone(read, tables.verdicts, pool),
        disputes=disputes,
        releases=_by_milestone(read, tables.releases, pool),
        objections=_objections(read, pool, begins),
        pauses=read.rows(select(tables.pauses).where(pause.pool == pool).order_by(pause.log)),
    )


def _objections(read: Reader, pool: int, rounds: Rows) -> dict[tuple[int, int], tuple[int, int]]:
    """Return how many objections there are to each round, and what they weigh: its last one says so."""
    no = tables.objections.c
    found = {}
    for milestone, number in {(row.milestone, row.round) for row in rounds}:
        of_round = {no.pool: pool, no.milestone: milestone, no.round: number}
        if row := read.first(paging.newest(select(tables.objections), of_round, [no.log])):
            found[milestone, number] = (row.number, row.total)
    return found


def _by_milestone(read: Reader, table: Table, pool: int) -> ByMilestone:
    found: ByMilestone = defaultdict(list)
    for row in read.rows(select(table).where(table.c.pool == pool).order_by(table.c.log)):
        found[row.milestone].append(row)
    return found


def _milestone(read: Reader, pool: Row[Any], plan: Row[Any], said: _Said) -> shapes.Milestone:
    number = plan.milestone
    rounds = _rounds(read, pool, number, said)
    paid = shape_releases(read, said.releases[number])
    state = _state(rounds, bool(paid))
    due = _due(read, state, plan, pool, said)
    return {
        "pool": pool.pool,
        "milestone": number,
        "payee": read.who(plan.payee),
        "amount": str(plan.amount),
        "evidence_deadline": plan.evidence_deadline,
        "state": state,
        "round": rounds[-1]["round"] if rounds else 0,
        "evidence": rounds,
        "release": paid[0] if paid else None,
        "due": due,
        "late": due is not None and read.now > due,
        "payout": of_milestone(read, pool.pool, number) if plan.payee == read.contract("PayoutBook") else None,
        "vouchers": voucher_money(read, paid[0]) if paid and plan.payee == read.contract("VoucherBook") else None,
    }


def _rounds(read: Reader, pool: Row[Any], number: int, said: _Said) -> list[shapes.Evidence]:
    """Return the rounds. Each begins with evidence, or with a dispute, which is about the same evidence again."""
    begins = sorted(said.evidence[number] + said.disputes[number], key=lambda row: row.log)
    contents: dict[bytes, shapes.Content] = {}
    for row in said.evidence[number]:
        contents[row.hash] = read.content.show(row.hash, row.uri)
    rounds: list[shapes.Evidence] = []
    for i, row in enumerate(begins):
        then = begins[i + 1] if i + 1 < len(begins) else None
        confirms = hasattr(row, "objected")
        decided = [v for v in said.verdicts[number] if row.log < v.log and (then is None or v.log < then.log)]
        count, amount = said.objections.get((number, row.round), (0, 0))
        rounds.append(
            {
                "round": row.round,
                "content": contents[row.evidence if confirms else row.hash],
                "line": str(row.line),
                "confirms": confirms,
                "submitted": read.place(row.log),
                "attestations": shape_attestations(
                    read, [a for a in said.attestations[number] if a.round == row.round]
                ),
                "verdict": _verdict(read, decided[-1]) if decided else None,
                "objections": {
                    "count": count,
                    "amount": str(amount),
                    "limit": str(row.line * pool.objection_threshold // WHOLE),
                },
                "disputed": read.place(then.log) if then is not None and hasattr(then, "objected") else None,
            }
        )
    return rounds


def _verdict(read: Reader, row: Row[Any]) -> shapes.Verdict:
    return {
        "approved": row.approved,
        "releasable_at": row.releasable_at,
        "last": row.last,
        "decided": read.place(row.log),
    }


def _state(rounds: list[shapes.Evidence], released: bool) -> shapes.MilestoneStateName:
    if released:
        return "released"
    if not rounds:
        return "planned"
    verdict = rounds[-1]["verdict"]
    if verdict is None:
        return "disputed" if rounds[-1]["confirms"] else "submitted"
    return "approved" if verdict["approved"] else "rejected"


def _due(read: Reader, state: shapes.MilestoneStateName, plan: Row[Any], pool: Row[Any], said: _Said) -> int | None:
    """Return the second after which the pool stops for the milestone's sake, as IJudgement says it."""
    number = plan.milestone
    if state == "released":
        return None
    verdicts = said.verdicts[number]
    if state == "rejected" and verdicts[-1].last:
        return read.place(verdicts[-1].log)["time"] - 1
    if state in ("planned", "rejected"):
        return int(plan.evidence_deadline + said.shift)
    begun = {"submitted": said.evidence, "disputed": said.disputes, "approved": said.verdicts}[state][number][-1]
    time = read.place(begun.log)["time"]
    window = begun.releasable_at - time + RELEASE_WINDOW if state == "approved" else pool.attestation_window
    return int(time + window + said.still_to_come(begun.log, time))
