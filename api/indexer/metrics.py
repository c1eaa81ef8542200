"""What the indexer counts, for Prometheus. See docs/metrics.md."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from api import reconciled
from api.errors import (
    ForkedError,
    MoaError,
    NodeAwayError,
    NodeBehindError,
    NodeRefusedError,
    SettingsError,
    UnsteadyChainError,
)

if TYPE_CHECKING:
    from api.indexer.reconcile.watch import Found

WAITS: dict[type[MoaError], str] = {
    NodeAwayError: "node_away",
    NodeBehindError: "node_behind",
    NodeRefusedError: "node_refused",
    ForkedError: "forked",
    UnsteadyChainError: "unsteady",
}
"""Why it may wait, and how that is called here."""

DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100, 1_000)


class Metrics:
    """The indexer's counts. They are kept whether anybody asks for them or not."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._block = Gauge("moa_index_block", "The newest block that is indexed.", registry=registry)
        self._behind = Gauge(
            "moa_index_blocks_behind", "The node's blocks that are not indexed yet.", registry=registry
        )
        self._logs = Counter("moa_index_logs", "Logs that were indexed since the start.", registry=registry)
        self._gifts = Counter("moa_index_gifts", "Gifts that were indexed since the start.", registry=registry)
        self._rewinds = Histogram(
            "moa_index_rewind_depth_blocks", "How many blocks each rewind forgot.", buckets=DEPTHS, registry=registry
        )
        self._waits = Counter("moa_index_waits", "How often it began to wait, by why.", ["reason"], registry=registry)
        self._waiting = Gauge("moa_index_waiting", "1 while it waits, by why.", ["reason"], registry=registry)
        for reason in WAITS.values():
            self._waits.labels(reason)
            self._waiting.labels(reason)
        self._switches = Counter(
            "moa_node_switches", "How often another of the node's addresses took over.", registry=registry
        )
        self._seen_switches = 0
        self._silence = Gauge("moa_node_silence_seconds", "Seconds since the node answered.", registry=registry)
        self._answered = time.monotonic()
        self._silence.set_function(lambda: time.monotonic() - self._answered)
        self._comparisons = Counter(
            "moa_reconcile", "Comparisons of the index with the contracts, by what came of them.", ["result"],
            registry=registry,
        )  # fmt: skip
        for result in ("agrees", "differs", "not_compared"):
            self._comparisons.labels(result)
        self._differences = Gauge("moa_reconcile_differences", "Figures that differ: an alarm.", registry=registry)
        self._compared = Gauge("moa_reconcile_block", "The block at which they were compared last.", registry=registry)
        self._compared_at = Gauge(
            "moa_reconcile_timestamp_seconds", "When they were compared last, in unix seconds.", registry=registry
        )
        self._took = Gauge("moa_reconcile_duration_seconds", "How long the last comparison took.", registry=registry)

    def serve(self, host: str, port: int) -> None:
        """Answer /metrics from now on, in a thread of its own.

        Raises:
            SettingsError: The port cannot be listened at.

        """
        try:
            start_http_server(port, host, self.registry)
        except OSError as error:
            raise SettingsError(f"MOA_METRICS_PORT is {port}, where nothing can listen at {host}: {error}") from error

    def answered(self, switches: int) -> None:
        """Count that the node answered, and how often another address took over until now."""
        self._answered = time.monotonic()
        for reason in WAITS.values():
            self._waiting.labels(reason).set(0)
        self._switches.inc(switches - self._seen_switches)
        self._seen_switches = switches

    def indexed(self, tip: int, head: int, logs: int, gifts: int) -> None:
        """Count what one step added."""
        self._block.set(tip)
        self._behind.set(head - tip)
        self._logs.inc(logs)
        self._gifts.inc(gifts)

    def rewound(self, depth: int) -> None:
        """Count that so many blocks were forgotten."""
        self._rewinds.observe(depth)

    def waits(self, error: MoaError | None) -> None:
        """Count that it begins to wait."""
        for kind, reason in WAITS.items():
            self._waiting.labels(reason).set(isinstance(error, kind))
            if isinstance(error, kind):
                self._waits.labels(reason).inc()

    def compared(self, found: Found) -> None:
        """Count a comparison."""
        note = found.note
        differences = reconciled.count(note)
        result = "not_compared" if note["trouble"] else "differs" if differences else "agrees"
        self._comparisons.labels(result).inc()
        self._took.set(found.seconds)
        self._differences.set(differences)
        if note["block"] is not None and note["at"] is not None:
            self._compared.set(note["block"])
            self._compared_at.set(note["at"])
