"""The ledger itself: blocks and logs as the node gave them, and the register's members."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from api.tables.base import bytes_, int_, metadata, place, small, text

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))
"""schema_version, chain_id, genesis (hash), deployment_block, fund, `address of …` and `code of …` (its Keccak-256)
each contract, node_seen_at, node_head, engine, confirmations ("never": nothing is final), final_block (empty: none is),
reconciled (api.reconciled), backfill: since when the index is being built, and halted: why the sync stopped.
"""

blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    bytes_("hash", index=True),
    bytes_("parent"),
    int_("time"),
)

logs = Table(
    "logs",
    metadata,
    place(),
    bytes_("tx", index=True),
    bytes_("address"),
    text("event", String),
    bytes_("topics"),  # 32 bytes each, one after the other
    bytes_("data"),
    Index("logs_by_event", "event", "log"),
)

members = Table(
    "members",
    metadata,
    place(),
    bytes_("account", index=True),
    small("kind"),  # 0: revoked; else types.MemberKind
    text("name"),
    bytes_("details_hash"),
    text("details_uri"),
)

tokens = Table(
    "tokens",
    metadata,
    place(),  # of the accreditation in which it was first met
    bytes_("address", index=True),
    text("symbol"),
    text("name"),
    small("decimals"),
)
