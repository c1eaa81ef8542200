// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title Tokens that come in, measured to the unit, and tokens that go out.
library Cash {
    using SafeERC20 for IERC20;

    /// @notice Pulls `amount` from the caller's allowance, and from nobody else's.
    function pull(IERC20 token, uint256 amount) internal {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        checkReceived(token, before, amount);
    }

    /// @notice Reverts unless exactly `amount` came in since the balance was `before`.
    function checkReceived(IERC20 token, uint256 before, uint256 amount) internal view {
        uint256 received;
        unchecked {
            received = token.balanceOf(address(this)) - before; // a loss wraps round to what no amount can be
        }
        if (received != amount) revert IPooledFund.WrongAmountReceived(amount, received);
    }

    /// @notice Pays `amount` out. Tokens sent to this contract or to nobody would be lost.
    function pay(IERC20 token, address to, uint256 amount) internal {
        if (to == address(0) || to == address(this)) revert IPooledFund.BadReceiver(to);
        token.safeTransfer(to, amount);
    }
}
