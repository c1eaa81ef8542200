"""One snapshot of the index, and what every answer needs from it: places, names and tokens, each fetched once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, func, literal, select

from api import tables
from api.explorer import shapes, text
from api.explorer.content import ContentFolder
from api.explorer.trace import Line
from api.types import MemberKind

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
_CHUNK = 500
"""SQLite takes some 32,000 parameters, other databases fewer."""


def read_final(connection: Connection) -> int | None:
    """Return the newest indexed block that is final, as the index notes it; None: none is."""
    noted = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == "final_block")).scalar()
    return int(noted) if noted else None


class Reader:
    """Reads rows of one snapshot and remembers what it met.

    A list first calls `load` with all that its rows name, so that a page costs a handful of queries, not one per row.
    """

    def __init__(
        self,
        connection: Connection,
        content: ContentFolder,
        clock: int,
        final: Callable[[Connection], int | None] = read_final,
    ) -> None:
        self.connection = connection
        self._final = final
        self.content = content
        self._clock = clock
        self._places: dict[int, shapes.Place] = {}
        self._who: dict[bytes, shapes.Who] = {}
        self._tokens: dict[bytes, shapes.Token] = {}
        self._pools: dict[int, Row[Any]] = {}
        self._titles: dict[int, str] = {}
        self.lines: dict[int, Line] = {}
        """Pools' lines as they stand, kept by `places`."""

    def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        return self.connection.execute(query).all()

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """Return a query's first row."""
        return self.connection.execute(query.limit(1)).first()

    @cached_property
    def meta(self) -> dict[str, str]:
        """Return the index's own notes."""
        return {row.key: row.value for row in self.rows(select(tables.meta))}

    @property
    def fund(self) -> bytes:
        """Return the address of the fund, empty before the index is tied to one."""
        return bytes.fromhex(self.meta.get("fund", "").removeprefix("0x"))

    @cached_property
    def final_block(self) -> int | None:
        """Return the newest indexed block that is final, None if none is."""
        return self._final(self.connection)

    def contract(self, name: str) -> bytes:
        """Return the address of one of Moa's contracts, empty before the index is tied to one."""
        return bytes.fromhex(self.meta.get(f"address of {name}", ""))

    @cached_property
    def _contracts(self) -> dict[bytes, str]:
        """Return how Moa's own contracts are called, by address."""
        return {self.contract(name): said for name, said in CONTRACTS.items()}

    @cached_property
    def head(self) -> Row[Any] | None:
        """Return the last indexed block."""
        return self.first(select(tables.blocks).order_by(tables.blocks.c.number.desc()))

    @cached_property
    def now(self) -> int:
        """Return the time by which pools freeze: the clock's, or the chain's if that is ahead."""
        return max(self._clock, self.head.time if self.head else 0)

    @property
    def clock(self) -> int:
        """Return what the wall clock says."""
        return self._clock

    # -------------------------------------------------------------------------------------------- what rows name

    def load(self, logs: Iterable[int] = (), accounts: Iterable[bytes] = (), pools: Iterable[int] = ()) -> None:
        """Fetch the places, names and pools that an answer will need."""
        self._load_places(set(logs) - self._places.keys())
        self._load_pools(set(pools) - self._pools.keys())
        self._load_who(set(accounts) - self._who.keys())

    def place(self, log: int) -> shapes.Place:
        """Return where a log stands."""
        if log not in self._places:
            self._load_places({log})
        return self._places[log]

    def who(self, account: bytes) -> shapes.Who:
        """Return an account with its name."""
        if account not in self._who:
            self._load_who({account})
        return self._who[account]

    def token(self, address: bytes) -> shapes.Token:
        """Return a token; one that the register never named has its address for a symbol."""
        if address not in self._tokens:
            row = self.first(select(tables.tokens).where(tables.tokens.c.address == address))
            shown = text.address(address)
            self._tokens[address] = (
                {"address": shown, "symbol": row.symbol, "name": row.name, "decimals": row.decimals}
                if row
                else {"address": shown, "symbol": shown[:8], "name": shown, "decimals": 0}
            )
        return self._tokens[address]

    def pool_name(self, pool: int) -> str:
        """Return how a pool is called: by its description's title, else by its name on chain, which may be cut."""
        self.load(pools=(pool,))
        if pool not in self._titles:
            row = self._pools[pool]
            self._titles[pool] = self.content.show(row.description_hash, row.description_uri)["title"] or row.name
        return self._titles[pool]

    def pool_token(self, pool: int) -> shapes.Token:
        """Return a pool's token."""
        self.load(pools=(pool,))
        return self.token(self._pools[pool].token)

    def has_pool(self, pool: int) -> bool:
        """Return whether there is such a pool."""
        self.load(pools=(pool,))
        return pool in self._pools

    def has_block(self, number: int, block_hash: bytes) -> bool:
        """Return whether this very block is indexed."""
        query = select(tables.blocks.c.hash).where(tables.blocks.c.number == number)
        return self.connection.execute(query).scalar() == block_hash

    def last_log(self) -> int:
        """Return the place of the last log, 0 if there is none."""
        return self.connection.execute(select(func.max(tables.logs.c.log))).scalar() or 0

    # ----------------------------------------------------------------------------------------------- fetching

    def _load_places(self, logs: set[int]) -> None:
        place, block = tables.logs.c, tables.blocks.c
        for part in _chunks(logs):
            query = select(place.log, place.tx, block.number, block.time).join_from(
                tables.logs, tables.blocks, block.number == place.log.bitwise_rshift(_LOG_BITS)
            )
            final = -1 if self.final_block is None else self.final_block
            for row in self.rows(query.where(place.log.in_(part))):
                self._places[row.log] = {
                    "block": row.number,
                    "index": row.log & (2**tables.LOG_BITS - 1),
                    "tx": text.hexed(row.tx),
                    "time": row.time,
                    "at": text.iso(row.time),
                    "final": row.number <= final,
                }

    def _load_pools(self, pools: set[int]) -> None:
        columns = tables.pools.c
        wanted = columns.pool, columns.name, columns.token, columns.description_hash, columns.description_uri
        for part in _chunks(pools):
            self._pools.update({row.pool: row for row in self.rows(select(*wanted).where(columns.pool.in_(part)))})

    def _load_who(self, accounts: set[bytes]) -> None:
        columns = tables.members.c
        for account in accounts:
            name = self._contracts.get(account)
            self._who[account] = {"address": text.address(account), "name": name, "kind": None, "revoked": False}
        for part in _chunks(accounts):
            query = select(columns.account, columns.kind, columns.name).where(columns.account.in_(part))
            # The oldest first: what comes later stands.
            for row in self.rows(query.order_by(columns.log)):
                who = self._who[row.account]
                if row.kind == MemberKind.NONE:
                    who["revoked"] = True
                else:
                    who["name"], who["kind"], who["revoked"] = row.name, KINDS.get(row.kind), False


def _chunks(values: set[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return (ordered[i : i + _CHUNK] for i in range(0, len(ordered), _CHUNK))
