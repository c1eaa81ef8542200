"""What must hold at any moment, whoever did what before: storage is what the events say, and the fund is solvent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from world import ZERO, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replay import Replay

NO_GIFT = {"donor": ZERO, "amount": 0}


def check_storage(w: World, told: Replay, places: Iterable[tuple[int, int]], batches: Iterable[bytes]) -> None:
    """Compare all views with the events; of the gifts and batches only these, since they never change."""
    views: dict[tuple[Any, ...], Any] = {("poolCount",): len(told.pools)}
    for number, pool in told.pools.items():
        views["poolOf", number] = pool
        views["milestonesOf", number] = told.milestones[number]
        views["heldOf", number] = pool["raised"] - pool["released"]
        views |= seats(w, told, number)
    views |= {("giftAt", *place): told.gifts.get(place, NO_GIFT) for place in places}
    views |= {("batchOf", batch): told.batches[batch] for batch in batches}
    *answers, balance = w.see_all([*((w.fund, *view) for view in views), (w.token, "balanceOf", w.fund.address)])
    assert dict(zip(views, answers, strict=True)) == views
    held = sum(p["raised"] - p["released"] for p in told.pools.values() if p["token"] == w.token.address)
    assert held <= balance == told.balances.get(w.fund.address, 0)


def seats(w: World, told: Replay, pool: int) -> dict[tuple[Any, ...], bool]:
    """Return who may attest, and who has attested to the standing evidence."""
    found: dict[tuple[Any, ...], bool] = {}
    for who in w.attestors:
        found["isAttestor", pool, who] = who in told.seats[pool]
        for number, milestone in enumerate(told.milestones[pool]):
            found["hasAttested", pool, number, who] = (pool, number, milestone["round"], who) in told.attested
    return found


def check_members(w: World, told: Replay) -> None:
    """Compare the register and the token's balances."""
    for account, member in told.members.items():
        assert w.see(w.register, "memberOf", account) == member
    for holder, amount in told.balances.items():
        assert w.balance(holder) == amount
    for authorizer, nonce in told.spent_nonces:
        assert w.see(w.token, "authorizationState", authorizer, nonce)
    for gateway, reference in told.deposits:
        assert w.see(w.token, "depositReferenceUsed", gateway, reference)


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
