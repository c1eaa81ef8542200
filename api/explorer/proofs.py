"""The proof of a gift: its leaf in the Merkle tree of its batch (api.tree), from the entries in the batch's log."""

from __future__ import annotations

from typing import NamedTuple

from api import tree
from api.types import ENTRY_BYTES

_WORD = 32
_ENTRIES_WORD = 6
"""Where BatchRecorded's data has the offset of its entries: after token, reference, root, start, amount and count."""


def entries_of_log(data: bytes) -> bytes:
    """Return the entries in the data of a BatchRecorded log, one after the other.

    Raises:
        ValueError: The data is not that of such a log.

    """
    offset = int.from_bytes(data[_ENTRIES_WORD * _WORD : (_ENTRIES_WORD + 1) * _WORD], "big")
    length = int.from_bytes(data[offset : offset + _WORD], "big")
    entries = data[offset + _WORD : offset + _WORD + length]
    if not length or length % ENTRY_BYTES or len(entries) != length:
        raise ValueError("not the data of a batch")
    return entries


class Proof(NamedTuple):
    """That a leaf stands in a batch: hashed up with `siblings`, from the leaf up, it comes to `root`."""

    leaf: bytes
    siblings: list[bytes]
    root: bytes


def proof_of(tree_seed: bytes, entries: bytes, start: int, position: int, roots: bytes) -> Proof:
    """Return the proof of an entry, by the roots of its batch's subtrees, one after the other.

    Only the leaves of the entry's own subtree are hashed, and its root counts as it is hashed here: so what is wrong
    with them, or with another subtree's root, makes another root of the tree.
    """
    at, within = divmod(position, tree.WIDTH)
    near = slice(first := position - within, first + tree.WIDTH)
    places = tree.starts(entries, start)[near]
    bottom = tree.leaves(tree_seed, entries[ENTRY_BYTES * near.start : ENTRY_BYTES * near.stop], places, first)
    lower = tree.Tree(bottom)
    size = tree.NODE_BYTES
    subtrees = [roots[i * size : (i + 1) * size] for i in range(len(roots) // size)]
    upper = tree.Tree([*subtrees[:at], lower.root, *subtrees[at + 1 :]])
    return Proof(bottom[within], lower.siblings(within) + upper.siblings(at), upper.root)
