"""Contributions, batches and donors."""

from __future__ import annotations

from typing import Literal, NotRequired

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Money, Place, Token, Who
from api.explorer.shapes.pools import Release


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
