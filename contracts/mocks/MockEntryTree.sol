// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPooledFund} from "../interfaces/IPooledFund.sol";
import {EntryTree} from "../libraries/EntryTree.sol";

/// @title The tree of a batch, for as many entries as one says: what is not in the call reads as 0.
contract MockEntryTree {
    function toBatch(uint256 count) external view returns (IPooledFund.Batch memory) {
        bytes calldata entries = msg.data;
        assembly ("memory-safe") {
            entries.length := mul(count, 0x20)
        }
        return EntryTree.toBatch(entries, 1, 0, 0);
    }
}
