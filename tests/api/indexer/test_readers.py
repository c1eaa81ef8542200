"""A role that may read the index reads all of it and changes nothing, and the explorer needs no other."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from api import tables
from api.errors import SettingsError, StoreError
from api.indexer.store import Store
from api.indexer.store.readers import let_read
from tests.api.stores import change, content, empty, query
from tests.ledger import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.stores import Databases

FORBIDDEN = [
    "INSERT INTO meta VALUES ('x', 'y')",
    "UPDATE contributions SET amount = 1",
    "DELETE FROM blocks",
    "TRUNCATE logs",
    "DROP TABLE logs",
    "ALTER TABLE logs ADD COLUMN x int",
    "CREATE INDEX ON logs (data)",
    "CREATE TABLE own (x int)",
    "CREATE TEMPORARY TABLE own (x int)",
    "CREATE SCHEMA own",
    "CREATE ROLE another",
    "LOCK TABLE meta IN ACCESS EXCLUSIVE MODE",
    "SELECT * FROM blocks FOR UPDATE",
    "COPY meta TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'moa index'",
]


@pytest.fixture
def where(databases: Databases) -> str:
    return databases.server.database()


@pytest.fixture
def role(where: str) -> Iterator[str]:
    name = f'Au"ditor-{os.getpid()}'  # a name that wants its quotes
    yield name
    empty(where)
    quoted = '"' + name.replace('"', '""') + '"'
    if query(where, f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"):  # noqa: S608
        change(where, f"DROP OWNED BY {quoted}", f"DROP ROLE {quoted}")


def as_role(where: str, role: str) -> str:
    return make_url(where).set(username=role).render_as_string(hide_password=False)


def test_a_reader_reads_all_and_changes_nothing(where: str, role: str) -> None:
    store = Store(where)
    let_read(where, role)
    before = content(where)
    with psycopg.connect(as_role(where, role), autocommit=True) as connection:
        for name in tables.metadata.tables:
            connection.execute(f"SELECT * FROM {name}")  # noqa: S608
        for statement in FORBIDDEN:
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
    assert content(where) == before
    store.note_head(1)
    store.close()


def test_what_the_indexer_makes_later_is_readable_as_well(where: str, role: str) -> None:
    let_read(where, role)
    let_read(where, role)
    Store(where).close()
    assert query(as_role(where, role), "SELECT value FROM meta") == [(str(tables.SCHEMA_VERSION),)]


def test_the_database_s_owner_suffices_for_a_role_that_is_there(where: str, role: str) -> None:
    owner = f"owner_{os.getpid()}"
    name = make_url(where).database
    change(where, f"CREATE ROLE {owner} LOGIN", f"ALTER DATABASE {name} OWNER TO {owner}")
    try:
        mine = as_role(where, owner)
        with pytest.raises(
            StoreError, match=r"refused, nothing was changed: permission denied to create role: it wants"
        ):
            let_read(mine, role)
        change(where, f"""CREATE ROLE "{role.replace('"', '""')}" LOGIN""")
        let_read(mine, role)
        store = Store(mine)
        store.note_head(5)
        store.close()
        assert query(as_role(where, role), "SELECT value FROM meta WHERE key = 'node_head'") == [("5",)]
    finally:
        empty(where)
        change(where, f"ALTER DATABASE {name} OWNER TO postgres", f"DROP OWNED BY {owner}", f"DROP ROLE {owner}")


def test_the_command(where: str, role: str) -> None:
    def run(database: str) -> subprocess.CompletedProcess[str]:
        told = environment(MOA_DATABASE=database)
        command = [sys.executable, "-m", "api", "readers", role]
        return subprocess.run(command, cwd=ROOT, env=told, check=False, capture_output=True, text=True)

    done = run(where)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{role} may read the index and change nothing.")
    assert query(as_role(where, role), "SELECT 1") == [(1,)]
    done = run("index.db")
    assert done.stderr == "✗ index.db is a file, which whoever may read it can read. Roles are PostgreSQL's\n"


def test_who_may_not_let_others_read_is_told(where: str, role: str) -> None:
    let_read(where, role)
    with pytest.raises(SettingsError, match="is the role that writes the index"):
        let_read(as_role(where, role), role)
    with pytest.raises(StoreError, match=r"refused, nothing was changed: .*: it wants the database's owner"):
        let_read(as_role(where, role), "another")
