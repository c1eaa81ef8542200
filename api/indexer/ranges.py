"""How many blocks a node answers for at once: a refusal halves them, and is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from api.errors import RangeRefusedError
from api.indexer.chain import Node, Watched
from api.indexer.kinds import RawLog

MOST = 500
"""Blocks asked for at once."""
CALM = 8
"""Answers in a row after which twice as many blocks are tried: a refusal may have been of one crowded place."""


class Ranges:
    """Asks one node for the logs of some contracts."""

    def __init__(self, node: Node, watched: Sequence[Watched]) -> None:
        """Ask nothing yet."""
        self.node, self._watched = node, watched
        self.most = MOST
        """Blocks that it answers for, as far as is known."""
        self._calm = 0

    def logs(self, first: int, last: int) -> tuple[int, list[RawLog]]:
        """Return up to which block the node answered, and the logs up to there, in the ledger's order.

        Raises:
            NodeAwayError, NodeRefusedError: As the node's; it refuses even one block.

        """
        last = min(last, first + self.most - 1)
        while True:
            try:
                found = self.node.logs(first, last, self._watched)
            except RangeRefusedError:
                if last == first:
                    raise
                self.most, self._calm = max(1, (last - first + 1) // 2), 0
                last = first + self.most - 1
                continue
            self._calm += 1
            if self._calm % CALM == 0:
                self.most = min(MOST, 2 * self.most)
            return last, found

    def all_logs(self, first: int, last: int) -> list[RawLog]:
        """Return all logs from one block to another, by as many questions as it takes."""
        told: list[RawLog] = []
        while first <= last:
            end, found = self.logs(first, last)
            told += found
            first = end + 1
        return told
