"""Ask the application for the examples of its description, and write them: `make examples`.

Each route is asked for with all of its parameters at once, as far as they go together, so that every example of a
parameter is one that was asked for. A list is asked for its second page, of one item.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.explorer import examples
from api.explorer.app import create_app
from api.explorer.examples import Asked, Example
from api.explorer.text import hexed
from api.indexer.store import Store
from tests.api.explorer import shown
from tests.api.explorer.book import USD
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.shown import DONOR, GATEWAY, MEALS, NGO, PAYEE, PROVIDER, SCHOOL, SPONSOR, WELL

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "/api/v1"
MANIFEST = f"{PREFIX}/export/{{file}}/manifest.json"
CUT = {f"{PREFIX}/export": "tables"}
"""Lists that cannot be asked for in part, and say the same of any index."""


@contextmanager
def opened() -> Iterator[tuple[TestClient, shown.Shown]]:
    """Yield an explorer over the ledger of the examples, at a fixed time, and that ledger."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        store = Store(settings.database)
        ledger = shown.build(store, settings.content)
        store.close()
        with TestClient(create_app(settings, clock=lambda: ledger.book.now + 5)) as client:
            yield client, ledger


def wanted(ledger: shown.Shown) -> dict[str, Asked]:
    """Return what is asked of each route, but for `cursor` and `limit`. The others have no parameters."""
    donor, ngo, gateway, payee = hexed(DONOR), hexed(NGO), hexed(GATEWAY), hexed(PAYEE)
    gift, batch = f"{SCHOOL}-0", {"batch": hexed(ledger.batch)}
    first, last = ledger.book.blocks[0].number, ledger.book.height
    since, until = str(ledger.book.blocks[0].time), "2026-12-31"
    return {
        "/contributions/{id}": {"id": gift},
        "/contributions/{id}/deliveries": {"id": gift},
        "/batches": {"pool": SCHOOL, "gateway": gateway},
        "/batches/{batch}": batch,
        "/batches/{batch}/contributions": batch,
        "/pools": {"state": "active", "ngo": ngo},
        "/pools/{pool}": {"pool": MEALS},
        "/pools/{pool}/milestones": {"pool": SCHOOL},
        "/pools/{pool}/contributions": {
            "pool": SCHOOL, "donor": donor, "gateway": gateway, "since": since, "until": until,
            "min_amount": str(USD), "max_amount": str(9 * USD),
        },
        "/pools/{pool}/milestones/{milestone}/contributions": {"pool": SCHOOL, "milestone": 0},
        "/search": {"q": "school"},
        "/donors/{donor}": {"donor": donor},
        "/donors/{donor}/contributions": {"donor": donor},
        "/ngos/{address}": {"address": ngo},
        "/attestations": {"pool": SCHOOL, "ngo": ngo, "attestor": hexed(shown.ATTESTORS[0])},
        "/releases": {"pool": SCHOOL, "ngo": ngo, "payee": payee},
        "/objections": {"pool": SCHOOL, "milestone": 5, "donor": donor},
        "/returns": {"pool": SCHOOL, "ngo": ngo},
        "/refunds": {"pool": WELL, "account": donor},
        "/events": {"event": "Released", "tx": hexed(ledger.tx), "from_block": first, "to_block": last},
        "/pledges": {"pool": SCHOOL, "donor": donor},
        "/pledges/{pledge}": {"pledge": 1},
        "/pledges/{pledge}/collections": {"pledge": 1},
        "/rounds": {"pool": SCHOOL},
        "/rounds/{id}": {"id": f"{SCHOOL}-0"},
        "/rounds/{id}/deliveries": {"id": f"{SCHOOL}-0"},
        "/sponsorships": {"pool": SCHOOL, "sponsor": hexed(SPONSOR)},
        "/vouchers": {"pool": SCHOOL, "provider": hexed(PROVIDER)},
        "/export/{file}/manifest.json": {
            "file": "contributions.csv", "block": last, "hash": hexed(ledger.book.blocks[-1].hash), "pool": SCHOOL,
            "donor": donor, "gateway": gateway, **batch, "ngo": ngo, "since": since, "until": until,
            "min_amount": str(USD), "max_amount": str(9 * USD), "from_block": first, "to_block": last,
        },
    }  # fmt: skip


def also(ledger: shown.Shown) -> dict[str, list[Asked]]:
    """Return what else is asked of a route: the filters of other tables."""
    return {
        MANIFEST: [
            {"file": "attestations.csv", "attestor": hexed(shown.ATTESTORS[0])},
            {"file": "releases.csv", "milestone": 0, "payee": hexed(PAYEE)},
            {"file": "refunds.csv", "account": hexed(DONOR)},
            {"file": "collections.csv", "pledge": 1},
            {"file": "sponsorships.csv", "sponsor": hexed(SPONSOR), "sponsorship": 1},
            {"file": "vouchers.csv", "provider": hexed(PROVIDER)},
            {"file": "logs.csv", "event": "Released", "tx": hexed(ledger.tx)},
        ]
    }


def routes(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the interface's description says of its routes whose answers are JSON."""
    return {
        path: item["get"]
        for path, item in description["paths"].items()
        if path.startswith(PREFIX) and "application/json" in item["get"]["responses"]["200"]["content"]
    }


def made() -> dict[str, Example]:
    """Return an example of each route, by route."""
    found: dict[str, Example] = {}
    with opened() as (client, ledger):
        asked_of, more = wanted(ledger), also(ledger)
        # Without the examples of before, which may be broken.
        for route, said in routes(FastAPI.openapi(client.app)).items():
            asked: Asked = dict(asked_of.get(route.removeprefix(PREFIX), {}))
            if "cursor" in {parameter["name"] for parameter in said.get("parameters", ())}:
                asked["limit"] = 1
                asked["cursor"] = ask(client, route, asked)["next"]
                assert asked["cursor"] is not None, f"{route} has no second page: {asked}"
            cut = CUT.get(route)
            answer = shortened(ask(client, route, asked), cut)
            found[route] = {"asked": asked, "also": more.get(route, []), "cut": cut, "answer": answer}
    return dict(sorted(found.items()))


def ask(client: TestClient, route: str, asked: Asked) -> Any:
    """Return the body of a 200."""
    answer = client.get(examples.address(route, asked))
    assert answer.status_code == 200, (route, asked, answer.text)
    return answer.json()


def shortened(answer: Any, cut: str | None) -> Any:
    """Return an answer with the first item alone of one of its lists."""
    return answer if cut is None else {**answer, cut: answer[cut][:1]}


if __name__ == "__main__":
    examples.FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n")
