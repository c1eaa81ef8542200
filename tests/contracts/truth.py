"""What must hold at any moment, whoever did what before: storage is what the events say, and nothing is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from world import ZERO, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replay import Replay

NO_GIFT = {"donor": ZERO, "amount": 0}


def check_storage(
    w: World,
    told: Replay,
    places: Iterable[tuple[int, int]],
    batches: Iterable[bytes],
    more: dict[tuple[Any, ...], Any] | None = None,
) -> None:
    """Compare all pools, these gifts and batches, and `more` views, with what the events say."""
    check_pools(w, told, told.pools, more)
    places = set(places)
    views: dict[tuple[Any, ...], Any] = {}
    for place in places:
        views[w.fund, "giftAt", *place] = told.gifts.get(place, NO_GIFT)
        views[w.fund, "refundedOf", *place] = told.refunds.get(place, 0)
    views |= {(w.fund, "batchOf", batch): told.batches[batch] for batch in batches}
    for pool in told.pools:
        views[w.fund, "limitsOf", pool] = told.limits[pool]
        views[w.fund, "isMatched", pool] = told.matched.get(pool, False)
        for who in {*w.attestors, *told.seats[pool]}:
            views[w.judgement, "isAttestor", pool, who] = told.sits(pool, who)
            for number, milestone in enumerate(told.milestones[pool]):
                attested = (pool, number, milestone["round"], who) in told.attested
                views[w.judgement, "hasAttested", pool, number, who] = attested
    for pool, start in places:
        for number, milestone in enumerate(told.milestones[pool]):
            objected = (pool, number, milestone["round"], start) in told.objected
            views[w.judgement, "hasObjected", pool, number, start] = objected
    for subject, attestors in told.consents.items():
        kind, rotations, pool, *what = subject
        if rotations != told.panels[pool]["rotations"]:
            continue
        if kind == "rotation":
            views[w.judgement, "rotationConsents", pool, *what] = (len(attestors), told.agreed.get(subject, 0))
        elif what[0] == len(told.milestones[pool]):
            views[w.judgement, "milestoneConsents", pool, tuple(what[1:])] = len(attestors)
    same(views, w.see_all(list(views)))


def check_pools(w: World, told: Replay, pools: Iterable[int], more: dict[tuple[Any, ...], Any] | None = None) -> None:
    """Compare these pools, and `more` views, with what the events say, and see that the fund is solvent."""
    views: dict[tuple[Any, ...], Any] = {(w.fund, "poolCount"): len(told.pools)} | (more or {})
    for number in pools:
        pool = told.pools[number]
        views[w.fund, "poolOf", number] = pool
        views[w.fund, "milestonesOf", number] = told.planned[number]
        views[w.fund, "heldOf", number] = pool["raised"] - pool["released"] - pool["refunded"]
        views[w.judgement, "panelOf", number] = told.panels[number]
        views[w.judgement, "milestonesOf", number] = told.milestones[number]
        for milestone, _ in enumerate(told.planned[number]):
            pieces = told.spent.get((number, milestone), [])
            views[w.fund, "spentOf", number, milestone] = [{"start": a, "amount": b - a} for a, b in pieces]
    *answers, balance = w.see_all([*views, (w.token, "balanceOf", w.fund.address)])
    same(views, answers)
    held = sum(
        p["raised"] - p["released"] - p["refunded"] for p in told.pools.values() if p["token"] == w.token.address
    )
    assert held <= balance == told.balances.get(w.fund.address, 0)
    for number in pools:
        assert told.panels[number]["reserved"] <= told.pools[number]["raised"] - told.pools[number]["released"]


def same(views: dict[tuple[Any, ...], Any], answers: list[Any]) -> None:
    """Compare what was told with what is stored, and name only what differs."""
    found = zip(views.items(), answers, strict=True)
    other = {view[1:]: (told, stored) for (view, told), stored in found if told != stored}
    assert not other, other


def check_members(w: World, told: Replay) -> None:
    """Compare the register, the token's balances and what was used up."""
    views: dict[tuple[Any, ...], Any] = {}
    views |= {(w.register, "memberOf", account): member for account, member in told.members.items()}
    views |= {(w.token, "balanceOf", holder): amount for holder, amount in told.balances.items()}
    views |= {(w.token, "authorizationState", *nonce): True for nonce in told.spent_nonces}
    views |= {(w.token, "depositReferenceUsed", *deposit): True for deposit in told.deposits}
    same(views, w.see_all(list(views)))


def check_lines(told: Replay, pools: Iterable[int] | None = None) -> None:
    """Contributions tile [0, raised), and what is spent, what is back and what never was spent tile it as well."""
    for number in told.pools if pools is None else pools:
        pool = told.pools[number]
        assert tiles(told.lines[number]) == pool["raised"]
        spent = sorted(piece for (of, _), pieces in told.spent.items() if of == number for piece in pieces)
        front = told.fronts.get(number, 0)
        assert front == pool["released"] + pool["returned"] <= pool["raised"]
        back = gaps(spent, front)
        assert sum(high - low for low, high in back) == pool["returned"]
        assert sum(high - low for low, high in spent) == pool["released"]


def gaps(intervals: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """Return the gaps between intervals that are in order and do not overlap, up to `end`."""
    found, here = [], 0
    for start, stop in intervals:
        assert here <= start < stop <= end
        if here < start:
            found.append((here, start))
        here = stop
    return [*found, (here, end)] if here < end else found


def tiles(intervals: list[tuple[int, int]]) -> int:
    """Return the end of intervals that follow each other from 0."""
    end = 0
    for start, stop in intervals:
        assert start == end < stop
        end = stop
    return end


def check_solvent(w: World, tokens: Iterable[Any] = ()) -> None:
    """The fund holds of each token at least what the pools in it hold together."""
    pools = w.see_all([(w.fund, "poolOf", n) for n in range(1, w.see(w.fund, "poolCount") + 1)])
    for token in (w.token, *tokens):
        held = sum(p["raised"] - p["released"] - p["refunded"] for p in pools if p["token"] == token.address)
        assert w.balance(w.fund.address, token) >= held
