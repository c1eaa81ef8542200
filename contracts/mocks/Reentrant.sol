// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title What a HookToken calls on the contracts that hold it.
interface IHolder {
    function onTokens() external;
}

/// @title An account that makes the calls it is told to, and more of them from inside the hook of a token.
contract Reentrant is IHolder {
    address private _target;
    bytes private _call;

    /// @notice How many calls from inside the hook went through, and how many were refused.
    uint256 public passed;
    uint256 public refused;
    /// @notice Why the last one was refused.
    bytes public reason;

    /// @notice Sets the call to be made at the next hook, once.
    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function act(address target, bytes calldata call_) external returns (bytes memory) {
        return Address.functionCall(target, call_);
    }

    /// @inheritdoc IHolder
    function onTokens() external {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        // slither-disable-next-line low-level-calls -- the outcome is what the test wants to see
        (bool ok, bytes memory answer) = target.call(_call);
        if (ok) {
            ++passed;
        } else {
            ++refused;
            reason = answer;
        }
    }
}
