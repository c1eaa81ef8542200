// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Who may do what: OpenZeppelin's AccessManager, with Moa's roles by name.
/// @notice The admin role (0) changes roles and is delayed; it is not the operator. No role can take or
/// redirect a pool's money. `scripts/deploy.py` sets the whole layout and asserts it.
contract Consortium is AccessManager {
    /// @notice Runs the system: appoints gateways and pausers, ends a pause.
    /// @dev Warning: a gateway that it appoints can mint tokens that no deposit stands behind, in public.
    uint64 public constant OPERATOR_ROLE = 1;
    /// @notice Accredits NGOs and attestors.
    uint64 public constant REGISTRAR_ROLE = 2;
    /// @notice Mints settlement tokens against deposits and records batches.
    uint64 public constant GATEWAY_ROLE = 3;
    /// @notice Pulls the brake: no new contributions, no new evidence.
    uint64 public constant PAUSER_ROLE = 4;

    constructor(address firstAdmin) AccessManager(firstAdmin) {}
}
