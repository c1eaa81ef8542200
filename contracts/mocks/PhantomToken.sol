// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MockToken} from "./MockTokens.sol";

/// @title A token that swallows every call that it does not know, as wrapped ether does, and answers what it is told.
contract PhantomToken is MockToken {
    bytes private _answer;

    constructor() MockToken(6) {}

    function answerWith(bytes calldata answer) external {
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _answer;
    }
}
