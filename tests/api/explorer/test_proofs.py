"""Proofs hold against RFC 9162 as another program reads it, and nothing else passes for one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from api import tables
from api import tree as trees
from api.explorer import kept, proofs
from api.explorer.app import create_app
from api.indexer.store import Store
from api.types import MemberKind
from tests.api.explorer import merkle
from tests.api.explorer.book import CHAIN_ID, DAY, FUND, TOKEN, Book, account, pack
from tests.api.explorer.conftest import settings_in
from tests.api.stores import opened

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

    from api.settings import Settings
    from tests.api.explorer.world import World
    from tests.api.stores import Databases

SEED = keccak(text="seed")
entries = st.lists(
    st.tuples(st.binary(min_size=20, max_size=20), st.integers(0, 2**32 - 1), st.integers(1, 2**40)),
    min_size=1,
    max_size=200,
)


def roots_of(packed: bytes, start: int) -> bytes:
    """Return what the index keeps of a batch's tree."""
    return b"".join(trees.roots(trees.leaves(SEED, packed, trees.starts(packed, start))))


@given(entries, st.integers(0, 2**62), st.data())
def test_a_proof_verifies_and_binds_all_that_it_says(batch: list[Any], start: int, data: st.DataObject) -> None:
    packed, count = pack(batch), len(batch)
    position = data.draw(st.integers(0, count - 1))
    tree = proofs.proof_of(SEED, packed, start, position, roots_of(packed, start))
    assert tree.root == merkle.root(merkle.leaves(SEED, packed, start))
    here = start + sum(amount for _, _, amount in batch[:position])
    entry, siblings = packed[32 * position :][:32], tree.siblings
    assert int(trees.starts(packed, start)[position]) == here
    leaf = merkle.leaf(SEED, position, here, entry)
    assert tree.leaf == leaf
    assert merkle.verifies(tree.root, count, position, leaf, siblings)

    # Another seed, place, start, entry or list of siblings is another claim, and false.
    other = bytearray(entry)
    other[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    forged = [
        merkle.leaf(keccak(SEED), position, here, entry),
        merkle.leaf(SEED, position + 1, here, entry),
        merkle.leaf(SEED, position, here + 1, entry),
        merkle.leaf(SEED, position, here, bytes(other)),
    ]
    assert not any(merkle.verifies(tree.root, count, position, fake, siblings) for fake in forged)
    assert not merkle.verifies(tree.root, count, position, leaf, [*siblings, SEED])
    if siblings:
        assert not merkle.verifies(tree.root, count, position, leaf, siblings[:-1])
        # An inner node cannot be shown as the leaf of a smaller tree.
        inner = keccak(leaf + siblings[0]) if position % 2 == 0 else keccak(siblings[0] + leaf)
        assert not merkle.verifies(tree.root, count, position, inner, siblings[1:]) or count == 1


@given(entries, st.integers(0, 2**62))
def test_every_position_of_a_batch_has_a_proof(batch: list[Any], start: int) -> None:
    packed, count = pack(batch), len(batch)
    subtrees = roots_of(packed, start)
    for position in range(count):
        leaf, siblings, root = proofs.proof_of(SEED, packed, start, position, subtrees)
        assert merkle.verifies(root, count, position, leaf, siblings)


def reference(nodes: list[bytes], position: int) -> list[bytes]:
    """Section 2.1.3.1: the inclusion proof, from the leaf up."""
    if len(nodes) == 1:
        return []
    split = 1 << ((len(nodes) - 1).bit_length() - 1)
    if position < split:
        return [*reference(nodes[:split], position), merkle.root(nodes[split:])]
    return [*reference(nodes[split:], position - split), merkle.root(nodes[:split])]


@pytest.mark.parametrize("count", [*range(1, 301), 4_000])
def test_a_proof_by_subtrees_is_that_of_the_whole_tree(count: int) -> None:
    chance = random.Random(count)  # noqa: S311
    packed = pack([(chance.randbytes(20), chance.randrange(2**32), chance.randrange(1, 2**40)) for _ in range(count)])
    whole, subtrees = merkle.leaves(SEED, packed, 7), roots_of(packed, 7)
    assert subtrees == b"".join(merkle.root(whole[i : i + 64]) for i in range(0, count, 64))
    root = merkle.root(whole)
    edges = {0, 63, 64, 127, 128, count - 1, chance.randrange(count)}
    for position in sorted(edges & set(range(count))):
        proof = proofs.proof_of(SEED, packed, 7, position, subtrees)
        assert proof == (whole[position], reference(whole, position), root)
        assert merkle.verifies(root, count, position, proof.leaf, proof.siblings)


@given(st.integers(1, 400), st.integers(0, 2**62), st.data())
def test_a_proof_by_altered_subtrees_comes_to_another_root(count: int, start: int, data: st.DataObject) -> None:
    """The root of the gift's own subtree alone is taken from nobody."""
    packed = pack([(bytes([i % 256]) * 20, i, 1 + i) for i in range(count)])
    subtrees = roots_of(packed, start)
    position = data.draw(st.integers(0, count - 1))
    own = position // 64
    true = proofs.proof_of(SEED, packed, start, position, subtrees)
    assert true.root == merkle.root(merkle.leaves(SEED, packed, start))
    at = data.draw(st.integers(0, len(subtrees) - 1))
    flipped = bytearray(subtrees)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    altered = proofs.proof_of(SEED, packed, start, position, bytes(flipped))
    assert (altered == true) == (at // 32 == own)
    assert altered.leaf == true.leaf
    # One too many, the last one lost, all lost.
    wrong = [subtrees + SEED]
    wrong += [subtrees[:-32], subtrees[:-1]] if own < len(subtrees) // 32 - 1 else []
    wrong += [b""] if len(subtrees) > 32 else []
    for others in wrong:
        assert proofs.proof_of(SEED, packed, start, position, others).root != true.root


def test_entries_are_read_out_of_the_log() -> None:
    packed = pack([(bytes(20), 1, 2), (b"\1" * 20, 3, 4)])
    kinds = ["address", "bytes32", "bytes32", "uint64", "uint64", "uint32", "bytes"]
    data = encode(kinds, [FUND, bytes(32), bytes(32), 5, 6, 2, packed])
    assert proofs.entries_of_log(data) == packed
    for broken in (b"", data[:-40], data[:224], encode(kinds, [FUND, bytes(32), bytes(32), 5, 6, 2, b"x"])):
        with pytest.raises(ValueError, match="not the data"):
            proofs.entries_of_log(broken)


def test_the_interface_gives_proofs_that_verify(get: Any, world: World) -> None:
    found = get(f"/batches/0x{world.batch.hex()}/contributions")["items"]
    assert len(found) == len(world.entries)
    seed = keccak(encode(["uint256", "address", "uint256", "bytes32"], [CHAIN_ID, FUND, 1, world.batch]))
    for item, (donor, paid, amount) in zip(found, world.entries, strict=True):
        one = get(f"/contributions/{item['id']}")
        proof = one["proof"]
        assert proof["matches"]
        assert proof["seed"] == "0x" + seed.hex()
        assert proof["entry"] == one["entry"] == "0x" + pack([(donor, paid, amount)]).hex()
        leaf = merkle.leaf(seed, proof["position"], int(proof["start"]), bytes.fromhex(proof["entry"][2:]))
        assert proof["leaf"] == "0x" + leaf.hex()
        siblings = [bytes.fromhex(node[2:]) for node in proof["siblings"]]
        assert merkle.verifies(bytes.fromhex(proof["root"][2:]), proof["count"], proof["position"], leaf, siblings)


LONG = 150
"""Gifts in a batch of three subtrees: of 64, 64 and 22."""
FIRST, SECOND, THIRD = {0, 31, 63}, {64, 70, 71, 127}, {128, 149}
"""Some gifts of each."""


@pytest.fixture
def long(databases: Databases, store_kind: str, tmp_path: Path) -> Settings:
    """An index of one long batch, of a pool's first gifts, each of one unit."""
    settings = settings_in(tmp_path, database=databases.new(store_kind, tmp_path, "long.db"))
    store = Store(settings.database)
    book = Book(store, settings.content)
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.open_pool(1, account("ngo"), "Long", [(account("payee"), 10, book.now + DAY)])
    book.record(1, account("gateway"), SEED, [(account(f"{i}"), i, 1) for i in range(LONG)])
    book.mine()
    store.close()
    return settings


def matching(client: TestClient) -> set[int]:
    """Return which gifts' proofs are said to match, and see that it is as it is said."""
    found = set()
    for start in sorted(FIRST | SECOND | THIRD):
        answer = client.get(f"/api/v1/contributions/1-{start}")
        assert answer.status_code == 200, answer.text
        proof = answer.json()["proof"]
        names = ("seed", "entry", "leaf", "root", "computed_root")
        seed, entry, leaf, root, computed = (bytes.fromhex(proof[name][2:]) for name in names)
        siblings = [bytes.fromhex(node[2:]) for node in proof["siblings"]]
        is_leaf = leaf == merkle.leaf(seed, start, start, entry)
        assert proof["matches"] == (is_leaf and merkle.verifies(root, LONG, start, leaf, siblings))
        assert proof["matches"] == (computed == root)
        if proof["matches"]:
            found.add(start)
    return found


def test_what_is_altered_in_the_index_does_not_match(long: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "NEVER", ("/",))
    with TestClient(create_app(long)) as client:
        check_altered(long, client)


def check_altered(long: Settings, client: TestClient) -> None:
    with opened(long.database) as connection:
        row = connection.execute(select(tables.subtrees)).one()
        data = connection.execute(select(tables.logs.c.data).where(tables.logs.c.log == row.log)).scalar_one()
    assert matching(client) == FIRST | SECOND | THIRD

    def put(table: Table, **values: bytes) -> set[int]:
        with opened(long.database) as connection:
            connection.execute(table.update().where(table.c.log == row.log).values(values))
        return matching(client)

    # Another root of the second subtree. It is no part of the proofs of that subtree's own gifts.
    roots = row.roots
    assert put(tables.subtrees, roots=roots[:32] + SEED + roots[64:]) == SECOND
    # One is missing, one too many, in other places, none.
    for wrong in (roots[32:], roots + SEED, SEED + roots[:64], b""):
        assert put(tables.subtrees, roots=wrong) == set()
    assert put(tables.subtrees, roots=roots) == FIRST | SECOND | THIRD

    # Another donor of gift 70: it is a part of the proofs of its own subtree's gifts.
    at = data.index(account("70"))
    altered = data[:at] + account("somebody else") + data[at + 20 :]
    assert put(tables.logs, data=altered) == FIRST | THIRD
    # Another amount moves all that come after it.
    altered = data[: at + 31] + bytes([2]) + data[at + 32 :]
    assert put(tables.logs, data=altered) == FIRST
    assert put(tables.logs, data=data) == FIRST | SECOND | THIRD

    with opened(long.database) as connection:
        connection.execute(tables.subtrees.delete())
    assert matching(client) == set()


def test_a_direct_gift_has_no_proof(get: Any) -> None:
    assert get("/contributions/1-0")["proof"] is None
