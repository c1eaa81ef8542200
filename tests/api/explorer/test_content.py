"""Off-chain files: shown by hash, hashed again each time, and never as something that runs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from api.explorer import content
from api.explorer.content import ContentFolder, media_type
from tests.api.explorer.world import DESCRIPTION, REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

    from tests.api.explorer.world import World


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Title\n\nText\n", "text/plain; charset=utf-8"),
        ("Ein Brief, mit Komma\nund Umlaut ä".encode(), "text/plain; charset=utf-8"),
        (b"", "text/plain; charset=utf-8"),
        (b"a,b\n1,2\n3,4\n", "text/csv; charset=utf-8"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"%PDF-1.7 rest", "application/pdf"),
        (b"<!doctype html><script>1</script>", "application/octet-stream"),
        (b"\xef\xbb\xbf \n<svg onload=1>", "application/octet-stream"),
        (b"<?xml version='1.0'?>", "application/octet-stream"),
        (b"\xff\xfeb\0a\0d\0", "application/octet-stream"),
        (b"GIF89a\x01\x00", "application/octet-stream"),
        (b"PK\x03\x04", "application/octet-stream"),
    ],
)
def test_media_types(data: bytes, kind: str) -> None:
    assert media_type(data) == kind


def test_a_file_is_served_as_what_it_is_and_kept_from_running(client: TestClient, world: World) -> None:
    for name in (world.evidence.hex(), "0x" + world.evidence.hex(), "0X" + world.evidence.hex().upper()):
        answer = client.get(f"/content/{name}")
        assert (answer.status_code, answer.content) == (200, REPORT)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-disposition" not in answer.headers


def test_markup_is_a_download(client: TestClient, world: World) -> None:
    digest = world.book.write_file(b"<svg onload=alert(1)>")
    answer = client.get(f"/content/{digest.hex()}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{digest.hex()}"'


def test_absent_and_altered_files_are_said_to_be(client: TestClient, world: World) -> None:
    answer = client.get(f"/content/{world.absent.hex()}")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "not found", "looked_for": f"content 0x{world.absent.hex()}"},
    )
    answer = client.get(f"/content/{world.altered.hex()}")
    assert answer.status_code == 409
    assert answer.json()["error"] == "altered"
    assert b"later" not in answer.content


def test_a_file_too_large_to_hold_is_not_served(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MAX_FILE_BYTES", len(REPORT) - 1)
    answer = client.get(f"/content/{world.evidence.hex()}")
    assert (answer.status_code, answer.json()["error"]) == (413, "too large")


def test_a_file_that_changes_while_the_server_runs_is_noticed(client: TestClient, world: World, get: Any) -> None:
    digest = world.book.write_file(b"as it was")
    path = world.book.content / digest.hex()
    assert client.get(f"/content/{digest.hex()}").status_code == 200
    path.write_bytes(b"as it is!")
    assert client.get(f"/content/{digest.hex()}").status_code == 409
    description = world.book.content / hashlib.sha256(DESCRIPTION).hexdigest()
    description.write_bytes(DESCRIPTION + b"!")
    try:
        changed = get("/pools/1")
        assert changed["description"]["state"] == "altered"
        assert changed["description"]["text"] is None
        assert changed["title"] == "Warm meals"
    finally:
        description.write_bytes(DESCRIPTION)


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fpasswd", "%2e%2e", "a" * 63, "g" * 64, "0x", "a" * 64 + "%00", "%ff" * 64]
)
def test_only_hashes_are_names(client: TestClient, name: str) -> None:
    assert client.get(f"/content/{name}").status_code in (404, 422)


def test_what_is_no_file_is_absent(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"x").digest()
    (tmp_path / digest.hex()).mkdir()
    folder = ContentFolder(tmp_path)
    assert (folder.read(digest)[0], folder.check(digest)) == ("absent", "absent")


def test_a_large_text_stands_behind_its_address_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ContentFolder(tmp_path)
    large = b"word " * content.MAX_TEXT_BYTES
    digest = hashlib.sha256(large).digest()
    (tmp_path / digest.hex()).write_bytes(large)
    shown = folder.show(digest, "uri")
    assert (shown["state"], shown["text"], shown["url"]) == ("matches", None, f"/content/0x{digest.hex()}")

    # A file that is too large to be served is hashed all the same.
    monkeypatch.setattr(content, "MAX_FILE_BYTES", 1000)
    shown = folder.show(digest, "uri")
    assert (shown["state"], shown["url"]) == ("matches", None)
    (tmp_path / digest.hex()).write_bytes(large + b"!")
    assert folder.show(digest, "uri")["state"] == "altered"
