"""The note that the indexer keeps of its last comparison with the contracts themselves, and that the explorer shows.

It stands in the table `meta` under KEY, as JSON. Amounts are decimal strings, as everywhere in JSON.
"""

from __future__ import annotations

from typing import Literal

import msgspec

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

KEY = "reconciled"

Subject = Literal["ledger", "pool", "round", "vouchers", "sponsorship", "token", "events"]


class SourceValue(TypedDict):
    """What one source says. `source`: a view and its field, events, or a table of the index."""

    source: str
    value: str


class Difference(TypedDict):
    """One figure of which not all sources say the same.

    `about`: a pool; a payout round or a milestone's vouchers (with `milestone`); a sponsorship; a token's balance; the
    ledger as a whole; or `events`: the stored events themselves cannot be taken as they are.
    """

    about: Subject
    pool: int | None
    milestone: int | None
    sponsorship: int | None
    token: str | None
    what: str
    values: list[SourceValue]


class Balance(TypedDict):
    """What one of Moa's contracts has of a token, and what of it is spoken for.

    `surplus` belongs to nobody: somebody sent it by mistake. A balance below `held` is a difference.
    """

    token: str
    contract: str
    balance: str
    held: str
    surplus: str


class Trouble(TypedDict):
    """Why the last try to compare came to nothing. What was found before it still stands."""

    block: int | None
    at: int
    reason: str


class Reconciled(TypedDict):
    """The last whole comparison, at the end of one block.

    `figures`: how many numbers were compared. `more`: differences beyond those that are listed. `trouble`: why a later
    try came to nothing; null if none did. `block` is null as long as nothing was ever compared.
    """

    block: int | None
    hash: str | None
    at: int | None
    pools: int
    tokens: int
    figures: int
    differences: list[Difference]
    more: int
    balances: list[Balance]
    trouble: Trouble | None


def nothing() -> Reconciled:
    """Return the note of an index that was never compared."""
    return {
        "block": None, "hash": None, "at": None, "pools": 0, "tokens": 0, "figures": 0, "differences": [], "more": 0,
        "balances": [], "trouble": None,
    }  # fmt: skip


def count(note: Reconciled) -> int:
    """Return how many figures differ."""
    return len(note["differences"]) + note["more"]


def write(note: Reconciled) -> str:
    """Return the note as it is kept."""
    return msgspec.json.encode(note).decode()


def read(kept: str | None) -> Reconciled:
    """Return a note that was kept; one that is not there, or of another version, says nothing."""
    try:
        return msgspec.json.decode(kept or "", type=Reconciled)
    except msgspec.MsgspecError:
        return nothing()
