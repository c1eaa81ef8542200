// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title A Judgement that says yes to everything, and whose pools are due when anyone says.
contract MockJudgement {
    IPooledFund public immutable FUND;

    /// @notice When every pool freezes.
    uint256 public due = type(uint32).max;
    /// @dev What it calls on the fund in the midst of a release, one after the other.
    bytes[] private _calls;

    constructor(IPooledFund fund) {
        FUND = fund;
    }

    /// @notice Moves the pool's clock as it likes.
    function say(uint256 pool, uint256 due_) external {
        due = due_;
        FUND.moveClock(pool);
    }

    /// @notice Sets when every pool freezes, and tells the fund nothing.
    function think(uint256 due_) external {
        due = due_;
    }

    /// @notice Arms the next release with calls: on this contract.
    function arm(bytes[] calldata calls) external {
        _calls = calls;
    }

    /// @notice Calls anything in its own name.
    function act(address target, bytes calldata call_) external returns (bytes memory) {
        return Address.functionCall(target, call_);
    }

    function open(
        uint256,
        address,
        bool,
        IPooledFund.PanelPlan calldata,
        IPooledFund.MilestonePlan[] calldata
    ) external {}

    function append(uint256, IPooledFund.MilestonePlan calldata) external {}

    function release(uint256, uint256, uint64) external {
        bytes[] memory calls = _calls;
        delete _calls;
        for (uint256 i = 0; i < calls.length; ++i) {
            Address.functionCall(address(this), calls[i]);
        }
    }

    function dueOf(uint256) external view returns (uint256) {
        return due;
    }
}
