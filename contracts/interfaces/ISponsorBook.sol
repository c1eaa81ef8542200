// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title What the fund needs of the sponsors' book.
interface ISponsorBook {
    function FUND() external view returns (IPooledFund);

    function draw(uint256 pool, bytes calldata rows)
        external
        returns (address[] memory sponsors, uint64[] memory amounts);
}
