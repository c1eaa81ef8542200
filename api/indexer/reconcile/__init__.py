"""Compare the contracts, the events and the index at the end of one block: each number from its own source.

A difference is an alarm and never a correction: nothing of the index is changed because of one. What cannot be
compared (the node is away, or has forgotten that block's state) is said to be so, and never to be all right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from api import events, reconciled
from api.errors import BrokenLineError, UnknownLogError, UnsteadyChainError
from api.indexer.decode import decode
from api.indexer.kinds import Block
from api.indexer.reconcile.contracts import Contracts, Ledger
from api.indexer.reconcile.figures import About, Source, compare, difference
from api.indexer.reconcile.kept import Kept
from api.indexer.reconcile.told import WANTED, Told
from api.indexer.store.audit import Audit, Look
from api.reconciled import Balance, Difference, Reconciled
from api.settings import Deployment

SETTLED = 64
"""Blocks below the newest one up to which the events' sums are kept: what is above is added up anew each time."""
ANEW = 86400
"""Seconds after which all stored events are read again, so that one that was altered since is noticed."""
MOST = 50
"""Differences that the note names one by one."""
TRIES = 5
"""How often a comparison is begun anew, a second apart, when the chain changes under it, before that is told."""


class UnreadyError(Exception):
    """There is nothing to compare yet: the index holds nothing, or is being built."""


class Seen(NamedTuple):
    """What one snapshot of the index gave."""

    tip: Block
    told: Told
    broken: Difference | None
    kept: Kept


class Reconciler:
    """Compares, and keeps the events' sums from one comparison to the next."""

    def __init__(self, node: Ledger, audit: Audit, deployment: Deployment) -> None:
        """Ask and read nothing yet."""
        self._node, self._audit = node, audit
        self._rest: Callable[[], None] = lambda: None
        self.block: int | None = None
        """At which block it compares, or did last."""
        self._addresses = deployment.addresses
        self._topics = {
            deployment.addresses[contract]: {
                topic for topic, event in events.events_of(contract).items() if event.name in names
            }
            for contract, names in WANTED.items()
        }
        self._names = {deployment.addresses[contract]: contract for contract in WANTED}
        self._settled: tuple[Block, Told] | None = None
        self._since = 0.0

    def compare(self, rest: Callable[[], None] = lambda: None) -> Reconciled:
        """Compare everything, at the index's newest block. `rest` is called after each piece of work.

        Raises:
            UnreadyError: There is nothing to compare yet.
            UnsteadyChainError: The chain changed while it was read; the next comparison will see it as it is then.
            NodeAwayError, NodeRefusedError: The node does not answer, or not for this block.
            StoreError: The index cannot be read.

        """
        self._rest, self.block = rest, None
        with self._audit.look() as look:
            seen = self._read(look)
        self._check_block(seen.tip)
        contracts = Contracts(self._node, self._addresses, seen.tip.number, self._rest)
        sources: list[Source] = [seen.kept] if seen.broken else [seen.told, seen.kept]
        contracts.learn({about for source in sources for about in source.abouts()})
        held = {} if seen.broken else seen.told.held()
        balances = contracts.balances(held)
        self._check_block(seen.tip)

        found = compare(contracts, *sources)
        short = [_short(key, balance, held[key]) for key, balance in balances.items() if (balance or 0) < held[key]]
        differences = [*([seen.broken] if seen.broken else []), *found.differences, *short]
        return {
            "block": seen.tip.number,
            "hash": "0x" + seen.tip.hash.hex(),
            "at": int(time.time()),
            "pools": seen.kept.pools,
            "tokens": len({token for token, _ in held}),
            "figures": found.figures + len(balances),
            "differences": differences[:MOST],
            "more": len(differences[MOST:]),
            "balances": [_balance(key, balance, held[key]) for key, balance in balances.items()],
            "trouble": None,
        }

    def last(self) -> Reconciled:
        """Return what was found the last time, as the index notes it.

        Raises:
            StoreError: The index cannot be read.

        """
        with self._audit.look() as look:
            return reconciled.read(look.notes.get(reconciled.KEY))

    def _check_block(self, tip: Block) -> None:
        """Check that the node's block is still the one that was indexed."""
        found = self._node.block(tip.number)
        if found is None:
            raise UnsteadyChainError(f"the node has no block {tip.number}")
        if found.hash != tip.hash:
            raise UnsteadyChainError(f"the node tells of another block {tip.number} than the index")

    # -------------------------------------------------------------------------------------------------- the index

    def _read(self, look: Look) -> Seen:
        tip = look.tip()
        if tip is None or "backfill" in look.notes:
            raise UnreadyError("the index is empty, or is being built")
        self.block = tip.number
        told, broken = Told(self._addresses["VoucherBook"]), None
        try:
            told = self._told(look, tip)
        except (UnknownLogError, BrokenLineError) as error:
            broken = difference(About("events"), "the stored events", {})
            broken["values"] = [{"source": "logs", "value": str(error)}]
        self._rest()
        return Seen(tip, told, broken, Kept(look, self._addresses["VoucherBook"]))

    def _told(self, look: Look, tip: Block) -> Told:
        """Return what the events tell, up to this block."""
        kept, self._settled = self._settled, None  # should anything fail, all is read again
        if kept is None or time.monotonic() - self._since > ANEW or look.block(kept[0].number) != kept[0]:
            kept, self._since = None, time.monotonic()  # it is time, or the chain was rewound that far
        told = kept[1] if kept else Told(self._addresses["VoucherBook"])
        base = look.block(tip.number - SETTLED)
        if base is not None and (kept is None or base.number > kept[0].number):
            self._add(told, look, base.number)
            kept = base, told
        if kept is not None:
            told = told.fork()
        self._add(told, look, tip.number)
        self._settled = kept
        return told

    def _add(self, told: Told, look: Look, to: int) -> None:
        for logs in look.logs(told.place, to):
            told.add(decode((log for log in logs if log.topics[:32] in self._topics.get(log.address, ())), self._names))
            told.place = logs[-1].place
            self._rest()


def _balance(key: tuple[bytes, str], balance: int | None, held: int) -> Balance:
    token, contract = key
    return {
        "token": "0x" + token.hex(),
        "contract": contract,
        "balance": "nothing" if balance is None else str(balance),
        "held": str(held),
        "surplus": str(max(0, (balance or 0) - held)),
    }


def _short(key: tuple[bytes, str], balance: int | None, held: int) -> Difference:
    """Return the difference of a contract that has less of a token than is spoken for."""
    token, contract = key
    found = difference(
        About("token"), f"balance of {contract}", {f"token.balanceOf({contract})": balance, "held, by the events": held}
    )
    found["token"] = "0x" + token.hex()
    return found
