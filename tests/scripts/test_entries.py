"""A receipt code's gifts, read back from the ledger: all of them, each with a proof that the fund takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.entries import ENTRY, receipts_of
from scripts.ledger import Deployment, Ledger
from scripts.rpc import Node

if TYPE_CHECKING:
    from tests.scripts.liars import Stage


def test_the_fund_takes_every_receipt(stage: Stage) -> None:
    ledger = Ledger(Node(stage.node.url), Deployment.read(stage.deployment))
    batches = list(ledger.events(ledger.fund, "BatchRecorded"))
    donors = {batch["entries"][at : at + 20] for batch in batches for at in range(0, len(batch["entries"]), ENTRY)}
    found = [(donor, receipt) for donor in donors for receipt in receipts_of(ledger, donor)]
    places = {(batch["batch"], i) for batch in batches for i in range(batch["count"])}
    assert {(receipt.batch, receipt.position) for _, receipt in found} == places
    assert len(found) == len(places) > len(donors), "no donor has two entries"
    for donor, receipt in found:
        assert receipt.entry.startswith(donor)
        assert ledger.view(ledger.fund, "verifyEntry", receipt.words())


def test_it_finds_those_of_one_pool(stage: Stage) -> None:
    ledger = Ledger(Node(stage.node.url), Deployment.read(stage.deployment))
    everywhere = list(receipts_of(ledger, bytes(20)))
    assert len({receipt.pool for receipt in everywhere}) > 1
    for pool in {receipt.pool for receipt in everywhere}:
        assert list(receipts_of(ledger, bytes(20), pool)) == [r for r in everywhere if r.pool == pool]
