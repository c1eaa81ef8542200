// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC3009} from "./interfaces/IERC3009.sol";
import {IPermitWitness} from "./interfaces/IPermitWitness.sol";

/// @title The e-money token of the default deployment: ERC-20 with 6 decimals, ERC-2612, ERC-3009 and
/// `permitWitness`.
/// @notice One base unit is a millionth of the currency unit. Each token stands for money that a licensed gateway
/// holds; the gateway mints it against a deposit reference that works once.
/// @dev Warning: a gateway can mint without a deposit. What it mints is public under its name and reference; its
/// licence, not this contract, makes it hold the money.
contract SettlementToken is ERC20, ERC20Permit, AccessManaged, IERC3009, IPermitWitness {
    /// @notice A gateway minted `amount` base units against its deposit `depositReference`.
    event Minted(address indexed gateway, address indexed to, bytes32 indexed depositReference, uint256 amount);

    error DepositReferenceUsed(address gateway, bytes32 depositReference);
    /// @dev All tokens together must fit 63 bits, as every amount in Moa does.
    error SupplyTooLarge(uint256 supply);

    bytes32 private constant _TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant _RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant _CANCEL_TYPEHASH = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @dev The caller of `permitWitness` ends it.
    bytes private constant _PERMIT_WITNESS_TYPE =
        "PermitWitness(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,";

    mapping(address gateway => mapping(bytes32 depositReference => bool)) public depositReferenceUsed;
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor(address authority, string memory name_, string memory symbol_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
        AccessManaged(authority)
    {}

    /// @notice A gateway mints tokens for money that it received under `depositReference`.
    function mint(address to, uint256 amount, bytes32 depositReference) external restricted {
        if (depositReferenceUsed[msg.sender][depositReference]) {
            revert DepositReferenceUsed(msg.sender, depositReference);
        }
        depositReferenceUsed[msg.sender][depositReference] = true;
        _mint(to, amount);
        if (totalSupply() > uint64(type(int64).max)) revert SupplyTooLarge(totalSupply());
        emit Minted(msg.sender, to, depositReference, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _spend(_TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (to != msg.sender) revert AuthorizationNotForCaller(to);
        _spend(_RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _useNonce(authorizer, nonce, keccak256(abi.encode(_CANCEL_TYPEHASH, authorizer, nonce)), signature);
        emit AuthorizationCanceled(authorizer, nonce);
    }

    /// @inheritdoc IPermitWitness
    function permitWitness(
        address owner,
        uint256 value,
        uint256 deadline,
        bytes32 witness,
        string calldata witnessType,
        bytes calldata signature
    ) external returns (bytes4) {
        if (block.timestamp > deadline) revert PermitWitnessExpired(deadline);
        bytes32 typehash = keccak256(bytes.concat(_PERMIT_WITNESS_TYPE, bytes(witnessType)));
        bytes32 hash = keccak256(abi.encode(typehash, owner, msg.sender, value, _useNonce(owner), deadline, witness));
        if (!SignatureChecker.isValidSignatureNow(owner, _hashTypedDataV4(hash), signature)) {
            revert PermitWitnessBadSignature(owner);
        }
        uint256 allowed = allowance(owner, msg.sender);
        if (allowed != type(uint256).max) _approve(owner, msg.sender, allowed + value);
        return IPermitWitness.permitWitness.selector;
    }

    function _spend(
        bytes32 typehash,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) private {
        if (block.timestamp <= validAfter) revert AuthorizationNotYetValid(validAfter);
        if (block.timestamp >= validBefore) revert AuthorizationExpired(validBefore);
        bytes32 hash = keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce));
        _useNonce(from, nonce, hash, signature);
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function _useNonce(address authorizer, bytes32 nonce, bytes32 structHash, bytes calldata signature) private {
        if (authorizationState[authorizer][nonce]) revert AuthorizationSpent(authorizer, nonce);
        if (!SignatureChecker.isValidSignatureNow(authorizer, _hashTypedDataV4(structHash), signature)) {
            revert AuthorizationBadSignature(authorizer);
        }
        authorizationState[authorizer][nonce] = true;
    }
}
