"""Pools, milestones, and what was said and paid for them."""

from __future__ import annotations

from typing import Literal

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Content, Money, Place, Token, Who
from api.explorer.shapes.books import Round, Sponsorship, VoucherMoney

PoolStateName = Literal["funding", "active", "frozen", "completed"]
MilestoneStateName = Literal["planned", "submitted", "approved", "disputed", "rejected", "released"]
StopReason = Literal["threshold", "late", "rejected", "cancelled"]


class Places(TypedDict):
    """The places [start, end) of a pool's line."""

    start: Money
    end: Money


class Release(TypedDict):
    """The payment of a milestone: it spent these places of the pool's line. `returned` of it came back since.

    `spent` are the first 20 pieces, of `spans`; the others make up the rest of `amount`.
    """

    pool: int
    milestone: int
    payee: Who
    token: Token
    amount: Money
    spent: list[Places]
    spans: int
    returned: Money
    caller: Who
    released: Place


class Return(TypedDict):
    """A payee gave back: [start, end) of the pool's line is unspent again."""

    pool: int
    milestone: int
    payee: Who
    token: Token
    amount: Money
    start: Money
    end: Money
    returned: Place


class Refund(TypedDict):
    """A contribution was paid back, in whole or in part.

    If `contribution` is null, a gateway took what the donors of its batch had not claimed. `account`: the donor (by its
    id) or the gateway.
    """

    pool: int
    pool_name: str
    token: Token
    amount: Money
    account: Who
    contribution: str | None
    batch: str | None
    to: str
    caller: str
    refunded: Place


class Objection(TypedDict):
    """A contributor's no to a milestone, with the weight of one contribution."""

    pool: int
    milestone: int
    round: int
    donor: str
    evidence: str
    contribution: str
    amount: Money
    objected: Place


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
    """What was decided on a piece of evidence. `last`: it is rejected for good, and the pool stopped."""

    approved: bool
    releasable_at: int | None
    last: bool
    decided: Place


class Objections(TypedDict):
    """All objections of a round. Above `limit` they dispute the milestone, a second time they reject it for good."""

    count: int
    amount: Money
    limit: Money


class Evidence(TypedDict):
    """One round of judgement, and what was said in it.

    `line` is what had been raised when its evidence came: who gave before has a say. `confirms`: the round began with a
    dispute, and is about the same evidence again. `disputed`: where objections ended the round.
    """

    round: int
    content: Content
    line: Money
    confirms: bool
    submitted: Place
    attestations: list[Attestation]
    verdict: Verdict | None
    objections: Objections
    disputed: Place | None


class Milestone(TypedDict):
    """A tranche of a pool.

    `evidence` are the newest 3 rounds, of `round`; `disputed_in`: the one that objections ended. `due`: when the pool
    stops for its sake, pauses counted; null once it is paid. `late`: that is past. `payout`: the
    round that it pays, once its list is sealed; `vouchers`: how the vouchers that it pays stand, once it is released.
    """

    pool: int
    milestone: int
    payee: Who
    amount: Money
    evidence_deadline: int
    state: MilestoneStateName
    round: int
    evidence: list[Evidence]
    disputed_in: int | None
    release: Release | None
    due: int | None
    late: bool
    payout: Round | None
    vouchers: VoucherMoney | None


class Proposal(TypedDict):
    """A next milestone of an open-ended pool, to which attestors consent."""

    payee: Who
    amount: Money
    evidence_deadline: int
    consents: list[Who]


class Stop(TypedDict):
    """Why and when a pool stopped. `by`: who cancelled it; `milestone`: which was rejected or missed its time."""

    reason: StopReason
    at: int
    by: Who | None
    milestone: int | None


class Limits(TypedDict):
    """What bounds a pool's payouts and vouchers. Null: there is no such limit, or there are no vouchers.

    `programme`: pools that name the same count a beneficiary's cap together.
    """

    programme: str | None
    beneficiary_cap: Money | None
    voucher_cap: Money | None
    voucher_period: int | None


class Seat(TypedDict):
    """Who sits on a pool's panel; `leaving` sat there before."""

    attestor: Who
    leaving: Who | None
    since: Place


class Rotation(TypedDict):
    """A change of an attestor that is under way. `at`: from when anyone may carry it out; null: not agreed yet."""

    leaving: Who
    joining: Who
    consents: list[Who]
    at: int | None


class PoolSummary(TypedDict):
    """A pool as lists show it. `planned` is the sum of its milestones.

    raised = released + held + refunded. `released` was paid to payees and not given back; `returned` was given back and
    is not spent again, so it is part of `held`. `stop`: why it stopped; null unless it is frozen. A deadline of null
    never comes; pauses are counted in it. `accepts_until` is 0 while the pool takes no gifts: paused, or completed.
    `donors` is null as long as the index cannot count them without reading every gift.
    """

    pool: int
    name: str
    title: str
    ngo: Who
    token: Token
    state: PoolStateName
    stop: StopReason | None
    paused: bool
    raised: Money
    released: Money
    returned: Money
    refunded: Money
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
    """A pool with everything that it promised and did.

    Of `milestones`, `releases` and `returns` the newest 50: all milestones that are open, and those that were released
    last. The rest is at /api/v1/pools/…/milestones, and at /api/v1/releases?pool=…&cursor=`releases_next`, and
    likewise at /api/v1/returns. `proposals` and `rotations` are the 20 that were begun last.

    `ended`: the last second in which it was not over; `paused_until`: when a pause ends by itself.
    """

    description: Content
    open_ended: bool
    objection_window: int
    objection_threshold: int
    attestation_window: int
    quorum: int
    attestors: list[Who]
    seats: list[Seat]
    rotations: list[Rotation]
    limits: Limits
    stopped: Stop | None
    ended: int | None
    paused_until: int | None
    milestones: list[Milestone]
    proposals: list[Proposal]
    sponsorships: list[Sponsorship]
    releases: list[Release]
    releases_next: str | None
    returns: list[Return]
    returns_next: str | None
