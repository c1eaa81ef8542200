"""Chains to measure on: an Anvil with Moa's contracts and very many gifts."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import requests
from web3 import Web3

from api.indexer.decode import ENTRY
from tests.ledger import ROOT, USD, Ganache, Ledger, free_port

GAS_LIMIT = 2_000_000_000
CALLS = 1_000  # a request


class Anvil(Ganache):
    """An Anvil of its own, ended with the measurement. It mines each transaction until `mine_by_hand`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [str(ROOT / "node_modules" / ".bin" / "anvil"), "--port", str(self.port), "--quiet"]
        command += ["--hardfork", "berlin", "--gas-price", "0", "--gas-limit", str(GAS_LIMIT), "--accounts", "20"]
        command += ["--chain-id", "1337", "--disable-default-create2-deployer", "--prune-history", "--order", "fifo"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.w3 = Web3(Web3.HTTPProvider(self.url, request_kwargs={"timeout": 600}))
        self._session = requests.Session()
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and self.w3.is_connected():
                    return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("Anvil did not start")

    def many(self, method: str, calls: list[list[Any]]) -> list[Any]:
        """Ask many questions in few requests."""
        answers: list[Any] = []
        for start in range(0, len(calls), CALLS):
            asked = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, params in enumerate(calls[start : start + CALLS])
            ]
            found = msgspec.json.decode(self._session.post(self.url, json=asked, timeout=600).content)
            for answer in sorted(found, key=lambda each: each["id"]):
                assert "error" not in answer, answer
                answers.append(answer["result"])
        return answers

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@contextmanager
def anvil() -> Iterator[Ledger]:
    """Yield the contracts on an Anvil of one's own."""
    node = Anvil()
    try:
        yield Ledger(node)
    finally:
        node.stop()


def open_pools(ledger: Ledger, count: int = 4) -> list[int]:
    """Open so many pools that take gifts for ever."""
    return [ledger.open_pool(f"Pool {n}", openEnded=True) for n in range(count)]


def give_directly(ledger: Ledger, count: int, per_block: int) -> None:
    """Let wallets give $1 to $5 so often, so many gifts in a block, to a few pools in turn."""
    node, numbers = ledger.node, open_pools(ledger)
    assert isinstance(node, Anvil)
    calls = [
        ledger.fund.encode_abi("contribute", args=[number, dollars * USD])
        for number in numbers
        for dollars in range(1, 6)
    ]
    node.rpc("evm_setAutomine", False)
    sent = [
        {
            "from": ledger.donors[i % len(ledger.donors)],
            "to": ledger.fund.address,
            "data": calls[i * 7 % len(calls)],
            "gas": hex(200_000),
            "gasPrice": "0x0",
        }
        for i in range(count)
    ]
    for start in range(0, count, per_block):
        node.many("eth_sendTransaction", [[tx] for tx in sent[start : start + per_block]])
        node.rpc("evm_mine")
    node.rpc("evm_setAutomine", True)


def give_in_batches(ledger: Ledger, numbers: list[int], count: int, in_batch: int = 4_000, seed: int = 1) -> None:
    """Let a gateway record so many gifts of $1 to $20 for these pools in turn, by made-up donors.

    Each donor gives about three times; another seed, other donors.
    """
    node = ledger.node
    assert isinstance(node, Anvil)
    dice = np.random.default_rng(seed)
    donors = dice.integers(0, 256, (max(1, count // 3), 20), dtype=np.uint8).view("V20")[:, 0]
    for start in range(0, count, in_batch):
        size = min(in_batch, count - start)
        entries = np.empty(size, ENTRY)
        entries["donor"] = donors[dice.integers(0, len(donors), size)]
        entries["paid_at"] = 1_500_000_000 + start + np.arange(size)
        entries["amount"] = dice.integers(1, 21, size) * USD
        data = ledger.fund.encode_abi(
            "recordBatch", args=[numbers[start // in_batch % len(numbers)], dice.bytes(32), entries.tobytes()]
        )
        total = int(entries["amount"].sum())
        mint = ledger.token.encode_abi("mint", args=[ledger.gateway, total, dice.bytes(32)])
        for to, call in ((ledger.token.address, mint), (ledger.fund.address, data)):
            sent = {"from": ledger.gateway, "to": to, "data": call, "gas": hex(GAS_LIMIT // 4), "gasPrice": "0x0"}
            last = node.rpc("eth_sendTransaction", sent)
    # It answers before the block is there.
    ledger.w3.eth.wait_for_transaction_receipt(last, timeout=120, poll_latency=0.01)
