"""What cannot be meant is refused with the field and the reason; what is not there, with what was looked for."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.explorer.queries import Queries
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import World, build

if TYPE_CHECKING:
    from pathlib import Path

    from api.settings import Settings

HASH, ADDRESS = "0x" + "ab" * 32, "0x" + "ab" * 20
API = "/api/v1"

BAD = [
    ("/pools/abc", "pool"),
    ("/pools/0", "pool"),
    ("/pools/-1", "pool"),
    ("/pools/1.0", "pool"),
    ("/pools/1e3", "pool"),
    ("/pools/1_000", "pool"),
    ("/pools/%D9%A1", "pool"),
    ("/pools/4294967296", "pool"),
    ("/pools/99999999999999999999999", "pool"),
    ("/pools/99999999999999999999999/milestones", "pool"),
    ("/pools?state=thawed", "state"),
    ("/pools?ngo=0x12", "ngo"),
    ("/pools?limit=0", "limit"),
    ("/pools?limit=201", "limit"),
    ("/pools?limit=all", "limit"),
    ("/pools?cursor=p", "cursor"),
    ("/pools?cursor=s1", "cursor"),
    ("/pools?cursor=p1.2", "cursor"),
    ("/pools?cursor=p99999999999999999999", "cursor"),
    ("/pools?cursor=p9999999999999999999", "cursor"),
    ("/pools?cursor=" + "p" * 5000, "cursor"),
    ("/pools/1/contributions?donor=zz" + "00" * 19, "donor"),
    ("/pools/1/contributions?gateway=" + HASH, "gateway"),
    ("/pools/1/contributions?since=yesterday", "since"),
    ("/pools/1/contributions?until=2026-02-30", "until"),
    ("/pools/1/contributions?since=4294967296", "since"),
    ("/pools/1/contributions?min_amount=1.5", "min_amount"),
    ("/pools/1/contributions?max_amount=9223372036854775808", "max_amount"),
    ("/pools/1/contributions?since=1&cursor=s1", "cursor"),
    ("/contributions/1", "id"),
    ("/contributions/1-", "id"),
    ("/contributions/1-9223372036854775808", "id"),
    ("/contributions/99999999999-0", "id"),
    ("/contributions?cursor=l1", "cursor"),
    ("/batches/0x12", "batch"),
    ("/batches/xyz/contributions", "batch"),
    ("/batches?pool=x", "pool"),
    ("/donors/me", "donor"),
    ("/ngos/0x", "address"),
    ("/attestations?attestor=1", "attestor"),
    ("/releases?payee=1", "payee"),
    ("/events?event=a%20b", "event"),
    ("/events?tx=1", "tx"),
    ("/events?from_block=-1", "from_block"),
    ("/events?to_block=8796093022208", "to_block"),
    ("/search", "q"),
    ("/search?q=" + "x" * 201, "q"),
]

MISSING = [
    ("/pools/99", "pool 99"),
    ("/pools/4294967295/milestones", "pool 4294967295"),
    ("/pools/99/contributions", "pool 99"),
    ("/pools?ngo=" + ADDRESS, "an NGO with the address " + ADDRESS),
    ("/contributions/1-1", "contribution 1-1"),
    ("/contributions/1-9223372036854775807", "contribution 1-9223372036854775807"),
    ("/batches/" + HASH, "batch " + HASH),
    ("/batches/" + HASH + "/contributions", "batch " + HASH),
    ("/batches?pool=99", "pool 99"),
    ("/donors/" + "00" * 20, "donor 0x" + "00" * 20),
    ("/donors/" + ADDRESS, "donor " + ADDRESS),
    ("/donors/" + ADDRESS + "/contributions", "donor " + ADDRESS),
    ("/ngos/" + ADDRESS, "an NGO with the address " + ADDRESS),
    ("/attestations?pool=99", "pool 99"),
    ("/releases?pool=99", "pool 99"),
    ("/nothing", "/api/v1/nothing"),
]


@pytest.mark.parametrize(("path", "field"), BAD)
def test_bad_parameters(client: TestClient, path: str, field: str) -> None:
    answer = client.get(API + path)
    body = answer.json()
    assert (answer.status_code, body["error"], body["field"]) == (422, "bad parameter", field), body
    assert body["reason"]
    assert set(body) == {"error", "field", "reason"}


@pytest.mark.parametrize(("path", "looked_for"), MISSING)
def test_what_is_not_there(client: TestClient, path: str, looked_for: str) -> None:
    answer = client.get(API + path)
    body = answer.json()
    assert answer.status_code == 404, body
    assert body["error"] == "not found"
    assert body["looked_for"].lower() == looked_for.lower()


def test_pages_for_people_programs_and_other_methods(client: TestClient) -> None:
    page = client.get("/pool/99")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert client.get("/no/such/page").headers["content-type"].startswith("text/html")
    posted = client.post(API + "/pools")
    assert (posted.status_code, posted.json()["error"]) == (405, "method not allowed")
    assert "GET" in posted.headers["allow"]


def test_headers(client: TestClient) -> None:
    for path in ("/", API + "/pools", API + "/pools/x", "/static/none", API + "/openapi.json"):
        answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "base-uri 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["access-control-allow-origin"] == "*"


def test_a_page_from_elsewhere_may_read_that_something_broke(
    settings: Settings,
    world: World,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Queries, "pools", broken)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        for path in (API + "/pools", "/"):
            answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
            assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (500, ["*"])
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get(API + "/pools").json() == {"error": "internal error"}


@pytest.mark.parametrize("ask", ["get", "head"])
def test_what_broke_is_told_without_what_was_asked_for(
    settings: Settings,
    world: World,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ask: str,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Queries, "donor", broken)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        for path, route in ((API + "/donors/", API + "/donors/{donor}"), ("/donor/", "/donor/{donor}")):
            caplog.clear()
            assert getattr(client, ask)(path + ADDRESS + "?x=" + ADDRESS).status_code == 500
            [told] = [record for record in caplog.records if record.name == "api.explorer"]
            assert told.getMessage() == f"{route} failed"


# ------------------------------------------------------------------------------------------------------- no index


def refused(client: TestClient, path: str = API + "/pools") -> str:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert client.get("/").status_code == 503
    return str(answer.json()["reason"])


def test_the_index_comes_goes_and_is_replaced(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with TestClient(create_app(settings)) as client:
        assert "no index yet" in refused(client)
        settings.database.touch()
        assert "has not begun" in refused(client)

        store = Store(settings.database)
        build(store, settings.content)
        store.close()
        assert client.get(API + "/summary").json()["pools"] == 5

        # Deleted and built anew, as `make demo-reset` does: the old file must not be read on.
        for path in tmp_path.glob("index #1.db*"):
            path.unlink()
        assert "no index yet" in refused(client)
        Store(settings.database).close()
        assert client.get(API + "/summary").json()["pools"] == 0
        empty = client.get(API + "/health").json()
        assert (empty["block"], empty["ok"], empty["chain_id"]) == (None, False, None)

        with sqlite3.connect(settings.database) as other:
            other.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
        assert "schema version 0" in refused(client)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.database.write_bytes(b"not a database" * 1000)
    with TestClient(create_app(settings)) as client:
        assert "cannot be read" in refused(client)


def test_the_explorer_writes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = Store(settings.database)
    build(store, settings.content)
    store.close()
    before = settings.database.read_bytes()
    with TestClient(create_app(settings)) as client:
        for path in ("/", API + "/summary", API + "/contributions"):
            assert client.get(path).status_code == 200
    assert settings.database.read_bytes() == before


def test_an_index_that_fell_behind_or_stopped_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = Store(settings.database)
    build(store, settings.content)
    store.note_head(12)
    store.note_halt("log 3 of block 8 is unknown")
    with sqlite3.connect(settings.database) as other:
        other.execute("UPDATE meta SET value = value - 1000 WHERE key = 'node_seen_at'")
    with TestClient(create_app(settings)) as client:
        health: dict[str, Any] = client.get(API + "/health").json()
        assert (health["ok"], health["lag_blocks"], health["halted"]) == (False, 5, "log 3 of block 8 is unknown")
        assert 1000 <= health["age_seconds"] < 1060
        assert client.get(API + "/summary").json()["index"]["ok"] is False
    store.close()
