"""The shapes of every answer, in JSON and in the templates alike.

Money is a string of base units, next to its token. A time is unix seconds; `at` and `paid` say the same in ISO 8601.
A hash is lower-case hex with 0x, an address EIP-55 checksummed.
"""

from __future__ import annotations

from typing import Generic, Literal, NotRequired, TypeVar

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

Money = str
PoolStateName = Literal["funding", "active", "frozen", "completed"]
MilestoneStateName = Literal["planned", "submitted", "approved", "rejected", "released"]
MemberKindName = Literal["ngo", "attestor", "gateway", "token"]
ContentState = Literal["matches", "altered", "absent", "none"]
MovementKind = Literal["contribution", "batch", "release", "evidence", "attestation", "pool"]

Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """One page of a list, newest first. `next` is the cursor of the page after it; null at the end."""

    items: list[Item]
    next: str | None


class Token(TypedDict):
    """A settlement token. An amount in it is `amount / 10**decimals`."""

    address: str
    symbol: str
    name: str
    decimals: int


class Who(TypedDict):
    """An account, with what the register calls it. A revoked member keeps its name."""

    address: str
    name: str | None
    kind: MemberKindName | None
    revoked: bool


class Place(TypedDict):
    """Where on the chain something was recorded."""

    block: int
    index: int
    tx: str
    time: int
    at: str


class Content(TypedDict):
    """A text or file that stands off chain under its SHA-256, hashed again for this answer."""

    hash: str | None
    uri: str
    state: ContentState
    title: str | None
    text: str | None
    media_type: str | None
    url: str | None


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
    """A pool as lists show it. `planned` is the sum of its milestones; a deadline of null never comes."""

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


class Contribution(TypedDict):
    """One gift. It owns [start, end) of its pool's line; `spent` of it was released so far, `waiting` was not."""

    id: str
    pool: int
    pool_name: str
    token: Token
    amount: Money
    start: Money
    end: Money
    number: int
    donor: str | None
    paid_at: int
    paid: str
    direct: bool
    batch: str | None
    position: int | None
    gateway: Who | None
    recorded: Place
    spent: Money
    waiting: Money
    entry: str | None


class Proof(TypedDict):
    """That an entry stands in its batch: hash up from `leaf` with `siblings` and compare with `root`, read from a node.

    `computed_root` is what this server's own copy of the batch hashes to; `matches`: whether that is the recorded root.
    """

    chain_id: int
    fund: str
    pool: int
    batch: str
    seed: str
    leaf: str
    siblings: list[str]
    root: str
    count: int
    position: int
    start: Money
    entry: str
    computed_root: str
    matches: bool


class TracePart(TypedDict):
    """A part of a contribution and where it went: to a milestone by a release, or nowhere yet (`waiting`)."""

    start: Money
    end: Money
    amount: Money
    milestone: NotRequired[int]
    release: NotRequired[Release]
    waiting: NotRequired[Literal[True]]


class ContributionDetail(Contribution):
    """A contribution with its trace, and its proof if it is a batch's entry: a direct gift is in the fund's storage."""

    proof: Proof | None
    trace: list[TracePart]


class Batch(TypedDict):
    """Many gifts that a gateway recorded at once."""

    batch: str
    pool: int
    pool_name: str
    token: Token
    gateway: Who
    reference: str
    root: str
    start: Money
    end: Money
    amount: Money
    count: int
    recorded: Place


class TokenAmount(TypedDict):
    """An amount in one token."""

    token: Token
    amount: Money


class DonorPool(TypedDict):
    """What a donor gave to one pool, and what became of it."""

    pool: int
    pool_name: str
    token: Token
    amount: Money
    spent: Money
    waiting: Money
    contributions: int


class Donor(TypedDict):
    """All that one donor id gave. `first` and `last` are where its first and last gift were recorded."""

    donor: str
    contributions: int
    totals: list[TokenAmount]
    pools: list[DonorPool]
    first: Place
    last: Place


class NgoSummary(TypedDict):
    """An NGO as lists show it."""

    ngo: Who
    details: Content
    accredited: Place
    pools_total: int


class Ngo(NgoSummary):
    """An NGO with its newest pools; the rest is at /api/v1/pools?ngo=…&cursor=`pools_next`."""

    pools: list[PoolSummary]
    pools_next: str | None


class DatabaseState(TypedDict):
    """The index's file."""

    schema_version: int
    bytes: int


class Health(TypedDict):
    """How fresh the index is. `age_seconds`: since the node last answered; `halted`: why the indexer stopped."""

    chain_id: int | None
    genesis: str | None
    fund: str | None
    block: int | None
    block_time: int | None
    node_head: int | None
    lag_blocks: int | None
    node_seen_at: int | None
    age_seconds: int | None
    ok: bool
    halted: str | None
    database: DatabaseState


class Movement(TypedDict):
    """One thing that happened, for the live list. `id` is its place as one integer, the id of the live stream.

    contribution: amount, token, who (null: anonymous), contribution · batch: amount, token, who (the gateway), count,
    batch · release: amount, token, who (the payee), milestone · evidence: who (the NGO), milestone · attestation: who,
    milestone, approved · pool: who (the NGO), token.
    """

    kind: MovementKind
    id: int
    pool: int
    pool_name: str
    place: Place
    url: str
    who: Who | None
    amount: NotRequired[Money]
    token: NotRequired[Token]
    milestone: NotRequired[int]
    approved: NotRequired[bool]
    count: NotRequired[int]
    contribution: NotRequired[str]
    batch: NotRequired[str]


class TokenTotals(TypedDict):
    """Everything in one token, over all pools."""

    token: Token
    raised: Money
    released: Money
    held: Money
    contributions: int


class Summary(TypedDict):
    """The front page's numbers. `after` is the place up to which they were read: /live?after=… goes on from there."""

    tokens: list[TokenTotals]
    pools: int
    contributions: int
    batches: int
    attestations: int
    releases: int
    latest: list[Movement]
    after: int
    index: Health


class Event(TypedDict):
    """One raw log of the contracts, and what its ABI makes of it."""

    id: int
    event: str
    address: str
    topics: list[str]
    data: str
    args: dict[str, object] | None
    place: Place


class Hit(TypedDict):
    """One thing that a search found."""

    kind: str
    label: str
    url: str


class BadParameterAnswer(TypedDict):
    """The body of a 422."""

    error: str
    field: str
    reason: str


class NotFoundAnswer(TypedDict):
    """The body of a 404."""

    error: str
    looked_for: str


class UnavailableAnswer(TypedDict):
    """The body of a 503."""

    error: str
    reason: str
