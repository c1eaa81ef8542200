// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";
import {IRegister} from "./IRegister.sol";

/// @title The words of the vouchers' book: pay what you can, the pool pays the rest.
/// @notice A beneficiary goes to a provider (a clinic, a pharmacy, a school) with a voucher of the pool's NGO. Of the
/// bill, one part is the beneficiary's own, as much as it can pay, and the pool pays the other. Both reach the provider
/// in one call, or neither does.
///
/// The pool's part comes from a released milestone whose payee is this book. A voucher is the NGO's signature and costs
/// no call; its holder is known by a key only, made from a one-time code, and signs the bill with it. So a stranger who
/// sees a voucher cannot use it, and whoever hands in a bill cannot change its provider or its amounts.
///
/// What a voucher can be:
///
///     signed by the NGO (nothing on the chain) ──redeem, until its `validUntil`──► Redeemed
///                                               └──revoke, by the NGO────────────► Revoked
///
/// What bounds it: `maxPart` of the voucher, the pool's `voucherCap` for all vouchers together in each period, what is
/// left of the milestone, and the milestone's time: 180 days after its release the rest can go back to the pool, to the
/// places in line that it was spent from.
///
/// Periods are counted from 1 January 1970, 0:00 UTC, in steps of the pool's `voucherPeriod`, so that they are the same
/// for all milestones of the pool: 86,400 seconds are UTC's days. What a period leaves unused is not added to the next.
///
/// A pool's later fate does not matter: money that was released to this book stays good for its vouchers.
///
/// @dev Warning: the NGO decides who gets vouchers, and can make one for a key of its own. What it cannot do alone is
/// get the money: only an accredited provider is paid, in public, against the hash of a bill. An NGO and a provider
/// together can redeem vouchers for nothing; the `voucherCap` bounds how fast, and the evidence is what an auditor asks
/// them for.
interface IVoucherBook {
    // ------------------------------------------------------------------------------------------------ structs

    enum VoucherState {
        Unused,
        Redeemed,
        Revoked
    }

    /// @notice What the pool's NGO signs (EIP-712, or ERC-1271 for a contract):
    /// Voucher(uint256 pool,uint256 milestone,address key,uint64 maxPart,uint32 validUntil,bytes32 salt).
    struct Voucher {
        uint256 pool;
        uint256 milestone;
        /// @dev The address of the beneficiary's voucher key.
        address key;
        /// @dev The most that the pool pays on it.
        uint64 maxPart;
        /// @dev Last second in which it can be redeemed.
        uint32 validUntil;
        /// @dev Makes two vouchers of the same terms two.
        bytes32 salt;
    }

    /// @notice What the voucher's key signs:
    /// Bill(bytes32 voucher,address provider,uint64 own,uint64 fromPool,bytes32 evidence,uint32 deadline), in which
    /// `voucher` is the voucher's `idOf`.
    struct Bill {
        /// @dev Who is paid; accredited.
        address provider;
        /// @dev The beneficiary's own part, paid by whoever hands in the bill; may be 0.
        uint64 own;
        /// @dev The pool's part; not 0.
        uint64 fromPool;
        /// @dev SHA-256 of the bill that the provider keeps; not 0.
        bytes32 evidence;
        /// @dev Last second in which the bill can be handed in.
        uint32 deadline;
    }

    // ------------------------------------------------------------------------------------------------- events

    /// @notice The provider got `own` from `payer` and `fromPool` from the milestone's money.
    event VoucherRedeemed(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed provider,
        bytes32 voucher,
        address token,
        uint64 own,
        uint64 fromPool,
        bytes32 evidence,
        address payer
    );
    event VoucherRevoked(uint256 indexed pool, uint256 indexed milestone, bytes32 indexed voucher, address ngo);
    /// @notice The rest of a milestone's money went back to its pool.
    event VouchersExpired(
        uint256 indexed pool, uint256 indexed milestone, address token, uint64 amount, address caller
    );

    // ------------------------------------------------------------------------------------------------- errors

    // Beside these, IPooledFund's: NotTheNgo, NotAccredited, BadSignature, ZeroAmount, TooEarly, DeadlinePassed (of a
    // voucher, a bill or a milestone's money), WrongAmountReceived (by the provider), UnknownMilestone; IJudgement's
    // NoEvidence.

    /// @dev The pool was opened without a `voucherCap`.
    error NoVouchers(uint256 pool);
    /// @dev The milestone is not released, or another payee has its money.
    error NotForVouchers(uint256 pool, uint256 milestone);
    error VoucherIs(bytes32 voucher, VoucherState state);
    /// @dev An amount of more than 2^63 - 1 base units.
    error OverMax(uint64 amount);
    error OverMaxPart(uint64 maxPart, uint64 amount);
    /// @dev `left` is all that the pool still pays in this period.
    error OverPeriodCap(uint64 left, uint64 amount);
    /// @dev `left` is all that the milestone still has.
    error NotEnoughLeft(uint64 left, uint64 amount);
    error NothingLeft(uint256 pool, uint256 milestone);
    /// @dev A provider that pays the own part to itself would let the chain tell a payment that never was.
    error PaysItself(address provider);

    // ---------------------------------------------------------------------------------------------- functions

    /// @notice Pays a bill: its own part from the caller's allowance to this contract, the rest from the milestone.
    /// Anyone may hand it in; a voucher works once.
    /// @param ngoSignature By the pool's NGO, over the voucher.
    /// @param keySignature By the voucher's key, over the bill.
    function redeem(
        Voucher calldata voucher,
        bytes calldata ngoSignature,
        Bill calldata bill,
        bytes calldata keySignature
    ) external;

    /// @notice The pool's NGO takes a voucher back that is not redeemed. Its milestone must be there.
    function revoke(Voucher calldata voucher) external;

    /// @notice Gives what vouchers left of a milestone back to its pool, once its time is over. Anyone may call it.
    function expire(uint256 pool, uint256 milestone) external;

    // ------------------------------------------------------------------------------------------------- views

    function FUND() external view returns (IPooledFund);

    function REGISTER() external view returns (IRegister);

    /// @notice Seconds after its release in which a milestone pays vouchers: 180 days.
    function LIFETIME() external view returns (uint256);

    /// @notice A voucher's id: the hash that its NGO signs. It names this contract and this chain.
    function idOf(Voucher calldata voucher) external view returns (bytes32);

    function stateOf(bytes32 voucher) external view returns (VoucherState);

    /// @notice What a milestone can still pay on vouchers: 0 if it is not this book's, or not released.
    function leftOf(uint256 pool, uint256 milestone) external view returns (uint64);

    /// @notice What a pool can still pay on vouchers in the present period.
    function periodLeftOf(uint256 pool) external view returns (uint64);
}
