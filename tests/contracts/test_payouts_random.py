"""Random lists, random claims in random order, against a model in Python: nobody twice, nothing lost, no gaps."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils import keccak
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st
from rounds import PayList, Person, key_of, open_round, release, seal
from world import DAY, ZERO32, World, b32

if TYPE_CHECKING:
    from rounds import Row

LONG = bool(os.environ.get("MOA_LONG"))
PROGRAMME = b32("programme")
AMOUNTS = st.sampled_from([1, 2, 3, 10**6, 10**9, 2**40]) | st.integers(1, 10**7)
LIES = ("none", "none", "none", "none", "amount", "start", "signature", "nullifier")
SEEN: Counter[str] = Counter()


@dataclass
class Model:
    """What the book should do: each row once, up to the cap, one after the other."""

    cap: int
    paid: Counter[bytes] = field(default_factory=Counter)
    claimed: set[tuple[int, int]] = field(default_factory=set)
    delivered: Counter[int] = field(default_factory=Counter)

    def claim(self, lst: PayList, position: int, lie: str) -> tuple[int, int] | str:
        """Return what is delivered and where it starts, or the name of the refusal."""
        person = lst.people[position]
        if lie == "signature":
            return "BadSignature"
        if (lst.milestone, position) in self.claimed:
            return "AlreadyClaimed"
        if lie != "none":
            return "BadProof"
        amount = person.amount
        if self.cap:
            amount = min(amount, self.cap - self.paid[person.nullifier])
            if amount == 0:
                return "CapReached"
            self.paid[person.nullifier] += amount
        self.claimed.add((lst.milestone, position))
        start = self.delivered[lst.milestone]
        self.delivered[lst.milestone] += amount
        return amount, start


def lists_of(data: st.DataObject, capped: bool) -> list[tuple[Person, ...]]:
    """Draw the lists of one or two rounds, in which people may stand more than once."""
    made = []
    for number in range(data.draw(st.integers(1, 2), "rounds")):
        amounts = data.draw(st.lists(AMOUNTS, min_size=1, max_size=40), "amounts")
        people = []
        for i, amount in enumerate(amounts):
            who = data.draw(st.integers(0, 5), "who") if capped else 0
            nullifier = keccak(text=f"person {who}") if capped else ZERO32
            people.append(Person(key_of(f"{number} {i}"), amount, nullifier))
        made.append(tuple(people))
    return made


def lying(one: Row, lie: str) -> Row:
    """Return a claim with a lie in it, or none."""
    lies: dict[str, dict[str, Any]] = {
        "none": {},
        "amount": {"amount": one.amount + 1},
        "start": {"start": one.start + 1},
        "signature": {"r": ZERO32, "vs": ZERO32},
        "nullifier": {"nullifier": keccak(text="nobody")},
    }
    return one.but(**lies[lie])


@pytest.mark.timeout(3600 if LONG else 600)
@settings(
    max_examples=300 if LONG else 25,
    derandomize=not LONG,
    database=None,
    deadline=None,
    verbosity=Verbosity.normal,
    suppress_health_check=HealthCheck.all(),
)
@given(data=st.data())
def test_nobody_twice_and_all_money_is_delivered_or_returned(swift: World, data: st.DataObject) -> None:
    before = swift.node.rpc("evm_snapshot")
    try:
        a_round(swift, data)
    finally:
        swift.node.rpc("evm_revert", before)


def a_round(w: World, data: st.DataObject) -> None:
    """From the lists to what went back."""
    cap = data.draw(st.sampled_from([0, 0, 3, 10**6, 10**9]), "cap")
    programme = PROGRAMME if cap else ZERO32
    lists = open_round(w, *lists_of(data, bool(cap)), limits=(programme, cap, 0, 0))
    for lst in lists:
        if data.draw(st.booleans(), "sealed twice"):  # another list of the same sum first
            seal(w, replace(lst, people=lst.people[::-1]))
        seal(w, lst)
    for lst in lists:
        release(w, lst)
    play(w, data, Model(cap), lists)


def play(w: World, data: st.DataObject, model: Model, lists: list[PayList]) -> None:
    """Hand in claims, some of them wrong or twice, one by one or many at once; then let the rounds expire."""
    places = [(lst, position) for lst in lists for position in range(len(lst.people))]
    order = data.draw(st.lists(st.tuples(st.sampled_from(places), st.sampled_from(LIES)), max_size=60), "order")
    while order:
        size = data.draw(st.integers(1, 20), "size")
        part, order = order[:size], order[size:]
        claims = [lying(lst.claim(i, w.stranger), lie) for (lst, i), lie in part]
        receipt = w.do(w.relayer, w.payouts, "claimMany", [one.args for one in claims])
        events = [(name, e) for name, e in w.events(receipt, w.payouts) if name != "RoomUsed"]
        assert len(events) == len(part)
        for ((lst, position), lie), (name, event) in zip(part, events, strict=True):
            expected = model.claim(lst, position, lie)
            where = (event["pool"], event["milestone"], event["position"])
            assert where == (lst.pool, lst.milestone, position)
            if isinstance(expected, str):
                assert (name, w.node.refusal(event["reason"]).name) == ("ClaimFailed", expected)
                SEEN[expected] += 1
            else:
                assert (name, event["amount"], event["start"]) == ("Delivered", *expected)
                SEEN["part" if expected[0] < lst.people[position].amount else "whole"] += 1
        check(w, model, lists)
    expire(w, model, lists)


def check(w: World, model: Model, lists: list[PayList]) -> None:
    """The book holds what is open, and stores what the model says."""
    delivered = sum(model.delivered.values())
    assert w.balance(w.payouts.address) == sum(lst.total for lst in lists) - delivered
    assert w.balance(w.stranger) == delivered
    for lst in lists:
        stored = w.see(w.payouts, "roundOf", lst.pool, lst.milestone)
        assert stored["delivered"] == model.delivered[lst.milestone]
    for nullifier, paid in model.paid.items():
        scope = w.see(w.payouts, "scopeOf", w.token.address, PROGRAMME, lists[0].pool)
        assert w.see(w.payouts, "paidOf", scope, nullifier) == paid <= model.cap


def expire(w: World, model: Model, lists: list[PayList]) -> None:
    """What was not delivered goes back, from the end of what each release spent."""
    spent = [w.see(w.fund, "spentOf", lst.pool, lst.milestone) for lst in lists]
    w.node.wait(31 * DAY)
    returned = 0
    for lst, intervals in zip(lists, spent, strict=True):
        delivered = model.delivered[lst.milestone]
        events = w.events(w.do(w.stranger, w.payouts, "expire", lst.pool, lst.milestone))
        back = sorted((e["start"], e["start"] + e["amount"]) for name, e in events if name == "Returned")
        end = intervals[-1]["start"] + intervals[-1]["amount"]
        assert [intervals[0]["start"] + delivered, end] == ([back[0][0], back[-1][1]] if back else [end, end])
        assert sum(high - low for low, high in back) + delivered == lst.total
        returned += lst.total - delivered
        SEEN["returned" if back else "claimed whole"] += 1
    assert w.balance(w.payouts.address) == 0
    assert w.see(w.fund, "heldOf", lists[0].pool) == returned


def test_all_of_it_was_seen() -> None:
    """The walk above meets every outcome."""
    kinds = {"whole", "part", "CapReached", "AlreadyClaimed", "BadProof", "BadSignature", "returned", "claimed whole"}
    assert not kinds - set(SEEN), SEEN
