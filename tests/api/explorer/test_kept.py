"""Kept answers: the same bytes as those that are made anew, for as long as they are true, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.explorer import kept
from api.explorer.app import create_app
from api.explorer.content import ContentFolder
from api.explorer.database import Database, edition, edition_of
from api.explorer.kept import Kept
from api.explorer.queries import Queries, base
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import NGO, WALLET, build
from tests.api.stores import change

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

GIFTS, FRONT, POOL, LATEST = "/api/v1/pools/1/contributions", "/", "/api/v1/pools/1", "/api/v1/contributions"
FINAL = "INSERT INTO meta VALUES ('final_block', '{}')"
PASSING = "UPDATE meta SET value = '{}' WHERE key = 'node_head'"


class Served:
    """An index that goes on, an explorer with a clock of its own, and a count of the snapshots it took."""

    def __init__(self, folder: Path, where: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings_in(folder, database=where)
        self.store = Store(where)
        self.book = build(self.store, self.settings.content).book
        self.now = float(self.book.now)
        self.asked = 0
        snapshot = Database.snapshot

        def counted(database: Database, **how: Any) -> Any:
            self.asked += 1
            return snapshot(database, **how)

        monkeypatch.setattr(Database, "snapshot", counted)
        monkeypatch.setattr(base, "LOOK_SECONDS", 0.0)
        self.client = self.another()

    def another(self) -> TestClient:
        return TestClient(create_app(self.settings, clock=lambda: self.now))

    def get(self, path: str, known: str | None = None) -> Any:
        answer = self.client.get(path, headers={} if known is None else {"If-None-Match": known})
        assert answer.status_code in (200, 304), answer.text
        return answer

    def looks(self, path: str, known: str | None = None) -> int:
        """Return how often the database is read for an answer."""
        before = self.asked
        self.get(path, known)
        return self.asked - before


@pytest.fixture
def served(place: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    made = Served(tmp_path, place, monkeypatch)
    yield made
    made.client.close()
    made.store.close()


@pytest.mark.parametrize("path", [GIFTS, FRONT, POOL, "/pool/1", "/contribution/1-12000000", f"{GIFTS}?limit=2"])
def test_an_answer_is_made_once(served: Served, path: str) -> None:
    first = served.get(path)
    assert served.looks(path) == 0
    again = served.get(path)
    assert (again.content, again.headers) == (first.content, first.headers)
    assert first.headers["cache-control"] == "no-cache"
    assert served.looks(f"{path}{'&' if '?' in path else '?'}x=") > 0


def test_a_gift_is_seen_at_once(served: Served) -> None:
    before = served.get(GIFTS)
    served.book.give(1, WALLET, 1_000_000)
    served.book.mine()
    after = served.get(GIFTS, before.headers["etag"])
    assert after.status_code == 200
    assert len(after.json()["items"]) == len(before.json()["items"]) + 1
    assert after.headers["etag"] != before.headers["etag"]


def test_what_was_read_anew_is_not_followed_by_older_answers(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LOOK_SECONDS", 3600.0)
    before = served.get(GIFTS)
    served.book.give(1, WALLET, 1_000_000)
    served.book.mine()
    assert served.get(GIFTS).content == before.content
    newer = served.get(LATEST).json()["items"]
    assert served.get(GIFTS).json()["items"][0] == newer[0]


def test_what_the_chain_took_back_is_gone_at_once(served: Served) -> None:
    before = served.get(GIFTS)
    served.book.give(1, WALLET, 1_000_000)
    served.book.mine()
    after = served.get(GIFTS)
    served.store.rewind(served.book.height - 1)
    assert served.get(GIFTS, after.headers["etag"]).json() == before.json()
    assert served.get(GIFTS).headers["etag"] == before.headers["etag"]


def test_kept_answers_are_counted_by_their_route(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    for _ in range(2):
        served.get(GIFTS)
    served.get(GIFTS, known)
    counted = served.client.get("/metrics").text
    name = 'moa_http_request_duration_seconds_count{route="/api/v1/pools/{pool}/contributions",status='
    assert f'{name}"200"}} 3.0' in counted
    assert f'{name}"304"}} 1.0' in counted


def test_another_server_gives_the_same_etag(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    with served.another() as other:
        assert other.get(GIFTS, headers={"If-None-Match": known}).status_code == 304
        assert other.get(GIFTS).headers["etag"] == known


def test_what_is_known_is_not_sent_and_no_table_is_looked_at(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    served.client.close()
    served.client = served.another()
    served.get(LATEST)  # so that the edition is known
    assert served.looks(GIFTS, known) == 0
    answer = served.get(GIFTS, f'W/"other", {known}')
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", known)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert served.get(GIFTS, '"other"').status_code == 200


def test_a_node_that_goes_on_does_not_change_what_is_known(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    change(served.settings.database, PASSING.format(10**6))
    assert served.get(GIFTS, known).status_code == 304
    assert served.get("/api/v1/health").json()["node_head"] == 10**6


def test_what_becomes_final_is_another_edition(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    assert not any(each["at"]["final"] for each in served.get(GIFTS).json()["recorded"].values())
    change(served.settings.database, FINAL.format(served.book.height))
    assert all(each["at"]["final"] for each in served.get(GIFTS, known).json()["recorded"].values())


def test_the_clock_has_its_part(served: Served) -> None:
    first = served.get(POOL)
    assert (served.looks(POOL), served.get(POOL, first.headers["etag"]).status_code) == (0, 304)
    served.now += 1
    assert served.looks(POOL) > 0
    # Made again, and found to be the same.
    served.now += 1
    assert served.get(POOL, first.headers["etag"]).status_code == 304
    served.now += 10 * 365 * 86_400
    later = served.get(POOL, first.headers["etag"])
    assert (first.json()["state"], later.json()["state"]) == ("active", "frozen")


def test_in_the_same_second_a_changed_note_is_seen(served: Served) -> None:
    change(served.settings.database, "INSERT INTO meta VALUES ('halted', 'for a test')")
    assert served.get("/api/v1/summary").json()["index"]["halted"] == "for a test"
    change(served.settings.database, "DELETE FROM meta WHERE key = 'halted'")
    assert served.get("/api/v1/summary").json()["index"]["halted"] is None


def test_a_text_that_comes_into_the_folder_is_seen_at_once(served: Served) -> None:
    title = served.get(GIFTS).json()["pools"]["1"]["pool_name"]
    [file] = [path for path in served.settings.content.iterdir() if path.read_bytes().startswith(b"Warm meals")]
    file.rename(file.with_suffix(".away"))
    assert served.get(GIFTS).json()["pools"]["1"]["pool_name"] != title
    file.with_suffix(".away").rename(file)
    assert served.get(GIFTS).json()["pools"]["1"]["pool_name"] == title


@pytest.mark.parametrize("path", ["/api/v1/pools/77/contributions", "/pool/77", f"{GIFTS}?cursor=x", "/nothing"])
def test_refusals_are_not_kept(served: Served, path: str) -> None:
    for _ in range(2):
        answer = served.client.get(path)
        assert answer.status_code in (404, 422)
        assert "etag" not in answer.headers


def test_an_index_that_goes_away_takes_its_answers_with_it(served: Served) -> None:
    known = served.get(GIFTS).headers["etag"]
    change(served.settings.database, "UPDATE meta SET value = '9999' WHERE key = 'schema_version'")
    assert served.client.get(GIFTS).status_code == 503
    assert served.client.get(GIFTS, headers={"If-None-Match": known}).status_code == 503


def test_the_head_of_an_answer_is_that_of_the_answer(served: Served) -> None:
    assert served.client.head(GIFTS).headers == served.get(GIFTS).headers
    assert served.client.head(GIFTS).content == b""


@pytest.mark.parametrize("path", ["/static/moa.css", "/health", "/metrics", "/api/v1/export/pools.csv"])
def test_what_is_no_answer_out_of_one_edition_is_left_alone(served: Served, path: str) -> None:
    answer = served.client.get(path)
    assert answer.status_code in (200, 503)
    assert not answer.headers.get("etag", "").startswith(f'"{served.book.height}-')


def test_a_page_begins_one_snapshot(served: Served) -> None:
    served.get(GIFTS)  # so that the edition is known
    for path in ("/", "/pool/2", "/pool/1/contributions", "/pool/1/milestones/0/contributions", "/contribution/1-0",
                 "/search?q=x", f"/donor/0x{WALLET.hex()}", f"/ngo/0x{NGO.hex()}", "/check"):  # fmt: skip
        assert served.looks(path) == 1, path


def test_all_of_a_page_is_of_one_edition(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, before = Queries.pool, served.book.height

    def and_then_a_gift_comes(queries: Queries, number: int) -> Any:
        found = pool(queries, number)
        served.book.give(1, WALLET, 1_000_000)
        served.book.mine()
        return found

    newest = served.get(GIFTS).json()["items"][0]["id"]
    with monkeypatch.context() as patch:
        patch.setattr(Queries, "pool", and_then_a_gift_comes)
        page = served.get("/pool/1")
        end = int(served.get(POOL).json()["raised"]) - 1_000_000
    assert f"/contribution/{newest}" in page.text
    assert f"/contribution/1-{end}" not in page.text, "a gift that is not among those that were added up"
    assert page.headers["etag"].startswith(f'"{before}-')
    assert f"/contribution/1-{end}" in served.get("/pool/1", page.headers["etag"]).text


def test_what_was_read_of_a_newer_edition_is_not_kept(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    contributions = Queries.contributions

    def and_a_block_has_come(*given: Any) -> Any:
        served.book.mine()
        return contributions(*given)

    served.get(POOL)
    monkeypatch.setattr(Queries, "contributions", and_a_block_has_come)
    assert "etag" not in served.get(GIFTS).headers
    monkeypatch.undo()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TestClient, list[str]]]:
    """Yield who gives as many bytes as asked for and keeps few, and the paths of what it made."""
    store = Store(tmp_path / "index.db")
    build(store, tmp_path / "content")
    made: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        made.append(scope["path"])
        queries.contributions(1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(int(scope["query_string"].split(b"&")[0]))})

    queries = Queries(Database(tmp_path / "index.db"), ContentFolder(tmp_path / "content"))
    monkeypatch.setattr(kept, "MOST_BYTES", 1000)
    monkeypatch.setattr(kept, "LARGEST_BYTES", 500)
    monkeypatch.setattr(kept, "REST_BYTES", 10)
    yield TestClient(Kept(app, queries.memory, queries.clock)), made
    store.close()


def test_the_oldest_answers_make_room(made: tuple[TestClient, list[str]]) -> None:
    client, paths = made
    for path, size, how_often in [("/a", 400, 1), ("/b", 400, 1), ("/a", 400, 1), ("/c", 400, 1), ("/a", 400, 1),
                                  ("/b", 400, 2), ("/d", 501, 1), ("/d", 501, 2)]:  # fmt: skip
        assert len(client.get(f"{path}?{size}").content) == size
        assert paths.count(path) == how_often, path


@pytest.mark.parametrize(
    ("path", "question", "how_often"),
    [
        ("/", "1", 1),  # forty of them, with what they take beside, find room
        (f"/{'x' * 200}", "1", 2),
        ("/", f"1&{'x' * 200}", 2),
    ],
)
def test_a_short_answer_with_a_long_address_takes_room(
    made: tuple[TestClient, list[str]], path: str, question: str, how_often: int
) -> None:
    client, paths = made
    for _ in range(2):
        for other in range(40):
            client.get(f"{path}{other:02}?{question}")
    assert paths.count(f"{path}00") == how_often


def test_an_edition_names_all_that_answers_hang_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "index.db")
    build(store, tmp_path / "content")
    tags = set()
    for statement in (
        "UPDATE meta SET value = 'x' WHERE key = 'node_head'",
        "INSERT INTO meta VALUES ('reconciled', '{}')",
        "INSERT INTO meta VALUES ('final_block', '1')",
        "UPDATE blocks SET hash = zeroblob(32) WHERE number = (SELECT max(number) FROM blocks)",
        "DELETE FROM blocks WHERE number = (SELECT max(number) FROM blocks)",
    ):
        change(tmp_path / "index.db", statement)
        database = Database(tmp_path / "index.db")
        with database.snapshot() as connection:
            tags.add(edition.read_edition(connection, edition.read_notes(connection)).tag)
        database.close()
    assert len(tags) == 5
    store.close()


def test_a_snapshot_is_of_the_edition_that_it_names(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is committed between the first look and the last is not seen."""
    database = Database(served.settings.database)
    begin, looks = database._door.begin, list[int]()

    def commit_around(connection: Connection) -> Hashable:
        served.book.mine()
        version = begin(connection)
        looks.append(served.book.mine().number)
        return version

    monkeypatch.setattr(database._door, "begin", commit_around)
    for _ in range(4):
        with database.snapshot() as connection:
            found = edition.read_edition(connection, edition.read_notes(connection))
            assert edition_of(connection).head == found.head
    database.close()
