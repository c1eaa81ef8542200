"""Contributions, batches and donors."""

from __future__ import annotations

from typing import Literal, NotRequired

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Money, Place, Token, Who
from api.explorer.shapes.books import Pledge
from api.explorer.shapes.listed import Way
from api.explorer.shapes.pools import Places, Refund, Release


class Contribution(TypedDict):
    """One gift with all that is said of it: it owns [start, end) of its pool's line.

    amount = spent + refunded + waiting, to the unit; `refunded`: to its donor, or to the gateway of its batch.
    `via`: the donor's own wallet, a gateway's batch, a standing order (`pledge`), a sponsor's match, or somebody else
    (`bearer`) who paid it in the donor's name.
    """

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
    via: Way
    bearer: Who | None
    pledge: int | None
    batch: str | None
    position: int | None
    gateway: Who | None
    recorded: Place
    spent: Money
    refunded: Money
    waiting: Money
    entry: str | None


class Proof(TypedDict):
    """That an entry stands in its batch: hash up from `leaf` with `siblings` and compare with `root`, read from a node.

    `computed_root` is what this server's own copy of the gift comes to with them; `matches`: whether that is the root.
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


Fate = Literal["paid", "delivered", "redeemed", "undelivered"]
"""What became of money that a release paid.

`paid`: its payee has it. `delivered`: beneficiaries of a payout round have it. `redeemed`: providers have it, against
vouchers. `undelivered`: it waits in a payout round, or for vouchers.
"""


class Handed(TypedDict):
    """A delivery of a payout round, or a redeemed voucher, and which places of a gift it is of. No person is in it.

    `amount` of its `whole` amount came from this gift: [start, end) of the pool's line.
    """

    start: Money
    end: Money
    amount: Money
    whole: Money
    milestone: int
    fate: Fate
    told: Place


class TracePiece(TypedDict):
    """What became of [start, end) after its release was paid.

    If it was handed on: `count` deliveries or vouchers have it, the `first` ones are these, and `rest` is what the
    others have of it. All of them: /contributions/{id}/deliveries.
    """

    start: Money
    end: Money
    amount: Money
    fate: Fate
    first: NotRequired[list[Handed]]
    count: NotRequired[int]
    rest: NotRequired[Money]


class TracePart(TypedDict):
    """A part of a contribution and where it went: to a milestone by a release, back by a refund, or it is `waiting`.

    `paid` says where the release's money is now; its pieces are exactly the part.
    """

    start: Money
    end: Money
    amount: Money
    milestone: NotRequired[int]
    release: NotRequired[Release]
    paid: NotRequired[list[TracePiece]]
    refund: NotRequired[Refund]
    waiting: NotRequired[Literal[True]]


class Became(TypedDict):
    """What a contribution became: amounts that are exactly the gift, each the sum of its parts, all of them.

    `fees` is nothing, always: the ledger's rules take none.
    """

    paid: Money
    delivered: Money
    redeemed: Money
    undelivered: Money
    refunded: Money
    waiting: Money
    fees: Literal["0"]


class TraceRest(TypedDict):
    """The parts of a contribution behind those that its trace tells: how many, where, and what they became."""

    count: int
    start: Money
    end: Money
    amount: Money
    became: Became


class Payer(TypedDict):
    """A contribution that paid a release: `amount` of it, in `parts_total` parts, of which `parts` are the first 20."""

    contribution: Contribution
    amount: Money
    parts: list[Places]
    parts_total: int


Claimer = Literal["wallet", "code", "gateway"]


class Refundable(TypedDict):
    """What can be claimed back, since the pool is over.

    `by`: whoever holds the donor's wallet, or the receipt's code, or only the gateway, to pay it back in fiat.
    `gateway_from`: when the gateway may take what is not claimed.
    """

    amount: Money
    by: Claimer
    gateway_from: int | None


class ContributionDetail(Contribution):
    """A contribution with its trace, and its proof if it is a batch's entry: a direct gift is in the fund's storage.

    `trace` has the first 100 parts, in the order of the line; `more`: what the others are, null if there are none. All
    together are exactly the gift. `taken`: what of `refunded` went to its gateway.
    """

    proof: Proof | None
    trace: list[TracePart]
    more: TraceRest | None
    became: Became
    taken: Money
    claim: Refundable | None


class Batch(TypedDict):
    """Many gifts that a gateway recorded at once.

    `refunded` of it came back; `taken`: its gateway took what its donors had not claimed, so they cannot any more,
    and `taken_amount` of `refunded` went to it.
    """

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
    refunded: Money
    taken: bool
    taken_amount: Money
    recorded: Place


class TokenAmount(TypedDict):
    """An amount in one token."""

    token: Token
    amount: Money


class DonorPool(TypedDict):
    """What a donor gave to one pool, and what became of it. `claimable`: of `waiting`, since the pool is over."""

    pool: int
    pool_name: str
    token: Token
    amount: Money
    spent: Money
    refunded: Money
    waiting: Money
    claimable: Money
    contributions: int


class Donor(TypedDict):
    """All that one donor id gave. `pledges`: its newest standing orders. `first`, `last`: where its gifts stand.

    `pools` are those it gave to last, 200 at most, of `pools_total`. Who gave several thousand times gets the sums of
    the newest 5,000 gifts or so, those from `since` on; null: of all. The list of gifts and its export have them all.
    """

    donor: str
    contributions: int
    totals: list[TokenAmount]
    pools: list[DonorPool]
    pools_total: int
    since: Place | None
    pledges: list[Pledge]
    first: Place | None
    last: Place | None
