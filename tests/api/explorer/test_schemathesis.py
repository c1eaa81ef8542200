"""Schemathesis against the interface: whatever it makes up by the schema, the answers keep to the schema.

It is installed into an environment of its own (.moa/schemathesis, locks/schemathesis.txt), since what it wants does not
resolve beside the rest. schemathesis.toml says which of its checks do not hold here, and why. Now and then it takes for
a parameter what is really there (`known`): each route has to answer with 200 at least once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from api.explorer.app import create_app
from api.explorer.exports.ways import TABLES
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.large import EARLY, add_others
from tests.api.explorer.test_iati import GIVEN
from tests.api.explorer.world import (
    ATTESTORS,
    DONOR,
    GATEWAY,
    NGO,
    OTHER_NGO,
    PAYEE,
    REFERENCE,
    REPORT,
    WALLET,
    build,
)
from tests.api.stores import STORES, Databases
from tests.ledger import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from api.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

HOME = ROOT / ".moa" / "schemathesis"
LOCK = ROOT / "locks" / "schemathesis.txt"
CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 60


def installed() -> Path:
    """Return the program, installed as the lock says."""
    stamp = HOME / "lock"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        command = [str(HOME / "bin" / "python"), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(command, check=True)
        stamp.write_text(LOCK.read_text())
    return HOME / "bin" / "schemathesis"


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture(params=STORES)
def everything(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Settings:
    """An index with rows in every table, of which every route has something to answer."""
    where = databases.new(request.param, tmp_path)
    found = replace(settings_in(tmp_path, database=where), iati=tmp_path / "iati.yaml")
    (tmp_path / "iati.yaml").write_text(GIVEN)
    store = Store(found.database)
    add_others(store, build(store, found.content).book, 40)
    store.close()
    return found


def known() -> dict[str, list[int | str]]:
    """Return what there is, by parameter."""
    people = ["0x" + who.hex() for who in (NGO, OTHER_NGO, GATEWAY, DONOR, WALLET, PAYEE, ATTESTORS[0], EARLY)]
    batch = keccak(encode(["address", "bytes32"], [GATEWAY, REFERENCE]))
    tables = [f"{name}.{ending}" for name in TABLES for ending in ("csv", "jsonl", "parquet")]
    return {
        "path.pool": [1, 2, 3, 4, 5], "path.milestone": [0, 1], "path.id": ["1-0", "1-12000000"], "path.pledge": [1, 2],
        "path.batch": ["0x" + batch.hex()], "path.sha256": [sha256(REPORT).hexdigest()], "path.file": tables,
        "path.donor": people, "path.address": people,
        **{f"query.{name}": people for name in ("donor", "gateway", "ngo", "account", "payee", "attestor", "sponsor")},
        "query.pool": [1, 2], "query.q": ["meals", "1-0", "0x" + batch.hex()], "query.event": ["Released", "refunds"],
    }  # fmt: skip


def configured() -> str:
    """Return the configuration: the file's, and that half of these parameters' values are known ones."""
    lines = [CONFIG.read_text()]
    for name, values in known().items():
        lines += [f'[dictionaries."{name}"]', f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    lines += [f'"{name}" = {{ dictionary = "{name}", probability = 0.5 }}' for name in known()]
    return "\n".join(lines)


def answers(report: Path) -> dict[str, Counter[int]]:
    """Return how often each operation gave which answer."""
    found: dict[str, Counter[int]] = {}
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for interaction in recorder.get("interactions", {}).values():
            status = ((interaction.get("value") or interaction).get("response") or {}).get("status_code")
            found.setdefault(recorder["label"], Counter())[status] += 1
    return found


def test_it_finds_nothing(everything: Settings, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(configured())
    with serving(create_app(everything)) as address:
        found = subprocess.run(
            [
                str(installed()), "run", f"{address}/api/v1/openapi.json", "--max-examples", str(EXAMPLES),
                "--seed", "1", "--report", "ndjson", "--report-ndjson-path", "report.ndjson", "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    assert " passed" in found.stdout
    said = answers(tmp_path / "report.ndjson")
    never = sorted(operation for operation, statuses in said.items() if not statuses[200])
    assert len(said) > 40, sorted(said)
    assert not never, {operation: said[operation] for operation in never}
