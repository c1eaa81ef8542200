"""The pages' links to tables: each leads to a file that has the very gifts that the page shows."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import TYPE_CHECKING

import pytest

from tests.api.explorer.world import DONOR, NGO

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.explorer.world import World

PAGES = {
    "/pool/1": "/api/v1/pools/1/contributions",
    "/pool/1/contributions?min_amount=5&until=2100-01-01": "/api/v1/pools/1/contributions?min_amount=5000000",
    f"/pool/1/contributions?donor=0x{DONOR.hex()}": f"/api/v1/pools/1/contributions?donor=0x{DONOR.hex()}",
    f"/donor/0x{DONOR.hex()}": f"/api/v1/donors/0x{DONOR.hex()}/contributions",
    "/pool/1/milestones/0/contributions": "/api/v1/pools/1/milestones/0/contributions",
    "/batch/{batch}": "/api/v1/batches/{batch}/contributions",
    f"/ngo/0x{NGO.hex()}": f"/api/v1/releases?ngo=0x{NGO.hex()}",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_pages_table_has_what_the_page_is_about(client: TestClient, world: World, page: str) -> None:
    batch = "0x" + world.batch.hex()
    shown = client.get(page.format(batch=batch))
    assert shown.status_code == 200
    [link] = re.findall(r'href="(/api/v1/export/[^"]+)"', shown.text)
    file = client.get(html.unescape(link))
    assert file.status_code == 200, file.text
    rows = list(csv.DictReader(io.StringIO(file.text)))
    path = PAGES[page].format(batch=batch)
    items = client.get(path + ("&" if "?" in path else "?") + "limit=200").json()["items"]
    assert len(rows) == len(items) > 0
    assert sorted(int(row["amount"]) for row in rows) == sorted(int(item["amount"]) for item in items)
