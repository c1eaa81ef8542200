"""Search finds whatever is printed on a page or a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.address import to_checksum_address
from sqlalchemy import create_engine, literal, select

from api.explorer.queries.search import is_called
from tests.api.explorer.book import FUND, TOKEN
from tests.api.explorer.world import (
    ATTESTORS,
    DESCRIPTION,
    DONOR,
    GATEWAY,
    NGO,
    PAYEE,
    REFERENCE,
    REVOKED_NGO,
)

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.explorer.world import World


def kinds(get: Any, q: str) -> list[str]:
    return [hit["kind"] for hit in get("/search", q=q)]


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        (NGO, ["ngo"]),
        (REVOKED_NGO, ["ngo"]),
        (ATTESTORS[0], ["attestor"]),
        (GATEWAY, ["gateway"]),
        (TOKEN, ["token"]),
        (FUND, ["fund"]),
        (DONOR, ["donor"]),
        (PAYEE, ["payee"]),
        (bytes(20), []),
        (b"\1" * 20, []),
    ],
)
def test_addresses(get: Any, account: bytes, kind: list[str]) -> None:
    for written in (f"0x{account.hex()}", account.hex().upper(), f"  {to_checksum_address(account)}\n"):
        assert kinds(get, written) == kind


def test_hashes(get: Any, world: World) -> None:
    assert kinds(get, f" 0X{world.batch.hex().upper()} ") == ["batch"]
    assert get("/search", q=REFERENCE.hex())[0]["url"] == f"/batch/0x{world.batch.hex()}"
    found = get("/search", q=world.release_tx.hex())
    assert {hit["kind"] for hit in found} == {"transaction"}
    assert {hit["url"] for hit in found} >= {"/pool/1", "/pool/4"}
    assert kinds(get, world.evidence.hex()) == ["evidence", "evidence"]
    assert kinds(get, world.absent.hex()) == ["evidence", "description"]
    assert "description" in kinds(get, get("/pools/1")["description"]["hash"])
    assert kinds(get, world.book.blocks[3].hash.hex()) == ["block"]
    assert kinds(get, bytes(32).hex()) == []
    assert DESCRIPTION


def test_numbers_and_ids(get: Any) -> None:
    assert kinds(get, "1") == ["pool", "block"]
    assert kinds(get, "7") == ["block"]
    assert kinds(get, "1-0") == ["contribution"]
    assert kinds(get, " 1-12000000 ") == ["contribution"]
    assert kinds(get, "1-1") == []
    assert kinds(get, "1-99999999999999999999") == []
    assert kinds(get, "9" * 18) == []


def test_names(get: Any) -> None:
    assert get("/search", q="warm M")[0]["url"] == "/pool/1"
    assert kinds(get, "KITCHENS <b") == ["ngo"]
    assert kinds(get, "Wärme 50%") == ["pool"]
    assert kinds(get, "pumps WEL") == ["ngo"]
    assert kinds(get, "pumps wool") == []
    assert kinds(get, "%") == []
    assert kinds(get, "_") == []
    assert kinds(get, "") == []
    assert kinds(get, "   ") == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("a generator for the night shelter", True), ("generator night", True), ("A generator for the day", False)],
)
def test_a_name_that_was_cut_is_found_by_the_whole(wanted: str, found: bool) -> None:
    with create_engine("sqlite://").connect() as connection:
        name = literal("A generator for the night sh…")
        assert bool(connection.execute(select(is_called(name, wanted))).scalar()) == found


def test_every_hit_leads_somewhere(client: TestClient, get: Any, world: World) -> None:
    asked = [
        "1",
        "1-0",
        world.batch.hex(),
        world.release_tx.hex(),
        *(a.hex() for a in (NGO, GATEWAY, ATTESTORS[0], PAYEE)),
    ]
    for hit in [hit for q in asked for hit in get("/search", q=q)]:
        answer = client.get(hit["url"])
        assert answer.status_code == 200, hit
        if answer.headers["content-type"] == "application/json":
            assert answer.json()["items"], hit
