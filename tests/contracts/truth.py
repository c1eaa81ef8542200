"""What must hold at any moment, whoever did what before: storage is what the events say, and the fund is solvent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from world import ZERO, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replay import Replay

NO_GIFT = {"donor": ZERO, "amount": 0}


def check_storage(w: World, told: Replay, places: Iterable[tuple[int, int]], batches: Iterable[bytes]) -> None:
    """Compare all pools, and these gifts and batches, with what the events say."""
    check_pools(w, told, told.pools)
    views: dict[tuple[Any, ...], Any] = {("giftAt", *place): told.gifts.get(place, NO_GIFT) for place in places}
    views |= {("batchOf", batch): told.batches[batch] for batch in batches}
    for pool in told.pools:
        for who in w.attestors:
            views["isAttestor", pool, who] = who in told.seats[pool]
            for number, milestone in enumerate(told.milestones[pool]):
                attested = (pool, number, milestone["round"], who) in told.attested
                views["hasAttested", pool, number, who] = attested
    assert dict(zip(views, w.see_all([(w.fund, *view) for view in views]), strict=True)) == views


def check_pools(w: World, told: Replay, pools: Iterable[int]) -> None:
    """Compare these pools with what the events say, and see that the fund is solvent."""
    views: dict[tuple[Any, ...], Any] = {("poolCount",): len(told.pools)}
    for number in pools:
        pool = told.pools[number]
        views["poolOf", number] = pool
        views["milestonesOf", number] = told.milestones[number]
        views["heldOf", number] = pool["raised"] - pool["released"]
    *answers, balance = w.see_all([*((w.fund, *view) for view in views), (w.token, "balanceOf", w.fund.address)])
    assert dict(zip(views, answers, strict=True)) == views
    held = sum(p["raised"] - p["released"] for p in told.pools.values() if p["token"] == w.token.address)
    assert held <= balance == told.balances.get(w.fund.address, 0)


def check_members(w: World, told: Replay) -> None:
    """Compare the register, the token's balances and what was used up."""
    views: dict[tuple[Any, ...], Any] = {}
    views |= {(w.register, "memberOf", account): member for account, member in told.members.items()}
    views |= {(w.token, "balanceOf", holder): amount for holder, amount in told.balances.items()}
    views |= {(w.token, "authorizationState", *nonce): True for nonce in told.spent_nonces}
    views |= {(w.token, "depositReferenceUsed", *deposit): True for deposit in told.deposits}
    assert dict(zip(views, w.see_all(list(views)), strict=True)) == views


def check_lines(told: Replay) -> None:
    """Contributions tile [0, raised) and releases tile [0, released), without a gap or an overlap."""
    for number, pool in told.pools.items():
        assert tiles(told.lines[number]) == pool["raised"]
        assert tiles(told.spent[number]) == pool["released"]
        assert pool["released"] <= pool["raised"]


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
        held = sum(p["raised"] - p["released"] for p in pools if p["token"] == token.address)
        assert w.balance(w.fund.address, token) >= held
