// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Who may do what: OpenZeppelin's AccessManager, with Moa's roles by name.
/// @notice The admin role (0) changes roles and is delayed; it is not the operator. No role can take or
/// redirect a pool's money. `scripts/deploy.py` sets the whole layout and asserts it.
contract Consortium is AccessManager {
    /// @notice Runs the system: appoints pausers, ends a pause before its time.
    uint64 public constant OPERATOR_ROLE = 1;
    /// @notice Accredits NGOs, attestors, tokens and providers, and appoints gateways.
    /// @dev Warning: a gateway that it appoints can mint tokens that no deposit stands behind, in public.
    uint64 public constant REGISTRAR_ROLE = 2;
    /// @notice Mints settlement tokens against deposits and records batches.
    uint64 public constant GATEWAY_ROLE = 3;
    /// @notice Pulls the brake: no new contributions, no new evidence, for 7 days at most.
    uint64 public constant PAUSER_ROLE = 4;
    /// @notice Cancels a pool, so that its money goes back, after a public delay of 7 days.
    /// @dev Held by the operator. The delay is set with the role, and only the admin, delayed itself, can change it.
    uint64 public constant CANCELLER_ROLE = 5;

    /// @dev What is done in a role is done by its holder's own call, so that every event names who did it.
    error CallTheContractItself();

    constructor(address firstAdmin) AccessManager(firstAdmin) {}

    /// @notice Refused: whoever scheduled a call makes it on the contract itself once it is due.
    function execute(address, bytes calldata) public payable override returns (uint32) {
        revert CallTheContractItself();
    }
}
