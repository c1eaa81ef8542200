"""A sent transaction: waited for on a chain that makes a block every few seconds, and told apart from a lost one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scripts import ledger
from scripts.layout import CONTRACTS
from scripts.ledger import Contract, Deployment, Ledger
from scripts.rpc import NodeError

SOME = "0x" + "11" * 20


def sending(monkeypatch: pytest.MonkeyPatch, receipts: list[Any]) -> Any:
    """Send on a node whose answers to the question for a receipt are these."""
    monkeypatch.setattr(ledger.time, "sleep", lambda _: None)
    answers = {"eth_sendTransaction": lambda: "0xab", "eth_getTransactionReceipt": lambda: receipts.pop(0)}
    node: Any = SimpleNamespace(call=lambda method, *_: answers[method]())
    made = Ledger(node, Deployment(1, "", 0, dict.fromkeys(CONTRACTS, SOME), {}, {}))
    return made.send(SOME, Contract("PooledFund", SOME), "unpause", 1)


def test_it_waits_until_it_is_mined(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sending(monkeypatch, [None, None, {"status": "0x1"}]) == {"status": "0x1"}


def test_what_is_not_mined_may_still_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MINED_SECONDS", -1)
    with pytest.raises(NodeError, match="0xab was sent, but is not mined"):
        sending(monkeypatch, [None])
