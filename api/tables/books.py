"""The books beside the fund: standing orders, payout rounds, sponsors, vouchers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table

from api.tables.base import Number, bytes_, int_, metadata, number, place, small, text

pledges = Table(
    "pledges",
    metadata,
    place(),
    number("pledge", unique=True),
    bytes_("donor"),
    number("pool"),
    bytes_("token"),
    int_("amount"),
    small("period"),  # types.Period
    int_("first_due"),
    int_("last_due"),  # 0: `times` or `cap` ends it
    number("times"),  # 0: `last_due` or `cap` ends it
    int_("cap"),
    number("replaces"),  # 0: none
    bytes_("caller"),
    Index("pledges_by_donor", "donor", "log"),
    Index("pledges_by_pool", "pool", "log"),
)

pledge_changes = Table(
    "pledge_changes",
    metadata,
    place(),
    number("pledge"),
    text("change", String),  # paused, resumed, skipped, lowered or stopped
    int_("period", nullable=True),  # the last one that is skipped
    int_("amount", nullable=True),  # from now on
    int_("cap", nullable=True),
    Index("pledge_changes_by_pledge", "pledge", "log"),
)

collections = Table(
    "collections",
    metadata,
    Column("pool", Number, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # of the contribution
    int_("log", index=True),
    number("pledge"),
    number("period"),
    int_("amount"),
    bytes_("keeper"),
    Index("collections_by_pledge", "pledge", "log", "start", "amount"),
)

collection_failures = Table(
    "collection_failures",
    metadata,
    place(),
    number("pledge"),
    small("reason"),  # IPledgeBook.Reason
    Index("collection_failures_by_pledge", "pledge", "log"),
)

seals = Table(
    "seals",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("ngo"),
    number("version"),
    int_("amount"),
    number("count"),
    int_("claim_window"),
    Index("seals_by_milestone", "pool", "milestone"),
)

openings = Table(
    "openings",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("token"),
    int_("amount"),
    int_("claims_until"),
    int_("beneficiary_cap"),  # 0: none
    bytes_("scope"),
    Index("openings_by_milestone", "pool", "milestone", unique=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("to"),
    number("position"),
    bytes_("token"),
    int_("amount"),
    int_("start"),
    bytes_("caller"),
    number("number"),  # of the round's deliveries, from 1
    Index("deliveries_by_milestone", "pool", "milestone", "start", unique=True),
)

expiries = Table(
    "expiries",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("token"),
    int_("amount"),
    bytes_("caller"),
    Index("expiries_by_milestone", "pool", "milestone"),
)
"""What a payout round or its vouchers left over went back to the pool; `returns` says to which places."""

invitations = Table(
    "invitations",
    metadata,
    place(),
    number("pool", index=True),
    bytes_("sponsor"),
    Column("invited", Boolean, nullable=False),
)

sponsorships = Table(
    "sponsorships",
    metadata,
    place(),
    number("pool"),
    number("sponsorship"),
    bytes_("sponsor", index=True),
    bytes_("token"),
    int_("budget"),
    small("ratio_percent"),
    int_("cap_per_gift"),
    int_("ends_at"),
    Index("sponsorships_by_pool", "pool", "sponsorship", unique=True),
)

matches = Table(
    "matches",
    metadata,
    place(),
    number("pool"),
    number("sponsorship"),
    bytes_("sponsor"),
    bytes_("token"),
    int_("amount"),
    int_("gifts"),
    int_("start"),  # of the sponsor's contribution, which the fund tells next
    int_("total"),  # of the sponsorship, this one counted
    int_("total_gifts"),
    Index("matches_by_sponsorship", "pool", "sponsorship", "log"),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    place(),
    number("pool"),
    number("sponsorship"),
    bytes_("sponsor"),
    bytes_("to"),
    bytes_("token"),
    int_("amount"),
    bytes_("caller"),
    Index("withdrawals_by_sponsorship", "pool", "sponsorship"),
)

vouchers = Table(
    "vouchers",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("voucher", index=True),
    bytes_("provider", nullable=True),  # none: it was revoked
    int_("own"),
    int_("from_pool"),
    bytes_("evidence", nullable=True),
    bytes_("caller"),  # who paid the own part, or the NGO that revoked it
    number("number"),  # of the milestone's vouchers that were redeemed, this one counted
    int_("total_own"),  # of the milestone, this one counted
    int_("total"),
    Index("vouchers_by_provider", "provider", "log"),
    Index("vouchers_by_pool", "pool", "log"),
    Index("vouchers_by_milestone", "pool", "milestone", "log"),
    Index("vouchers_by_total", "pool", "milestone", "total"),
)
