// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";
import {IRegister} from "../interfaces/IRegister.sol";

/// @title What a pool's plan must be like. The Judgement checks the panel and the deadlines with it.
library Plans {
    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    uint256 private constant _MAX_DECIMALS = 6;
    uint256 private constant _MAX_MILESTONES = 32;
    uint256 private constant _MAX_ATTESTORS = 32;
    uint256 private constant _MIN_WINDOW = 1 hours;
    uint256 private constant _MAX_WINDOW = 180 days;
    uint256 private constant _MAX_THRESHOLD = 5_000;
    uint32 private constant _NEVER = type(uint32).max;

    /// @notice Reverts with the reason unless the caller may open a pool with this plan.
    /// @return fundingDeadline The plan's, 2^32 - 1 if it has none.
    function check(IPooledFund.PoolPlan calldata plan, IRegister register)
        internal
        view
        returns (uint32 fundingDeadline)
    {
        if (!register.isAccredited(msg.sender, IRegister.Kind.Ngo)) revert IPooledFund.NotAccredited(msg.sender);
        if (!register.isAccredited(plan.token, IRegister.Kind.Token)) revert IPooledFund.NotAccredited(plan.token);
        if (plan.token.code.length == 0) revert IPooledFund.BadPlan("token: no contract");
        if (IERC20Metadata(plan.token).decimals() > _MAX_DECIMALS) {
            revert IPooledFund.BadPlan("token: more than 6 decimals");
        }
        if (plan.name[0] == 0) revert IPooledFund.BadPlan("name: empty");
        if (plan.name[31] != 0) revert IPooledFund.BadPlan("name: more than 31 bytes");
        fundingDeadline = plan.fundingDeadline;
        if (fundingDeadline == 0 && plan.openEnded) fundingDeadline = _NEVER;
        if (fundingDeadline <= block.timestamp) revert IPooledFund.BadPlan("fundingDeadline: past");
        if (fundingDeadline == _NEVER && !plan.openEnded) revert IPooledFund.BadPlan("fundingDeadline: never");
        _checkSum(plan);
        _checkLimits(plan.limits);
    }

    /// @notice Reverts with the reason unless a panel may be like this.
    function checkPanel(IPooledFund.PanelPlan calldata plan) internal pure {
        _checkWindow(plan.objectionWindow, "objectionWindow: not 1 hour to 180 days");
        _checkWindow(plan.attestationWindow, "attestationWindow: not 1 hour to 180 days");
        if (plan.objectionThreshold > _MAX_THRESHOLD) revert IPooledFund.BadPlan("objectionThreshold: more than 50 %");
        uint256 count = plan.attestors.length;
        if (count == 0 || count > _MAX_ATTESTORS) revert IPooledFund.BadPlan("attestors: not 1 to 32");
        if (plan.quorum == 0 || plan.quorum > count) revert IPooledFund.BadPlan("quorum: not 1 to all attestors");
    }

    /// @notice Reverts unless a milestone may be of this amount.
    function checkAmount(uint64 amount) internal pure {
        if (amount == 0) revert IPooledFund.BadPlan("milestones: amount is 0");
        if (amount > _MAX_AMOUNT) revert IPooledFund.BadPlan("milestones: more than 2^63 - 1");
    }

    /// @notice Reverts unless evidence may be due at `deadline`, not before `earliest`.
    function checkDeadline(uint256 deadline, uint256 earliest) internal view {
        if (deadline <= block.timestamp || deadline < earliest) {
            revert IPooledFund.BadPlan("milestones: evidenceDeadline past or out of order");
        }
        if (deadline == _NEVER) revert IPooledFund.BadPlan("milestones: evidenceDeadline never");
    }

    function _checkWindow(uint256 window, string memory reason) private pure {
        if (window < _MIN_WINDOW || window > _MAX_WINDOW) revert IPooledFund.BadPlan(reason);
    }

    function _checkSum(IPooledFund.PoolPlan calldata plan) private pure {
        uint256 count = plan.milestones.length;
        if (count == 0 || count > _MAX_MILESTONES) revert IPooledFund.BadPlan("milestones: not 1 to 32");
        uint256 total = 0;
        for (uint256 i = 0; i < count; ++i) {
            checkAmount(plan.milestones[i].amount);
            total += plan.milestones[i].amount;
        }
        if (total > _MAX_AMOUNT) revert IPooledFund.BadPlan("milestones: more than 2^63 - 1");
        if (plan.fundingThreshold > total) revert IPooledFund.BadPlan("fundingThreshold: more than the milestones");
    }

    function _checkLimits(IPooledFund.Limits calldata limits) private pure {
        if (limits.programme != 0 && limits.beneficiaryCap == 0) {
            revert IPooledFund.BadPlan("limits: a programme without a beneficiaryCap");
        }
        if ((limits.voucherCap == 0) != (limits.voucherPeriod == 0)) {
            revert IPooledFund.BadPlan("limits: voucherCap and voucherPeriod go together");
        }
        if (limits.beneficiaryCap > _MAX_AMOUNT || limits.voucherCap > _MAX_AMOUNT) {
            revert IPooledFund.BadPlan("limits: more than 2^63 - 1");
        }
    }
}
