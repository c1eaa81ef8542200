"""What a true explorer says of pools: what they promised, and what became of it.

Names that a shape has beside these (titles, texts, ISO times) are not looked at.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from .abi import name_of
from .forms import (
    MILESTONE_STATES,
    POOL_STATES,
    Forms,
    Shape,
    content,
    deadline,
    hexed,
    place,
    rejected_of,
    stop_of,
)
from .state import Member, Payout, Pool, Release, Round, Sponsorship, Values
from .tape import Place

MOST, _ROUNDS, _PLANS, SPANS = 50, 3, 20, 20
"""How many an answer tells, the newest: milestones, releases and returns; rounds; proposals; pieces of a release,
and of a gift that paid one."""


class PoolShapes:
    """Makes the shapes of pools."""

    def __init__(self, forms: Forms) -> None:
        """Take what they are made with."""
        self._forms = forms

    def totals(self) -> dict[str, Shape]:
        """Return the sums over all pools, by the token's address."""
        pools: dict[bytes, list[Pool]] = {}
        for pool in self._forms.state.pools:
            pools.setdefault(pool.stored["token"], []).append(pool)
        return {
            hexed(token): {
                "token": self._forms.token(token),
                **{name: str(sum(p.stored[name] for p in found)) for name in ("raised", "released", "refunded")},
                "held": str(sum(pool.held for pool in found)),
                "contributions": sum(pool.gifts.count for pool in found),
            }
            for token, found in pools.items()
        }

    def summary(self, pool: Pool) -> Shape:
        """Return a pool as lists show it."""
        s = pool.stored
        titles = self._forms.titles
        return {
            "pool": pool.number,
            "name": name_of(s["name"]),
            **({"title": titles[pool.number]} if pool.number in titles else {}),
            "ngo": self._forms.who(s["ngo"]),
            "token": self._forms.token(s["token"]),
            "state": self._forms.either(lambda clock: POOL_STATES[pool.state_at(clock)]),
            "stop": self._forms.either(lambda clock: stop_of(pool, clock)),
            "paused": s["paused"],
            **{name: str(s[name]) for name in ("raised", "released", "returned", "refunded")},
            "held": str(pool.held),
            "planned": str(sum(milestone["amount"] for milestone in pool.planned)),
            "threshold": str(s["fundingThreshold"]),
            "contributions": pool.gifts.count,
            "accepts_until": deadline(s["acceptsUntil"]),
            "funding_deadline": deadline(pool.funding_end),
            "milestones_released": s["milestonesReleased"],
            "milestones_total": s["milestones"],
            "opened": place(pool.place),
        }

    def pool(self, pool: Pool) -> Shape:
        """Return a pool with everything that it promised and did."""
        s, panel, limits, who = pool.stored, pool.panel, pool.limits, self._forms.who
        return {
            **self.summary(pool),
            "description": content(s["descriptionHash"], pool.plan["descriptionURI"]),
            "open_ended": s["openEnded"],
            "objection_window": panel["objectionWindow"],
            "objection_threshold": panel["objectionThreshold"],
            "attestation_window": panel["attestationWindow"],
            "quorum": panel["quorum"],
            "attestors": [who(attestor) for attestor, _, _ in pool.seats],
            "seats": [
                {"attestor": who(attestor), "leaving": left and who(left), "since": place(at)}
                for attestor, left, at in pool.seats
            ],
            "rotations": [
                {"leaving": who(old), "joining": who(new), "consents": list(map(who, by)), "at": next(iter(at), None)}
                for (old, new), (by, at) in list(pool.rotations.items())[-_PLANS:]
            ],
            "proposals": [
                {"payee": who(payee), "amount": str(amount), "evidence_deadline": due, "consents": list(map(who, by))}
                for (payee, amount, due), by in list(pool.proposals.items())[-_PLANS:]
            ],
            "stopped": self._forms.either(lambda clock: self._stopped(pool, clock)),
            "limits": {
                "programme": hexed(limits["programme"]) if any(limits["programme"]) else None,
                "beneficiary_cap": str(limits["beneficiaryCap"]) if limits["beneficiaryCap"] else None,
                "voucher_cap": str(limits["voucherCap"]) if limits["voucherCap"] else None,
                "voucher_period": limits["voucherPeriod"] if limits["voucherCap"] else None,
            },
            "ended": self._forms.either(pool.ended_at),
            "paused_until": s["pausedUntil"] if s["paused"] else None,
            "milestones": self.milestones(pool)[-MOST:],
            "sponsorships": [self.sponsorship(pool, s) for s in list(enumerate(pool.sponsorships, 1))[:-21:-1]],
            "releases": [self.release(release) for release in list(pool.releases.values())[: -MOST - 1 : -1]],
            "returns": [self.returned(at, v) for at, v in islice(pool.returns.backwards(), MOST)],
        }  # fmt: skip

    def _stopped(self, pool: Pool, clock: int) -> Shape | None:
        """Return why and when a pool stopped, by whom or for which milestone's sake."""
        reason, at = stop_of(pool, clock), pool.ended_at(clock)
        if reason is None:
            return None
        late = (
            n
            for n, m in enumerate(pool.judged)
            if n not in pool.releases and m["due"] + pool.stored["clockShift"] == at
        )
        milestone = rejected_of(pool) if reason == "rejected" else next(late, None) if reason == "late" else None
        by = self._forms.who(pool.cancelled) if reason == "cancelled" and pool.cancelled else None
        return {"reason": reason, "at": at, "by": by, "milestone": milestone}

    def milestones(self, pool: Pool) -> list[Shape]:
        """Return a pool's milestones in their order."""
        return [self._milestone(pool, number) for number in range(len(pool.planned))]

    def _milestone(self, pool: Pool, number: int) -> Shape:
        planned, judged, release = pool.planned[number], pool.judged[number], pool.releases.get(number)
        due = None if release else judged["due"] + pool.stored["clockShift"]
        payout = pool.payouts.get(number) if planned["payee"] == self._forms.addresses["PayoutBook"] else None
        vouchers = release if planned["payee"] == self._forms.addresses["VoucherBook"] else None
        return {
            "pool": pool.number,
            "milestone": number,
            "payee": self._forms.who(planned["payee"]),
            "amount": str(planned["amount"]),
            "evidence_deadline": judged["evidenceDeadline"],
            "state": MILESTONE_STATES[judged["state"]],
            "round": judged["round"],
            "evidence": [self._round(pool, number, found) for found in pool.rounds[number][-_ROUNDS:]],
            "disputed_in": next((found.number for found in pool.rounds[number] if found.disputed), None),
            "release": self.release(release) if release else None,
            "due": due,
            "late": self._forms.either(lambda clock: due is not None and clock > due),
            "payout": self.payout(pool, number, payout) if payout else None,
            "vouchers": _vouchers(vouchers) if vouchers else None,
        }

    def _round(self, pool: Pool, number: int, found: Round) -> Shape:
        verdict = found.verdict
        uris = [r.uri for r in pool.rounds[number] if r.evidence == found.evidence and not r.confirms]
        return {
            "round": found.number,
            "content": content(found.evidence, uris[-1]),
            "line": str(found.line),
            "confirms": found.confirms,
            "submitted": place(found.place),
            "attestations": [self.attestation(at, v) for at, v in found.attestations],
            "verdict": verdict and {
                "approved": "releasableAt" in verdict[1], "releasable_at": verdict[1].get("releasableAt"),
                "last": verdict[1].get("last", False), "decided": place(verdict[0]),
            },
            "objections": {
                "count": found.objections, "amount": str(found.objected),
                "limit": str(found.line * pool.panel["objectionThreshold"] // 10_000),
            },
            "disputed": place(found.disputed) if found.disputed else None,
        }  # fmt: skip

    def attestation(self, at: Place, v: Values) -> Shape:
        """Return an attestation."""
        same = {name: v[name] for name in ("pool", "milestone", "round", "approved")}
        return same | {
            "attestor": self._forms.who(v["attestor"]),
            "evidence": hexed(v["evidence"]),
            "attested": place(at),
        }

    def release(self, release: Release) -> Shape:
        """Return a release."""
        v = release.values
        return {
            "pool": v["pool"],
            "milestone": v["milestone"],
            "payee": self._forms.who(v["payee"]),
            "token": self._forms.token(v["token"]),
            "amount": str(v["amount"]),
            "spent": [{"start": str(start), "end": str(end)} for start, end in release.spends[:SPANS]],
            "spans": len(release.spends),
            "returned": str(release.returned),
            "caller": self._forms.who(v["caller"]),
            "released": place(release.place),
        }

    def returned(self, at: Place, v: Values) -> Shape:
        """Return what a payee gave back."""
        same = {name: v[name] for name in ("pool", "milestone")}
        money = {"amount": str(v["amount"]), "start": str(v["start"]), "end": str(v["start"] + v["amount"])}
        return (
            same
            | money
            | {"payee": self._forms.who(v["payee"]), "token": self._forms.token(v["token"]), "returned": place(at)}
        )

    def ngo(self, account: bytes, member: Member, pools: int) -> Shape:
        """Return an NGO as lists show it."""
        return {
            "ngo": self._forms.who(account),
            "details": content(member.details, member.uri),
            "accredited": place(member.place),
            "pools_total": pools,
        }

    def payout(self, pool: Pool, milestone: int, payout: Payout) -> Shape:
        """Return a payout round."""
        s = payout.stored
        state: Any = "sealed"
        if payout.opened:
            until = s["claimsUntil"]
            state = (
                "closed" if s["closed"] else self._forms.either(lambda clock: "expired" if clock > until else "open")
            )
        return {
            "id": f"{pool.number}-{milestone}",
            **self._forms.named(pool.number),
            "milestone": milestone,
            "token": self._forms.token(pool.stored["token"]),
            "state": state,
            "version": s["version"],
            "count": s["count"],
            "amount": str(s["amount"]),
            "deliveries": len(payout.claimed),
            "delivered": str(s["delivered"]),
            "unclaimed": str(s["amount"] - s["delivered"]),
            "returned": str(payout.returned),
            "cap": str(s["beneficiaryCap"]) if payout.opened and s["beneficiaryCap"] else None,
            "claim_window": s["claimWindow"],
            "claims_until": s["claimsUntil"] if payout.opened else None,
            "sealed": place(payout.sealed),
            "opened": place(payout.opened) if payout.opened else None,
            "closed": place(payout.closed) if payout.closed else None,
        }

    def sponsorship(self, pool: Pool, numbered: tuple[int, Sponsorship]) -> Shape:
        """Return a sponsorship."""
        number, found = numbered
        s = found.stored
        money = {"budget": s["budget"], "drawn": found.drawn, "withdrawn": s["withdrawn"], "left": s["left"]}
        return {
            **self._forms.named(pool.number),
            "sponsorship": number,
            "sponsor": self._forms.who(s["sponsor"]),
            "token": self._forms.token(found.token),
            **{name: str(amount) for name, amount in money.items()},
            "ratio_percent": s["ratioPercent"],
            "cap_per_gift": str(s["capPerGift"]),
            "ends_at": s["endsAt"],
            "gifts": found.gifts,
            "live": self._forms.either(
                lambda clock: s["left"] > 0 and clock <= s["endsAt"] and pool.ended_at(clock) is None
            ),
            "locked": place(found.place),
        }


def _vouchers(release: Release) -> Shape:
    """Return a released milestone that pays vouchers."""
    amount = release.values["amount"]
    money = {"amount": amount, "paid": release.paid, "own": release.own, "returned": release.returned}
    left = {"left": str(amount - release.paid - release.returned), "count": release.vouchers}
    return {name: str(found) for name, found in money.items()} | left | {"until": release.place.time + 180 * 86_400}
