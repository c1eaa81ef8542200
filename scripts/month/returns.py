"""What comes back in the month: a pool that its NGO gives up, refunds by wallet and receipt code, a gateway's rest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scripts import receipts, signing
from scripts.entries import gifts_of, receipts_of
from scripts.ledger import topic_of
from scripts.members import RELAYER
from scripts.month import kinds, story
from scripts.month.stage import DAY
from scripts.signing import KeyHand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage

FROZEN = 3


class Returns:
    """Who gets back what."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def look(self) -> None:
        """Nothing: each step asks the chain itself."""

    def acts(self) -> Iterator[Act]:
        """Return cancellations and refunds."""
        for given_up in story.GIVEN_UP:
            yield given_up.day * DAY, partial(self._cancel, given_up.programme)
        for refund in story.REFUNDS:
            act = self._refund_gateway if refund.gateway is not None else self._refund
            yield refund.day * DAY, partial(act, refund)

    def _cancel(self, number: int) -> None:
        stage = self.stage
        pool = stage.pools[number]
        if stage.ledger.view(stage.ledger.fund, "stateOf", pool) != FROZEN:
            stage.send(story.PROGRAMMES[number].ngo, stage.ledger.fund, "cancel", pool)

    def _refund(self, refund: kinds.Refund) -> None:
        """Pay back every gift of a wallet, or every entry of a receipt code, to a wallet."""
        stage = self.stage
        ledger, pool = stage.ledger, stage.pools[refund.programme]
        if isinstance(refund.who, int):
            for start, _ in gifts_of(ledger, stage.cast[refund.who], pool):
                if not ledger.view(ledger.fund, "refundedOf", pool, start):
                    stage.send(refund.who, ledger.fund, "refund", pool, start, stage.cast[refund.who])
            return
        hand = KeyHand(receipts.key_of(receipts.code_of(stage.secret, refund.who)))
        to = stage.cast[refund.to]
        for receipt in receipts_of(ledger, bytes.fromhex(hand.address[2:]), pool):
            if not ledger.view(ledger.fund, "refundedOf", pool, receipt.start):
                signed = signing.refund(ledger, hand, receipt.batch, receipt.position, 0, to, stage.never)
                stage.send(RELAYER, ledger.fund, "refundEntry", receipt.words(), to, stage.never, signed)

    def _refund_gateway(self, refund: kinds.Refund) -> None:
        """Pay a gateway what the donors of its batches did not claim: it pays them back by phone or card."""
        stage = self.stage
        ledger, pool = stage.ledger, stage.pools[refund.programme]
        gateway = stage.cast[refund.gateway or 0]
        wanted = "0x" + pool.to_bytes(32, "big").hex(), None, topic_of(gateway)
        for batch in ledger.events(ledger.fund, "BatchRecorded", *wanted):
            if not ledger.view(ledger.fund, "batchOf", batch["batch"])["taken"]:
                stage.send(refund.gateway or 0, ledger.fund, "refundBatch", batch["gatewayReference"], gateway)
