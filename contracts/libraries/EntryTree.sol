// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title The Merkle tree of a batch's entries.
/// @notice The shape of the tree, and how an inclusion proof is checked, are those of RFC 9162 (sections 2.1.1 and
/// 2.1.3.2), with Keccak-256. A leaf hashes 96 bytes (seed ‖ place ‖ entry), an inner node 64 (left ‖ right), so
/// that neither can pass for the other. The place is position · 2^128 + start.
library EntryTree {
    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    uint256 private constant _ENTRY = 32;

    /// @notice What this contract stores of a batch whose first entry starts at `start` of the pool's line.
    function toBatch(bytes calldata entries, uint256 pool, bytes32 batch, uint64 start)
        internal
        view
        returns (IPooledFund.Batch memory)
    {
        uint256 count = entries.length / _ENTRY;
        if (count == 0 || entries.length % _ENTRY != 0 || count > type(uint24).max) {
            revert IPooledFund.BadEntries(entries.length);
        }
        (bytes32 root, uint256 end) = build(entries, seed(address(this), pool, batch), start);
        if (end > _MAX_AMOUNT) revert IPooledFund.TooMuch(pool);
        return IPooledFund.Batch(root, start, uint64(end - start), 0, uint24(count), uint32(pool), false);
    }

    /// @notice Whether a receipt is of this contract's batch with this root, number of entries and pool.
    function verifies(IPooledFund.Receipt calldata r, bytes32 root, uint256 count, uint256 pool)
        internal
        view
        returns (bool)
    {
        bytes32 leaf = leafOf(seed(address(this), pool, r.batch), r.position, r.start, r.entry);
        return includes(root, count, r.position, leaf, r.proof);
    }

    /// @notice Binds every leaf to one batch of one pool of one contract on one chain.
    function seed(address fund, uint256 pool, bytes32 batch) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, fund, pool, batch));
    }

    /// @notice Adds up the entries and makes their root, in one pass.
    /// @param entries A whole number of 32-byte entries, 1 to 2^32 - 1.
    /// @param start Where the first entry starts in the pool's line.
    /// @return root The Merkle root.
    /// @return end Where the last entry ends. Below 2^97; the caller must revert if it is not below 2^63.
    function build(bytes calldata entries, bytes32 treeSeed, uint64 start)
        internal
        pure
        returns (bytes32 root, uint256 end)
    {
        uint256 zeros = 0;
        assembly ("memory-safe") {
            // Beyond the free pointer: the 96 bytes of a leaf, then a stack of the roots of finished subtrees, whose
            // sizes are the binary digits of the number of entries so far. It never holds more than 33 of them.
            let leaf := mload(0x40)
            let place := add(leaf, 0x20)
            let entrySlot := add(leaf, 0x40)
            let base := add(leaf, 0x60)
            let top := base
            mstore(leaf, treeSeed)
            let here := start // position in the upper, start in the lower half
            let source := entries.offset
            let pairs := shr(6, entries.length)
            for { let i := 0 } lt(i, pairs) {} {
                // Two leaves at once, then their parent in the place of the first.
                let entry := calldataload(source)
                let amount := and(entry, 0xffffffffffffffff)
                mstore(place, here)
                mstore(entrySlot, entry)
                mstore(top, keccak256(leaf, 0x60))
                here := add(here, add(amount, 0x100000000000000000000000000000000))
                zeros := or(zeros, iszero(amount))

                entry := calldataload(add(source, 0x20))
                amount := and(entry, 0xffffffffffffffff)
                mstore(place, here)
                mstore(entrySlot, entry)
                mstore(add(top, 0x20), keccak256(leaf, 0x60))
                here := add(here, add(amount, 0x100000000000000000000000000000000))
                zeros := or(zeros, iszero(amount))

                mstore(top, keccak256(top, 0x40))
                i := add(i, 1)
                for { let digits := i } iszero(and(digits, 1)) { digits := shr(1, digits) } {
                    top := sub(top, 0x20)
                    mstore(top, keccak256(top, 0x40))
                }
                source := add(source, 0x40)
                top := add(top, 0x20)
            }
            if and(entries.length, 0x20) {
                let entry := calldataload(source)
                let amount := and(entry, 0xffffffffffffffff)
                mstore(place, here)
                mstore(entrySlot, entry)
                mstore(top, keccak256(leaf, 0x60))
                here := add(here, amount)
                zeros := or(zeros, iszero(amount))
                top := add(top, 0x20)
            }
            for { top := sub(top, 0x20) } gt(top, base) {} {
                top := sub(top, 0x20)
                mstore(top, keccak256(top, 0x40))
            }
            root := mload(base)
            end := and(here, 0xffffffffffffffffffffffffffffffff)
        }
        if (zeros != 0) _revertAtZero(entries);
    }

    /// @notice The hash of one entry in its place.
    function leafOf(bytes32 treeSeed, uint256 position, uint64 start, bytes32 entry)
        internal
        pure
        returns (bytes32 leaf)
    {
        uint256 place = (position << 128) | start;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, treeSeed)
            mstore(add(free, 0x20), place)
            mstore(add(free, 0x40), entry)
            leaf := keccak256(free, 0x60)
        }
    }

    /// @notice RFC 9162, section 2.1.3.2: whether `leaf` is leaf number `position` of the tree of `count` leaves.
    function includes(bytes32 root, uint256 count, uint256 position, bytes32 leaf, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        if (position >= count) return false;
        uint256 node = position;
        uint256 last = count - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false;
            if (node & 1 == 1 || node == last) {
                hash = Hashes.efficientKeccak256(proof[i], hash);
                // Odd, or the last node and so not 0, which becomes odd before it becomes 0.
                while (node & 1 == 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = Hashes.efficientKeccak256(hash, proof[i]);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }

    /// @notice The root that a leaf and its siblings make, from the leaf up; a sibling of 0 stands for none, and takes
    /// the node up a level as it is. The shape of the tree is the caller's word: as a leaf binds its own place, and no
    /// inner node passes for a leaf, nothing but the leaves that a tree was built from leads to its root.
    function climb(bytes32 leaf, uint256 position, bytes32[4] calldata siblings) internal pure returns (bytes32 node) {
        node = _join(leaf, siblings[0], position);
        node = _join(node, siblings[1], position >> 1);
        node = _join(node, siblings[2], position >> 2);
        node = _join(node, siblings[3], position >> 3);
    }

    /// @dev There is one.
    function _revertAtZero(bytes calldata entries) private pure {
        for (uint256 i = 0;; i += 32) {
            if (uint64(uint256(bytes32(entries[i:i + 32]))) == 0) revert IPooledFund.ZeroEntry(i / 32);
        }
    }

    /// @dev The parent of a node, on the right if `side` is odd, and its sibling; the node itself if it has none.
    function _join(bytes32 node, bytes32 sibling, uint256 side) private pure returns (bytes32) {
        if (sibling == 0) return node;
        return side & 1 == 0 ? Hashes.efficientKeccak256(node, sibling) : Hashes.efficientKeccak256(sibling, node);
    }
}
