"""What the explorer counts and tells of its requests: by route, in one process and in several."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.explorer import metrics
from api.explorer.app import create_app
from api.explorer.queries import Queries
from api.indexer.metrics import Metrics
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.test_live import ROOT, free_port
from tests.api.explorer.world import build

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.settings import Settings


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path, free_port())
    store = Store(settings.database)
    build(store, settings.content)
    store.close()
    return settings


def counts(text: str) -> dict[tuple[str, str, str], float]:
    """Return the samples: by name, route and status."""
    return {
        (sample.name, sample.labels.get("route", ""), sample.labels.get("status", "") + sample.labels.get("le", "")):
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }  # fmt: skip


def requests_by_route(text: str) -> dict[tuple[str, str], float]:
    return {
        (route, status): value
        for (name, route, status), value in counts(text).items()
        if name == "moa_http_request_duration_seconds_count"
    }


def test_requests_are_counted_by_route_and_status_and_by_nothing_else(made: Settings) -> None:
    with TestClient(create_app(made)) as client:
        for path in (
            *("/", "/pool/1", "/pool/2", "/pool/99", "/pool/x", "/contribution/1-0", "/no/such", "/nothing"),
            *("/api/v1/pools/1", "/api/v1/pools/2", "/api/v1/pools/abc", "/api/v1/pools?limit=0", "/static/moa.css"),
            *("/static/none", "/health", "/search?q=secret", "/api/v1/openapi.json", "/content/0x12"),
        ):
            client.get(path)
        client.head("/pool/3")
        client.post("/pool/1")
        found = client.get("/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=")
    assert requests_by_route(found.text) == {
        ("/", "200"): 1, ("/pool/{pool}", "200"): 3, ("/pool/{pool}", "404"): 2, ("/pool/{pool}", "405"): 1,
        ("/contribution/{pool_start}", "200"): 1, ("none", "404"): 2, ("/api/v1/pools/{pool}", "200"): 2,
        ("/api/v1/pools/{pool}", "422"): 1, ("/api/v1/pools", "422"): 1, ("/static", "200"): 1, ("/static", "404"): 1,
        ("/health", "200"): 1, ("/search", "200"): 1, ("other", "200"): 1,
        ("/content/{sha256}", "422"): 1,
    }  # fmt: skip
    assert "secret" not in found.text
    assert counts(found.text)["moa_index_readable", "", ""] == 1
    assert counts(found.text)["moa_index_blocks_behind", "", ""] == 0


def test_what_breaks_is_counted_as_broken(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Queries, "summary", broken)
    with TestClient(create_app(made), raise_server_exceptions=False) as client:
        assert client.get("/api/v1/summary").status_code == 500
        assert requests_by_route(client.get("/metrics").text) == {("/api/v1/summary", "500"): 1}


def test_how_long_answers_take_is_counted_in_seconds(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    health = Queries.readiness
    monkeypatch.setattr(Queries, "readiness", lambda self: (time.sleep(0.06), health(self))[1])
    with TestClient(create_app(made)) as client:
        client.get("/health")
        found = counts(client.get("/metrics").text)
    name = "moa_http_request_duration_seconds"
    assert 0.06 <= found[f"{name}_sum", "/health", "200"] < 5
    assert (found[f"{name}_bucket", "/health", "2000.05"], found[f"{name}_bucket", "/health", "2005.0"]) == (0, 1)


def test_an_index_that_is_not_there_is_counted_as_such(tmp_path: Path) -> None:
    with TestClient(create_app(settings_in(tmp_path))) as client:
        found = counts(client.get("/metrics").text)
    assert found["moa_index_readable", "", ""] == 0
    assert not any(name == "moa_index_block" for name, _, _ in found)


def test_the_counts_can_be_left_out(made: Settings) -> None:
    with TestClient(create_app(replace(made, metrics=False))) as client:
        assert client.get("/metrics").status_code == 404


def test_every_count_is_described() -> None:
    described = (ROOT / "docs" / "metrics.md").read_text()
    both = [*Metrics().registry.collect(), *metrics.Metrics(lambda: SAMPLE).registry.collect()]
    names = {f"{m.name}_total" if m.type == "counter" else m.name for m in both if m.name.startswith("moa_")}
    assert len(names) > 15
    assert [name for name in names if f"`{name}`" not in described] == []


SAMPLE: Any = {
    "block": 1, "final_block": 1, "lag_blocks": 0, "halted": None, "database": {"bytes": 1}, "age_seconds": 0,
    "reconciliation": {"differences": 0, "block": 1, "at": 1},
}  # fmt: skip


# ------------------------------------------------------------------------------------------------- several processes


@contextmanager
def serving(settings: Settings, *options: str, **more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `python -m api serve`, and yield where it is."""
    told = {"MOA_DATABASE": settings.database, "MOA_CONTENT": settings.content, "MOA_PORT": settings.port, **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "serve", *options],
        cwd=ROOT, env=os.environ | {name: str(value) for name, value in told.items()}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{settings.port}"
    try:
        for _ in range(600):
            try:
                if requests.get(f"{url}/health", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def until(url: str, name: str, value: float) -> None:
    found: dict[Any, float] = {}
    for _ in range(300):
        with suppress(requests.RequestException):  # killed workers' places are taken by others, in a while
            found = counts(requests.get(f"{url}/metrics", timeout=10).text)
        if found.get((name, "", "")) == value:
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} is {found.get((name, '', ''))}, not {value}")


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_that_share_a_port_count_together(workers: int, made: Settings) -> None:
    with serving(made, "--workers", str(workers)) as (url, process), ExitStack() as streams:
        for _ in range(30):  # each over a line of its own, so that any of the processes takes it
            assert requests.get(f"{url}/pool/1", timeout=10).status_code == 200
        listening, lines = [], []
        for _ in range(4):
            stream = streams.enter_context(ExitStack())
            answer = stream.enter_context(requests.get(f"{url}/live", stream=True, timeout=30))
            lines.append(answer.iter_lines(chunk_size=1))
            assert next(lines[-1]) == b"retry: 2000"
            listening.append(stream)
        seen = [
            requests_by_route(requests.get(f"{url}/metrics", timeout=10).text)["/pool/{pool}", "200"] for _ in range(10)
        ]
        assert seen == [30] * 10  # whoever is asked
        until(url, "moa_live_clients", 4)
        listening.pop().close()
        until(url, "moa_live_clients", 3)
        if workers > 1:  # killed, they say no more who listens, nor forget what they counted; others take their place
            for pid in children(process):
                os.kill(pid, signal.SIGKILL)
            until(url, "moa_live_clients", 0)
            assert requests_by_route(requests.get(f"{url}/metrics", timeout=10).text)["/pool/{pool}", "200"] == 30
        until(url, "moa_index_readable", 1)


