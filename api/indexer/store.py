"""The only writer. A run of blocks, their logs and all that follows land in one transaction, or not at all."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.exc import SQLAlchemyError

from api import tables
from api.errors import OtherChainError, StoreError
from api.indexer.chain import Block, Token
from api.indexer.line import Line
from api.indexer.project import Rows
from api.settings import Deployment

PLACED = [table for table in tables.metadata.sorted_tables if "log" in table.columns]


class Store:
    """The database of one chain, open for writing by this process alone."""

    def __init__(self, path: Path) -> None:
        """Open or create the database.

        Raises:
            StoreError: Another process writes it, it has another schema, or it cannot be opened.

        """
        self.path = path
        self._lock = _lock(path)
        self._engine = _engine(path)
        self._file: int | None = None
        with self._transaction() as connection:
            tables.metadata.create_all(connection)
            version = _meta(connection).setdefault("schema_version", str(tables.SCHEMA_VERSION))
            _set_meta(connection, {"schema_version": version})
        if version != str(tables.SCHEMA_VERSION):
            raise StoreError(
                f"{path} has schema {version}, this program writes {tables.SCHEMA_VERSION}: "
                "delete it, it can be built again from the chain"
            )
        self._file = path.stat().st_ino

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        self._lock.close()

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
        with self._transaction() as connection:
            known = _meta(connection)
            for key, value in wanted.items():
                if known.get(key, value) != value:
                    raise OtherChainError(
                        f"{self.path} is the index of another chain: its {key} is {known[key]}, "
                        f"the deployment's is {value}. If the chain was started "
                        "afresh, delete the index: it is built again from the chain"
                    )
            _set_meta(connection, wanted)

    def tip(self) -> Block | None:
        """Return the newest block that is stored."""
        return self.block_at_or_below(None)

    def block_at_or_below(self, number: int | None) -> Block | None:
        """Return the newest stored block, not above `number` if one is given."""
        query = select(tables.blocks).order_by(tables.blocks.c.number.desc()).limit(1)
        if number is not None:
            query = query.where(tables.blocks.c.number <= number)
        with self._transaction() as connection:
            row = connection.execute(query).first()
        return None if row is None else Block(row.number, row.hash, row.parent, row.time)

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
        with self._transaction() as connection:
            found = {pool: Line() for (pool,) in connection.execute(select(pools.c.pool))}
            for pool, raised, number in connection.execute(ends):
                found[pool].raised, found[pool].number = raised, number
            for move in connection.execute(_moves()):
                found[move.pool].replay(move.milestone, move.start, move.amount, spent=move.spent)
            for pool, total in connection.execute(refunded):
                found[pool].refunded = total
        return found

    def known_tokens(self) -> set[bytes]:
        """Return the tokens that were met before."""
        with self._transaction() as connection:
            return set(connection.scalars(select(tables.tokens.c.address)))

    def write(self, blocks: list[Block], rows: Rows, tokens: list[tuple[int, bytes, Token]], head: int) -> None:
        """Add a run of blocks and what follows from it, in one transaction.

        Raises:
            StoreError: The database refused, for want of room for instance. Nothing was written.

        """
        with self._transaction() as connection:
            _add(connection, "blocks", [(b.number, b.hash, b.parent, b.time) for b in blocks])
            for name, found in rows.items():
                _add(connection, name, found)
            _add(connection, "tokens", [(at, a, t.symbol, t.name, t.decimals) for at, a, t in tokens])
            _set_meta(connection, _seen(head))

    def rewind(self, number: int) -> None:
        """Forget every block above `number`, and all that followed from it."""
        with self._transaction() as connection:
            connection.execute(delete(tables.blocks).where(tables.blocks.c.number > number))
            for table in PLACED:
                connection.execute(delete(table).where(table.c.log >= (number + 1) << tables.LOG_BITS))

    def note_head(self, head: int) -> None:
        """Write down that the node answered now, and where its head is."""
        with self._transaction() as connection:
            _set_meta(connection, _seen(head))

    def note_halt(self, reason: str) -> None:
        """Write down why the sync stopped, for the pages to tell."""
        with self._transaction() as connection:
            _set_meta(connection, {"halted": reason})

    def clear_halt(self) -> None:
        """Forget an earlier stop."""
        with self._transaction() as connection:
            connection.execute(delete(tables.meta).where(tables.meta.c.key == "halted"))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            if self._file is not None and self.path.stat().st_ino != self._file:
                raise StoreError(f"{self.path} was replaced while it was written: start the indexer again")
            with self._engine.begin() as connection:
                yield connection
        except OSError as error:
            raise StoreError(f"{self.path} was removed while it was written: start the indexer again") from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.path} refused, nothing was written: {error.__cause__ or error}") from error


def _moves() -> Select[Any]:
    """Return what was spent and given back, in the ledger's order."""
    each = [
        select(t.c.log, t.c.pool, t.c.milestone, t.c.start, t.c.amount, literal(is_spent).label("spent"))
        for t, is_spent in ((tables.spends, True), (tables.returns, False))
    ]
    moves = union_all(*each).subquery()
    return select(moves).order_by(moves.c.log)


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-64000")

    return engine


def _lock(path: Path) -> IO[str]:
    """Take the writer's lock; the system lets go of it when the process ends, however it ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StoreError(f"another indexer writes {path}: stop it first") from error
    return handle


def _add(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        # The driver's own executemany: SQLAlchemy would make a dictionary of each row.
        statement = insert(tables.metadata.tables[table]).compile(connection.engine)
        connection.exec_driver_sql(str(statement), rows)


def _meta(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(tables.meta))}


def _set_meta(connection: Connection, values: dict[str, str]) -> None:
    connection.execute(delete(tables.meta).where(tables.meta.c.key.in_(values)))
    connection.execute(insert(tables.meta), [{"key": key, "value": value} for key, value in values.items()])


def _seen(head: int) -> dict[str, str]:
    return {"node_seen_at": str(int(time.time())), "node_head": str(head)}
