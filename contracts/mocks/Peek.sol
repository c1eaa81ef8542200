// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Many views of many contracts in one call, all of the same moment.
contract Peek {
    function all(address[] calldata targets, bytes[] calldata calls)
        external
        view
        returns (bytes[] memory answers)
    {
        answers = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            answers[i] = Address.functionStaticCall(targets[i], calls[i]);
        }
    }
}
