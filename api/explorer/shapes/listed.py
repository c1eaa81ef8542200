"""Contributions as lists have them: what many have in common stands beside the items, once for each."""

from __future__ import annotations

from typing import Literal, NotRequired

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.explorer.shapes.base import Money, Place, Token, Who

Way = Literal["wallet", "gateway", "pledge", "sponsor", "bearer"]


class Listed(TypedDict):
    """One gift in a list: it owns [start, start + amount) of its pool's line, and is its pool's gift `number`.

    amount = spent + refunded + waiting, to the unit; `refunded`: to its donor, or to the gateway of its batch.
    `pool` and `recorded` name what stands beside the items. `position`: in its batch, if it came in one. `bearer`: who
    paid it in the donor's name, if somebody else did; `pledge`: by which standing order.
    """

    id: str
    pool: int
    start: Money
    amount: Money
    number: int
    donor: str | None
    paid_at: int
    via: Way
    position: NotRequired[int]
    bearer: NotRequired[Who]
    pledge: NotRequired[int]
    recorded: str
    spent: Money
    refunded: Money
    waiting: Money


class OfPool(TypedDict):
    """What all contributions to a pool have in common."""

    pool_name: str
    token: Token


class Recorded(TypedDict):
    """What all contributions of a log have in common: where it stands on the chain, and its batch if it is one."""

    at: Place
    batch: str | None
    gateway: Who | None


class Contributions(TypedDict):
    """One page of a list of contributions. `next` is the cursor of the page after it; null at the end.

    Beside the items stands once what many have in common: their pools by number, and what recorded them by block and
    index (332-0).
    """

    items: list[Listed]
    next: str | None
    pools: dict[str, OfPool]
    recorded: dict[str, Recorded]
