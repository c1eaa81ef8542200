"""What the indexer says while it runs, in lines and in counts."""

from __future__ import annotations

import logging

from api import reconciled
from api.errors import MoaError
from api.indexer.metrics import WAITS, Metrics
from api.indexer.reconcile.report import lines
from api.indexer.reconcile.watch import Found
from api.indexer.sync import Progress

_LOG = logging.getLogger("api.indexer")


class Telling:
    """Hears of each step, wait and comparison."""

    def __init__(self, metrics: Metrics) -> None:
        """Begin with an index of which nothing is known yet."""
        self._metrics = metrics
        self._tip: int | None = None
        self._compared: tuple[str, ...] | None = None

    def told(self, progress: Progress, switches: int) -> None:
        """Tell what a step did. `switches`: how often another of the node's addresses took over until now."""
        self._metrics.answered(switches)
        self._metrics.indexed(progress.tip, progress.head, progress.logs, progress.gifts)
        if progress.rewound_to is not None:
            depth = max(0, (self._tip or progress.tip) - progress.rewound_to)
            self._metrics.rewound(depth)
            said = {"event": "rewound", "block": progress.rewound_to, "depth": depth}
            _LOG.info("the chain was rewound: forgot every block above %s", progress.rewound_to, extra=said)
        elif progress.logs:
            said = {"event": "indexed", "block": progress.tip, "head": progress.head, "logs": progress.logs}
            _LOG.info(
                "block %s of %s: %s logs", progress.tip, progress.head, progress.logs,
                extra=said | {"gifts": progress.gifts},
            )  # fmt: skip
        self._tip = progress.tip

    def waits(self, reason: str, error: MoaError | None) -> None:
        """Tell why it waits."""
        self._metrics.waits(error)
        kind = next((kind for error_type, kind in WAITS.items() if isinstance(error, error_type)), "unknown")
        _LOG.warning("waiting: %s", reason, extra={"event": "waiting", "reason": kind})

    def compared(self, found: Found) -> None:
        """Tell what a comparison gave, if it is not what the last one gave."""
        self._metrics.compared(found)
        note = found.note
        count = reconciled.count(note)
        said = {"event": "reconciled", "block": note["block"], "pools": note["pools"], "tokens": note["tokens"]}
        said |= {"differences": count, "trouble": note["trouble"] and note["trouble"]["reason"]}
        wrong = tuple(lines(note)[1:])
        if wrong != self._compared:
            level = logging.ERROR if count else logging.WARNING if note["trouble"] else logging.INFO
            _LOG.log(level, "%s", "\n".join(lines(note)), extra=said | {"seconds": round(found.seconds, 3)})
        self._compared = wrong
