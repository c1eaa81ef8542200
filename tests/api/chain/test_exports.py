"""Exports and IATI of a real chain: the contracts' own sums."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from fastapi.testclient import TestClient

from api.explorer.app import create_app
from tests.api.explorer.iati_schema import check
from tests.ledger import USD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.chain.conftest import Site
    from tests.ledger import Ledger


def test_exports_and_iati_add_up_to_what_the_contracts_hold(site: Site, ledger: Ledger, tmp_path: Path) -> None:
    pool = ledger.open_pool("Told to IATI", [100 * USD])
    ledger.give(pool, 60 * USD)
    ledger.record(pool, 40)
    ledger.pay(pool, 0, b"i" * 32)
    ledger.give_back(pool, 0, 9 * USD)
    site.index()
    held = ledger.see(ledger.fund, "poolOf", pool)

    lines = site.client.get(f"/api/v1/export/contributions.csv?pool={pool}").text.splitlines()
    assert len(lines) == 42
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == held["raised"]

    (tmp_path / "iati.yaml").write_text(f'currencies: {{"{ledger.token.address}": USD}}')
    with TestClient(create_app(replace(site.settings, iati=tmp_path / "iati.yaml"))) as client:
        answer = client.get(f"/api/v1/ngos/{ledger.ngo}/iati.xml")
    assert answer.status_code == 200, answer.text
    [activity] = [
        found for found in check(answer.content).iter("iati-activity")
        if found.findtext("iati-identifier").endswith(f"{ledger.fund.address.lower()}-{pool}")
    ]  # fmt: skip
    sums = {"1": Decimal(0), "3": Decimal(0)}
    for transaction in activity.iter("transaction"):
        sums[transaction.find("transaction-type").get("code")] += Decimal(transaction.findtext("value"))
    assert sums == {"1": Decimal(held["raised"]) / USD, "3": Decimal(held["released"]) / USD}
    assert held["released"] == 91 * USD
    assert activity.find("activity-status").get("code") == "3"
