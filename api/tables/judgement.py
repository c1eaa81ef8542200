"""What was said about milestones: evidence, attestations, verdicts, objections."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table

from api.tables.base import bytes_, int_, metadata, number, place, text

evidence = Table(
    "evidence",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    number("round"),
    bytes_("ngo"),
    bytes_("hash", index=True),
    text("uri"),
    int_("line"),
    Index("evidence_by_milestone", "pool", "milestone", "round"),
)

attestations = Table(
    "attestations",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    number("round"),
    bytes_("attestor", index=True),
    bytes_("evidence"),
    Column("approved", Boolean, nullable=False),
    Index("attestations_by_milestone", "pool", "milestone", "round"),
)

verdicts = Table(
    "verdicts",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("evidence"),
    Column("approved", Boolean, nullable=False),
    int_("releasable_at", nullable=True),  # of an approval
    Column("last", Boolean, nullable=False),  # a rejection for good
    Index("verdicts_by_milestone", "pool", "milestone"),
)

objections = Table(
    "objections",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    number("round"),
    bytes_("donor"),
    bytes_("evidence"),
    int_("start"),
    int_("amount"),
    number("number"),  # of the round's objections, from 1
    int_("total"),  # of the round, this one counted
    Index("objections_by_donor", "donor", "log"),
    Index("objections_by_pool", "pool", "log"),
    Index("objections_by_milestone", "pool", "milestone", "log"),
    Index("objections_by_round", "pool", "milestone", "round", "log"),
)

disputes = Table(
    "disputes",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("evidence"),
    number("round"),  # that begins
    int_("objected"),
    int_("line"),
    Index("disputes_by_milestone", "pool", "milestone"),
)
