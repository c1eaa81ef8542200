// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IERC3009} from "./interfaces/IERC3009.sol";
import {IJudgement} from "./interfaces/IJudgement.sol";
import {IPayoutBook} from "./interfaces/IPayoutBook.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {IRegister} from "./interfaces/IRegister.sol";
import {ISponsorBook} from "./interfaces/ISponsorBook.sol";
import {Cash} from "./libraries/Cash.sol";
import {Clock} from "./libraries/Clock.sol";
import {EntryTree} from "./libraries/EntryTree.sol";
import {Line} from "./libraries/Line.sol";
import {Plans} from "./libraries/Plans.sol";

/// @title The custody contract: pools, contributions, batches, releases, refunds.
/// @notice IPooledFund has every word. Each function checks, then writes, then says so, then moves money; what comes
/// in is measured to the unit. With plain tokens, the only ones that the register takes, no lock is needed on top: a
/// call that comes back in finds everything written, and one that pays in changes the measured sum and reverts.
contract PooledFund is IPooledFund, AccessManaged, EIP712 {
    using Cash for IERC20;
    using Line for Line.Places;
    using Clock for Pool;

    uint32 private constant _NEVER = type(uint32).max;
    bytes32 private constant _REFUND_TYPEHASH =
        keccak256("Refund(bytes32 batch,uint256 position,uint64 refunded,address to,uint256 deadline)");

    /// @inheritdoc IPooledFund
    IRegister public immutable REGISTER;
    /// @inheritdoc IPooledFund
    IJudgement public immutable JUDGEMENT;
    /// @inheritdoc IPooledFund
    ISponsorBook public immutable SPONSORS;
    /// @inheritdoc IPooledFund
    IPayoutBook public immutable PAYOUTS;

    /// @inheritdoc IPooledFund
    uint256 public poolCount;
    /// @dev The highest bit of a stored `raised` says whether sponsors match the pool's gifts.
    mapping(uint256 pool => Pool) private _pools;
    mapping(uint256 pool => Limits) private _limits;
    mapping(uint256 pool => Milestone[]) private _milestones;
    mapping(uint256 pool => Line.Places) private _places;
    /// @dev A Gift in one word, amount ‖ donor: written at once.
    mapping(uint256 pool => mapping(uint64 start => uint256)) private _gifts;
    mapping(uint256 pool => mapping(uint64 start => uint64)) private _refunds;
    mapping(bytes32 batch => Batch) private _batches;

    modifier onlyFor(address account) {
        if (msg.sender != account) revert OnlyFor(account);
        _;
    }

    constructor(address authority, IRegister register, IJudgement judgement, ISponsorBook sponsors, IPayoutBook payouts)
        AccessManaged(authority)
        EIP712("Moa PooledFund", "1")
    {
        if (address(judgement.FUND()) != address(this)) revert OfAnotherFund(address(judgement));
        if (address(sponsors.FUND()) != address(this)) revert OfAnotherFund(address(sponsors));
        if (address(payouts.FUND()) != address(this)) revert OfAnotherFund(address(payouts));
        REGISTER = register;
        JUDGEMENT = judgement;
        SPONSORS = sponsors;
        PAYOUTS = payouts;
    }

    // ---------------------------------------------------------------------------------------------- the plan

    /// @inheritdoc IPooledFund
    // slither-disable-next-line reentrancy-no-eth -- the Judgement is this fund's own, and calls nobody else
    function openPool(PoolPlan calldata plan) external returns (uint256 pool) {
        uint32 fundingDeadline = Plans.check(plan, REGISTER);

        pool = ++poolCount;
        Pool storage p = _pools[pool];
        p.token = plan.token;
        p.fundingThreshold = plan.fundingThreshold;
        p.fundingDeadline = fundingDeadline;
        p.ngo = msg.sender;
        p.openEnded = plan.openEnded;
        p.name = plan.name;
        p.descriptionHash = plan.descriptionHash;
        emit PoolOpened(
            pool, msg.sender, plan.token, plan.name, plan.descriptionHash, plan.descriptionURI, plan.fundingThreshold,
            fundingDeadline, plan.openEnded, plan.panel.objectionWindow, plan.panel.attestationWindow,
            plan.panel.objectionThreshold, plan.panel.quorum
        );
        _setLimits(pool, plan.limits);
        for (uint256 i = 0; i < plan.milestones.length; ++i) {
            _openMilestone(pool, p, plan.milestones[i]);
        }
        JUDGEMENT.open(pool, msg.sender, plan.openEnded, plan.panel, plan.milestones);
        _moveClock(pool, p);
    }

    /// @inheritdoc IPooledFund
    // slither-disable-next-line reentrancy-no-eth -- the Judgement is this fund's own, and calls nobody else
    function appendMilestone(uint256 pool, MilestonePlan calldata plan) external returns (uint256 milestone) {
        Pool storage p = _ngosOwn(pool);
        if (!p.openEnded) revert IJudgement.NotOpenEnded(pool);
        milestone = p.milestones;
        _openMilestone(pool, p, plan);
        JUDGEMENT.append(pool, plan);
        _moveClock(pool, p);
    }

    // -------------------------------------------------------------------------------------- money comes in

    /// @inheritdoc IPooledFund
    function contribute(uint256 pool, uint64 amount) external returns (uint64 start) {
        return _contributeFromAllowance(pool, amount);
    }

    /// @inheritdoc IPooledFund
    function contributeWithPermit(uint256 pool, uint64 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint64 start)
    {
        address token = _pools[pool].token;
        // A permit that was front-run reverts here but has left its allowance, which is all that is needed.
        if (token != address(0)) {
            try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        }
        return _contributeFromAllowance(pool, amount);
    }

    /// @inheritdoc IPooledFund
    function contributeWithAuthorization(uint256 pool, Authorization calldata a) external returns (uint64) {
        (address token, uint64 start, bool matched) = _addGift(pool, a.donor, a.amount);
        uint256 before = IERC20(token).balanceOf(address(this));
        bytes32 nonce = authorizationNonce(pool, a.salt);
        IERC3009(token).receiveWithAuthorization(
            a.donor, address(this), a.amount, a.validAfter, a.validBefore, nonce, a.signature
        );
        IERC20(token).checkReceived(before, a.amount);
        if (matched) _match(pool, token, abi.encodePacked(a.donor, uint32(0), a.amount));
        return start;
    }

    /// @inheritdoc IPooledFund
    function contributeMany(uint256 pool, bytes32[] calldata gifts) external returns (uint64 start) {
        if (gifts.length == 0) revert ZeroAmount();
        uint256 total = 0;
        for (uint256 i = 0; i < gifts.length; ++i) {
            address donor = address(bytes20(gifts[i]));
            if (donor == address(0) || donor == address(this)) revert BadDonor(i);
            if (uint64(uint256(gifts[i])) == 0) revert ZeroEntry(i);
            total += uint64(uint256(gifts[i]));
        }
        address token;
        bool matched;
        (token, start, matched) = _pools[pool].lengthen(pool, total);
        uint64 place = start;
        for (uint256 i = 0; i < gifts.length; ++i) {
            place += _writeGift(pool, token, place, address(bytes20(gifts[i])), uint64(uint256(gifts[i])));
        }
        emit ContributionsBrought(pool, msg.sender, token, uint64(total), start, gifts.length);
        IERC20(token).pull(total);
        if (matched) _match(pool, token, abi.encodePacked(gifts));
    }

    /// @inheritdoc IPooledFund
    function recordBatch(uint256 pool, bytes32 gatewayReference, bytes calldata entries)
        external
        restricted
        returns (bytes32 batch)
    {
        batch = batchId(msg.sender, gatewayReference);
        if (_batches[batch].count != 0) revert ReferenceUsed(msg.sender, gatewayReference);
        Batch memory b = EntryTree.toBatch(entries, pool, batch, _pools[pool].line());
        // slither-disable-next-line unused-return -- the batch knows its start
        (address token,, bool matched) = _pools[pool].lengthen(pool, b.amount);
        _batches[batch] = b;
        emit BatchRecorded(
            pool, batch, msg.sender, token, gatewayReference, b.root, b.start, b.amount, b.count, entries
        );
        IERC20(token).pull(b.amount);
        if (matched) _match(pool, token, entries);
    }

    // -------------------------------------------------------------------------------------- money goes out

    /// @inheritdoc IPooledFund
    // slither-disable-next-line reentrancy-no-eth -- the Judgement is this fund's own, and calls nobody else
    function release(uint256 pool, uint256 milestone) external {
        (Pool storage p, Milestone storage m) = (_pools[pool], _known(pool, milestone));
        if (stateOf(pool) != PoolState.Active) revert PoolIs(pool, stateOf(pool));
        if (m.releasedAt != 0) revert AlreadyReleased(pool, milestone);
        (uint64 amount, address payee, address token) = (m.amount, m.payee, p.token);
        if (heldOf(pool) < amount) revert NotEnoughHeld(heldOf(pool), amount);

        m.releasedAt = uint32(block.timestamp);
        ++p.milestonesReleased;
        emit Released(pool, milestone, payee, token, amount, msg.sender);
        p.returned -= _places[pool].spend(pool, milestone, p.released + p.returned, amount);
        p.released += amount;
        JUDGEMENT.release(pool, milestone, amount);
        _moveClock(pool, p);
        if (payee == address(PAYOUTS)) p.expectReturns(PAYOUTS.begin(pool, milestone, amount));
        else if (_limits[pool].voucherCap != 0) p.expectReturns(block.timestamp + Clock.VOUCHERS_LIVE);
        IERC20(token).pay(payee, amount);
    }

    /// @inheritdoc IPooledFund
    function giveBack(uint256 pool, uint256 milestone, uint64 amount) external {
        Milestone memory m = _known(pool, milestone);
        if (msg.sender != m.payee) revert NotThePayee(pool, milestone, msg.sender);
        if (amount == 0) revert ZeroAmount();
        (Pool storage p, address token) = (_pools[pool], _pools[pool].token);

        _places[pool].giveBack(pool, milestone, msg.sender, token, amount);
        p.released -= amount;
        p.returned += amount;
        p.noteReturn(m.releasedAt);
        IERC20(token).pull(amount);
    }

    // -------------------------------------------------------------------------------------- money comes back

    /// @inheritdoc IPooledFund
    function refund(uint256 pool, uint64 start, address to) external {
        Gift memory gift = giftAt(pool, start);
        if (gift.amount == 0) revert NoGift(pool, start);
        if (to != gift.donor && msg.sender != gift.donor) revert NotTheDonor(pool, start, msg.sender);
        _refund(pool, 0, start, gift.amount, gift.donor, to);
    }

    /// @inheritdoc IPooledFund
    function refundEntry(Receipt calldata receipt, address to, uint256 deadline, bytes calldata signature) external {
        if (!verifyEntry(receipt)) revert BadReceipt(receipt.batch, receipt.position);
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        address donor = address(bytes20(receipt.entry));
        Batch storage b = _batches[receipt.batch];
        uint64 before = _refunds[b.pool][receipt.start];
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(_REFUND_TYPEHASH, receipt.batch, receipt.position, before, to, deadline))
        );
        if (!SignatureChecker.isValidSignatureNow(donor, digest, signature)) revert BadSignature(donor);
        if (b.taken) revert TakenByGateway(receipt.batch);
        _refund(b.pool, receipt.batch, receipt.start, uint64(uint256(receipt.entry)), donor, to);
    }

    /// @inheritdoc IPooledFund
    function refundBatch(bytes32 gatewayReference, address to) external {
        bytes32 batch = batchId(msg.sender, gatewayReference);
        (Batch storage b, uint256 pool) = (_batches[batch], _batches[batch].pool);
        if (pool == 0) revert NoBatch(batch);
        _pools[pool].checkGatewaysTurn(pool);
        uint64 amount = unspentOf(pool, b.start, b.amount) - b.refunded;
        if (amount == 0) revert NothingToRefund(pool, b.start);

        b.refunded += amount;
        b.taken = true;
        address token = _countRefund(pool, amount);
        emit BatchRefunded(pool, batch, msg.sender, token, amount, to);
        IERC20(token).pay(to, amount);
    }

    // --------------------------------------------------------------------------------------------- the brake

    /// @inheritdoc IPooledFund
    function cancel(uint256 pool) external {
        _cancel(pool, _ngosOwn(pool));
    }

    /// @inheritdoc IPooledFund
    function cancelByOperator(uint256 pool) external restricted {
        _cancel(pool, _live(pool));
    }

    /// @inheritdoc IPooledFund
    function pause(uint256 pool) external restricted {
        Pool storage p = _live(pool);
        p.pause(pool);
        _moveClock(pool, p);
    }

    /// @inheritdoc IPooledFund
    function unpause(uint256 pool) external {
        Pool storage p = _live(pool);
        if (block.timestamp < p.pausedUntil) _checkCanCall(msg.sender, msg.data); // after its 7 days anyone may
        p.unpause(pool);
        _moveClock(pool, p);
    }

    // ------------------------------------------------------------------------------- for the contracts of this fund

    /// @inheritdoc IPooledFund
    function moveClock(uint256 pool) external onlyFor(address(JUDGEMENT)) {
        _moveClock(pool, _live(pool));
    }

    /// @inheritdoc IPooledFund
    function setMatched(uint256 pool, bool matched) external onlyFor(address(SPONSORS)) {
        _pools[pool].raised = _pools[pool].line() | (matched ? Clock.MATCHED : 0);
        emit MatchingSet(pool, matched);
    }

    // ------------------------------------------------------------------------------------------------- views
    /// @inheritdoc IPooledFund
    function stateOf(uint256 pool) public view returns (PoolState) {
        return _pools[pool].state();
    }

    /// @inheritdoc IPooledFund
    function poolOf(uint256 pool) external view returns (Pool memory p) {
        p = _pools[pool];
        p.raised = _pools[pool].line();
    }

    /// @inheritdoc IPooledFund
    function limitsOf(uint256 pool) external view returns (Limits memory) {
        return _limits[pool];
    }

    /// @inheritdoc IPooledFund
    function isMatched(uint256 pool) external view returns (bool) {
        return _pools[pool].raised & Clock.MATCHED != 0;
    }

    /// @inheritdoc IPooledFund
    function heldOf(uint256 pool) public view returns (uint256) {
        return _pools[pool].line() - _pools[pool].released - _pools[pool].refunded;
    }

    /// @inheritdoc IPooledFund
    function milestonesOf(uint256 pool) external view returns (Milestone[] memory) {
        return _milestones[pool];
    }

    /// @inheritdoc IPooledFund
    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory) {
        return _known(pool, milestone);
    }

    /// @inheritdoc IPooledFund
    function spentOf(uint256 pool, uint256 milestone) external view returns (Interval[] memory) {
        return _places[pool].spent[milestone];
    }

    /// @inheritdoc IPooledFund
    function returnedOf(uint256 pool) external view returns (Interval[] memory) {
        return _places[pool].returned;
    }

    /// @inheritdoc IPooledFund
    function unspentOf(uint256 pool, uint64 start, uint64 amount) public view returns (uint64) {
        Pool storage p = _pools[pool];
        return _places[pool].unspent(p.released + p.returned, start, uint256(start) + amount);
    }

    /// @inheritdoc IPooledFund
    function refundedOf(uint256 pool, uint64 start) external view returns (uint64) {
        return _refunds[pool][start];
    }

    /// @inheritdoc IPooledFund
    function giftAt(uint256 pool, uint64 start) public view returns (Gift memory) {
        uint256 word = _gifts[pool][start];
        return Gift(address(uint160(word)), uint64(word >> 160));
    }

    /// @inheritdoc IPooledFund
    function batchOf(bytes32 batch) external view returns (Batch memory) {
        return _batches[batch];
    }

    /// @inheritdoc IPooledFund
    function batchId(address gateway, bytes32 gatewayReference) public pure returns (bytes32) {
        return keccak256(abi.encode(gateway, gatewayReference));
    }

    /// @inheritdoc IPooledFund
    function authorizationNonce(uint256 pool, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(pool, salt));
    }

    /// @inheritdoc IPooledFund
    function verifyEntry(Receipt calldata r) public view returns (bool) {
        Batch storage b = _batches[r.batch];
        return EntryTree.verifies(r, b.root, b.count, b.pool);
    }
    // --------------------------------------------------------------------------------------------- within
    function _setLimits(uint256 pool, Limits calldata limits) private {
        if (limits.beneficiaryCap == 0 && limits.voucherCap == 0) return;
        _limits[pool] = limits;
        emit LimitsSet(pool, limits.programme, limits.beneficiaryCap, limits.voucherCap, limits.voucherPeriod);
    }

    function _openMilestone(uint256 pool, Pool storage p, MilestonePlan calldata plan) private {
        address payee = plan.payee;
        bool holdsNothing = payee == address(this) || payee == address(JUDGEMENT) || payee == address(SPONSORS);
        if (payee == address(0) || payee == p.token || holdsNothing) revert BadPlan("milestones: payee");
        Plans.checkAmount(plan.amount);
        _milestones[pool].push(Milestone(payee, plan.amount, 0));
        emit MilestoneOpened(pool, p.milestones++, payee, plan.amount, plan.evidenceDeadline);
    }
    // ---------------------------------------------------------------------------------------- contributing
    function _contributeFromAllowance(uint256 pool, uint64 amount) private returns (uint64) {
        (address token, uint64 start, bool matched) = _addGift(pool, msg.sender, amount);
        IERC20(token).pull(amount);
        if (matched) _match(pool, token, abi.encodePacked(msg.sender, uint32(0), amount));
        return start;
    }

    function _addGift(uint256 pool, address donor, uint64 amount)
        private
        returns (address token, uint64 start, bool matched)
    {
        if (amount == 0) revert ZeroAmount();

        (token, start, matched) = _pools[pool].lengthen(pool, amount);
        _writeGift(pool, token, start, donor, amount);
    }

    function _writeGift(uint256 pool, address token, uint64 start, address donor, uint64 amount)
        private
        returns (uint64)
    {
        _gifts[pool][start] = (uint256(amount) << 160) | uint160(donor);
        emit Contributed(pool, donor, token, amount, start);
        return amount;
    }

    /// @dev Lets the sponsors match these gifts. What they add stands in line like any direct contribution.
    function _match(uint256 pool, address token, bytes memory rows) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        (address[] memory sponsors, uint64[] memory amounts) = SPONSORS.draw(pool, rows);
        uint256 total = 0;
        for (uint256 i = 0; i < sponsors.length; ++i) {
            _addGift(pool, sponsors[i], amounts[i]);
            total += amounts[i];
        }
        IERC20(token).checkReceived(before, total);
    }

    // -------------------------------------------------------------------------------------- spending, refunding
    function _refund(uint256 pool, bytes32 batch, uint64 start, uint64 amount, address donor, address to) private {
        _pools[pool].checkOver(pool);
        uint64 due = unspentOf(pool, start, amount) - _refunds[pool][start];
        if (due == 0) revert NothingToRefund(pool, start);

        _refunds[pool][start] += due;
        if (batch != 0) _batches[batch].refunded += due;
        address token = _countRefund(pool, due);
        emit Refunded(pool, donor, batch, token, due, start, to, msg.sender);
        IERC20(token).pay(to, due);
    }

    function _countRefund(uint256 pool, uint64 amount) private returns (address token) {
        if (heldOf(pool) < amount) revert NotEnoughHeld(heldOf(pool), amount);
        _pools[pool].refunded += amount;
        return _pools[pool].token;
    }

    function _cancel(uint256 pool, Pool storage p) private {
        emit Cancelled(pool, msg.sender);
        _setClock(pool, p, uint32(block.timestamp - 1));
    }

    /// @dev Writes down when the pool freezes by itself and until when it takes gifts, so that a contribution need
    /// look at one number only.
    function _moveClock(uint256 pool, Pool storage p) private {
        uint256 defaultsAt = p.isComplete() ? block.timestamp : JUDGEMENT.dueOf(pool) + p.clockShift;
        _setClock(pool, p, uint32(Math.min(defaultsAt, _NEVER)));
    }

    function _setClock(uint256 pool, Pool storage p, uint32 defaultsAt) private {
        bool closed = p.paused || p.isComplete();
        uint32 acceptsUntil = closed ? 0 : uint32(Math.min(defaultsAt, p.fundingEnd()));
        (p.defaultsAt, p.acceptsUntil) = (defaultsAt, acceptsUntil);
        emit DeadlineMoved(pool, acceptsUntil, defaultsAt);
    }

    function _known(uint256 pool, uint256 milestone) private view returns (Milestone storage) {
        if (_pools[pool].ngo == address(0)) revert UnknownPool(pool);
        if (milestone >= _milestones[pool].length) revert UnknownMilestone(pool, milestone);
        return _milestones[pool][milestone];
    }

    /// @dev A pool that is neither frozen nor completed: what is over never moves again.
    function _live(uint256 pool) private view returns (Pool storage p) {
        PoolState state = stateOf(pool);
        if (state != PoolState.Funding && state != PoolState.Active) revert PoolIs(pool, state);
        return _pools[pool];
    }

    function _ngosOwn(uint256 pool) private view returns (Pool storage p) {
        p = _live(pool);
        if (msg.sender != p.ngo) revert NotTheNgo(pool, msg.sender);
    }
}
