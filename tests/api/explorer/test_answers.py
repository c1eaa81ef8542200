"""Every route's answer has the shape that the interface documents, and says what the ledger says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ConfigDict, TypeAdapter, with_config

from api.explorer import shapes
from api.explorer.app import create_app
from api.types import ANONYMOUS
from tests.api.chain.test_interface import SHAPES as PLAYED
from tests.api.explorer.book import DAY, FUND, USD, account
from tests.api.explorer.world import (
    ATTESTORS,
    DESCRIPTION,
    DONOR,
    GATEWAY,
    NGO,
    OTHER_NGO,
    PAYEE,
    REVOKED_NGO,
    WALLET,
)
from tests.api.listed import check_listed

if TYPE_CHECKING:
    from api.settings import Settings
    from tests.api.explorer.world import World

SHAPES: dict[str, Any] = {
    "": shapes.About,
    "/reconciliation": shapes.Reconciliation,
    "/summary": shapes.Summary,
    "/health": shapes.Health,
    "/movements": shapes.Page[shapes.Movement],
    "/search?q=1": list[shapes.Hit],
    "/pools": shapes.Page[shapes.PoolSummary],
    "/pools/1": shapes.Pool,
    "/pools/1/milestones": list[shapes.Milestone],
    "/pools/1/contributions": shapes.Contributions,
    "/pools/1/milestones/0/contributions": shapes.Page[shapes.Payer],
    "/contributions": shapes.Contributions,
    "/contributions/1-0": shapes.ContributionDetail,
    "/contributions/1-12000000": shapes.ContributionDetail,
    "/contributions/1-0/deliveries": shapes.Page[shapes.Handed],
    "/batches": shapes.Page[shapes.Batch],
    "/batches/{batch}": shapes.Batch,
    "/batches/{batch}/contributions": shapes.Contributions,
    "/donors/{donor}": shapes.Donor,
    "/donors/{donor}/contributions": shapes.Contributions,
    "/ngos": shapes.Page[shapes.NgoSummary],
    "/ngos/{ngo}": shapes.Ngo,
    "/attestations": shapes.Page[shapes.Attestation],
    "/releases": shapes.Page[shapes.Release],
    "/events": shapes.Page[shapes.Event],
    "/export": shapes.ExportList,
    "/export/contributions.csv/manifest.json": shapes.Manifest,
}


FILES = ("/export/contributions.csv", "/ngos/0x/iati.xml")
"""Not JSON: tried in test_exports and test_iati."""


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


def test_every_route_is_tried_below(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    tried = [f"/api/v1{path.partition('?')[0]}" for path in (*SHAPES, *PLAYED, *FILES)]
    for path in paths:
        if path.startswith("/api/v1"):
            pattern = re.sub(r"\{\w+\}", "[^/]+", path)
            assert any(re.fullmatch(pattern, other) for other in tried), path


@pytest.mark.parametrize("path", SHAPES)
def test_shapes(client: TestClient, world: World, path: str) -> None:
    url = "/api/v1" + path.format(batch=hexed(world.batch), donor=hexed(DONOR), ngo=hexed(NGO))
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    adapter = TypeAdapter(_closed(SHAPES[path]))
    # What the shape does not know would be dropped on the way.
    assert adapter.dump_python(adapter.validate_json(answer.content, strict=True)) == answer.json()


def _closed(shape: Any) -> Any:
    return with_config(ConfigDict(extra="forbid"))(shape) if isinstance(shape, type) else shape


def test_summary(get: Any) -> None:
    summary = get("/summary")
    [total] = summary["tokens"]
    assert total["token"]["symbol"] == "eUSD"
    assert int(total["released"]) == 35 * USD
    assert int(total["held"]) == int(total["raised"]) - 35 * USD
    assert int(total["raised"]) == sum(int(pool["raised"]) for pool in get("/pools")["items"])
    assert {key: summary[key] for key in ("pools", "contributions", "batches", "attestations", "releases")} == {
        "pools": 5, "contributions": 27, "batches": 4, "attestations": 6, "releases": 2,
    }  # fmt: skip
    assert [m["kind"] for m in summary["latest"][:4]] == ["attestation", "evidence", "release", "release"]
    assert summary["after"] == summary["latest"][0]["id"]


@pytest.mark.parametrize(
    ("later", "said"),
    [(-1, "It is paused until"), (0, "The time of the pause was over on"), (DAY, "anybody can end it")],
)
def test_a_pause_is_told_as_it_is(settings: Settings, get: Any, later: int, said: str) -> None:
    now = get("/pools/5")["paused_until"] + later
    with TestClient(create_app(settings, clock=lambda: now)) as client:
        assert said in client.get("/pool/5").text


def test_states_of_pools(get: Any) -> None:
    pools = {pool["pool"]: pool for pool in get("/pools")["items"]}
    assert [pools[i]["state"] for i in range(1, 6)] == ["active", "funding", "frozen", "completed", "active"]
    assert [pools[i]["paused"] for i in range(1, 6)] == [False, False, False, False, True]
    assert [p["pool"] for p in get("/pools", state="active")["items"]] == [5, 1]
    assert [p["pool"] for p in get("/pools", state="frozen", ngo=hexed(OTHER_NGO))["items"]] == [3]
    assert [p["pool"] for p in get("/pools", ngo=hexed(OTHER_NGO))["items"]] == [3, 2]
    assert get("/pools", ngo=hexed(REVOKED_NGO))["items"] == []


def test_pool(get: Any, world: World) -> None:
    pool = get("/pools/1")
    assert pool["title"] == "Warm meals <script>alert(1)</script> & “more”"
    assert pool["description"]["text"] == DESCRIPTION.decode()
    assert pool["description"]["uri"] == "https://example.org/meals.txt"
    assert int(pool["planned"]) == 1080 * USD
    assert (int(pool["released"]), pool["contributions"]) == (30 * USD, 23)
    assert (pool["milestones_released"], pool["milestones_total"], pool["quorum"]) == (1, 3, 2)
    assert [who["name"] for who in pool["attestors"]] == ["Attestor 1", "Attestor 2", "Attestor 3"]
    assert pool["ngo"]["name"] == "Kitchens <b>United</b>"
    [release] = pool["releases"]
    assert (release["milestone"], release["payee"]["address"].lower()) == (0, hexed(PAYEE))
    assert release["released"]["tx"] == hexed(world.release_tx)
    other = get("/pools/2")
    assert (other["description"]["state"], other["title"], other["funding_deadline"]) == (
        "absent", "Wärme 50% _ für alle", None,
    )  # fmt: skip
    assert get("/pools/3")["description"]["state"] == "altered"
    assert get("/pools/4")["description"]["state"] == "none"


def test_milestones(get: Any, world: World) -> None:
    first, second, third = get("/pools/1/milestones")
    assert [m["state"] for m in (first, second, third)] == ["released", "submitted", "planned"]
    assert first["due"] is None
    assert second["due"] == second["evidence"][-1]["submitted"]["time"] + 7 * 86400
    assert third["due"] == third["evidence_deadline"]
    [evidence] = first["evidence"]
    assert evidence["content"]["state"] == "matches"
    assert evidence["content"]["uri"] == "ipfs://report"
    assert [a["approved"] for a in evidence["attestations"]] == [True, True]
    assert evidence["verdict"]["approved"]
    assert first["release"]["amount"] == str(30 * USD)
    rejected, again = second["evidence"]
    assert (rejected["verdict"]["approved"], rejected["verdict"]["releasable_at"]) == (False, None)
    assert [a["approved"] for a in rejected["attestations"]] == [False, False]
    assert rejected["content"]["hash"] == hexed(world.absent)
    assert (again["round"], again["verdict"], len(again["attestations"])) == (2, None, 1)
    assert (second["round"], second["late"], third["late"]) == (2, True, False)
    assert get("/pools/3/milestones")[0]["late"]


def test_contribution(get: Any, world: World) -> None:
    direct = get("/contributions/1-0")
    assert direct["direct"]
    assert direct["donor"].lower() == hexed(WALLET)
    assert (direct["batch"], direct["gateway"], direct["entry"], direct["position"]) == (None, None, None, None)
    assert (direct["spent"], direct["waiting"], direct["number"]) == (str(12 * USD), "0", 1)
    [part] = direct["trace"]
    assert (part["milestone"], part["amount"], part["release"]["spent"]) == (
        0, str(12 * USD), [{"start": "0", "end": str(30 * USD)}],
    )  # fmt: skip
    page = get(f"/batches/{hexed(world.batch)}/contributions")
    items = page["items"]
    [cut] = [item for item in items if int(item["start"]) < 30 * USD < int(item["start"]) + int(item["amount"])]
    parts = get(f"/contributions/{cut['id']}")["trace"]
    assert [part.get("waiting", False) for part in parts] == [False, True]
    assert parts[0]["amount"] == cut["spent"]
    assert parts[1]["amount"] == cut["waiting"]
    assert items[5]["donor"] is None
    [recorded] = page["recorded"].values()
    assert (recorded["gateway"]["name"], recorded["batch"]) == ("Mobile Money", hexed(world.batch))
    assert [item["position"] for item in items] == list(range(21))


def test_an_item_of_a_list_says_what_its_contribution_says(get: Any, world: World) -> None:
    seen = 0
    for path in (
        "/contributions",
        f"/batches/{hexed(world.batch)}/contributions",
        f"/donors/{hexed(DONOR)}/contributions",
    ):
        page = get(path, limit=200)
        named = {str(item["pool"]) for item in page["items"]}, {item["recorded"] for item in page["items"]}
        assert (set(page["pools"]), set(page["recorded"])) == named
        for item in page["items"]:
            check_listed(page, item, get(f"/contributions/{item['id']}"))
            seen += 1
    assert seen > 30


def test_filters_of_contributions(get: Any, world: World) -> None:
    def ids(**filters: Any) -> list[str]:
        return [item["id"] for item in get("/pools/1/contributions", **filters)["items"]]

    page = get("/pools/1/contributions")
    all_items, recorded = page["items"], page["recorded"]
    assert [item["number"] for item in all_items] == list(range(23, 0, -1))

    def those(wanted: Any) -> list[str]:
        return [item["id"] for item in all_items if wanted(item)]

    def through(item: Any) -> Any:
        gateway = recorded[item["recorded"]]["gateway"]
        return gateway and gateway["name"]

    assert ids(donor=hexed(DONOR)) == those(lambda i: i["donor"] == hexed(DONOR))
    assert ids(donor=hexed(ANONYMOUS)) == those(lambda i: i["donor"] is None)
    assert ids(gateway=hexed(GATEWAY)) == those(lambda i: through(i) == "Mobile Money")
    assert ids(donor=hexed(DONOR), gateway=hexed(GATEWAY)) == those(
        lambda i: through(i) == "Mobile Money" and i["donor"] == hexed(DONOR)
    )
    assert set(ids(min_amount=2 * USD, max_amount=3 * USD)) == set(
        those(lambda i: 2 * USD <= int(i["amount"]) <= 3 * USD)
    )
    amounts = [int(i["amount"]) for i in get("/pools/1/contributions", min_amount=1)["items"]]
    assert amounts == sorted(amounts, reverse=True)
    middle = world.entries[10][1]
    timed = get("/pools/1/contributions", since=middle, max_amount=2 * USD)["items"]
    assert {i["id"] for i in timed} == set(those(lambda i: i["paid_at"] >= middle and int(i["amount"]) <= 2 * USD))
    assert [i["paid_at"] for i in timed] == sorted((i["paid_at"] for i in timed), reverse=True)
    assert ids(until="2001-01-01") == []
    assert len(ids(since="2001-01-01", until="2099-12-31T00:00:00Z")) == 23
    assert ids(donor="", since="", min_amount="", limit="") == [item["id"] for item in all_items]
    assert ids(donor=hexed(account("nobody"))) == []


def test_batch(get: Any, world: World) -> None:
    batch = get(f"/batches/{world.batch.hex().upper()}")
    assert (batch["count"], batch["start"]) == (21, str(12 * USD))
    assert int(batch["amount"]) == sum(amount for _, _, amount in world.entries)
    assert [b["pool"] for b in get("/batches")["items"]] == [3, 2, 1, 1]
    assert [b["batch"] for b in get("/batches", pool=1)["items"]] == [hexed(world.other_batch), hexed(world.batch)]
    assert [b["pool"] for b in get("/batches", gateway=hexed(GATEWAY))["items"]] == [3, 2, 1]
    assert len(get("/batches", gateway=hexed(GATEWAY), pool=1)["items"]) == 1


def test_donor(get: Any) -> None:
    donor = get(f"/donors/{hexed(DONOR)}")
    page = get(f"/donors/{hexed(DONOR)}/contributions")
    given = page["items"]
    assert donor["contributions"] == len(given) == 9
    assert donor["totals"][0]["amount"] == str(sum(int(i["amount"]) for i in given))
    for pool in donor["pools"]:
        own = [i for i in given if i["pool"] == pool["pool"]]
        assert pool["spent"] == str(sum(int(i["spent"]) for i in own))
        assert pool["waiting"] == str(sum(int(i["waiting"]) for i in own))
    assert donor["last"] == page["recorded"][given[0]["recorded"]]["at"]


def test_members(get: Any) -> None:
    ngos = get("/ngos")["items"]
    assert [(n["ngo"]["name"], n["ngo"]["revoked"], n["pools_total"]) for n in ngos] == [
        ("Gone", True, 0),
        ("Wells & Pumps", False, 2),
        ("Kitchens <b>United</b>", False, 3),
    ]
    ngo = get(f"/ngos/{hexed(NGO)}")
    assert [pool["pool"] for pool in ngo["pools"]] == [5, 4, 1]
    assert ngo["details"]["state"] == "matches"
    assert get(f"/ngos/{hexed(REVOKED_NGO)}")["ngo"]["revoked"]


def test_attestations_and_releases(get: Any) -> None:
    assert len(get("/attestations")["items"]) == 6
    assert len(get("/attestations", pool=1)["items"]) == 5
    assert len(get("/attestations", attestor=hexed(ATTESTORS[0]))["items"]) == 3
    assert len(get("/attestations", attestor=hexed(ATTESTORS[0]), pool=4)["items"]) == 1
    assert get("/attestations", ngo=hexed(OTHER_NGO))["items"] == []
    assert [r["pool"] for r in get("/releases")["items"]] == [4, 1]
    assert [r["pool"] for r in get("/releases", ngo=hexed(NGO), payee=hexed(PAYEE))["items"]] == [4, 1]
    assert [r["pool"] for r in get("/releases", pool=1)["items"]] == [1]
    assert get("/releases", pool=2)["items"] == []


def test_events(get: Any, world: World) -> None:
    batches = get("/events", event="BatchRecorded")["items"]
    assert len(batches) == 4
    assert batches[-1]["args"]["batch"] == hexed(world.batch)
    assert batches[-1]["args"]["gatewayReference"].startswith("0x")
    assert batches[-1]["address"].lower() == hexed(FUND)
    assert {e["place"]["block"] for e in get("/events", from_block=2, to_block=3)["items"]} == {2, 3}
    tx = get("/events", tx=hexed(world.release_tx))["items"]
    assert [e["event"] for e in tx] == [
        "Attested", "EvidenceSubmitted", "DeadlineMoved", "Spent", "Released", "Spent", "Released",
    ]  # fmt: skip
    assert get("/events", event="Nothing")["items"] == []
    assert get("/events", from_block=5, to_block=2)["items"] == []


def test_health(get: Any) -> None:
    health = get("/health")
    assert (health["block"], health["node_head"], health["lag_blocks"], health["ok"]) == (7, 7, 0, True)
    assert health["age_seconds"] < 60
    assert health["halted"] is None
