"""What a true explorer says of gifts, batches and what came of them, and of what happened lately.

Names that a shape has beside these (titles, texts, ISO times) are not looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from .forms import KINDS, PERIODS, REASONS, Either, Forms, Shape, hexed, iso, place, way
from .line import Span
from .pool_shapes import SPANS
from .state import DAY, STOPPED, Batch, Pledge, Pool, Values
from .tape import BROUGHT, Gift, Place
from .trace import refunded_of
from .tree import proof_of, root_of, seed_of

_SINGLE = ("end", "paid", "direct", "entry")
"""What lists leave out."""


class GiftShapes:
    """Makes the shapes of gifts, and of the record."""

    def __init__(self, forms: Forms) -> None:
        """Take what they are made with."""
        self._forms = forms

    def batch(self, batch: Batch) -> Shape:
        """Return a batch."""
        s = batch.stored
        return {
            "batch": hexed(batch.identity),
            **self._forms.named(s["pool"]),
            "token": self._forms.token(batch.token),
            "gateway": self._forms.who(batch.gateway),
            "reference": hexed(batch.reference),
            "root": hexed(s["root"]),
            "start": str(s["start"]),
            "end": str(s["start"] + s["amount"]),
            "amount": str(s["amount"]),
            "count": s["count"],
            "refunded": str(s["refunded"]),
            "taken": s["taken"],
            "taken_amount": str(batch.taken_amount),
            "recorded": place(batch.place),
        }

    def listed(self, pool: Pool, gift: Gift) -> Shape:
        """Return a contribution as lists have it, with what stands beside it there."""
        whole = self.gift(pool, gift)
        return {name: value for name, value in whole.items() if name not in _SINGLE}

    def gift(self, pool: Pool, gift: Gift) -> Shape:
        """Return a contribution."""
        start, end = gift.start, gift.start + gift.amount
        waiting = pool.line.unspent(start, end)
        refunded = refunded_of(self._forms.state, pool, start, gift.amount, gift.batch)
        batch = self._forms.state.batches[gift.batch] if gift.batch else None
        entry = gift.donor + gift.paid_at.to_bytes(4) + gift.amount.to_bytes(8)
        return {
            "id": f"{pool.number}-{start}",
            **self._forms.named(pool.number),
            "token": self._forms.token(pool.stored["token"]),
            "amount": str(gift.amount),
            "start": str(start),
            "end": str(end),
            "number": gift.number,
            "donor": hexed(gift.donor) if any(gift.donor) else None,
            "paid_at": gift.paid_at,
            "paid": iso(gift.paid_at),
            "direct": batch is None,
            "via": way(gift),
            "bearer": self._forms.who(_bearer_of(pool, start)) if gift.via == BROUGHT else None,
            "pledge": gift.pledge or None,
            "batch": hexed(batch.identity) if batch else None,
            "position": gift.position if batch else None,
            "gateway": self._forms.who(batch.gateway) if batch else None,
            "recorded": place(gift.place),
            "spent": str(gift.amount - waiting),
            "refunded": str(refunded),
            "waiting": str(waiting - refunded),
            "entry": hexed(entry) if batch else None,
        }

    def receipt(self, pool: Pool, gift: Gift) -> Shape:
        """Return a contribution by itself, but for its trace. What its donor did not take of it, its gateway did."""
        refunded = refunded_of(self._forms.state, pool, gift.start, gift.amount, gift.batch)
        more = {"proof": self.proof(pool, gift), "claim": self.claim(pool, gift)}
        return {**self.gift(pool, gift), **more, "taken": str(refunded - pool.refunds.get(gift.start, 0))}

    def claim(self, pool: Pool, gift: Gift) -> Either:
        """Return how what waits of a gift can be taken back, None while its pool is not over or nothing waits."""
        refunded = refunded_of(self._forms.state, pool, gift.start, gift.amount, gift.batch)
        waiting = pool.line.unspent(gift.start, gift.start + gift.amount) - refunded
        batch = self._forms.state.batches[gift.batch] if gift.batch else None
        by = "wallet" if batch is None else "code"
        if batch is not None and (batch.stored["taken"] or not any(gift.donor)):
            by = "gateway"

        def claim(clock: int) -> Shape | None:
            ended = pool.ended_at(clock)
            if ended is None or not waiting:
                return None
            turn = max(ended, pool.stored["returnsUntil"]) + 30 * DAY
            return {"amount": str(waiting), "by": by, "gateway_from": None if batch is None else turn}

        return self._forms.either(claim)

    def proof(self, pool: Pool, gift: Gift) -> Shape | None:
        """Return the proof that an entry stands in its batch, None for a direct gift."""
        if gift.batch is None:
            return None
        batch, fund = self._forms.state.batches[gift.batch], self._forms.addresses["PooledFund"]
        first = batch.stored["start"]
        entries = pool.gifts.entries(first)
        seed = seed_of(self._forms.chain_id, fund, pool.number, batch.identity)
        leaf, siblings = proof_of(seed, entries, first, gift.position)
        return {
            "chain_id": self._forms.chain_id,
            "fund": hexed(fund),
            "pool": pool.number,
            "batch": hexed(batch.identity),
            "seed": hexed(seed),
            "leaf": hexed(leaf),
            "siblings": [hexed(node) for node in siblings],
            "root": hexed(batch.stored["root"]),
            "count": batch.stored["count"],
            "position": gift.position,
            "start": str(gift.start),
            "entry": hexed(entries[32 * gift.position :][:32]),
            "computed_root": hexed(root_of(seed, entries, first)),
            "matches": True,
        }

    def payer(self, pool: Pool, gift: Gift, parts: list[Span]) -> Shape:
        """Return a contribution that paid a release, with the parts of it that did."""
        return {
            "contribution": self.gift(pool, gift),
            "amount": str(sum(end - start for start, end in parts)),
            "parts": [{"start": str(start), "end": str(end)} for start, end in parts[:SPANS]],
            "parts_total": len(parts),
        }

    def refund(self, at: Place, v: Values) -> Shape:
        """Return a refund, to a donor or to a batch's gateway."""
        own = "start" in v
        return {
            **self._forms.named(v["pool"]),
            "token": self._forms.token(v["token"]),
            "amount": str(v["amount"]),
            "account": self._forms.who(v["donor"] if own else v["gateway"]),
            "contribution": f"{v['pool']}-{v['start']}" if own else None,
            "batch": hexed(v["batch"]) if any(v["batch"]) else None,
            "to": hexed(v["to"]),
            "caller": hexed(v["caller"] if own else v["gateway"]),
            "refunded": place(at),
        }

    def objection(self, at: Place, v: Values) -> Shape:
        """Return an objection."""
        same = {name: v[name] for name in ("pool", "milestone", "round")}
        gift = {"contribution": f"{v['pool']}-{v['start']}", "amount": str(v["amount"])}
        return same | gift | {"donor": hexed(v["donor"]), "evidence": hexed(v["evidence"]), "objected": place(at)}

    def voucher(self, at: Place, v: Values) -> Shape:
        """Return a voucher that was redeemed or revoked."""
        return {
            **self._forms.named(v["pool"]),
            "milestone": v["milestone"],
            "token": self._forms.token(self._forms.state.pool(v["pool"]).stored["token"]),
            "voucher": hexed(v["voucher"]),
            "revoked": v["provider"] is None,
            "provider": v["provider"] and self._forms.who(v["provider"]),
            "own": str(v["own"]),
            "from_pool": str(v["fromPool"]),
            "evidence": hexed(v["evidence"]) if v["provider"] else None,
            "told": place(at),
        }

    def delivery(self, at: Place, v: Values) -> Shape:
        """Return a delivery, in which there is no person."""
        same = {name: v[name] for name in ("pool", "milestone", "position")}
        money = {"amount": str(v["amount"]), "start": str(v["start"]), "end": str(v["start"] + v["amount"])}
        return same | money | {"token": self._forms.token(v["token"]), "delivered": place(at)}

    def pledge(self, number: int, pledge: Pledge) -> Shape:
        """Return a standing order."""
        s, pool = pledge.stored, self._forms.state.pool(pledge.stored["pool"])

        def state(clock: int) -> str:
            done = (s["times"] and s["collections"] >= s["times"]) or s["collected"] + s["amount"] > s["cap"]
            past = pool.ended_at(clock) is not None or (s["lastDue"] and clock > s["lastDue"])
            return "over" if s["state"] != STOPPED and (done or past) else ("", "live", "paused", "stopped")[s["state"]]

        failure = pledge.failure
        return {
            "pledge": number,
            "donor": hexed(s["donor"]),
            **self._forms.named(s["pool"]),
            "token": self._forms.token(pledge.terms["token"]),
            "amount": str(s["amount"]),
            "period": PERIODS[s["period"]],
            "first_due": s["firstDue"],
            "last_due": s["lastDue"] or None,
            "times": s["times"] or None,
            "cap": str(s["cap"]),
            "replaces": pledge.terms["replaces"] or None,
            "state": self._forms.either(state),
            "collected": str(s["collected"]),
            "collections": s["collections"],
            "failure": failure and {"reason": REASONS[failure[0]], "tried": place(failure[1])},
            "pledged": place(pledge.place),
        }

    def collection(self, at: Place, row: Sequence[Any]) -> Shape:
        """Return what was collected of a standing order once."""
        _, keeper, number, period, start, amount, pool = row
        return {
            "pledge": number,
            **self._forms.named(pool),
            "token": self._forms.token(self._forms.state.pool(pool).stored["token"]),
            "amount": str(amount),
            "period": period,
            "contribution": f"{pool}-{start}",
            "keeper": self._forms.who(keeper),
            "collected": place(at),
        }

    def movement(self, at: Place, event: str, v: Values) -> Shape:
        """Return a movement."""
        kind, by = KINDS[event]
        pool = self._forms.state.pool(v["pool"])
        found: Shape = {"kind": kind, "id": at.block << 20 | at.log, "place": place(at)}
        found |= self._forms.named(v["pool"])
        found["who"] = self._forms.who(v[by]) if by else None
        if amount := {"VoucherRedeemed": "fromPool", "Locked": "budget"}.get(event, "amount" if "amount" in v else ""):
            found |= {"amount": str(v[amount]), "token": self._forms.token(pool.stored["token"])}
        if event == "Contributed":
            gift = pool.gifts.find(v["start"])
            found["via"] = way(gift) if gift else None
        if event in ("Contributed", "Refunded"):
            found["contribution"] = f"{v['pool']}-{v['start']}"
        if event in ("BatchRecorded", "BatchRefunded"):
            found["batch"] = hexed(v["batch"])
        if event == "Pledged":
            found["period"] = PERIODS[v["period"]]
        for name in ("milestone", "approved", "count"):
            if name in v:
                found[name] = v[name]
        return found


def _bearer_of(pool: Pool, start: int) -> bytes:
    """Return who brought the gift that starts here."""
    return pool.brought[bisect_right(pool.brought, (start, b"\xff" * 20)) - 1][1]
