"""Every table comes back from every form row by row as the index has it, whole or filtered, in the ledger's order."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from api import tables
from api.explorer.app import create_app
from api.explorer.exports import body, reading, ways
from api.explorer.exports.formats import MEDIA_TYPES
from tests.api.explorer import filled
from tests.api.explorer.conftest import settings_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

API = "/api/v1/export"
NAMES = sorted(ways.TABLES)
FORMS = sorted(MEDIA_TYPES)
AMOUNTS = {
    *("amount", "start", "line", "beneficiary_cap", "funding_threshold", "voucher_cap", "total", "objected", "cap"),
    *("budget", "cap_per_gift", "own", "from_pool", "total_own"),
    *("gift", "gift_amount"),
}
"""The columns that are money: written down here once more, so that nobody turns one into a JSON number by mistake."""


LAST = filled.BLOCKS - 1
FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))([,\n])')


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = settings_in(tmp_path_factory.mktemp("filled")).database
    filled.fill(path)
    return path


@pytest.fixture(scope="module")
def client(index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings_in(index.parent))) as opened:
        yield opened


@pytest.fixture(params=["as it is", pytest.param("small pages", marks=pytest.mark.long)])
def _pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with the real pages, once with so small ones that each table has many."""
    if request.param == "small pages":
        for name, value in {"PAGE": 3, "PAGE_BYTES": 200, "SIFT": 4, "_PART": 2}.items():
            monkeypatch.setattr(reading, name, value)
        monkeypatch.setattr(body, "CHUNK", 100)
        monkeypatch.setattr("api.explorer.exports.parquet.GROUP_ROWS", 10)


