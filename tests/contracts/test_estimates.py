"""PledgeBook: no pledge fails, and no period is lost, because a keeper's call had too little gas.

collect
├── with what the node estimates: every pledge is collected, whatever the number of pledges and sponsors
├── with less, down to nothing: refused as a whole, or collected; never told of as a run that failed
└── of a run that truly fails: told as such, and the estimate is enough for that
"""

from __future__ import annotations

import os

import pytest
from pledging import Pledges, Terms
from refusals import reverts
from sponsoring import lock
from test_pledges import open_ended, other_token
from world import UNIT, RefusedError, World

LONG = bool(os.environ.get("MOA_LONG"))
SPONSORS = ("donor3", "payee", "payee2", "stranger")


@pytest.fixture
def pledges(w: World) -> Pledges:
    """The book; donor1 has tokens, and lets it take them."""
    w.do(w.donor1, w.token, "approve", w.pledges.address, 10**11)
    return Pledges(w, w.pledges)


def prepare(w: World, pledges: Pledges, sponsors: int, count: int) -> list[int]:
    """Make pledges to a pool that has so many sponsors."""
    pool = open_ended(w)
    for name in SPONSORS[:sponsors]:
        lock(w, pool, w.addresses[name], 500 * UNIT)
    return [pledges.make(w.donor1, Terms(pool)) for _ in range(count)]


def estimate(w: World, ids: list[int]) -> int:
    """Return what the node says that a collection takes."""
    return int(w.node.rpc("eth_estimateGas", {"from": w.relayer, **w.pledges.call("collect", ids)}), 16)


def told_with(w: World, ids: list[int], gas: int) -> list[str]:
    """Collect with so much gas, and return the names of the book's events."""
    receipt = w.node.send_raw({"from": w.relayer, "gas": hex(gas), **w.pledges.call("collect", ids)})
    return [name for name, _ in w.events(receipt, w.pledges)]


@pytest.mark.parametrize("sponsors", [0, 1, 2, 4])
@pytest.mark.parametrize("count", [1, 2])
def test_the_estimate_is_enough(w: World, pledges: Pledges, sponsors: int, count: int) -> None:
    ids = prepare(w, pledges, sponsors, count)
    assert told_with(w, ids, estimate(w, ids)) == ["Collected"]
    assert [pledges.of(i)["collections"] for i in ids] == [1] * count
    assert w.pool(pledges.of(ids[0])["pool"])["raised"] == 5 * UNIT * count * (1 + sponsors)


def test_the_estimate_is_enough_for_many_runs(w: World, pledges: Pledges) -> None:
    ids = [i for sponsors in (2, 0, 4) for i in prepare(w, pledges, sponsors, 3)]
    assert told_with(w, ids, estimate(w, ids)) == ["Collected"] * 3


@pytest.mark.parametrize("sponsors", [0, 4])
def test_no_amount_of_gas_loses_a_period(w: World, pledges: Pledges, sponsors: int) -> None:
    """Whatever a node would take for a call that goes through, it collects."""
    ids = prepare(w, pledges, sponsors, 2)
    passed, refused = [], set()
    for gas in range(30_000, 95_000 + estimate(w, ids), 2_500 if LONG else 7_500):
        try:
            w.node.rpc("eth_call", {"from": w.relayer, "gas": hex(gas), **w.pledges.call("collect", ids)}, "latest")
        except RefusedError as error:
            refused.add(error.name)
        except RuntimeError:  # out of gas
            refused.add("")
        else:
            passed.append(gas)
    assert "NotEnoughGas" in refused
    for gas in passed:
        before = w.node.rpc("evm_snapshot")
        assert told_with(w, ids, gas) == ["Collected"]
        w.node.rpc("evm_revert", before)


def test_a_run_that_truly_fails_says_so(w: World, pledges: Pledges) -> None:
    """The last of them as well, which has what the others left."""
    token, odd = other_token(w, "BarringToken", w.pledges)
    bad = [pledges.make(w.donor1, Terms(odd)) for _ in range(2)]
    good = prepare(w, pledges, 4, 1)
    w.do(w.stranger, token, "bar", w.fund.address, True)
    gas = estimate(w, [*good, *bad])
    assert told_with(w, [*good, *bad], gas) == ["Collected", "CollectionFailed", "CollectionFailed"]
    with reverts("NotEnoughGas"):
        told_with(w, bad, 150_000)
