"""What every shape is made of, and the bodies of refusals."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

Money = str
MemberKindName = Literal["ngo", "attestor", "gateway", "token", "provider"]
ContentState = Literal["matches", "altered", "absent", "none"]
Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """One page of a list, newest first. `next` is the cursor of the page after it; null at the end.

    With several filters a page may have few items, even none, and yet a `next`: so many rows were looked through.
    """

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
    """Where on the chain something was recorded. `final`: the chain cannot take it back any more."""

    block: int
    index: int
    tx: str
    time: int
    at: str
    final: bool


class Content(TypedDict):
    """A text or file that stands off chain under its SHA-256, hashed again for this answer."""

    hash: str | None
    uri: str
    state: ContentState
    title: str | None
    text: str | None
    media_type: str | None
    url: str | None


class BadParameterAnswer(TypedDict):
    """The body of a 422."""

    error: str
    field: str
    reason: str


class NotFoundAnswer(TypedDict):
    """The body of a 404."""

    error: str
    looked_for: str


class WithheldAnswer(TypedDict):
    """The body of a 409 and a 413 in place of a file."""

    error: str
    hash: str
    reason: str


class UnavailableAnswer(TypedDict):
    """The body of a 503, and of a 414 and a 429."""

    error: str
    reason: str
