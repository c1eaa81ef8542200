"""Compare again and again beside the indexing of new blocks, in a thread that works a small part of the time."""

from __future__ import annotations

import logging
import threading
import time
from queue import Empty, SimpleQueue
from typing import NamedTuple

from api import reconciled
from api.errors import MoaError, UnsteadyChainError
from api.indexer.reconcile import TRIES, Reconciler, UnreadyError
from api.reconciled import Reconciled

SHARE = 0.2
"""Of the time in which it works: after each piece it rests four times as long as that took."""
LONGEST_REST = 2.0

_LOG = logging.getLogger("api.indexer.reconcile")


class Found(NamedTuple):
    """What one try to compare gave, and how long it took, rests counted."""

    note: Reconciled
    seconds: float


class Watch:
    """A thread that compares every so often, while the index is at the node's head.

    It writes nothing: what it found waits until the one who writes the index takes it.
    """

    def __init__(self, reconciler: Reconciler, every: float) -> None:
        """Start it; it begins when the head is reached.

        Args:
            reconciler: What compares.
            every: Seconds from the end of one comparison to the beginning of the next.

        """
        self._reconciler, self._every = reconciler, every
        self._found: SimpleQueue[Found] = SimpleQueue()
        self._at_head, self._closed = threading.Event(), threading.Event()
        self._worked = 0.0
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)
        self._thread.start()

    def take(self, *, at_head: bool) -> Found | None:
        """Say whether the index is at the node's head, and return what was found since, if anything was."""
        if at_head:
            self._at_head.set()
        else:
            self._at_head.clear()
        try:
            return self._found.get_nowait()
        except Empty:
            return None

    def close(self) -> None:
        """End it, in the middle of a comparison if need be."""
        self._closed.set()
        self._at_head.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._at_head.wait()
            started = time.monotonic()
            try:
                note = self._compare()
            except _ClosedError:
                return
            except UnreadyError:
                self._closed.wait(1)
                continue
            self._found.put(Found(note, time.monotonic() - started))
            self._closed.wait(self._every)

    def _compare(self) -> Reconciled:
        for turn in range(TRIES):
            try:
                self._worked = time.monotonic()
                return self._reconciler.compare(self._rest)
            except UnsteadyChainError as error:
                reason = str(error)
                if turn + 1 < TRIES:
                    self._pause(1)
            except MoaError as error:
                reason = str(error)
                break
            except (_ClosedError, UnreadyError):
                raise
            except Exception as error:  # whatever it was, nobody may think that all is right
                _LOG.exception("the comparison failed", extra={"event": "reconcile_failed"})
                reason = f"the comparison failed: {error!r}"
                break
        trouble: reconciled.Trouble = {"block": self._reconciler.block, "at": int(time.time()), "reason": reason}
        return {**self._last(), "trouble": trouble}

    def _last(self) -> Reconciled:
        try:
            return self._reconciler.last()
        except MoaError:
            return reconciled.nothing()

    def _rest(self) -> None:
        worked = time.monotonic() - self._worked
        self._pause(min(worked * (1 / SHARE - 1), LONGEST_REST))
        self._worked = time.monotonic()

    def _pause(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise _ClosedError


class _ClosedError(Exception):
    """The watch is ended."""
