"""One snapshot of the index, and what every answer needs from it: places, names and tokens, each fetched once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, Integer, Row, Select, func, literal, select

from api import tables
from api.explorer import shapes, text
from api.explorer.content import ContentFolder
from api.explorer.database import notes_of
from api.explorer.database.edition import Head
from api.explorer.database.prepared import PreparedAmong
from api.explorer.queries.memory import Memory
from api.types import MemberKind

Value = TypeVar("Value")

KINDS: dict[int, shapes.MemberKindName] = {
    MemberKind.NGO: "ngo",
    MemberKind.ATTESTOR: "attestor",
    MemberKind.GATEWAY: "gateway",
    MemberKind.TOKEN: "token",
    MemberKind.PROVIDER: "provider",
}
CONTRACTS = {
    "PayoutBook": "Payout book",
    "PledgeBook": "Book of standing orders",
    "SponsorBook": "Sponsors' book",
    "VoucherBook": "Book of vouchers",
}
"""How the pages call Moa's own contracts, where they bring or are paid money."""

_LOG_BITS = literal(tables.LOG_BITS, Integer)  # PostgreSQL shifts by no larger number
_LOG, _BLOCK = tables.logs.c, tables.blocks.c
_PLACES = PreparedAmong(
    select(_LOG.log, _LOG.tx, _BLOCK.number, _BLOCK.time).join_from(
        tables.logs, tables.blocks, _BLOCK.number == _LOG.log.bitwise_rshift(_LOG_BITS)
    ),
    _LOG.log,
)
_CHUNK = 500
"""SQLite takes some 32,000 parameters, other databases fewer."""


