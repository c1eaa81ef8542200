// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title A contract that only says which fund it is for.
contract MockFor {
    IPooledFund public immutable FUND;

    constructor(IPooledFund fund) {
        FUND = fund;
    }
}
