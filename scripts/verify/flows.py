"""The token's own word on every movement of money: what Moa's events tell of must have moved, and nothing else may."""

from __future__ import annotations

from collections import defaultdict

from .out import Report

Way = tuple[bytes, bytes]
"""Who paid whom."""


class Flows:
    """Compares, block by block, what Moa's events say was paid with the transfers of the deployment's token.

    What leaves one of Moa's contracts must be told to the unit. What comes in may be more: anyone may send tokens.
    """

    def __init__(self, token: bytes, own: set[bytes], report: Report) -> None:
        """Begin; `own` are the addresses of Moa's contracts."""
        self._token, self._own, self._report = token, own, report
        self._told: defaultdict[Way, int] = defaultdict(int)
        self._moved: defaultdict[Way, int] = defaultdict(int)

    def tell(self, token: bytes, payer: bytes, payee: bytes, amount: int) -> None:
        """Take in that an event told of a payment; in another token it is passed over."""
        if token == self._token:
            self._told[payer, payee] += amount

    def move(self, payer: bytes, payee: bytes, amount: int) -> None:
        """Take in a transfer."""
        self._moved[payer, payee] += amount

    def settle(self, block: int) -> None:
        """See that both agree: a block is over."""
        for way in self._told.keys() | self._moved.keys():
            told, moved = self._told.get(way, 0), self._moved.get(way, 0)
            if moved < told or (moved > told and way[0] in self._own):
                what = f"block {block}, from 0x{way[0].hex()} to 0x{way[1].hex()}"
                self._report.differs(what, the_token_moved=moved, the_events_told=told)
        self._told.clear()
        self._moved.clear()
