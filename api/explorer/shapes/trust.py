"""What may be relied upon: what is final, and whether the index was compared with the contracts."""

from __future__ import annotations

from typing import Literal

# Not from typing: pydantic reads that one only from Python 3.12 on.
from typing_extensions import TypedDict

from api.reconciled import Balance, Difference, Trouble

Agreement = Literal["agrees", "differs", "never"]


class ReconciliationState(TypedDict):
    """What came of the last comparison of the index with the contracts.

    `state`: at the end of `block`, all sources said the same of everything (`agrees`) or not (`differs`: an alarm); or
    they were `never` compared yet. `trouble`: why a later try came to nothing; what was found before still stands.
    """

    state: Agreement
    block: int | None
    at: int | None
    pools: int
    tokens: int
    differences: int
    trouble: str | None


class Reconciliation(TypedDict):
    """The last comparison of the contracts, the events and the index, each number from its own source.

    `indexed`: whether the block at which they were compared is still part of the chain. `figures`: how many numbers
    were compared. `balances`: what the contracts have of the tokens, and what of it is spoken for; a `surplus` was sent
    by mistake. `more`: differences beyond those that are listed. `trouble`: why a later try came to nothing.
    """

    state: Agreement
    block: int | None
    hash: str | None
    indexed: bool
    at: int | None
    pools: int
    tokens: int
    figures: int
    differences: list[Difference]
    more: int
    balances: list[Balance]
    trouble: Trouble | None
    sources: str


class Finality(TypedDict):
    """What is final, and what may still change.

    `engine`: the kind of node that the indexer reads; null before it asked. `confirmations`: how many blocks must lie
    above one before it is final; null: none ever is. `final_block`: the newest indexed block that is final; null: none.
    """

    engine: str | None
    confirmations: int | None
    final_block: int | None
    final: str
    may_change: str
    beside: str


class About(TypedDict):
    """What this interface is, and what of its answers is final."""

    openapi: str
    health: str
    reconciliation: str
    block: int | None
    finality: Finality


class Readiness(TypedDict):
    """Whether this server can serve.

    `serves`: there is an index that can be read. `fresh`: the node answered the indexer not long ago. `ok`: it is
    fresh, not halted, and nothing differs from the contracts. `why`: what is not as it should be.
    """

    serves: bool
    ok: bool
    fresh: bool
    block: int | None
    final_block: int | None
    age_seconds: int | None
    differences: int
    why: str | None