class Reader:
    """Reads rows of one snapshot and remembers what it met.

    A list first calls `load` with all that its rows name, so that a page costs a handful of queries, not one per row.
    """

    def __init__(self, connection: Connection, memory: Memory, content: ContentFolder, clock: int) -> None:
        self.connection, self.memory = connection, memory
        self.timed = False
        """Whether the clock, or what stands beside the index, was asked."""
        self._content, self._clock = content, clock

    def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        return self.connection.execute(query).all()

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """Return a query's first row."""
        return self.connection.execute(query.limit(1)).first()

    def once(self, name: str, make: Callable[[Reader], Value]) -> Value:
        """Return what `make` makes of this edition, made once for it. It must not depend on the time."""
        found: Value = self.memory.made.once(name, lambda: make(self))
        return found

    @property
    def meta(self) -> dict[str, str]:
        """Return the index's own notes."""
        return notes_of(self.connection)

    @property
    def content(self) -> ContentFolder:
        """Return the folder of texts and evidence."""
        self.timed = True
        return self._content

    @property
    def fund(self) -> bytes:
        """Return the address of the fund, empty before the index is tied to one."""
        return bytes.fromhex(self.meta.get("fund", "").removeprefix("0x"))

    @property
    def final_block(self) -> int | None:
        """Return the newest indexed block that is final, None if none is."""
        return self.memory.edition.final

    def contract(self, name: str) -> bytes:
        """Return the address of one of Moa's contracts, empty before the index is tied to one."""
        return bytes.fromhex(self.meta.get(f"address of {name}", ""))

    @cached_property
    def _contracts(self) -> dict[bytes, str]:
        """Return how Moa's own contracts are called, by address."""
        return {self.contract(name): said for name, said in CONTRACTS.items()}

    @property
    def head(self) -> Head | None:
        """Return the last indexed block."""
        return self.memory.edition.head

    @property
    def now(self) -> int:
        """Return the time by which pools freeze: the clock's, or the chain's if that is ahead."""
        return max(self.clock, self.head.time if self.head else 0)

    @property
    def clock(self) -> int:
        """Return what the wall clock says."""
        self.timed = True
        return self._clock

    # -------------------------------------------------------------------------------------------- what rows name

    def load(self, logs: Iterable[int] = (), accounts: Iterable[bytes] = (), pools: Iterable[int] = ()) -> None:
        """Fetch the places, names and pools that an answer will need."""
        memory = self.memory
        if places := {log for log in logs if log not in memory.places}:
            self._load_places(places)
        if unknown := {pool for pool in pools if pool not in memory.pools}:
            self._load_pools(unknown)
        if who := {account for account in accounts if account not in memory.who}:
            self._load_who(who)

    def place(self, log: int) -> shapes.Place:
        """Return where a log stands."""
        return self.memory.places.get(log) or self._load_places({log})[log]

    def who(self, account: bytes) -> shapes.Who:
        """Return an account with its name."""
        return self.memory.who.get(account) or self._load_who({account})[account]

    def token(self, address: bytes) -> shapes.Token:
        """Return a token; one that the register never named has its address for a symbol."""
        found = self.memory.tokens.get(address)
        if found is None:
            row = self.first(select(tables.tokens).where(tables.tokens.c.address == address))
            shown = text.hexed(address)
            symbol, name, decimals = (row.symbol, row.name, row.decimals) if row else (shown[:8], shown, 0)
            found = {"address": shown, "symbol": symbol, "name": name, "decimals": decimals}
            self.memory.tokens[address] = found
        return found

    def pool_name(self, pool: int) -> str:
        """Return how a pool is called: by its description's title, else by its name on chain, which may be cut."""
        return self.memory.titles.once(pool, lambda: self._title(self._pool(pool)))

    def _title(self, row: Row[Any]) -> str:
        return self._content.show(row.description_hash, row.description_uri)["title"] or str(row.name)

    def pool_token(self, pool: int) -> shapes.Token:
        """Return a pool's token."""
        return self.token(self._pool(pool).token)

    def has_pool(self, pool: int) -> bool:
        """Return whether there is such a pool."""
        return pool in self.memory.pools or pool in self._load_pools({pool})

    def has_block(self, number: int, block_hash: bytes) -> bool:
        """Return whether this very block is indexed."""
        query = select(tables.blocks.c.hash).where(tables.blocks.c.number == number)
        return self.connection.execute(query).scalar() == block_hash

    def last_log(self) -> int:
        """Return the place of the last log, 0 if there is none."""
        return self.connection.execute(select(func.max(tables.logs.c.log))).scalar() or 0

    # ----------------------------------------------------------------------------------------------- fetching

    def _pool(self, pool: int) -> Row[Any]:
        return self.memory.pools.get(pool) or self._load_pools({pool})[pool]

    def _load_places(self, logs: set[int]) -> dict[int, shapes.Place]:
        found: dict[int, shapes.Place] = {}
        final = -1 if self.final_block is None else self.final_block
        for log, tx, block, time in _PLACES.rows(self.connection, logs):
            shown: shapes.Place = {
                "block": block,
                "index": log & (2**tables.LOG_BITS - 1),
                "tx": text.hexed(tx),
                "time": time,
                "at": text.iso(time),
                "final": block <= final,
            }
            found[log] = self.memory.places[log] = shown
        return found

    def _load_pools(self, pools: set[int]) -> dict[int, Row[Any]]:
        columns, found = tables.pools.c, {}
        wanted = columns.pool, columns.name, columns.token, columns.description_hash, columns.description_uri
        for part in _chunks(pools):
            for row in self.rows(select(*wanted).where(columns.pool.in_(part))):
                found[row.pool] = self.memory.pools[row.pool] = row
        return found

    def _load_who(self, accounts: set[bytes]) -> dict[bytes, shapes.Who]:
        columns, contracts = tables.members.c, self._contracts if accounts else {}
        found: dict[bytes, shapes.Who] = {
            account: {
                "address": text.hexed(account), "name": contracts.get(account), "kind": None, "revoked": False,
            }
            for account in accounts
        }  # fmt: skip
        for part in _chunks(accounts):
            query = select(columns.account, columns.kind, columns.name).where(columns.account.in_(part))
            # The oldest first: what comes later stands.
            for row in self.rows(query.order_by(columns.log)):
                who = found[row.account]
                if row.kind == MemberKind.NONE:
                    who["revoked"] = True
                else:
                    who["name"], who["kind"], who["revoked"] = row.name, KINDS.get(row.kind), False
        for account, who in found.items():
            self.memory.who[account] = who
        return found


def _chunks(values: set[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return (ordered[i : i + _CHUNK] for i in range(0, len(ordered), _CHUNK))
