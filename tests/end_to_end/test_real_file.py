"""The proof that Moa works on real input: a whole file of gifts, every cent equal at the end.

The file is ../shared/data/marathon_donations.csv.gz (291,885 gifts), or the one that MOA_TEST_DATA names. By day every
fifth gift of it is taken, in the long run all are.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from scripts.ledger import Deployment, Ledger, topic_of
from scripts.rpc import Node
from tests.ledger import ROOT, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

FILE = Path(os.environ.get("MOA_TEST_DATA", ROOT.parent / "shared" / "data" / "marathon_donations.csv.gz"))
TAKEN = 1 if os.environ.get("MOA_LONG") else 5
UNITS = 10**6


@dataclass
class Demo:
    """A running `make demo DATA=…`."""

    process: subprocess.Popen[bytes]
    url: str
    rpc: str
    state: Path
    seconds: float
    output: Path

    def stop(self) -> None:
        """Press Ctrl-C, and see that nothing is left."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.output.read_text()
        for url in (self.url, self.rpc):
            with pytest.raises(requests.ConnectionError):
                requests.get(url, timeout=2)


def start(state: Path, *arguments: str) -> Demo:
    ports = free_port(), free_port()
    output = state.parent / "output.txt"
    started = time.monotonic()
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.demo", "--state", str(state), *arguments],
            cwd=ROOT,
            env=environment(MOA_PORT=str(ports[0]), MOA_RPC_PORT=str(ports[1])),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    while "The explorer is at" not in (text := output.read_text()):
        assert process.poll() is None, text
        assert time.monotonic() - started < 600, text
        time.sleep(0.2)
    url, rpc = (f"http://127.0.0.1:{port}" for port in ports)
    return Demo(process, url, rpc, state, time.monotonic() - started, output)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of gifts that is replayed."""
    if TAKEN == 1:
        return FILE
    part = tmp_path_factory.mktemp("data") / FILE.name
    with (
        gzip.open(FILE, "rt", encoding="utf-8", newline="") as whole,
        gzip.open(part, "wt", encoding="utf-8", newline="") as out,
    ):
        header, *gifts = csv.reader(whole)
        csv.writer(out).writerows([header, *gifts[::TAKEN]])
    return part


def sums_of(file: Path) -> tuple[Counter[str], Counter[str]]:
    """Return the sum in base units and the number of gifts by title, by the plainest reading of the file."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            units = Decimal(row["amount_usd"]) * UNITS
            assert units == int(units)
            sums[row["pool"]] += int(units)
            counts[row["pool"]] += 1
    return sums, counts


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Iterator[Demo]:
    running = start(tmp_path_factory.mktemp("demo") / "state", "--data", str(file))
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def pools(demo: Demo) -> dict[str, int]:
    """Return the pool's number of every title, as the explorer says."""
    items = requests.get(f"{demo.url}/api/v1/pools", params={"limit": 100}, timeout=30).json()["items"]
    return {item["title"]: item["pool"] for item in items}


def test_every_cent_is_equal(demo: Demo, pools: dict[str, int], file: Path) -> None:
    sums, counts = sums_of(file)
    assert pools.keys() == sums.keys()
    ledger = Ledger(Node(demo.rpc), Deployment.read(demo.state / "deployments" / "1337.json"))
    pulled: Counter[int] = Counter()
    by_transaction = {
        log["transactionHash"]: ledger.fund.event("BatchRecorded", log)["pool"]
        for log in ledger.logs(ledger.fund, "BatchRecorded")
    }
    for log in ledger.logs(ledger.token, "Transfer", None, topic_of(ledger.fund.address)):
        pulled[by_transaction[log["transactionHash"]]] += int(log["data"], 16)
    index = sqlite3.connect(f"file:{demo.state / 'index.db'}?mode=ro", uri=True)
    for title, pool in pools.items():
        contract = ledger.view(ledger.fund, "poolOf", pool)["raised"]
        (rows, indexed) = index.execute(
            "SELECT count(*), sum(amount) FROM contributions WHERE pool = ?", (pool,)
        ).fetchone()
        answer = requests.get(f"{demo.url}/api/v1/pools/{pool}", timeout=30).json()
        page = requests.get(f"{demo.url}/pool/{pool}", timeout=30).text
        assert [pulled[pool], contract, indexed, int(answer["raised"])] == [sums[title]] * 4, title
        assert [rows, answer["contributions"]] == [counts[title]] * 2, title
        assert f"{Decimal(sums[title]) / UNITS:,.2f}" in page, title
    index.close()
    assert ledger.view(ledger.token, "balanceOf", ledger.fund.address) == sums.total()
    assert f"{Decimal(sums.total()) / UNITS:,.2f}" in requests.get(demo.url, timeout=30).text


def test_a_receipt_verifies_in_the_browser(demo: Demo, pools: dict[str, int], chromium: Browser) -> None:
    largest = max(
        pools.values(), key=lambda p: requests.get(f"{demo.url}/api/v1/pools/{p}", timeout=30).json()["contributions"]
    )
    gifts = requests.get(f"{demo.url}/api/v1/pools/{largest}/contributions", timeout=30).json()["items"]
    page = chromium.new_page()
    page.goto(f"{demo.url}/contribution/{gifts[7]['id']}")
    page.get_by_role("button", name=re.compile("verify", re.IGNORECASE)).click()
    expect(page.get_by_text(re.compile("True. The ledger confirms"))).to_be_visible(timeout=20_000)
    page.close()


def test_the_same_file_again_records_nothing(demo: Demo, file: Path) -> None:
    demo.stop()
    before = demo.state / "index.db"
    with sqlite3.connect(before) as index:
        batches = index.execute("SELECT count(*) FROM batches").fetchone()
    again = start(demo.state, "--data", str(file))
    try:
        assert "were on the ledger already" in again.output.read_text()
        with sqlite3.connect(before) as index:
            assert index.execute("SELECT count(*) FROM batches").fetchone() == batches
    finally:
        again.stop()
