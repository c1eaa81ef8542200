"""Where the index is, as the environment says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import postgres
from api.errors import SettingsError
from api.settings import Settings


def database(monkeypatch: pytest.MonkeyPatch, text: str) -> Path | str:
    monkeypatch.setenv("MOA_DATABASE", text)
    return Settings.from_environment().database


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://moa:s3cret@db.example:5433/index",
        "postgres://moa@db.example/index?sslmode=verify-full",
        "postgresql:///index?host=/var/run/postgresql",
        "postgresql://moa:a%40b%2F@db.example/index",
    ],
)
def test_a_database_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert database(monkeypatch, text) == text
    assert "s3cret" not in repr(Settings.from_environment())
    assert postgres.read_url(text).database == "index"
    assert "s3cret" not in postgres.shown(text)


def test_a_file_is_named_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database(monkeypatch, "state/index #1.db") == Path("state/index #1.db")
    monkeypatch.delenv("MOA_DATABASE")
    assert Settings.from_environment().database == Path(".moa/index.db")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://moa:s3cret@db.example",
        "postgresql://moa:s3cret@db.example/",
        "postgresql://moa:s3@cret@db.example/index",
        "postgresql://moa:s3cret@db.example:s3cret/index",
        "postgresql://",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_unsaid(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(SettingsError, match="the database's address cannot be read: it is postgresql://") as refused:
        database(monkeypatch, text)
    assert "s3" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or "s3" not in str(refused.value.__context__)


@pytest.mark.parametrize("text", ["mysql://moa:s3cret@db.example/index", "sqlite:///index.db"])
def test_another_kind_of_database_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(SettingsError, match="must be a file's path, or begin with postgresql://") as refused:
        database(monkeypatch, text)
    assert "s3cret" not in str(refused.value)
