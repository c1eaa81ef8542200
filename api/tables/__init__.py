"""The one schema that both wings share.

Every row but a block's hangs on the log that made it, by `log`, the log's place on the chain. Rows are only ever added;
what a pool or a milestone *is* follows from them. So a rewind is one delete by place, and no row can drift from the
truth: where one says how much there was up to it, it stays as it was written.

Amounts are base units (int64), times unix seconds, addresses 20 bytes, hashes 32 bytes.
"""

from __future__ import annotations

from api.tables.base import LOG_BITS, SCHEMA_VERSION, metadata
from api.tables.books import (
    collection_failures,
    collections,
    deliveries,
    expiries,
    invitations,
    matches,
    openings,
    pledge_changes,
    pledges,
    seals,
    sponsorships,
    vouchers,
    withdrawals,
)
from api.tables.judgement import attestations, disputes, evidence, objections, verdicts
from api.tables.ledger import blocks, logs, members, meta, tokens
from api.tables.money import (
    batches,
    brought,
    contributions,
    deposits,
    matchings,
    refunds,
    releases,
    returns,
    spends,
    subtrees,
)
from api.tables.pools import attestors, cancellations, consents, deadlines, limits, milestones, pauses, pools, rotations

__all__ = [
    "LOG_BITS",
    "SCHEMA_VERSION",
    "attestations",
    "attestors",
    "batches",
    "blocks",
    "brought",
    "cancellations",
    "collection_failures",
    "collections",
    "consents",
    "contributions",
    "deadlines",
    "deliveries",
    "deposits",
    "disputes",
    "evidence",
    "expiries",
    "invitations",
    "limits",
    "logs",
    "matches",
    "matchings",
    "members",
    "meta",
    "metadata",
    "milestones",
    "objections",
    "openings",
    "pauses",
    "pledge_changes",
    "pledges",
    "pools",
    "refunds",
    "releases",
    "returns",
    "rotations",
    "seals",
    "spends",
    "sponsorships",
    "subtrees",
    "tokens",
    "verdicts",
    "vouchers",
    "withdrawals",
]
