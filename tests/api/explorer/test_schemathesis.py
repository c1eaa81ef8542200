"""Schemathesis against the interface: whatever it makes up by the schema, the answers keep to the schema.

It is installed into an environment of its own (.moa/schemathesis, locks/schemathesis.txt), since what it wants does not
resolve beside the rest. schemathesis.toml says which of its checks do not hold here, and why.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from api.explorer.app import create_app
from tests.ledger import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from api.settings import Settings
    from tests.api.explorer.world import World

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

HOME = ROOT / ".moa" / "schemathesis"
LOCK = ROOT / "locks" / "schemathesis.txt"
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


def test_it_finds_nothing(settings: Settings, world: World, tmp_path: Path) -> None:  # noqa: ARG001
    with serving(create_app(settings)) as address:
        found = subprocess.run(
            [
                str(installed()), "--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run",
                f"{address}/api/v1/openapi.json", "--max-examples", str(EXAMPLES), "--seed", "1",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    assert " passed" in found.stdout
