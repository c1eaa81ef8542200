"""The one schema that both wings share.

Every row but a block's hangs on the log that made it, by `log`, the log's place on the chain. Rows are only ever added;
what a pool or a milestone *is* follows from them (the views in `VIEWS`). So a rewind is one delete by place, and there
is no running total that could drift from the truth.

Amounts are base units (int64), times unix seconds, addresses 20 bytes, hashes 32 bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 1

LOG_BITS = 20
"""A log's place is block · 2^20 + its index in the block: one integer that sorts as the ledger does."""

metadata = MetaData()


def _bytes(name: str, *, nullable: bool = False, index: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable, index=index)


def _int(name: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable, index=index)


def _place() -> Column[int]:
    """Return the place of the log that made the row, as its key."""
    return Column("log", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))
"""schema_version, chain_id, genesis (hash), fund (address), node_seen_at, node_head, halted (why the sync stopped)."""

blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    _bytes("hash", index=True),
    _bytes("parent"),
    _int("time"),
)

logs = Table(
    "logs",
    metadata,
    _place(),
    _bytes("tx", index=True),
    _bytes("address"),
    Column("event", String, nullable=False),
    _bytes("topics"),  # 32 bytes each, one after the other
    _bytes("data"),
    Index("logs_by_event", "event", "log"),
)

members = Table(
    "members",
    metadata,
    _place(),
    _bytes("account", index=True),
    Column("kind", SmallInteger, nullable=False),  # 0: revoked; else types.MemberKind
    Column("name", Text, nullable=False),
    _bytes("details_hash"),
    Column("details_uri", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _place(),  # of the accreditation in which it was first met
    _bytes("address", index=True),
    Column("symbol", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("decimals", SmallInteger, nullable=False),
)

pools = Table(
    "pools",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False, unique=True),
    _bytes("ngo", index=True),
    _bytes("token"),
    Column("name", Text, nullable=False),
    _bytes("description_hash"),
    Column("description_uri", Text, nullable=False),
    _int("funding_threshold"),
    _int("funding_deadline"),  # types.NEVER: none
    Column("open_ended", Boolean, nullable=False),
    _int("objection_window"),
    _int("attestation_window"),
    Column("quorum", SmallInteger, nullable=False),
)

attestors = Table(
    "attestors", metadata, _place(), Column("pool", Integer, nullable=False, index=True), _bytes("account", index=True)
)

milestones = Table(
    "milestones",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False),
    Column("milestone", Integer, nullable=False),
    _bytes("payee"),
    _int("amount"),
    _int("evidence_deadline"),
    Index("milestones_by_pool", "pool", "milestone", unique=True),
)

deadlines = Table(
    "deadlines",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False, index=True),
    _int("accepts_until"),
    _int("defaults_at"),
)

pauses = Table(
    "pauses",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False, index=True),
    Column("paused", Boolean, nullable=False),
    _bytes("account"),
)

evidence = Table(
    "evidence",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False),
    Column("milestone", Integer, nullable=False),
    Column("round", SmallInteger, nullable=False),
    _bytes("ngo"),
    _bytes("hash", index=True),
    Column("uri", Text, nullable=False),
    _int("line"),
    Index("evidence_by_milestone", "pool", "milestone", "round"),
)

attestations = Table(
    "attestations",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False),
    Column("milestone", Integer, nullable=False),
    Column("round", SmallInteger, nullable=False),
    _bytes("attestor", index=True),
    _bytes("evidence"),
    Column("approved", Boolean, nullable=False),
    Index("attestations_by_milestone", "pool", "milestone", "round"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False),
    Column("milestone", Integer, nullable=False),
    _bytes("evidence"),
    Column("approved", Boolean, nullable=False),
    _int("releasable_at", nullable=True),  # of an approval
    Index("verdicts_by_milestone", "pool", "milestone"),
)

batches = Table(
    "batches",
    metadata,
    _place(),
    _bytes("batch", index=True),
    Column("pool", Integer, nullable=False),
    _bytes("gateway"),
    _bytes("reference", index=True),
    _bytes("root"),
    _int("start"),
    _int("amount"),
    Column("count", Integer, nullable=False),
    Index("batches_by_pool", "pool", "start"),
    Index("batches_by_gateway", "gateway", "pool", "start"),
)

contributions = Table(
    "contributions",
    metadata,
    Column("pool", Integer, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    _int("amount"),
    Column("number", Integer, nullable=False),  # in the pool's line, from 1
    _bytes("donor"),  # 20 zero bytes: anonymous
    _int("paid_at"),  # when the donor paid; of a direct gift the block's time
    _int("log", index=True),
    Column("position", Integer, nullable=False),  # in the batch, from 0; -1: a direct gift
    Index("contributions_by_donor", "donor", "log", "position"),
    Index("contributions_by_time", "pool", "paid_at", "start"),
    Index("contributions_by_amount", "pool", "amount", "start"),
    sqlite_with_rowid=False,
)
releases = Table(
    "releases",
    metadata,
    _place(),
    Column("pool", Integer, nullable=False),
    Column("milestone", Integer, nullable=False),
    _bytes("payee", index=True),
    _bytes("token"),
    _int("amount"),
    _int("start"),
    _bytes("caller"),
    Index("releases_by_pool", "pool", "start"),
)

deposits = Table(
    "deposits",
    metadata,
    _place(),
    _bytes("gateway", index=True),
    _bytes("recipient"),
    _bytes("reference", index=True),
    _bytes("token"),
    _int("amount"),
)
