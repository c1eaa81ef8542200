// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title What the fund and the Judgement need of the payout book.
interface IPayoutBook {
    function FUND() external view returns (IPooledFund);

    function isReady(uint256 pool, uint256 milestone, uint64 amount) external view returns (bool);

    function begin(uint256 pool, uint256 milestone, uint64 amount) external;
}
