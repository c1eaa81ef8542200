"""Milestones: their states and rounds of judgement, put together from what was said, in the order of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, Table, func, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import bounds, paging
from api.explorer.queries.judgements import shape_attestations, shape_releases
from api.explorer.queries.reader import Reader
from api.explorer.queries.rounds import of_milestone, voucher_money

Rows = Sequence[Row[Any]]
ByMilestone = defaultdict[int, list[Row[Any]]]

_PLAN = tables.milestones.c

WHOLE = 10_000
"""The objection threshold is in hundredths of a percent."""

RELEASE_WINDOW = 90 * 86400
"""Seconds after its objection window in which an approved milestone can be released (Judgement)."""


@dataclass
class _Said:
    """All that was said lately about some of a pool's milestones."""

    evidence: ByMilestone
    attestations: ByMilestone
    verdicts: ByMilestone
    disputes: ByMilestone
    releases: dict[int, shapes.Release]
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


def newest_milestones(read: Reader, pool: Row[Any]) -> list[shapes.Milestone]:
    """Return a pool's newest milestones, in their order: all that are open. `pool`: its row, with its rules."""
    query = _plans(pool).order_by(_PLAN.milestone.desc()).limit(bounds.MILESTONES)
    return _milestones(read, pool, read.rows(query)[::-1])


def page_of_milestones(read: Reader, pool: Row[Any], at: paging.At) -> shapes.Page[shapes.Milestone]:
    """Return a pool's milestones in their order."""
    at = at._replace(limit=min(at.limit, bounds.MILESTONES))
    query = _plans(pool)
    if key := paging.decode("m", at, 1):
        query = query.where(_PLAN.milestone > key[0])
    rows = read.rows(query.order_by(_PLAN.milestone).limit(at.limit + 1))
    return paging.page(
        rows, at, lambda row: paging.encode("m", (row.milestone,)), lambda kept: _milestones(read, pool, kept)
    )


def one_milestone(read: Reader, pool: Row[Any], milestone: int) -> shapes.Milestone | None:
    """Return one of a pool's milestones, None if there is no such one."""
    found = _milestones(read, pool, read.rows(_plans(pool).where(_PLAN.milestone == milestone)))
    return found[0] if found else None


def _plans(pool: Row[Any]) -> Select[Any]:
    return select(tables.milestones).where(_PLAN.pool == pool.pool)


def _milestones(read: Reader, pool: Row[Any], plans: Rows) -> list[shapes.Milestone]:
    if not plans:
        return []
    said = _read(read, pool.pool, plans[0].milestone, plans[-1].milestone)
    tables_read = (said.evidence, said.attestations, said.verdicts, said.disputes)
    read.load(
        logs=[row.log for table in tables_read for found in table.values() for row in found],
        accounts=[row.payee for row in plans] + [row.attestor for found in said.attestations.values() for row in found],
    )
    return [_milestone(read, pool, row, said) for row in plans]


def _read(read: Reader, pool: int, first: int, last: int) -> _Said:
    """Read what was said of milestones from `first` to `last`: of each its newest rounds, and one before them."""

    def of(table: Table) -> Select[Any]:
        here = table.c.pool == pool, table.c.milestone >= first, table.c.milestone <= last
        return select(table).where(*here).order_by(table.c.log)

    def lately(table: Table) -> Select[Any]:
        also = tables.evidence.alias("also")
        same = also.c.pool == table.c.pool, also.c.milestone == table.c.milestone
        newest = select(func.max(also.c.round)).where(*same).correlate(table).scalar_subquery()
        return of(table).where(table.c.round >= newest - bounds.ROUNDS)

    evidence = _by_milestone(read, lately(tables.evidence))
    disputes = _by_milestone(read, of(tables.disputes))
    begins = [row for table in (evidence, disputes) for found in table.values() for row in found]
    oldest = min((row.log for found in evidence.values() for row in found), default=0)
    paid, pause = read.rows(of(tables.releases)), tables.pauses.c
    return _Said(
        evidence=evidence,
        attestations=_by_milestone(read, lately(tables.attestations)),
        verdicts=_by_milestone(read, of(tables.verdicts).where(tables.verdicts.c.log >= oldest)),
        disputes=disputes,
        releases={release["milestone"]: release for release in shape_releases(read, paid)},
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


def _by_milestone(read: Reader, query: Select[Any]) -> ByMilestone:
    found: ByMilestone = defaultdict(list)
    for row in read.rows(query):
        found[row.milestone].append(row)
    return found


def _milestone(read: Reader, pool: Row[Any], plan: Row[Any], said: _Said) -> shapes.Milestone:
    number = plan.milestone
    rounds = _rounds(read, pool, number, said)
    paid, disputes = said.releases.get(number), said.disputes[number]
    state = _state(rounds, paid is not None)
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
        "disputed_in": disputes[0].round - 1 if disputes else None,
        "release": paid,
        "due": due,
        "late": due is not None and read.now > due,
        "payout": of_milestone(read, pool.pool, number) if plan.payee == read.contract("PayoutBook") else None,
        "vouchers": voucher_money(read, paid) if paid and plan.payee == read.contract("VoucherBook") else None,
    }


def _rounds(read: Reader, pool: Row[Any], number: int, said: _Said) -> list[shapes.Evidence]:
    """Return the newest rounds. Each begins with evidence, or with a dispute, about the same evidence again."""
    begins = sorted(said.evidence[number] + said.disputes[number], key=lambda row: row.log)
    contents: dict[bytes, shapes.Content] = {}
    for row in said.evidence[number]:
        contents[row.hash] = read.content.show(row.hash, row.uri, bounds.TEXT_BYTES)
    rounds: list[shapes.Evidence] = []
    for i, row in list(enumerate(begins))[-bounds.ROUNDS :]:
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
