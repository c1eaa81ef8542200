"""Standing orders, payout rounds, sponsors and vouchers."""

from __future__ import annotations

from typing import Literal

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Money, Place, Token, Who

PeriodName = Literal["day", "week", "month"]
PledgeStateName = Literal["live", "paused", "stopped", "over"]
RoundStateName = Literal["sealed", "open", "expired", "closed"]


class Failure(TypedDict):
    """That a keeper asked for a pledge and got nothing. Anyone may ask at any time: it says nothing of the donor."""

    reason: str
    tried: Place


class Pledge(TypedDict):
    """A donor's standing order, as it stands: `amount` and `cap` may have been lowered since it was made.

    `over`: it ended by itself. `last_due` and `times` are null where something else ends it. `failure`: why the last
    attempt brought nothing, if nothing was collected since.
    """

    pledge: int
    donor: str
    pool: int
    pool_name: str
    token: Token
    amount: Money
    period: PeriodName
    first_due: int
    last_due: int | None
    times: int | None
    cap: Money
    replaces: int | None
    state: PledgeStateName
    collected: Money
    collections: int
    failure: Failure | None
    pledged: Place


class Collection(TypedDict):
    """One amount that was brought to a pool by a standing order. `period` counts the pledge's periods from 0."""

    pledge: int
    pool: int
    pool_name: str
    token: Token
    amount: Money
    period: int
    contribution: str
    keeper: Who
    collected: Place


class Round(TypedDict):
    """A payout round: a milestone's money on its way to many beneficiaries, who stay private.

    `id`: pool and milestone. amount = delivered + unclaimed. `returned` of the unclaimed went back to the pool. What is
    delivered owns the round's money from its front. `cap`: the most for one person.
    """

    id: str
    pool: int
    pool_name: str
    milestone: int
    token: Token
    state: RoundStateName
    version: int
    count: int
    amount: Money
    deliveries: int
    delivered: Money
    unclaimed: Money
    returned: Money
    cap: Money | None
    claim_window: int
    claims_until: int | None
    sealed: Place
    opened: Place | None
    closed: Place | None


class Delivery(TypedDict):
    """One payment of a round, without the person: its row in the list, and its part of the round's money."""

    pool: int
    milestone: int
    position: int
    token: Token
    amount: Money
    start: Money
    end: Money
    delivered: Place


class Sponsorship(TypedDict):
    """A budget that matches gifts, each in part and up to a cap. budget = drawn + left + withdrawn."""

    pool: int
    pool_name: str
    sponsorship: int
    sponsor: Who
    token: Token
    budget: Money
    ratio_percent: int
    cap_per_gift: Money
    ends_at: int
    drawn: Money
    gifts: int
    withdrawn: Money
    left: Money
    live: bool
    locked: Place


class Voucher(TypedDict):
    """A bill that a beneficiary and a pool paid together; or a voucher that was revoked (then `provider` is null)."""

    pool: int
    pool_name: str
    milestone: int
    voucher: str
    token: Token
    revoked: bool
    provider: Who | None
    own: Money
    from_pool: Money
    evidence: str | None
    told: Place


class VoucherMoney(TypedDict):
    """A released milestone that pays vouchers. amount = paid + left + returned."""

    amount: Money
    paid: Money
    own: Money
    count: int
    left: Money
    returned: Money
    until: int
