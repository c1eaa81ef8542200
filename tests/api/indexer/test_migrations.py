"""An index of the schema before becomes one of today's, and holds what one that is built afresh holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, select

from api import migrations, tables
from api.errors import UnknownLogError
from api.indexer.chain import Node
from api.indexer.store import Store, replay
from api.indexer.sync import Sync
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import play
from tests.api.indexer.test_texts import play_hostile
from tests.api.stores import POSTGRES, SQLITE, change, content, opened, query
from tests.ledger import USD, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings import Deployment

    Places = Callable[[str], Path | str]

SCHEMAS = Path(__file__).parent / "schemas"
LOOK = {
    SQLITE: ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"],
    POSTGRES: [
        "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, collation_name "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    ],
}


def schema(where: Path | str, kind: str) -> list[Any]:
    """Return all that a database says of its tables and indexes."""
    found = [row for statement in LOOK[kind] for row in query(where, statement)]
    return sorted([" ".join(str(value).split()) for value in row] for row in found)


def as_it_is(where: Path | str) -> dict[str, list[Any]]:
    """Return every row of every table, whatever tables there are and whatever columns they have."""
    with opened(where) as here:
        there = MetaData()
        there.reflect(here)
    return {name: sorted(query(where, f"SELECT * FROM {name}"), key=repr) for name in there.tables}  # noqa: S608


def age(where: Path | str, kind: str, fresh: Path | str, version: int = 2) -> None:
    """Make an index of an old version with a fresh one's rows, as they were written then."""
    # A comment may hold a semicolon.
    statements = [
        line for line in (SCHEMAS / f"version_{version}_{kind}.sql").read_text().splitlines() if line[:2] != "--"
    ]
    change(where, *"\n".join(statements).rstrip(";\n").split(";\n"))
    with opened(fresh) as there, opened(where) as here:
        then = MetaData()
        then.reflect(here)
        for table in (table for table in tables.metadata.sorted_tables if table.name in then.tables):
            had = [column for column in table.columns if column.name in then.tables[table.name].columns]
            if found := [row._asdict() for row in there.execute(select(*had))]:
                here.execute(table.insert(), found)
    change(where, f"UPDATE meta SET value = '{version}' WHERE key = 'schema_version'")  # noqa: S608
    if kind == SQLITE and version == 2:
        for table, column in [("members", "name"), ("members", "details_uri"), ("evidence", "uri"), ("pools", "name"),
                              ("pools", "description_uri"), ("tokens", "symbol"), ("tokens", "name")]:  # fmt: skip
            # Good enough: what was no UTF-8 becomes NUL here as well, and is U+FFFD again after.
            change(where, f"UPDATE {table} SET {column} = replace({column}, char(65533), char(0))")  # noqa: S608


@pytest.fixture
def fresh(ledger: Ledger, deployment: Deployment, place: Places) -> Path | str:
    """An index that is built afresh of a chain with texts of the worst kind."""
    play(ledger)
    play_hostile(ledger)
    store = Store(place("fresh"))
    catch_up(Sync(Node(ledger.node.url), store, deployment))
    store.close()
    return store.where


@pytest.mark.parametrize(("version", "at_once"), [(2, 1), (2, 4 * 2**20), (3, 4 * 2**20), (4, 4 * 2**20)])
def test_an_index_of_an_old_version_becomes_what_a_fresh_one_is(
    fresh: Path | str, place: Places, store_kind: str, monkeypatch: pytest.MonkeyPatch, version: int, at_once: int
) -> None:
    monkeypatch.setattr(replay, "WANTED", at_once)
    where = place("old")
    age(where, store_kind, fresh, version)
    assert schema(where, store_kind) != schema(fresh, store_kind)
    # Not the old rows are taken over: they are made anew.
    change(where, "DELETE FROM contributions", "UPDATE releases SET amount = 1")
    told: list[str] = []
    Store(where, told.append).close()
    assert content(where) == content(fresh)
    assert schema(where, store_kind) == schema(fresh, store_kind)
    logs = len(content(fresh)["logs"])
    assert [line.partition(" from schema")[2] or line for line in told] == [
        f" {version} to {tables.SCHEMA_VERSION}",
        f"made anew from the stored logs: {logs} logs",
    ]
    Store(where, told.append).close()
    assert len(told) == 2


def test_a_migrated_index_goes_on_from_where_it_was(
    ledger: Ledger, fresh: Path | str, place: Places, store_kind: str, deployment: Deployment
) -> None:
    where = place("old")
    age(where, store_kind, fresh)
    ledger.give(1, 5 * USD)
    stores = [Store(where), Store(fresh)]
    for store in stores:
        steps = catch_up(Sync(Node(ledger.node.url), store, deployment))
        assert sum(step.logs for step in steps) == 1
        store.close()
    assert content(where) == content(fresh)


def test_a_migration_that_fails_changes_nothing(fresh: Path | str, place: Places, store_kind: str) -> None:
    where = place("old")
    age(where, store_kind, fresh)
    unknown = "x'" + "00" * 32 + "'" if store_kind == SQLITE else "'\\x" + "00" * 32 + "'"
    change(where, f"UPDATE logs SET topics = {unknown} WHERE event = 'Released'")  # noqa: S608
    before, looks = as_it_is(where), schema(where, store_kind)
    with pytest.raises(UnknownLogError, match=r"log \d+ of block \d+.*no event with the topic"):
        Store(where)
    assert (as_it_is(where), schema(where, store_kind)) == (before, looks)
    assert query(where, "SELECT value FROM meta WHERE key = 'schema_version'") == [("2",)]


def test_every_version_since_the_oldest_has_its_step() -> None:
    assert [step.version for step in migrations.STEPS] == [*range(migrations.OLDEST + 1, tables.SCHEMA_VERSION + 1)]
