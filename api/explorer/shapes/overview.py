"""The front page, the members, the record."""

from __future__ import annotations

from typing import Literal, NotRequired

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Content, Money, Place, Token, Who
from api.explorer.shapes.books import PeriodName
from api.explorer.shapes.listed import Way
from api.explorer.shapes.pools import PoolSummary
from api.explorer.shapes.trust import ReconciliationState

MovementKind = Literal[
    "contribution",
    "batch",
    "release",
    "return",
    "refund",
    "evidence",
    "attestation",
    "dispute",
    "cancellation",
    "pool",
    "delivery",
    "voucher",
    "pledge",
    "sponsorship",
]


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
    """The index's file, or its PostgreSQL database."""

    schema_version: int
    bytes: int


class Health(TypedDict):
    """How the index is.

    `age_seconds`: since the node last answered; `fresh`: that is not long. `halted`: why the indexer stopped. `ok`: it
    is fresh, not halted, and nothing differs from the contracts. `engine`, `confirmations`, `final_block`: as in
    Finality. `building`: all earlier blocks are
    being read for the first time, and nothing else is answered yet.
    """

    chain_id: int | None
    genesis: str | None
    fund: str | None
    block: int | None
    block_time: int | None
    node_head: int | None
    lag_blocks: int | None
    node_seen_at: int | None
    age_seconds: int | None
    fresh: bool
    ok: bool
    building: bool
    engine: str | None
    confirmations: int | None
    final_block: int | None
    reconciliation: ReconciliationState
    halted: str | None
    database: DatabaseState


class Movement(TypedDict):
    """One thing that happened, for the live list. `id` is its place as one integer, the id of the live stream.

    contribution: amount, token, who (null: anonymous), contribution, via · batch: amount, token, who (the gateway),
    count, batch · release, return: amount, token, who (the payee), milestone · refund: amount, token, who (the donor
    or the gateway), contribution or batch · evidence: who (the NGO), milestone · attestation: who, milestone, approved
    · dispute: milestone · cancellation: who · pool: who (the NGO), token · delivery: amount, token, milestone, and
    nobody · voucher: amount (the pool's part), token, who (the provider), milestone · pledge: amount, token, period,
    who (the donor) · sponsorship: amount (the budget), token, who.
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
    via: NotRequired[Way]
    period: NotRequired[PeriodName]
    batch: NotRequired[str]


class TokenTotals(TypedDict):
    """Everything in one token, over all pools."""

    token: Token
    raised: Money
    released: Money
    refunded: Money
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