def ask(client: TestClient, path: str, **params: Any) -> Response:
    answer = client.get(f"{API}/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


# ----------------------------------------------------------------------------------------- reading the forms back


def parse(form: str, data: bytes) -> list[dict[str, Any]]:
    """Return the rows as they stand in a file."""
    if form == "csv":
        return read_csv(data.decode())
    if form == "jsonl":
        return [json.loads(line) for line in data.splitlines()]
    return list(pq.read_table(io.BytesIO(data)).to_pylist())


def read_csv(text: str) -> list[dict[str, Any]]:
    """Read a CSV by hand: Python's reader cannot tell an empty text from NULL."""
    header, *lines = split(text)
    assert all(len(line) == len(header) for line in lines)
    return [dict(zip([name for name, _ in header], map(field, line), strict=True)) for line in lines]


def split(text: str) -> list[list[tuple[str, bool]]]:
    """Return lines of fields, each with whether it was quoted."""
    lines: list[list[tuple[str, bool]]] = [[]]
    end = 0
    for found in FIELD.finditer(text):
        assert found.start() == end, f"not a CSV from {text[end : end + 80]!r} on"
        end = found.end()
        quoted, plain, sign = found.groups()
        lines[-1].append((plain, False) if quoted is None else (quoted.replace('""', '"'), True))
        if sign == "\n":
            lines.append([])
    assert end == len(text), f"not a CSV from {text[end : end + 80]!r} on"
    assert not lines.pop(), "it does not end with a line"
    return lines


def field(found: tuple[str, bool]) -> str | None:
    """Return an unquoted empty field as NULL, and a text without the apostrophe that guards it."""
    value, quoted = found
    return None if value == "" and not quoted else value.removeprefix("'")


def expected(form: str, table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the index as a form writes it."""
    columns = tables.metadata.tables[table].columns
    return {name: written(form, name, columns[name].type.python_type, value) for name, value in row.items()}


def written(form: str, name: str, kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind is bytes:
        return "0x" + value.hex()
    if kind is bool:
        return ("true" if value else "false") if form == "csv" else bool(value)
    if kind is int and (form == "csv" or (form == "jsonl" and name in AMOUNTS)):
        return str(value)
    return value


# ------------------------------------------------------------------------------------------------------- the tests


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_every_table_reads_back_as_the_index_has_it(client: TestClient, index: Path, name: str, form: str) -> None:
    rows = parse(form, ask(client, f"{name}.{form}").content)
    wanted = [expected(form, name, row) for row in filled.stored(index, name)]
    assert len(wanted) > 10
    own = list(wanted[0])
    assert [{key: row[key] for key in own} for row in rows] == wanted
    assert list(rows[0])[: len(own)] == own, "the table's own columns come first, in their order"


@pytest.mark.usefixtures("_pages")
@pytest.mark.parametrize("name", [name for name in NAMES if name != "blocks"])
def test_each_row_says_where_it_stands_and_in_what_money(client: TestClient, index: Path, name: str) -> None:
    blocks = {row["number"]: row for row in filled.stored(index, "blocks")}
    logs = {row["log"]: row for row in filled.stored(index, "logs")}
    tokens = {row["pool"]: row["token"] for row in filled.stored(index, "pools")}
    batches = {row["log"]: row for row in filled.stored(index, "batches")}
    seen = 0
    for row in parse("jsonl", ask(client, f"{name}.jsonl").content):
        block, place = divmod(row["log"], 2**20)
        assert (row["block"], row["index"], row["time"]) == (block, place, blocks[block]["time"])
        assert row["tx"] == "0x" + logs[row["log"]]["tx"].hex()
        if "pool" in row and "amount" in row:
            assert len(row["token"]) in (42, 66)
        if name in ("contributions", "collections"):
            assert row["token"] == "0x" + tokens[row["pool"]].hex()
        if name == "contributions":
            batch = batches.get(row["log"])
            assert row["batch"] == (batch and "0x" + batch["batch"].hex())
            assert row["gateway"] == (batch and "0x" + batch["gateway"].hex())
            seen += batch is not None
    assert seen > 10 or name != "contributions"


def test_money_is_named_as_such(client: TestClient) -> None:
    told = client.get(API).json()
    assert told["forms"] == ["csv", "jsonl", "parquet"]
    assert [table["table"] for table in told["tables"]] == sorted([*NAMES, "payers"])
    for table in told["tables"]:
        for column in table["columns"]:
            assert column["says"], (table["table"], column)
            assert (column["kind"] == "amount") == (column["name"] in AMOUNTS), (table["table"], column)


BOUNDED = {"since": "paid_at", "until": "paid_at", "min_amount": "amount", "max_amount": "amount"}
FILTERS: dict[str, Any] = {
    "since": lambda row, value: int(row["paid_at"]) >= value,
    "until": lambda row, value: int(row["paid_at"]) <= value,
    "min_amount": lambda row, value: int(row["amount"]) >= value,
    "max_amount": lambda row, value: int(row["amount"]) <= value,
    "from_block": lambda row, value: row["log"] >> 20 >= value,
    "to_block": lambda row, value: row["log"] >> 20 <= value,
}


@pytest.fixture(scope="module")
def wholes(client: TestClient) -> dict[str, list[Any]]:
    return {name: parse("jsonl", ask(client, f"{name}.jsonl").content) for name in NAMES}


@tries(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_filters_leave_what_they_say(
    client: TestClient, index: Path, wholes: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    for constant, value in {"PAGE": 5, "PAGE_BYTES": 1, "SIFT": 7, "_PART": 3}.items():
        monkeypatch.setattr(reading, constant, value)
    name = data.draw(st.sampled_from(NAMES))
    whole = wholes[name]
    allowed = ways.filters_of(ways.TABLES[name])
    chosen = data.draw(st.lists(st.sampled_from(allowed), unique=True, max_size=3)) if allowed else []
    model = data.draw(st.sampled_from(whole))
    params: dict[str, Any] = {}
    ngos = {row["pool"]: "0x" + row["ngo"].hex() for row in filled.stored(index, "pools")}
    wanted = whole
    for each in chosen:
        column = {"since": "paid_at", "until": "paid_at", "min_amount": "amount", "max_amount": "amount"}.get(
            each, each
        )
        value = model["log"] >> 20 if each in ("from_block", "to_block") else model.get(column)
        if each == "ngo" and "ngo" not in model:
            value = ngos[model["pool"]]
        if not is_meant(each, value):
            continue
        params[each] = value
        if each in FILTERS:
            wanted = [row for row in wanted if FILTERS[each](row, int(value))]
        elif each == "ngo" and "ngo" not in model:
            wanted = [row for row in wanted if ngos[row["pool"]] == value]
        else:
            wanted = [row for row in wanted if row[each] == value]
    assert wanted
    assert parse("jsonl", ask(client, f"{name}.jsonl", **params).content) == wanted


def test_a_sifted_page_that_is_full_goes_on_with_its_next_row(
    client: TestClient, wholes: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of any length: a page ends after each row, in the middle of the rows that are looked through."""
    monkeypatch.setattr(reading, "PAGE_BYTES", 1)
    wanted = [row for row in wholes["evidence"] if row["pool"] == 1]
    assert len(wanted) > 3
    assert parse("jsonl", ask(client, "evidence.jsonl", pool=1).content) == wanted


def is_meant(name: str, value: Any) -> bool:
    """Return whether a drawn value is one that the filter takes: the index is filled without sense."""
    lengths = {"batch": 66, "tx": 66}
    if value is None:
        return False
    if isinstance(value, str) and value.startswith("0x"):
        return len(value) == lengths.get(name, 42)
    if name in ("pool", "pledge", "sponsorship"):
        return int(value) > 0
    return name not in ("since", "until") or int(value) < 2**32


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_export_is_a_whole_file(client: TestClient, form: str) -> None:
    nobody = "0x" + "99" * 20
    data = ask(client, f"contributions.{form}", donor=nobody).content
    assert parse(form, data) == []
    if form == "csv":
        assert data.startswith(b"pool,start,amount,")
        assert data.endswith(b"\n")
    if form == "parquet":
        assert pq.read_schema(io.BytesIO(data)).names[:3] == ["pool", "start", "amount"]


def test_an_empty_index_has_empty_exports(tmp_path: Path) -> None:
    path = settings_in(tmp_path).database
    filled.fill(path, blocks=1)
    with sqlite3.connect(path) as connection:
        for name in NAMES:
            if name != "blocks":
                connection.execute(f"DELETE FROM {name}")  # noqa: S608
    with TestClient(create_app(settings_in(tmp_path))) as client:
        for name in NAMES:
            for form in FORMS:
                assert len(parse(form, ask(client, f"{name}.{form}").content)) == (name == "blocks")


def test_parquet_knows_its_units_and_whole_numbers(client: TestClient) -> None:
    answer = ask(client, "contributions.parquet", pool=1)
    found = pq.ParquetFile(io.BytesIO(answer.content))
    schema = found.schema_arrow
    assert schema.metadata[b"moa.block_hash"].decode() == answer.headers["Moa-Block-Hash"]
    assert schema.metadata[b"moa.filters"] == b"pool=1"
    assert str(schema.field("amount").type) == "int64"
    assert schema.field("amount").metadata[b"unit"] == b"base units of the token"
    assert str(schema.field("donor").type) == "string"


def test_a_spreadsheet_runs_nothing(client: TestClient) -> None:
    """Not one text in a CSV begins as a formula does, whatever the chain says; numbers are numbers."""
    hostile = 0
    for name in NAMES:
        columns = {c["name"]: c["kind"] for t in client.get(API).json()["tables"] if t["table"] == name
                   for c in t["columns"]}  # fmt: skip
        header, *lines = split(ask(client, f"{name}.csv").content.decode())
        for line in lines:
            for (column, _), (value, _) in zip(header, line, strict=True):
                if columns[column] == "text":
                    assert not value.startswith(tuple("=+-@\t\r\n＝＋－＠"))
                    hostile += value.startswith("'")
                else:
                    assert value.removeprefix("-").isalnum() or value == ""
    assert hostile > 20


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_is_of_that_very_file(client: TestClient, form: str) -> None:
    answer = ask(client, f"contributions.{form}", pool=2)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="moa-1337-{LAST}-contributions-part.{form}"'
    link = answer.headers["Link"].partition(">")[0][1:]
    manifest = client.get(link).json()
    rows = parse(form, answer.content)
    assert manifest["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (manifest["rows"], manifest["bytes"]) == (len(rows), len(answer.content))
    assert [column["name"] for column in manifest["columns"]] == list(rows[0])
    assert manifest["block"]["number"] == int(answer.headers["Moa-Block"])
    assert manifest["block"]["hash"] == answer.headers["Moa-Block-Hash"]
    assert manifest["filters"] == {"pool": 2}


def test_a_manifest_is_made_for_whoever_has_no_file_yet(index: Path) -> None:
    """Another process, or this one after a restart: the manifest is the same, made anew."""
    with TestClient(create_app(settings_in(index.parent))) as client:
        first = client.get(f"{API}/logs.jsonl/manifest.json").json()
        data = ask(client, "logs.jsonl", block=first["block"]["number"], hash=first["block"]["hash"]).content
        assert first["sha256"] == hashlib.sha256(data).hexdigest()
    with TestClient(create_app(settings_in(index.parent))) as client:
        assert client.get(f"{API}/logs.jsonl/manifest.json").json() == first


def test_an_older_block_gives_what_was_told_then(tmp_path: Path) -> None:
    """What an index told when it was shorter, it tells for ever, to the byte."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, blocks in ((old, 12), (new, filled.BLOCKS)):
        folder.mkdir()
        filled.fill(settings_in(folder).database, blocks=blocks)
    with TestClient(create_app(settings_in(old))) as then, TestClient(create_app(settings_in(new))) as now:
        for name in NAMES:
            for form in FORMS if name == "contributions" else ["csv"]:
                also = [{"pool": 1}] if "pool" in ways.filters_of(ways.TABLES[name]) else []
                also += [{"pool": 1, "min_amount": 5}] if name == "contributions" else []
                for params in ({}, *also):
                    wanted = ask(then, f"{name}.{form}", **params).content
                    assert ask(now, f"{name}.{form}", **params, block=11).content == wanted, (name, form, params)
                assert ask(now, f"{name}.{form}").content != ask(then, f"{name}.{form}").content


def test_a_head_tells_the_block_and_reads_nothing(client: TestClient) -> None:
    answer = client.head(f"{API}/contributions.csv?pool=1")
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["Moa-Block"] == str(LAST)
    assert "content-length" not in answer.headers
    assert answer.headers["content-type"].startswith("text/csv")


def test_pages_from_elsewhere_may_read_the_headers(client: TestClient) -> None:
    answer = client.get(f"{API}/pools.csv", headers={"Origin": "https://auditor.example"})
    assert "Moa-Block-Hash" in answer.headers["Access-Control-Expose-Headers"]


HASH = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("meta.csv", 404, "export meta.csv"),
        ("nothing.csv", 404, "export nothing.csv"),
        ("pools.xlsx", 404, "export pools.xlsx"),
        ("pools", 404, "export pools"),
        (".csv", 404, "export .csv"),
        ("contributions.csv?pool=99", 404, "pool 99"),
        (f"contributions.csv?batch={HASH}", 404, f"batch {HASH}"),
        ("pools.csv?block=99", 404, f"block 99: the index ends at block {LAST}"),
        ("pools.csv?block=x", 422, "block"),
        ("pools.csv?block=8796093022208", 422, "block"),
        ("pools.csv?donor=0x12", 422, "donor"),
        (f"pools.csv?donor={'0x' + '00' * 20}", 422, "donor"),
        ("blocks.csv?pool=1", 422, "pool"),
        ("releases.csv?since=2026-01-01", 422, "since"),
        ("contributions.csv?max_amount=9223372036854775808", 422, "max_amount"),
        (f"pools.csv?hash={HASH}", 422, "hash"),
        (f"pools.csv?block=3&hash={HASH}", 409, "it was rewound"),
        (f"pools.csv/manifest.json?block=3&hash={HASH}", 409, "it was rewound"),
        ("meta.csv/manifest.json", 404, "export meta.csv"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, path: str, status: int, says: str) -> None:
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == status
    found = answer.json()
    assert says in str(found.get("looked_for") or found.get("field") or found.get("reason"))


def test_there_is_nothing_to_export_yet(tmp_path: Path) -> None:
    with TestClient(create_app(settings_in(tmp_path))) as client:
        assert client.get(f"{API}/pools.csv").status_code == 503
        tables.metadata.create_all(filled.create_engine(f"sqlite:///{settings_in(tmp_path).database}"))
        assert client.get(f"{API}/pools.csv").status_code == 503


@pytest.mark.parametrize("path", ["contributions.csv", "contributions.csv/manifest.json"])
def test_a_filter_that_is_misspelt_is_refused(client: TestClient, path: str) -> None:
    """Else a file with all rows would pass for the one that was asked for."""
    answer = client.get(f"/api/v1/export/{path}", params={"pool": 1, "dnor": "0x" + "1" * 40})
    assert answer.status_code == 422
    assert answer.json()["field"] == "dnor"
