"""Payout rounds as the ledger has them: which round it is, and the list that is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.codes import PayoutList, Round
from scripts.ledger import LedgerError

if TYPE_CHECKING:
    from scripts.ledger import Ledger


def round_of(ledger: Ledger, pool: int, milestone: int) -> Round:
    """Return the round of a milestone, sealed or not."""
    capped = ledger.view(ledger.fund, "limitsOf", pool)["beneficiaryCap"] != 0
    return Round(ledger.deployment.chain_id, ledger.payouts.address, pool, milestone, capped)


def sealed(ledger: Ledger, where: Round) -> PayoutList:
    """Return the list that stands: the last that was sealed."""
    wanted = ("0x" + number.to_bytes(32, "big").hex() for number in (where.pool, where.milestone))
    found = list(ledger.events(ledger.payouts, "RoundSealed", *wanted))
    if not found:
        raise LedgerError(f"No list is sealed for milestone {where.milestone} of pool {where.pool}.")
    return PayoutList(where, found[-1]["rows"])
