"""Rows say how much there was up to them, also after a restart and after a rewind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

from api.indexer.store import Store
from api.types import MemberKind
from tests.api.explorer.book import DAY, TOKEN, USD, Book, account
from tests.api.stores import query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROOF = keccak(b"evidence")


def gifts(book: Book, pool: int, name: str) -> None:
    book.record(pool, account("gateway"), keccak(text=f"{pool} {name}"), [(account("donor"), book.now, USD)])


def objects(book: Book, number: int, amount: int) -> None:
    book.object(1, 0, number, PROOF, donor=account("donor"), start=0, amount=amount)


def told(where: Path | str, table: str, columns: str) -> list[tuple[int, ...]]:
    return query(where, f"SELECT {columns} FROM {table} ORDER BY log")  # noqa: S608


def test_totals_go_on_where_they_were(place: Callable[[str], Path | str], tmp_path: Path) -> None:
    store = Store(place("index"))
    book = Book(store, tmp_path / "content")
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    for pool in (1, 2):
        book.open_pool(pool, account("ngo"), f"Pool {pool}", [(account("payee"), USD, book.now + DAY)])
    gifts(book, 1, "a")
    gifts(book, 2, "a")
    objects(book, 1, 5)
    book.mine()
    kept = book.height
    gifts(book, 1, "b")
    objects(book, 1, 7)
    objects(book, 2, 1)
    book.mine()
    batches, objections = [(1, 1), (2, 1), (1, 2)], [(1, 1, 5), (1, 2, 12), (2, 1, 1)]
    assert told(store.where, "batches", "pool, number") == batches
    assert told(store.where, "objections", "round, number, total") == objections
    # What a process that begins reads is what the one before had counted.
    assert {n: line.sums for n, line in store.lines().items()} == {n: line.sums for n, line in book.lines.items()}
    store.rewind(kept)
    book.lines, book.blocks = store.lines(), book.blocks[: kept + 1]
    assert book.lines[1].sums == {("batches",): (1,), ("objections", 0, 1): (1, 5)}
    book._raised[1] = book.lines[1].raised
    gifts(book, 1, "c")
    objects(book, 1, 2)
    book.mine()
    assert told(store.where, "batches", "pool, number") == batches
    assert told(store.where, "objections", "round, number, total") == [(1, 1, 5), (1, 2, 7)]
    store.close()
