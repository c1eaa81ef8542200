# ruff: noqa: S311 (seeded: the same entries in each run)
"""Proofs: what a batch's root commits to, checked against a tree of our own, and what nobody can forge."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from entrytree import Tree, amount_of, entry_of, leaf_of, seed_of
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st
from refusals import reverts
from signing import CHAIN
from world import MAX63, NEVER, UNIT, ZERO32, World, b32

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.swift
LONG = bool(os.environ.get("MOA_LONG"))
COUNTS = [*range(1, 71), 127, 128, 129, 255, 256, 257, 1000]
SOME = settings(
    max_examples=2000 if LONG else 150,
    derandomize=not LONG,
    database=None,
    deadline=None,
    verbosity=Verbosity.normal,
    suppress_health_check=HealthCheck.all(),
)


def entries_of(count: int, rng: random.Random) -> tuple[bytes, ...]:
    """Return made-up gifts: some anonymous, some alike, all of more than nothing."""
    donors = [bytes(20), *(rng.randbytes(20) for _ in range(9))]
    times = [0, NEVER, *(rng.randrange(2**32) for _ in range(9))]
    amounts = [1, 2**40, *(rng.randrange(1, 10**9) for _ in range(9))]
    return tuple(entry_of(rng.choice(donors), rng.choice(times), rng.choice(amounts)) for _ in range(count))


def record(w: World, pool: int, entries: tuple[bytes, ...], reference: bytes) -> tuple[bytes, Tree]:
    """Record a batch; return its id and our own tree of it."""
    start = w.pool(pool)["raised"]
    batch = w.see(w.fund, "batchId", w.gateway, reference)
    w.do(w.gateway, w.fund, "recordBatch", pool, reference, b"".join(entries))
    return batch, Tree(seed_of(CHAIN, w.fund.address, pool, batch), start, entries)


def proves(w: World, *claim: Any) -> bool:
    """Ask the contract about a claim: batch, position, start, entry, path."""
    answer: bool = w.see(w.fund, "verifyEntry", claim)
    return answer


class TestTree:
    """The contract's tree is RFC 9162's."""

    @pytest.mark.parametrize("count", COUNTS)
    def test_root_sum_and_proofs_of_any_number_of_entries(self, w: World, pool: int, count: int) -> None:
        w.mint(w.gateway, 10**16)
        w.give(pool, 7)
        rng = random.Random(count)
        batch, tree = record(w, pool, entries_of(count, rng), b32("b"))
        stored = w.see(w.fund, "batchOf", batch)
        fresh = {"refunded": 0, "taken": False}
        assert stored == {"root": tree.root, "start": 7, "amount": tree.total, "count": count, "pool": pool} | fresh
        assert w.pool(pool)["raised"] == 7 + tree.total
        positions = (
            range(count) if count < 20 else {0, 1, count // 2, count - 2, count - 1, *rng.choices(range(count), k=4)}
        )
        for i in positions:
            assert proves(w, batch, i, tree.starts[i], tree.entries[i], tree.path(i))


class TestHonesty:
    """The contract adds up by itself, and takes a reference once."""

    def test_exactly_the_sum_is_pulled_and_the_entries_are_in_the_log(self, w: World, pool: int) -> None:
        entries = entries_of(33, random.Random(1))
        total = sum(map(amount_of, entries))
        w.mint(w.gateway, total)
        before = w.balance(w.gateway)
        receipt = w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), b"".join(entries))
        assert (before - w.balance(w.gateway), w.balance(w.fund.address)) == (total, total)
        [(name, event)] = w.events(receipt)
        batch = w.see(w.fund, "batchId", w.gateway, b32("ref"))
        said = {"pool": pool, "batch": batch, "gateway": w.gateway, "token": w.token.address, "start": 0}
        assert name == "BatchRecorded"
        assert event | said == event
        assert (event["gatewayReference"], event["amount"], event["count"]) == (b32("ref"), total, 33)
        assert event["entries"] == b"".join(entries)

    @pytest.mark.parametrize("position", [0, 1, 2, 3, 4])
    @pytest.mark.parametrize("count", [5, 6])
    def test_an_entry_of_nothing_is_named_by_its_position(self, w: World, pool: int, count: int, position: int) -> None:
        entries = list(entries_of(count, random.Random(2)))
        entries[position] = entry_of(b"\x01" * 20, 1, 0)
        with reverts("ZeroEntry", position):
            w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), b"".join(entries))

    def test_the_first_of_two_entries_of_nothing_is_named(self, w: World, pool: int) -> None:
        entries = [entry_of(b"\x01" * 20, 1, amount) for amount in (5, 5, 0, 5, 0)]
        with reverts("ZeroEntry", 2):
            w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), b"".join(entries))

    @pytest.mark.parametrize("length", [0, 1, 31, 33, 63, 65])
    def test_bytes_that_are_not_whole_entries_are_refused(self, w: World, pool: int, length: int) -> None:
        with reverts("BadEntries", length):
            w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), b"\x01" * length)

    def test_more_entries_than_a_batch_can_count_are_refused(self, w: World) -> None:
        """512 MiB of them, more than a transaction carries: so the library alone is told that they are there."""
        with reverts("BadEntries", 2**24 * 32):
            w.see(w.deploy("MockEntryTree"), "toBatch", 2**24)

    def test_amounts_that_overflow_64_bits_together_are_refused(self, w: World, pool: int) -> None:
        for amounts in ([2**63], [2**64 - 1, 2**64 - 1], [2**64 - 1, 1], [MAX63, 1], [2**64 - 1] * 40):
            entries = b"".join(entry_of(b"\x01" * 20, 1, amount) for amount in amounts)
            with reverts("TooMuch", pool):
                w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), entries)

    def test_a_reference_works_once_for_each_gateway(self, w: World, pool: int) -> None:
        entry = entry_of(bytes(20), 1, UNIT)
        w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), entry)
        with reverts("ReferenceUsed", w.gateway, b32("ref")):
            w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), entry)
        other = w.open_pool()
        with reverts("ReferenceUsed", w.gateway, b32("ref")):
            w.do(w.gateway, w.fund, "recordBatch", other, b32("ref"), entry_of(bytes(20), 2, 5))
        w.do(w.gateway2, w.fund, "recordBatch", pool, b32("ref"), entry)
        ids = [w.see(w.fund, "batchId", who, b32("ref")) for who in (w.gateway, w.gateway2)]
        assert [w.see(w.fund, "batchOf", batch)["start"] for batch in ids] == [0, UNIT]

    def test_a_reference_whose_batch_was_refused_can_be_used_again(self, w: World, pool: int) -> None:
        with reverts("ZeroEntry", 0):
            w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), entry_of(bytes(20), 1, 0))
        w.do(w.gateway, w.fund, "recordBatch", pool, b32("ref"), entry_of(bytes(20), 1, 1))

    def test_the_same_entries_twice_make_other_roots(self, w: World, pool: int) -> None:
        entries = entries_of(3, random.Random(3))
        w.mint(w.gateway, 10**14)
        roots = {w.see(w.fund, "batchOf", record(w, pool, entries, b32(r))[0])["root"] for r in "abc"}
        assert len(roots) == 3


@dataclass(frozen=True, repr=False)
class Shelf:
    """Recorded batches to forge proofs for."""

    w: World
    batches: dict[bytes, Tree]


class TestForgeries:
    """A proof holds for this batch, position, start, donor, time and amount, and for nothing else."""

    @pytest.fixture(scope="class")
    @staticmethod
    def shelf(swift: World) -> Iterator[Shelf]:
        w = swift
        before = w.node.rpc("evm_snapshot")
        w.mint(w.gateway, 10**16)
        pools = [w.open_pool(), w.open_pool()]
        rng = random.Random(5)
        batches = {}
        for i, count in enumerate([1, 2, 3, 4, 5, 7, 8, 9, 16, 21, 64]):
            batch, tree = record(w, pools[i % 2], entries_of(count, rng), b32(f"batch {i}"))
            batches[batch] = tree
        yield Shelf(w, batches)
        w.node.rpc("evm_revert", before)

    @SOME
    @given(data=st.data())
    def test_nothing_but_the_truth_is_proved(self, shelf: Shelf, data: st.DataObject) -> None:
        """Any change of any part, alone or with others, and the proof fails; with no change it holds."""
        batch = data.draw(st.sampled_from(list(shelf.batches)))
        tree = shelf.batches[batch]
        i = data.draw(st.integers(0, len(tree.entries) - 1))
        truth = (batch, i, tree.starts[i], tree.entries[i], tuple(tree.path(i)))
        assert proves(shelf.w, *truth[:4], list(truth[4]))
        claim = list(truth)
        for part in data.draw(st.sets(st.integers(0, 4), min_size=1)):
            claim[part] = data.draw(self.lies(shelf, tree, part, truth[part]))
        said = (*claim[:4], tuple(claim[4]))
        if said != truth and not self.is_true(shelf, said):
            assert not proves(shelf.w, *said[:4], list(said[4]))

    @staticmethod
    def is_true(shelf: Shelf, said: tuple) -> bool:
        """Whether a claim, by chance, is another truth."""
        batch, i, start, entry, path = said
        tree = shelf.batches.get(batch)
        if tree is None or i >= len(tree.entries):
            return False
        return (tree.starts[i], tree.entries[i], tuple(tree.path(i))) == (start, entry, path)

    @staticmethod
    def lies(shelf: Shelf, tree: Tree, part: int, true: object) -> st.SearchStrategy:
        """Return what might be said instead of the truth about one part of a proof."""
        others, nodes = list(shelf.batches), [*tree.leaves, *(t.root for t in shelf.batches.values()), ZERO32]
        if part == 0:
            return st.one_of(st.sampled_from(others), st.just(ZERO32), st.binary(min_size=32, max_size=32))
        if part == 1:
            far = [true + 2**k for k in (7, 31, 32, 64, 128, 255)]
            return st.one_of(st.integers(0, 70), st.sampled_from([*far, len(tree.entries), 2**256 - 1]))
        if part == 2:
            return st.one_of(st.sampled_from(tree.starts), st.integers(0, 2**64 - 1))
        if part == 3:
            flipped = st.integers(0, 255).map(lambda b: (int.from_bytes(true) ^ 1 << b).to_bytes(32))
            return st.one_of(st.sampled_from(tree.entries), st.sampled_from(nodes), flipped)
        node = st.sampled_from(nodes)
        return st.one_of(
            st.lists(node, max_size=8),
            st.integers(0, 8).map(lambda n: true[:n]),
            node.map(lambda n: (*true, n)),
            node.map(lambda n: (n, *true)),
            st.permutations(true),
        )

    def test_an_inner_node_is_not_an_entry(self, shelf: Shelf) -> None:
        """The two halves of an inner node's 64 bytes, taken as seed-and-place and entry, prove nothing."""
        batch, tree = next((b, t) for b, t in shelf.batches.items() if len(t.entries) == 4)
        left, right = tree.leaves[:2]
        for start in (0, tree.start, int.from_bytes(left[-8:]), int.from_bytes(right[-8:])):
            for entry in (left, right, tree.root):
                for position in (0, 1, 2, 3):
                    assert not proves(shelf.w, batch, position, start, entry, tree.path(0)[1:])
                    assert not proves(shelf.w, batch, position, start, entry, tree.path(0))

    def test_a_position_beyond_the_last_is_in_no_batch(self, shelf: Shelf) -> None:
        for batch, tree in shelf.batches.items():
            i = len(tree.entries) - 1
            for far in (1, len(tree.entries), 2**32, 2**128, 2**256 - 1 - i):
                assert not proves(shelf.w, batch, i + far, tree.starts[i], tree.entries[i], tree.path(i))

    def test_a_batch_that_is_not_there_proves_nothing(self, shelf: Shelf) -> None:
        entry = entry_of(bytes(20), 0, 1)
        leaf = leaf_of(seed_of(CHAIN, shelf.w.fund.address, 0, ZERO32), 0, 0, entry)
        for path in ([], [leaf], [ZERO32]):
            assert not proves(shelf.w, ZERO32, 0, 0, entry, path)

    def test_another_fund_or_chain_has_other_leaves(self, w: World, pool: int) -> None:
        """The seed binds chain and contract: the same batch elsewhere has another root."""
        batch, tree = record(w, pool, entries_of(1, random.Random(6)), b32("ref"))
        root = w.see(w.fund, "batchOf", batch)["root"]
        for seed in (
            seed_of(CHAIN + 1, w.fund.address, pool, batch),
            seed_of(CHAIN, w.token.address, pool, batch),
            seed_of(CHAIN, w.fund.address, pool + 1, batch),
        ):
            assert leaf_of(seed, 0, tree.start, tree.entries[0]) != root

    def test_a_very_long_proof_is_refused_cheaply(self, shelf: Shelf) -> None:
        batch, tree = next(iter(shelf.batches.items()))
        assert not proves(shelf.w, batch, 0, tree.start, tree.entries[0], [ZERO32] * 3000)
