// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IHolder} from "./Reentrant.sol";

/// @title A plain token that anyone may mint, with the decimals that a test wants.
contract MockToken is ERC20 {
    uint8 private immutable _DECIMALS;

    constructor(uint8 decimals_) ERC20("Mock", "MOCK") {
        _DECIMALS = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }
}

/// @title A token that keeps a hundredth of every transfer.
contract FeeToken is MockToken {
    constructor() MockToken(6) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : (value + 99) / 100;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// @title A token that pays the receiver more than was sent.
contract BonusToken is MockToken {
    constructor() MockToken(6) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(address(0), to, 1);
    }
}

/// @title A token that moves nothing and answers `false` instead of reverting, once it is told to.
contract FalseToken is MockToken {
    bool public refusing;

    constructor() MockToken(6) {}

    function refuse(bool refusing_) external {
        refusing = refusing_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return refusing ? false : super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return refusing ? false : super.transferFrom(from, to, value);
    }
}

/// @title A token that says yes and moves nothing.
contract LyingToken is MockToken {
    constructor() MockToken(6) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }

    function receiveWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes calldata)
        external
        pure
    {}
}

/// @title An early token whose transfers return nothing at all.
contract SilentToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @title A token whose issuer can bar an account from sending and receiving.
contract BarringToken is MockToken {
    mapping(address account => bool) public barred;

    error Barred(address account);

    constructor() MockToken(6) {}

    function bar(address account, bool barred_) external {
        barred[account] = barred_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (barred[from]) revert Barred(from);
        if (barred[to]) revert Barred(to);
        super._update(from, to, value);
    }
}

/// @title A token whose balances shrink by themselves.
contract RebasingToken is MockToken {
    constructor() MockToken(6) {}

    function shrink(address account, uint256 amount) external {
        _burn(account, amount);
    }
}

/// @title A token that calls contracts that send or receive it, before it moves and after, as ERC-777 does.
contract HookToken is MockToken {
    constructor() MockToken(6) {}

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        _tell(from);
        super._update(from, to, value);
        _tell(to);
    }

    function _tell(address holder) private {
        if (holder.code.length == 0) return;
        // slither-disable-next-line low-level-calls -- not every holder has the hook
        (bool told,) = holder.call(abi.encodeCall(IHolder.onTokens, ()));
        told;
    }
}
