// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IJudgement} from "../interfaces/IJudgement.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title What attestors consent to, as one word, and how many of them.
/// @notice The word holds the number of rotations: when an attestor is replaced, all consents start anew.
library Consents {
    /// @notice The word for exactly this as the pool's next milestone.
    function toMilestone(uint256 pool, IJudgement.Panel storage p, IPooledFund.MilestonePlan calldata plan)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode("milestone", pool, p.rotations, p.milestones, plan.payee, plan.amount, plan.evidenceDeadline)
        );
    }

    /// @notice The word for `joining` on the seat of `leaving`.
    function toRotation(uint256 pool, IJudgement.Panel storage p, address leaving, address joining)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode("rotation", pool, p.rotations, leaving, joining));
    }

    /// @notice How many bits are set.
    function count(uint256 seats) internal pure returns (uint256 set) {
        for (; seats != 0; seats &= seats - 1) {
            ++set;
        }
    }
}
