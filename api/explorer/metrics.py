"""What the explorer counts, for Prometheus: requests, and what the index says of itself. See docs/metrics.md.

Each process counts for itself. Where PROMETHEUS_MULTIPROC_DIR names a folder, as `serve --workers` sees to, the
processes that share a port count together, whichever of them is asked.
"""

from __future__ import annotations

import glob
import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.explorer.failures import UnavailableError
from api.explorer.shapes import Health

TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds. A page takes a few milliseconds."""

_LOG = logging.getLogger("api.explorer.requests")


class Metrics:
    """The explorer's counts."""

    def __init__(self, health: Callable[[], Health]) -> None:
        """Begin at nothing. `health`: reads how the index is, when the counts are asked for."""
        self.registry = CollectorRegistry()
        self._index = _Index(health)
        self._requests = Histogram(
            "moa_http_request_duration_seconds",
            "Seconds until an answer began, by the route's template and the answer's status.",
            ["route", "status"], buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.clients = Gauge(
            "moa_live_clients", "Readers of the live stream.", multiprocess_mode="livesum", registry=self.registry
        )
        if TOGETHER not in os.environ:
            ProcessCollector(registry=self.registry)
            self.registry.register(self._index)
        self._children: dict[tuple[str, int], Any] = {}

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        child = self._children.get((route, status))
        if child is None:
            child = self._children[route, status] = self._requests.labels(route, status)
        child.observe(seconds)

    def text(self) -> bytes:
        """Return the counts as Prometheus reads them."""
        folder = os.environ.get(TOGETHER)
        if not folder:
            return generate_latest(self.registry)
        for path in glob.glob(os.path.join(folder, "gauge_live*_*.db")):
            pid = int(path.rpartition("_")[2].removesuffix(".db"))
            if not _lives(pid):
                # It was killed, and its readers with it.
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
        together = CollectorRegistry()
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        together.register(self._index)
        return generate_latest(together)


class _Index(Collector):
    """What the index says of itself, read when it is asked for."""

    def __init__(self, health: Callable[[], Health]) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        """Yield the counts."""
        try:
            found = self._health()
        except UnavailableError:
            yield GaugeMetricFamily("moa_index_readable", "1 if there is an index that can be read.", 0)
            return
        yield GaugeMetricFamily("moa_index_readable", "1 if there is an index that can be read.", 1)
        compared = found["reconciliation"]
        for name, what, value in (
            ("moa_index_block", "The newest block that is indexed.", found["block"]),
            ("moa_index_final_block", "The newest indexed block that is final.", found["final_block"]),
            ("moa_index_blocks_behind", "The node's blocks that are not indexed yet.", found["lag_blocks"]),
            ("moa_index_halted", "1 if the indexer says why it does not go on.", int(found["halted"] is not None)),
            ("moa_index_size_bytes", "The size of the index.", found["database"]["bytes"]),
            ("moa_node_silence_seconds", "Seconds since the node answered the indexer.", found["age_seconds"]),
            ("moa_reconcile_differences", "Figures that differ: an alarm.", compared["differences"]),
            ("moa_reconcile_block", "The block at which they were compared last.", compared["block"]),
            ("moa_reconcile_timestamp_seconds", "When they were compared last, in unix seconds.", compared["at"]),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, what, value)


class Measured:
    """Counts each answer, when it begins: the stream has no end."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, tell: bool) -> None:
        """Count; `tell`: and log each request, by its route alone."""
        self._app, self._metrics, self._tell = app, metrics, tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        begun = False

        async def send_and_count(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._count(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        except Exception:
            if not begun:  # whoever stands outside answers 500
                self._count(scope, 500, time.perf_counter() - started)
            raise

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope, status)
        self._metrics.count(route, status, seconds)
        if self._tell:
            said = {"event": "request", "method": scope["method"], "route": route, "status": status}
            _LOG.info("%s %s: %s in %.1f ms", scope["method"], route, status, 1000 * seconds,
                      extra=said | {"seconds": round(seconds, 6)})  # fmt: skip


def route_of(scope: Scope, status: int) -> str:
    """Return the template of the route that answers, or how an answer is called that comes from none."""
    if (found := scope.get("route")) is not None:
        return str(found.path)
    if scope["path"].startswith("/static/"):
        return "/static"
    return "none" if status in (404, 405) else "other"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def metrics_routes(metrics: Metrics) -> APIRouter:
    """Return the route of the counts."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def read() -> Response:
        """Return the counts as Prometheus reads them."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
