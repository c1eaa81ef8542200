"""Nobody is stuck: from any state, time and pulls alone bring every unit to a payee or a contributor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replay import Replay
from signing import REFUND, separator, sign
from world import DAY, NEVER, RefusedError, World

if TYPE_CHECKING:
    from model.fund import Model

FROZEN, COMPLETED = 3, 4
YEARS = 12 * 366 * DAY


def drain(w: World, model: Model, codes: dict[str, bytes]) -> list[str]:
    """Let time pass, and let everyone pull; then no pool holds anything, and everyone has what the rule says."""
    told = Replay(w)
    told.follow()
    latest = max([max(pool.defaults_at, pool.returns_until) for pool in model.pools.values()], default=0)
    w.node.go_to(max(told.now + 1, min(latest + 31 * DAY, told.now + YEARS)))
    for number, pool in model.pools.items():
        assert w.see(w.fund, "stateOf", number) in (FROZEN, COMPLETED)
        for start, (donor, amount) in pool.gifts.items():
            due = pool.line.free(start, amount) - pool.refunds.get(start, 0)
            pull(w, w.stranger, due, donor, ("refund", number, start, donor))
    for batch, kept in model.batches.items():
        pool = model.pools[kept.pool]
        claimed = kept.refunded
        for position, (donor, start, amount) in enumerate(kept.entries):
            # Half of those who can take theirs do; the gateway gets the rest.
            if donor in codes and not kept.taken and position % 2 == 0:
                before = pool.refunds.get(start, 0)
                due = pool.line.free(start, amount) - before
                domain = separator("Moa PooledFund", w.fund.address)
                signature = sign(codes[donor], domain, REFUND, batch, position, before, w.donor3, NEVER)
                pull(
                    w,
                    w.relayer,
                    due,
                    w.donor3,
                    ("refundEntry", told.receipt(batch, position), w.donor3, NEVER, signature),
                )
                claimed += due
        gateway, reference = told.recorded[batch]
        due = pool.line.free(kept.start, kept.amount) - claimed
        pull(w, gateway, due, gateway, ("refundBatch", reference, gateway))
    left = {number: w.see(w.fund, "heldOf", number) for number in model.pools}
    assert not any(left.values())
    return ["drained"] if model.pools else []


def pull(w: World, sender: str, due: int, receiver: str, call: tuple[Any, ...]) -> None:
    """Pull what is due, to the unit; once nothing is, the call is refused."""
    before = w.balance(receiver)
    try:
        w.do(sender, w.fund, *call)
    except RefusedError:
        if due:
            raise
    assert w.balance(receiver) - before == due
