"""How many blocks a node is asked for at once: what it gives is found out, and tried again now and then."""

from __future__ import annotations

WANTED = 6 << 20
"""Bytes of an answer to eth_getLogs that ranges are fitted to."""

_FIRST, _LONGEST = 16, 200_000

_CALM, _PATIENT = 8, 512
"""Answers in a row after which twice as many blocks are tried: at first, and where a trial was refused ever again."""


class Span:
    """The next range's length. A refusal halves it: of one crowded place, or of all that is as long."""

    def __init__(self) -> None:
        """Begin with a short one."""
        self.blocks = _FIRST
        self._ceiling, self._patience, self._calm = _LONGEST, _CALM, 0
        self._trying = False

    def refused(self, blocks: int) -> None:
        """Take in that so many blocks were too many."""
        if self._trying:
            self._patience = min(2 * self._patience, _PATIENT)
        self._ceiling = self.blocks = max(1, blocks // 2)
        self._calm, self._trying = 0, False

    def answered(self, size: int) -> None:
        """Take in how many bytes the answer has."""
        if self._trying:
            self._patience, self._trying = _CALM, False
        if self.blocks == self._ceiling < _LONGEST:
            self._calm += 1
        if self._calm == self._patience:
            self._ceiling, self._calm, self._trying = min(_LONGEST, 2 * self._ceiling), 0, True
        if size > WANTED:
            self.blocks, self._trying = max(1, self.blocks // 2), False
        elif size < WANTED // 3:
            self.blocks = min(2 * self.blocks, self._ceiling)
