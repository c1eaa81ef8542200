"""Pools, milestones, and what was said and paid for them."""

from __future__ import annotations

from typing import Literal

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Content, Money, Place, Token, Who

PoolStateName = Literal["funding", "active", "frozen", "completed"]
MilestoneStateName = Literal["planned", "submitted", "approved", "rejected", "released"]


class Release(TypedDict):
    """The payment of a milestone: it spent [start, end) of the pool's line."""

    pool: int
    milestone: int
    payee: Who
    token: Token
    amount: Money
    start: Money
    end: Money
    caller: Who
    released: Place


class Attestation(TypedDict):
    """An attestor's yes or no to one piece of evidence."""

    pool: int
    milestone: int
    round: int
    attestor: Who
    evidence: str
    approved: bool
    attested: Place


class Verdict(TypedDict):
    """What the quorum decided on a piece of evidence."""

    approved: bool
    releasable_at: int | None
    decided: Place


class Evidence(TypedDict):
    """One round of evidence for a milestone, and what was said to it. `line` is what had been raised when it came."""

    round: int
    content: Content
    line: Money
    submitted: Place
    attestations: list[Attestation]
    verdict: Verdict | None


class Milestone(TypedDict):
    """A tranche of a pool. `late`: its evidence or its verdict missed its time."""

    pool: int
    milestone: int
    payee: Who
    amount: Money
    evidence_deadline: int
    state: MilestoneStateName
    round: int
    evidence: list[Evidence]
    release: Release | None
    late: bool


class PoolSummary(TypedDict):
    """A pool as lists show it. `planned` is the sum of its milestones.

    A deadline of null never comes. `accepts_until` is 0 while the pool takes no gifts: paused, or completed.
    `donors` is null as long as the index cannot count them without reading every gift.
    """

    pool: int
    name: str
    title: str
    ngo: Who
    token: Token
    state: PoolStateName
    paused: bool
    raised: Money
    released: Money
    held: Money
    planned: Money
    threshold: Money
    contributions: int
    donors: int | None
    accepts_until: int | None
    funding_deadline: int | None
    milestones_released: int
    milestones_total: int
    opened: Place


class Pool(PoolSummary):
    """A pool with everything that it promised and did."""

    description: Content
    open_ended: bool
    objection_window: int
    attestation_window: int
    quorum: int
    attestors: list[Who]
    milestones: list[Milestone]
    releases: list[Release]
