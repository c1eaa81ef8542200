// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IJudgement} from "./interfaces/IJudgement.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {IRegister} from "./interfaces/IRegister.sol";
import {IVoucherBook} from "./interfaces/IVoucherBook.sol";
import {Clock} from "./libraries/Clock.sol";

/// @title The vouchers' book. See IVoucherBook for every word.
contract VoucherBook is IVoucherBook, EIP712 {
    using SafeERC20 for IERC20;

    /// @dev What a pool has paid on vouchers in the last period in which it paid any.
    struct Spending {
        uint64 period;
        uint64 amount;
    }

    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    bytes32 private constant _VOUCHER_TYPEHASH = keccak256(
        "Voucher(uint256 pool,uint256 milestone,address key,uint64 maxPart,uint32 validUntil,bytes32 salt)"
    );
    bytes32 private constant _BILL_TYPEHASH = keccak256(
        "Bill(bytes32 voucher,address provider,uint64 own,uint64 fromPool,bytes32 evidence,uint32 deadline)"
    );

    /// @inheritdoc IVoucherBook
    uint256 public constant LIFETIME = Clock.VOUCHERS_LIVE;
    /// @inheritdoc IVoucherBook
    IPooledFund public immutable FUND;
    /// @inheritdoc IVoucherBook
    IRegister public immutable REGISTER;

    /// @inheritdoc IVoucherBook
    mapping(bytes32 voucher => VoucherState) public stateOf;
    /// @dev What of a milestone is paid on vouchers or given back.
    mapping(uint256 pool => mapping(uint256 milestone => uint64)) private _gone;
    mapping(uint256 pool => Spending) private _spending;

    constructor(IPooledFund fund) EIP712("Moa VoucherBook", "1") {
        FUND = fund;
        REGISTER = fund.REGISTER();
    }

    // --------------------------------------------------------------------------------------------- functions

    /// @inheritdoc IVoucherBook
    function redeem(
        Voucher calldata voucher,
        bytes calldata ngoSignature,
        Bill calldata bill,
        bytes calldata keySignature
    ) external {
        bytes32 id = idOf(voucher);
        IPooledFund.Pool memory p = FUND.poolOf(voucher.pool);
        uint64 funded = _checkVoucher(voucher, id);
        _checkBill(voucher, bill);
        if (!SignatureChecker.isValidSignatureNow(p.ngo, id, ngoSignature)) revert IPooledFund.BadSignature(p.ngo);
        if (!SignatureChecker.isValidSignatureNow(voucher.key, _digestOf(bill, id), keySignature)) {
            revert IPooledFund.BadSignature(voucher.key);
        }

        stateOf[id] = VoucherState.Redeemed;
        _spend(voucher.pool, voucher.milestone, funded, bill.fromPool);
        emit VoucherRedeemed(
            voucher.pool,
            voucher.milestone,
            bill.provider,
            id,
            p.token,
            bill.own,
            bill.fromPool,
            bill.evidence,
            msg.sender
        );
        _pay(IERC20(p.token), bill.provider, bill.own, bill.fromPool);
    }

    /// @inheritdoc IVoucherBook
    function revoke(Voucher calldata voucher) external {
        if (msg.sender != FUND.poolOf(voucher.pool).ngo) revert IPooledFund.NotTheNgo(voucher.pool, msg.sender);
        // slither-disable-next-line unused-return -- it reverts if there is no such milestone
        FUND.milestoneOf(voucher.pool, voucher.milestone);
        bytes32 id = idOf(voucher);
        if (stateOf[id] != VoucherState.Unused) revert VoucherIs(id, stateOf[id]);
        stateOf[id] = VoucherState.Revoked;
        emit VoucherRevoked(voucher.pool, voucher.milestone, id, msg.sender);
    }

    /// @inheritdoc IVoucherBook
    function expire(uint256 pool, uint256 milestone) external {
        IPooledFund.Milestone memory m = _paid(pool, milestone);
        uint256 until = m.releasedAt + LIFETIME;
        if (block.timestamp <= until) revert IPooledFund.TooEarly(until + 1);
        uint64 left = m.amount - _gone[pool][milestone];
        if (left == 0) revert NothingLeft(pool, milestone);

        address token = FUND.poolOf(pool).token;
        _gone[pool][milestone] = m.amount;
        emit VouchersExpired(pool, milestone, token, left, msg.sender);
        IERC20(token).forceApprove(address(FUND), left);
        FUND.giveBack(pool, milestone, left);
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IVoucherBook
    function idOf(Voucher calldata v) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(_VOUCHER_TYPEHASH, v.pool, v.milestone, v.key, v.maxPart, v.validUntil, v.salt))
        );
    }

    /// @inheritdoc IVoucherBook
    function leftOf(uint256 pool, uint256 milestone) external view returns (uint64) {
        IPooledFund.Milestone memory m = FUND.milestoneOf(pool, milestone);
        return _isPaid(m) ? m.amount - _gone[pool][milestone] : 0;
    }

    /// @inheritdoc IVoucherBook
    function periodLeftOf(uint256 pool) external view returns (uint64) {
        IPooledFund.Limits memory limits = FUND.limitsOf(pool);
        return limits.voucherCap == 0 ? 0 : limits.voucherCap - _spentIn(pool, _periodOf(limits));
    }

    // ---------------------------------------------------------------------------------------------- checks

    /// @return funded All that its milestone was paid.
    function _checkVoucher(Voucher calldata voucher, bytes32 id) private view returns (uint64 funded) {
        if (stateOf[id] != VoucherState.Unused) revert VoucherIs(id, stateOf[id]);
        if (block.timestamp > voucher.validUntil) revert IPooledFund.DeadlinePassed(voucher.validUntil);
        IPooledFund.Milestone memory m = _paid(voucher.pool, voucher.milestone);
        uint256 until = m.releasedAt + LIFETIME;
        if (block.timestamp > until) revert IPooledFund.DeadlinePassed(until);
        return m.amount;
    }

    function _checkBill(Voucher calldata voucher, Bill calldata bill) private view {
        if (block.timestamp > bill.deadline) revert IPooledFund.DeadlinePassed(bill.deadline);
        if (bill.fromPool == 0) revert IPooledFund.ZeroAmount();
        if (bill.own > _MAX_AMOUNT) revert OverMax(bill.own);
        if (bill.evidence == 0) revert IJudgement.NoEvidence();
        if (bill.fromPool > voucher.maxPart) revert OverMaxPart(voucher.maxPart, bill.fromPool);
        if (!REGISTER.isAccredited(bill.provider, IRegister.Kind.Provider)) {
            revert IPooledFund.NotAccredited(bill.provider);
        }
        if (bill.own != 0 && msg.sender == bill.provider) revert PaysItself(bill.provider);
    }

    function _digestOf(Bill calldata b, bytes32 voucher) private view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(_BILL_TYPEHASH, voucher, b.provider, b.own, b.fromPool, b.evidence, b.deadline))
        );
    }

    /// @dev A milestone that was paid to this book.
    function _paid(uint256 pool, uint256 milestone) private view returns (IPooledFund.Milestone memory m) {
        m = FUND.milestoneOf(pool, milestone);
        if (!_isPaid(m)) revert NotForVouchers(pool, milestone);
    }

    function _isPaid(IPooledFund.Milestone memory m) private view returns (bool) {
        return m.payee == address(this) && m.releasedAt != 0;
    }

    // ------------------------------------------------------------------------------------------- the money

    /// @dev Takes an amount from the milestone's money and from the period's.
    function _spend(uint256 pool, uint256 milestone, uint64 funded, uint64 amount) private {
        IPooledFund.Limits memory limits = FUND.limitsOf(pool);
        if (limits.voucherCap == 0) revert NoVouchers(pool);
        uint64 period = _periodOf(limits);
        uint64 spent = _spentIn(pool, period);
        if (amount > limits.voucherCap - spent) revert OverPeriodCap(limits.voucherCap - spent, amount);
        uint64 left = funded - _gone[pool][milestone];
        if (amount > left) revert NotEnoughLeft(left, amount);

        _spending[pool] = Spending(period, spent + amount);
        _gone[pool][milestone] += amount;
    }

    function _periodOf(IPooledFund.Limits memory limits) private view returns (uint64) {
        return uint64(block.timestamp / limits.voucherPeriod);
    }

    function _spentIn(uint256 pool, uint64 period) private view returns (uint64) {
        Spending memory last = _spending[pool];
        return last.period < period ? 0 : last.amount;
    }

    /// @dev Both parts, or nothing.
    function _pay(IERC20 token, address provider, uint64 own, uint64 fromPool) private {
        uint256 asked = uint256(own) + fromPool;
        uint256 before = token.balanceOf(provider);
        if (own != 0) token.safeTransferFrom(msg.sender, provider, own);
        token.safeTransfer(provider, fromPool);
        uint256 received = token.balanceOf(provider) - before;
        if (received != asked) revert IPooledFund.WrongAmountReceived(asked, received);
    }
}
