"""Who paid a release, as a table: what the interface says of it, part by part, whatever the size of the pages."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from eth_utils.crypto import keccak
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.explorer.exports import reading
from api.indexer.store import Store
from api.types import MemberKind
from tests.api.explorer.book import DAY, TOKEN, USD, Book, account
from tests.api.explorer.conftest import settings_in
from tests.api.stores import STORES, Databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response

API = "/api/v1"
MILESTONES = (0, 1, 2)
GATEWAY = account("gateway")


@pytest.fixture(scope="module", params=STORES)
def client(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A pool whose first release was given back in part, and whose second took these places and others."""
    folder = tmp_path_factory.mktemp("payers")
    settings = settings_in(folder, database=databases.new(request.param, folder))
    store = Store(settings.database)
    book, payee = Book(store, settings.content), account("payee")
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    plan = [(payee, amount * USD, book.now + 90 * DAY) for amount in (20, 15, 400)]
    book.open_pool(1, account("ngo"), "Pool", plan)
    book.mine()
    book.give(1, account("wallet"), 3 * USD)
    entries = [(account(f"donor {i}"), book.now - i, (2 + i % 3) * USD) for i in range(20)]
    book.record(1, GATEWAY, keccak(text="statement"), entries)
    book.release(1, 0, payee, 20 * USD)
    book.mine()
    book.give_back(1, 0, payee, 4 * USD + 5)
    book.mine()
    book.release(1, 1, payee, 15 * USD)
    book.mine()
    with TestClient(create_app(settings)) as opened:
        yield opened
    store.close()
    databases.give_back(settings.database)


def ask(client: TestClient, form: str, **asked: int) -> Response:
    answer = client.get(f"{API}/export/payers.{form}", params={"pool": 1, **asked})
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(form: str, data: bytes) -> list[dict[str, Any]]:
    if form == "csv":
        return list(csv.DictReader(io.StringIO(data.decode())))
    if form == "jsonl":
        return [json.loads(line) for line in data.splitlines()]
    return list(pq.read_table(io.BytesIO(data)).to_pylist())


def told(client: TestClient, milestone: int) -> list[tuple[Any, ...]]:
    """Return what the interface says: the parts, and the gifts that they are of."""
    items = client.get(f"{API}/pools/1/milestones/{milestone}/contributions?limit=200").json()["items"]
    return [
        (int(part["start"]), int(part["end"]), gift["start"], gift["amount"], gift["number"], gift["paid_at"],
         gift["donor"].lower(), gift["batch"], gift["recorded"]["block"], gift["recorded"]["tx"])
        for gift, parts in ((item["contribution"], item["parts"]) for item in items)
        for part in parts
    ]  # fmt: skip


def exported(row: dict[str, Any]) -> tuple[Any, ...]:
    start = int(row["start"])
    return (
        start, start + int(row["amount"]), str(row["gift"]), str(row["gift_amount"]), int(row["number"]),
        int(row["paid_at"]), row["donor"], row["batch"] or None, int(row["block"]), row["tx"],
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 2_000])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_it_has_what_the_interface_says(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, form: str, size: int
) -> None:
    monkeypatch.setattr(reading, "PAGE", size)
    seen = []
    for milestone in MILESTONES:
        rows = rows_of(form, ask(client, form, milestone=milestone).content)
        assert [exported(row) for row in rows] == told(client, milestone)
        assert {(int(row["pool"]), int(row["milestone"])) for row in rows} <= {(1, milestone)}
        assert {row["token"] for row in rows} <= {"0x" + TOKEN.hex()}
        seen.append(sum(int(row["amount"]) for row in rows))
    assert seen == [16 * USD - 5, 15 * USD, 0]


def test_a_gift_has_a_row_for_each_release_that_it_paid(client: TestClient) -> None:
    of = [{row["gift"] for row in rows_of("jsonl", ask(client, "jsonl", milestone=m).content)} for m in (0, 1)]
    assert len(of[0] & of[1]) == 1


def test_an_older_block_gives_what_was_so_then(client: TestClient) -> None:
    newest = int(ask(client, "csv", milestone=0).headers["Moa-Block"])
    sums = [
        [sum(int(r["amount"]) for r in rows_of("csv", ask(client, "csv", milestone=m, block=block).content))
         for m in (0, 1)]
        for block in range(newest - 3, newest + 1)
    ]  # fmt: skip
    assert sums == [[0, 0], [20 * USD, 0], [16 * USD - 5, 0], [16 * USD - 5, 15 * USD]]


def test_its_manifest_is_of_that_very_file(client: TestClient) -> None:
    answer = ask(client, "csv", milestone=1)
    manifest = client.get(answer.headers["Link"].partition(">")[0][1:]).json()
    rows = rows_of("csv", answer.content)
    assert manifest["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (manifest["rows"], manifest["filters"]) == (len(rows), {"milestone": 1, "pool": 1})
    assert [column["name"] for column in manifest["columns"]] == list(rows[0])


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("", 422, "pool"),
        ("?pool=1", 422, "milestone"),
        ("?milestone=0", 422, "pool"),
        ("?pool=9&milestone=0", 404, "pool 9"),
        ("?pool=1&milestone=3", 404, "milestone 1-3"),
        ("?pool=1&milestone=0&min_amount=5", 422, "min_amount"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, asked: str, status: int, says: str) -> None:
    answer = client.get(f"{API}/export/payers.csv{asked}")
    assert answer.status_code == status
    found = answer.json()
    assert says == (found.get("looked_for") or found.get("field"))