def children(process: subprocess.Popen[str]) -> list[int]:
    """Return the pids of a server's workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    assert len(found) == 2
    return found


# -------------------------------------------------------------------------------------------------- what it tells


def test_requests_are_told_by_their_route_alone_and_only_if_wanted(made: Settings) -> None:
    for wanted in ("on", "off"):
        with serving(made, MOA_LOG="json", MOA_REQUEST_LOG=wanted) as (url, process):
            requests.get(f"{url}/pool/1?secret=1", headers={"User-Agent": "somebody"}, timeout=10)
            requests.get(f"{url}/donor/0x{'ab' * 20}", timeout=10)
            requests.get(f"{url}/search?q=somebody", timeout=10)
        out, errors = process.communicate(timeout=20)
        events = [json.loads(line) for line in errors.splitlines()]
        assert out == ""
        told = [(e["method"], e["route"], e["status"]) for e in events if e["event"] == "request"]
        if wanted == "off":
            assert events == []
            continue
        assert told[-3:] == [("GET", "/pool/{pool}", 200), ("GET", "/donor/{donor}", 404), ("GET", "/search", 200)]
        assert not [word for word in ("secret", "somebody", "abab", "127.0.0.1") if word in errors]
        assert all(0 < e["seconds"] < 30 for e in events if e["event"] == "request")
