"""Money: what came in, what was paid, what came back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table

from api.tables.base import Number, bytes_, int_, metadata, number, place, small

batches = Table(
    "batches",
    metadata,
    place(),
    bytes_("batch", index=True),
    number("pool"),
    bytes_("gateway"),
    bytes_("reference", index=True),
    bytes_("root"),
    int_("start"),
    int_("amount"),
    number("count"),
    number("number"),  # of the pool's batches, from 1
    Index("batches_by_pool", "pool", "start"),
    Index("batches_by_gateway", "gateway", "pool", "start"),
    Index("batches_of_gateway", "gateway", "log"),
)

subtrees = Table(
    "subtrees",
    metadata,
    place(),
    number("pool"),
    bytes_("roots"),  # 32 bytes each, one after the other; a table of its own: lists of batches do not read it
)

contributions = Table(
    "contributions",
    metadata,
    Column("pool", Number, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    int_("amount"),
    number("number"),  # in the pool's line, from 1
    bytes_("donor"),  # 20 zero bytes: anonymous
    int_("paid_at"),  # when the donor paid; of a direct gift the block's time
    int_("log", index=True),
    number("position"),  # in the batch, from 0; -1: a direct gift
    small("via"),  # types.Via
    Index("contributions_by_donor", "donor", "log", "position"),
    Index("contributions_by_time", "pool", "paid_at", "start"),
    Index("contributions_by_amount", "pool", "amount", "start"),
    sqlite_with_rowid=False,
)

brought = Table(
    "brought",
    metadata,
    place(),
    number("pool"),
    bytes_("bearer", index=True),
    bytes_("token"),
    int_("amount"),
    int_("start"),
    number("count"),
    Index("brought_by_pool", "pool", "start"),
)

matchings = Table(
    "matchings", metadata, place(), number("pool", index=True),
    Column("matched", Boolean, nullable=False),
)  # fmt: skip

releases = Table(
    "releases",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("payee", index=True),
    bytes_("token"),
    int_("amount"),
    bytes_("caller"),
    Index("releases_by_pool", "pool", "milestone"),
)

spends = Table(
    "spends",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    int_("start"),
    int_("amount"),
    Index("spends_by_pool", "pool", "start", "amount"),
)

returns = Table(
    "returns",
    metadata,
    place(),
    number("pool"),
    number("milestone"),
    bytes_("payee"),
    bytes_("token"),
    int_("amount"),
    int_("start"),
    Index("returns_by_pool", "pool", "start", "amount"),
)

refunds = Table(
    "refunds",
    metadata,
    place(),
    number("pool"),
    bytes_("account"),  # the donor, or the gateway that took what its donors had not claimed
    bytes_("batch", nullable=True),  # none: of a direct gift
    int_("start", nullable=True),  # of the contribution; none: the gateway's
    bytes_("token"),
    int_("amount"),
    bytes_("to"),
    bytes_("caller"),
    int_("total"),  # of the pool, this one counted: there may be as many refunds as gifts
    Index("refunds_by_account", "account", "log"),
    Index("refunds_by_pool", "pool", "log", "total"),
    Index("refunds_by_start", "pool", "start"),
    Index("refunds_by_batch", "batch", "start", "amount"),
)

deposits = Table(
    "deposits",
    metadata,
    place(),
    bytes_("gateway", index=True),
    bytes_("recipient"),
    bytes_("reference", index=True),
    bytes_("token"),
    int_("amount"),
)
