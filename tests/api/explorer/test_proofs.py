"""Proofs hold against RFC 9162 as another program reads it, and nothing else passes for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from api.explorer import proofs
from tests.api.explorer import merkle
from tests.api.explorer.book import CHAIN_ID, FUND, pack

if TYPE_CHECKING:
    from tests.api.explorer.world import World

SEED = keccak(text="seed")
entries = st.lists(
    st.tuples(st.binary(min_size=20, max_size=20), st.integers(0, 2**32 - 1), st.integers(1, 2**40)),
    min_size=1,
    max_size=200,
)


@given(entries, st.integers(0, 2**62), st.data())
def test_a_proof_verifies_and_binds_all_that_it_says(batch: list[Any], start: int, data: st.DataObject) -> None:
    packed, count = pack(batch), len(batch)
    position = data.draw(st.integers(0, count - 1))
    tree = proofs.proof_of(SEED, packed, start, position)
    assert tree == proofs.proof_of(SEED, packed, start, position), "by what is kept of the first time"
    assert tree.root == merkle.root(merkle.leaves(SEED, packed, start))
    here = start + sum(amount for _, _, amount in batch[:position])
    entry, siblings = packed[32 * position :][:32], tree.siblings
    assert int(proofs.starts(packed, start)[position]) == here
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
    for position in range(count):
        leaf, siblings, root = proofs.proof_of(SEED, packed, start, position)
        assert merkle.verifies(root, count, position, leaf, siblings)


def test_only_so_many_batches_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "KEPT", 3)
    monkeypatch.setattr(proofs, "_UPPER", {})
    for start in range(10):
        proofs.proof_of(SEED, pack([(bytes(20), 1, 2)] * 3), start, 1)
    assert len(proofs._UPPER) == 3


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


def test_a_direct_gift_has_no_proof(get: Any) -> None:
    assert get("/contributions/1-0")["proof"] is None
