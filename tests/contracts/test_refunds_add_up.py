"""Rule 5: whatever was given, spent and given back, all pulls add up to what the pool holds, and no dust stays.

Random gifts (brought, in batches, with a receipt key or without), random releases and give-backs before the end and
after it, pulls in random order, some donors claiming and some not, and the gateway at last. A list with one item a unit
says what each of them must have got.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from entrytree import entry_of
from eth_keys.datatypes import PrivateKey
from eth_utils import keccak
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st
from places import Places
from refunding import MONTH, Recorded, address_of, claim, pay_out, pull, record, take
from world import DAY, HOUR, ZERO, RefusedError, World

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.swift
LONG = bool(os.environ.get("MOA_LONG"))
SOME = settings(
    max_examples=300 if LONG else 20,
    derandomize=not LONG,
    database=None,
    deadline=None,
    verbosity=Verbosity.normal,
    suppress_health_check=HealthCheck.all(),
)
BANK = address_of(1000)


@dataclass
class Contributions:
    """Who gave what, where, and how each pulls it. Contribution i is refunded to `address_of(i)`."""

    w: World
    pool: int
    places: Places = field(default_factory=Places)
    direct: dict[int, int] = field(default_factory=dict)
    entries: dict[int, tuple[Recorded, int, bytes | None]] = field(default_factory=dict)
    batches: list[tuple[Recorded, list[int]]] = field(default_factory=list)
    count: int = 0

    def next(self, amount: int) -> int:
        """Put one more in line; return its number."""
        self.count += 1
        self.places.lengthen(self.count, amount)
        return self.count

    def brought(self, amounts: list[int]) -> None:
        """Add direct gifts of donors who have nothing else."""
        gifts = []
        for amount in amounts:
            start = len(self.places.owner)
            number = self.next(amount)
            self.direct[number] = start
            gifts.append(entry_of(address_of(number), 0, amount))
        self.w.do(self.w.donor1, self.w.fund, "contributeMany", self.pool, gifts)

    def batch(self, amounts: list[int], coded: list[bool]) -> None:
        """Add a batch, in which some donors have a receipt key."""
        numbers = [self.next(amount) for amount in amounts]
        keys = [keccak(text=f"key {n}") if has else None for n, has in zip(numbers, coded, strict=True)]
        donors = [PrivateKey(key).public_key.to_checksum_address() if key else ZERO for key in keys]
        recorded = record(self.w, self.pool, list(zip(donors, amounts, strict=True)), f"batch {numbers[0]}")
        for position, number in enumerate(numbers):
            self.entries[number] = (recorded, position, keys[position])
        self.batches.append((recorded, numbers))

    def got(self, number: int) -> int:
        """Return what a contributor has got back."""
        return self.w.balance(address_of(number))

    def pull(self, number: int) -> None:
        """Let one contribution pull what is due to it, or be told that nothing is."""
        due = self.places.due()[number] - self.got(number)
        if number in self.direct:
            start = self.direct[number]
            self.exactly(due, number, lambda: pull(self.w, self.pool, start, address_of(number)))
        else:
            recorded, position, key = self.entries[number]
            if key is not None:
                self.exactly(due, number, lambda: claim(self.w, recorded, position, address_of(number), key=key))

    def exactly(self, due: int, number: int, call: Callable[[], Any]) -> None:
        """Make a call that pays so much, or, if that is nothing, is refused for it."""
        before = self.got(number)
        try:
            call()
        except RefusedError as refused:
            assert (refused.name, due) == ("NothingToRefund", 0)  # noqa: PT017 -- refused or not, it pays what is due
        assert self.got(number) - before == due

    def sweep(self) -> None:
        """Let the gateway take the rest of each batch."""
        for recorded, numbers in self.batches:
            before = self.w.balance(BANK)
            rest = sum(self.places.due()[n] - self.got(n) for n in numbers) - self.taken(recorded)
            try:
                take(self.w, recorded, BANK)
            except RefusedError as refused:
                assert (refused.name, rest) == ("NothingToRefund", 0)  # noqa: PT017 -- as above
            assert self.w.balance(BANK) - before == rest

    def taken(self, recorded: Recorded) -> int:
        """Return what the gateway has taken of a batch: what was refunded of it, less what its donors got."""
        numbers = next(n for r, n in self.batches if r is recorded)
        refunded: int = self.w.see(self.w.fund, "batchOf", recorded.batch)["refunded"]
        return refunded - sum(map(self.got, numbers))


@pytest.mark.timeout(3600 if LONG else 600)
@SOME
@given(data=st.data())
def test_all_pulls_add_up(swift: World, data: st.DataObject) -> None:
    before = swift.node.rpc("evm_snapshot")
    try:
        play(swift, data)
    finally:
        swift.node.rpc("evm_revert", before)


def play(w: World, data: st.DataObject) -> None:
    """Let a pool live, end, and be emptied."""
    amounts = data.draw(st.lists(st.integers(1, 60), min_size=1, max_size=3))
    all_ = lives(w, data, amounts)
    if w.state(all_.pool) == "active":
        w.do(w.ngo, w.fund, "cancel", all_.pool)
    empties(w, data, all_, len(amounts))

    assert (w.see(w.fund, "heldOf", all_.pool), w.balance(w.fund.address)) == (0, 0)
    due_to = all_.places.due()
    assert sum(due_to.values()) == w.pool(all_.pool)["refunded"]
    assert {n: all_.got(n) for n in all_.direct} == {n: due_to[n] for n in all_.direct}
    for _, numbers in all_.batches:
        assert all(all_.got(n) <= due_to[n] for n in numbers)


def lives(w: World, data: st.DataObject, amounts: list[int]) -> Contributions:
    """Let people give, and payees be paid."""
    due = w.node.now + 300 * DAY
    tranches = [(w.payee, amount, due) for amount in amounts]
    pool = w.open_pool(milestones=tranches, objectionWindow=HOUR, fundingThreshold=0, fundingDeadline=due)
    all_ = Contributions(w, pool)
    for _ in range(data.draw(st.integers(1, 4))):
        given_ = data.draw(st.lists(st.integers(1, 25), min_size=1, max_size=4))
        if data.draw(st.booleans()):
            all_.brought(given_)
        else:
            all_.batch(given_, [data.draw(st.booleans()) for _ in given_])
    w.do(w.payee, w.token, "approve", w.fund.address, 2**256 - 1)
    for milestone, amount in enumerate(amounts):
        if all_.places.free() >= amount and data.draw(st.integers(0, 3)):
            pay_out(w, pool, milestone)
            all_.places.spend(milestone, amount)
            back(w, data, all_, milestone)
    return all_


def empties(w: World, data: st.DataObject, all_: Contributions, milestones: int) -> None:
    """Let contributors pull in any order, some at once, some late, some never; then the gateway; payees give back."""
    numbers = range(1, all_.count + 1)
    for number in data.draw(st.permutations(numbers)):
        if data.draw(st.booleans()):
            all_.pull(number)
    for milestone in range(milestones):
        back(w, data, all_, milestone)
    claimers = [n for n in numbers if n in all_.direct or data.draw(st.booleans())]
    for number in data.draw(st.permutations(claimers)):
        all_.pull(number)
    w.node.wait(MONTH)
    all_.sweep()
    for milestone in range(milestones):
        back(w, data, all_, milestone)
    for number in all_.direct:
        all_.pull(number)
    w.node.wait(MONTH)
    all_.sweep()


def back(w: World, data: st.DataObject, all_: Contributions, milestone: int) -> None:
    """Perhaps let the payee give something back."""
    kept = all_.places.kept(milestone)
    if kept and data.draw(st.integers(0, 2)) == 0:
        amount = data.draw(st.integers(1, kept))
        w.do(w.payee, w.fund, "giveBack", all_.pool, milestone, amount)
        all_.places.give_back(milestone, amount)
