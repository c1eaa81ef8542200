// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title A sponsors' book that says one thing and pays another.
contract MockSponsors {
    IPooledFund public immutable FUND;

    address[] private _sponsors;
    uint64[] private _amounts;
    uint256 private _paid;

    constructor(IPooledFund fund) {
        FUND = fund;
    }

    /// @notice Sets what `draw` answers, and what it pays; and says that it matches the pool's gifts.
    function set(uint256 pool, address[] calldata sponsors, uint64[] calldata amounts, uint256 paid) external {
        (_sponsors, _amounts, _paid) = (sponsors, amounts, paid);
        FUND.setMatched(pool, true);
    }

    function draw(uint256 pool, bytes calldata) external returns (address[] memory, uint64[] memory) {
        if (_paid != 0) require(IERC20(FUND.poolOf(pool).token).transfer(address(FUND), _paid), "unpaid");
        return (_sponsors, _amounts);
    }
}
