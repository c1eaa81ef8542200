"""The only writer. A run of blocks, their logs and all that follows land in one transaction, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal, select, union_all

from api import reconciled, tables
from api.errors import OtherChainError
from api.indexer.engines import Engine
from api.indexer.kinds import Block, Token
from api.indexer.line import Line
from api.indexer.project import Rows
from api.indexer.store.notes import forget_notes, read_notes, write_notes
from api.indexer.store.postgres import Postgres
from api.indexer.store.schema import prepare
from api.indexer.store.sqlite import Sqlite
from api.indexer.tally import TALLIES, Tally
from api.reconciled import Reconciled
from api.settings import Deployment

PLACED = [table for table in tables.metadata.sorted_tables if "log" in table.columns]

SWELLING = (tables.contributions, tables.logs)
"""The tables that a backfill fills with very many rows: their indexes are made after it, in one go."""


class Store:
    """The database of one chain, open for writing by this process alone."""

    def __init__(self, where: Path | str, told: Callable[[str], None] = lambda _what: None) -> None:
        """Open, make or migrate the database: an SQLite file, or a PostgreSQL database by its address.

        `told` hears of a migration, which may take long.

        Raises:
            StoreError: Another process writes it, it has a schema that cannot be migrated, or it cannot be opened.
            UnknownLogError, BrokenLineError, TooLargeError: A migration met a stored log that it cannot take.

        """
        self.where = where
        self._base = Postgres(where) if isinstance(where, str) else Sqlite(where)
        try:
            with self._base.begin() as connection:
                notes = prepare(connection, self._base.name, self._base.add, told)
        except BaseException:
            self.close()
            raise
        self.backfills = "backfill" in notes
        """Whether a first backfill is on the way: the large tables have no indexes yet, and nobody may read."""
        self.engine: Engine | None = None
        """What kind of node it is, once that is known: it says what is final."""
        self._base.settle()

    def close(self) -> None:
        """Let go of the database."""
        self._base.close()

    def bind(self, deployment: Deployment, codes: Mapping[str, bytes] | None = None) -> None:
        """Tie the index to one deployment on one chain, or check that it is tied to it.

        Args:
            deployment: What is indexed.
            codes: The Keccak-256 of each contract's code, by name, of those that the node has.

        Raises:
            OtherChainError: It is tied to another.

        """
        wanted = {
            "chain_id": str(deployment.chain_id),
            "genesis": deployment.genesis.hex(),
            "fund": deployment.fund.hex(),
            "deployment_block": str(deployment.block),
            **{f"address of {name}": address.hex() for name, address in deployment.addresses.items()},
            **{f"code of {name}": code.hex() for name, code in (codes or {}).items()},
        }
        with self._base.begin() as connection:
            known = read_notes(connection)
            if connection.execute(select(tables.blocks.c.number).limit(1)).first() is None:
                # What one node said of the code, before anything was taken from it, binds no other.
                known = {key: value for key, value in known.items() if not key.startswith("code of ")}
            for key, value in wanted.items():
                if known.get(key, value) != value:
                    raise OtherChainError(
                        f"{self._base.name} is the index of another chain: its {key} is {known[key]}, "
                        f"the deployment's is {value}. If the chain was started "
                        "afresh, delete the index: it is built again from the chain"
                    )
            write_notes(connection, wanted)

    def tip(self) -> Block | None:
        """Return the newest block that is stored."""
        return next(iter(self.blocks_below(2**62, 1)), None)

    def blocks_below(self, number: int, count: int) -> list[Block]:
        """Return so many stored blocks below `number`, the highest first."""
        query = select(tables.blocks).where(tables.blocks.c.number < number)
        with self._base.begin() as connection:
            rows = connection.execute(query.order_by(tables.blocks.c.number.desc()).limit(count)).all()
        return [Block(*row) for row in rows]

    def lines(self) -> dict[int, Line]:
        """Return each pool's line."""
        pools, given, newest = tables.pools, tables.contributions, tables.contributions.alias()
        start = select(func.max(newest.c.start)).where(newest.c.pool == pools.c.pool).scalar_subquery()
        ends = select(given.c.pool, given.c.start + given.c.amount, given.c.number).join(
            pools, (given.c.pool == pools.c.pool) & (given.c.start == start)
        )
        last = tables.refunds.alias()
        refund = select(func.max(last.c.log)).where(last.c.pool == pools.c.pool).scalar_subquery()
        refunded = select(tables.refunds.c.pool, tables.refunds.c.total).join(pools, tables.refunds.c.log == refund)
        with self._base.begin() as connection:
            found = {pool: Line() for (pool,) in connection.execute(select(pools.c.pool))}
            for pool, raised, number in connection.execute(ends):
                found[pool].raised, found[pool].number = raised, number
            for move in connection.execute(_moves()):
                found[move.pool].replay(move.milestone, move.start, move.amount, spent=move.spent)
            for pool, total in connection.execute(refunded):
                found[pool].refunded = total
            for name, tally in TALLIES.items():
                for pool, *values in connection.execute(_totals(name, tally)):
                    key = (name, *values[: len(tally.within)])
                    found.setdefault(pool, Line()).sums[key] = tuple(values[len(tally.within) :])
        return found

    def known_tokens(self) -> set[bytes]:
        """Return the tokens that were met before."""
        with self._base.begin() as connection:
            return set(connection.scalars(select(tables.tokens.c.address)))

    def write(self, blocks: list[Block], rows: Rows, tokens: list[tuple[int, bytes, Token]], head: int) -> None:
        """Add a run of blocks and what follows from it, in one transaction.

        Raises:
            StoreError: The database refused, for want of room for instance. Nothing was written.

        """
        with self._base.begin() as connection:
            self._add(connection, "blocks", [block[:4] for block in blocks])
            for name, found in rows.items():
                self._add(connection, name, found)
            self._add(connection, "tokens", [(at, a, t.symbol, t.name, t.decimals) for at, a, t in tokens])
            self._note_seen(connection, head, blocks[-1].number if blocks else -1)

    def begin_backfill(self) -> None:
        """Make room for very many rows: an index is made faster in the end than kept with each row."""
        with self._base.begin() as connection:
            for index in (index for table in SWELLING for index in table.indexes):
                index.drop(connection, checkfirst=True)
            write_notes(connection, {"backfill": str(int(time.time()))})
        self.backfills = True

    def end_backfill(self) -> None:
        """Make the indexes, one in a transaction: each needs as much room again as it will take."""
        for index in (index for table in SWELLING for index in table.indexes):
            with self._base.begin() as connection:
                index.create(connection, checkfirst=True)
        with self._base.begin() as connection:
            forget_notes(connection, "backfill")
        self.backfills = False

    def rewind(self, number: int) -> None:
        """Forget every block above `number`, and all that followed from it."""
        with self._base.begin() as connection:
            connection.execute(delete(tables.blocks).where(tables.blocks.c.number > number))
            for table in PLACED:
                connection.execute(delete(table).where(table.c.log >= (number + 1) << tables.LOG_BITS))

    def note_head(self, head: int) -> None:
        """Write down that the node answered now, and that its head is the newest block stored."""
        with self._base.begin() as connection:
            self._note_seen(connection, head, head)

    def note_halt(self, reason: str) -> None:
        """Write down why the sync stopped, for the pages to tell."""
        with self._base.begin() as connection:
            write_notes(connection, {"halted": reason})

    def note_reconciled(self, note: Reconciled) -> None:
        """Write down what was found when the index was compared with the contracts themselves."""
        with self._base.begin() as connection:
            write_notes(connection, {reconciled.KEY: reconciled.write(note)})

    def clear_halt(self) -> None:
        """Forget an earlier stop."""
        with self._base.begin() as connection:
            forget_notes(connection, "halted")

    def final(self) -> int:
        """Return the newest block that was ever told to be final; -1: none was."""
        with self._base.begin() as connection:
            return _final(connection)

    def _note_seen(self, connection: Connection, head: int, tip: int) -> None:
        notes = {"node_seen_at": str(int(time.time())), "node_head": str(head)}
        if self.engine is not None:
            notes |= self.engine.notes(self.engine.final(tip, _final(connection)))
        write_notes(connection, notes)

    def _add(self, connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._base.add(connection, tables.metadata.tables[table], rows)


def _final(connection: Connection) -> int:
    noted = connection.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "final_block"))
    return int(noted) if noted else -1


def _totals(name: str, tally: Tally) -> Select[Any]:
    """Return the totals as each last row has them: pool, what they are counted within, totals."""
    table = tables.metadata.tables[name]
    newest = table.alias()
    last = select(func.max(newest.c.log)).group_by(newest.c.pool, *(newest.c[column] for column in tally.within))
    columns = (table.c[column] for column in (*tally.within, *tally.totals))
    return select(table.c.pool, *columns).where(table.c.log.in_(last))


def _moves() -> Select[Any]:
    """Return what was spent and given back, in the ledger's order."""
    each = [
        select(t.c.log, t.c.pool, t.c.milestone, t.c.start, t.c.amount, literal(is_spent).label("spent"))
        for t, is_spent in ((tables.spends, True), (tables.returns, False))
    ]
    moves = union_all(*each).subquery()
    return select(moves).order_by(moves.c.log)
