"""`python -m api export`: a file and its manifest, whole or not there; and what cannot be asked for, in one line."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from api.errors import ExportError, SettingsError
from api.explorer.app import create_app
from api.explorer.exports import commands
from api.settings import Settings
from tests.api.explorer import filled
from tests.api.explorer.conftest import settings_in
from tests.bench.exports import build
from tests.ledger import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = settings_in(tmp_path_factory.mktemp("filled")).database
    filled.fill(path)
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_is_what_the_explorer_sends(index: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / "deep" / f"gifts.{form}"
    tally = commands.export(index, "contributions", file, 9, ["pool=1", "min_amount=5"])
    with TestClient(create_app(settings_in(index.parent))) as client:
        asked = f"/api/v1/export/contributions.{form}"
        params = {"pool": 1, "min_amount": 5, "block": 9}
        sent = client.get(asked, params=params).content
        manifest = client.get(f"{asked}/manifest.json", params=params).json()
    assert file.read_bytes() == sent
    assert json.loads((tmp_path / "deep" / f"gifts.{form}.manifest.json").read_text()) == manifest
    assert (tally.rows, tally.size) == (manifest["rows"], len(sent))
    assert manifest["sha256"] == hashlib.sha256(sent).hexdigest()
    assert len(list(file.parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("contributions", "x.xlsx", None, []), "does not say its form: end it with .csv, .jsonl, .parquet"),
        (("contributions", "x", None, []), "does not say its form"),
        (("meta", "x.csv", None, []), "there is no export meta.csv"),
        (("contributions", "x.csv", 99, []), "there is no block 99"),
        (("contributions", "x.csv", None, ["pool"]), "pool: not a filter: write one as pool=3"),
        (("contributions", "x.csv", None, ["pool="]), "pool: not a filter: write one as pool=3"),
        (("contributions", "x.csv", None, ["pool=x"]), "pool: not a whole number"),
        (("contributions", "x.csv", None, ["donor=0x1"]), "donor: not 20 bytes in hex"),
        (("contributions", "x.csv", None, ["color=1"]), "color: not a filter"),
        (("contributions", "x.csv", None, ["pool=99"]), "there is no pool 99"),
        (("blocks", "x.csv", None, ["pool=1"]), "pool: not a filter of blocks"),
    ],
)
def test_what_cannot_be_exported(
    index: Path, tmp_path: Path, asked: tuple[str, str, int | None, list[str]], says: str
) -> None:
    table, name, block, where = asked
    with pytest.raises(ExportError) as error:
        commands.export(index, table, tmp_path / name, block, where)
    assert says in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        commands.export(index, "pools", tmp_path / "file" / "x.csv", None, [])
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ExportError, match="cannot be written"):
        commands.export(index, "pools", tmp_path / "x.csv", None, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "x.csv"]


def test_a_killed_export_leaves_no_file(tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    build(database, 60_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "export", "contributions", str(tmp_path / "out" / "x.jsonl")],
        env=environment(MOA_DATABASE=str(database)), cwd=ROOT,
    )  # fmt: skip
    while not list(tmp_path.glob("out/*.part/x.jsonl")):
        assert process.poll() is None, "it was too fast to be killed"
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".part"]


@pytest.mark.parametrize("value", ["many", "-1", "101", "1.5", ""])
def test_how_many_run_at_once_is_a_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MOA_EXPORTS", value)
    with pytest.raises(SettingsError, match="MOA_EXPORTS is"):
        Settings.from_environment()


def test_settings_of_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.from_environment().exports, Settings.from_environment().iati) == (2, None)
    monkeypatch.setenv("MOA_EXPORTS", "7")
    monkeypatch.setenv("MOA_IATI", "iati.yaml")
    settings = Settings.from_environment()
    assert (settings.exports, str(settings.iati)) == (7, "iati.yaml")
