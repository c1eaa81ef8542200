"""Pools: what was planned, what moves their clock, and who sits on their panels."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table

from api.tables.base import bytes_, int_, metadata, number, place, small, text

pools = Table(
    "pools",
    metadata,
    place(),
    number("pool", unique=True),
    bytes_("ngo", index=True),
    bytes_("token"),
    text("name"),
    bytes_("description_hash"),
    text("description_uri"),
    int_("funding_threshold"),
    int_("funding_deadline"),  # types.NEVER: none
    Column("open_ended", Boolean, nullable=False),
    int_("objection_window"),
    int_("attestation_window"),
    small("objection_threshold"),  # hundredths of a percent
    small("quorum"),
)

limits = Table(
    "limits",
    metadata,
    place(),
    number("pool", unique=True),
    bytes_("programme"),  # zero: this pool alone
    int_("beneficiary_cap"),  # 0: none
    int_("voucher_cap"),  # 0: no vouchers
    int_("voucher_period"),
)

attestors = Table(
    "attestors",
    metadata,
    place(),
    number("pool", index=True),
    bytes_("account", index=True),
    bytes_("leaving", nullable=True),  # whose seat it took; none: it sat from the beginning
)

rotations = Table(
    "rotations",
    metadata,
    place(),
    number("pool", index=True),
    bytes_("leaving"),
    bytes_("joining"),
    bytes_("attestor", nullable=True),  # who consents; none: enough have
    int_("at", nullable=True),  # from when it can be carried out, once enough have
)

milestones = Table(
    "milestones",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("payee"),
    int_("amount"),
    int_("evidence_deadline"),
    Index("milestones_by_pool", "pool", "milestone", unique=True),
)

consents = Table(
    "consents",
    metadata,
    place(),
    number("pool", index=True),
    number("milestone"),
    bytes_("attestor"),
    bytes_("payee"),
    int_("amount"),
    int_("evidence_deadline"),
)

deadlines = Table(
    "deadlines",
    metadata,
    place(),
    number("pool", index=True),
    int_("accepts_until"),
    int_("defaults_at"),
)

pauses = Table(
    "pauses",
    metadata,
    place(),
    number("pool", index=True),
    Column("paused", Boolean, nullable=False),
    bytes_("account"),
    int_("until", nullable=True),  # when a pause ends by itself
    int_("clock_shift"),  # seconds for which pauses have stopped the pool's clock, this one's counted
)

cancellations = Table("cancellations", metadata, place(), number("pool", unique=True), bytes_("account"))
