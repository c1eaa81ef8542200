// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IERC3009} from "./interfaces/IERC3009.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {IRegister} from "./interfaces/IRegister.sol";
import {EntryTree} from "./libraries/EntryTree.sol";

/// @title The custody contract: pools, contributions, batches, milestones, attestations, releases.
/// @notice IPooledFund has every word. Each function checks, then writes, then says so, then moves money; what comes
/// in is measured to the unit. With plain tokens, the only ones that the register takes, no lock is needed on top: a
/// call that comes back in finds everything written, and one that pays in changes the measured sum and reverts.
contract PooledFund is IPooledFund, AccessManaged, EIP712 {
    using SafeERC20 for IERC20;

    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    uint256 private constant _MAX_DECIMALS = 6;
    uint256 private constant _MAX_LIST = 32;
    uint256 private constant _MIN_WINDOW = 1 hours;
    uint256 private constant _MAX_WINDOW = 180 days;
    uint32 private constant _NEVER = type(uint32).max;
    uint256 private constant _ENTRY = 32;
    bytes32 private constant _ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address attestor,uint256 pool,uint256 milestone,uint256 round,"
        "bytes32 evidence,bool approved,uint256 deadline)"
    );

    /// @notice The register in which NGOs and attestors are accredited.
    IRegister public immutable REGISTER;

    /// @inheritdoc IPooledFund
    uint256 public poolCount;
    mapping(uint256 pool => Pool) private _pools;
    mapping(uint256 pool => Milestone[]) private _milestones;
    /// @dev An attestor's seat in its pool, from 1; 0: none.
    mapping(uint256 pool => mapping(address account => uint256)) private _seats;
    /// @dev Which seats have attested: bit n for seat n.
    mapping(uint256 pool => mapping(uint256 milestone => mapping(uint256 round => uint256))) private _attested;
    /// @dev A Gift in one word, amount ‖ donor: written at once.
    mapping(uint256 pool => mapping(uint64 start => uint256)) private _gifts;
    mapping(bytes32 batch => Batch) private _batches;

    constructor(address authority, address register) AccessManaged(authority) EIP712("Moa PooledFund", "1") {
        REGISTER = IRegister(register);
    }

    // ---------------------------------------------------------------------------------------------- the plan

    /// @inheritdoc IPooledFund
    function openPool(PoolPlan calldata plan) external returns (uint256 pool) {
        if (!REGISTER.isAccredited(msg.sender, IRegister.Kind.Ngo)) revert NotAccredited(msg.sender);
        uint32 fundingDeadline = _checkPlan(plan);

        pool = ++poolCount;
        emit PoolOpened(
            pool, msg.sender, plan.token, plan.name, plan.descriptionHash, plan.descriptionURI, plan.fundingThreshold,
            fundingDeadline, plan.openEnded, plan.objectionWindow, plan.attestationWindow, plan.quorum
        );
        _seatAttestors(pool, plan.attestors);
        _openMilestones(pool, plan);
        Pool storage p = _pools[pool];
        p.token = plan.token;
        p.fundingThreshold = plan.fundingThreshold;
        p.fundingDeadline = fundingDeadline;
        p.ngo = msg.sender;
        p.objectionWindow = plan.objectionWindow;
        p.attestationWindow = plan.attestationWindow;
        p.quorum = plan.quorum;
        p.attestors = uint8(plan.attestors.length);
        p.openEnded = plan.openEnded;
        p.name = plan.name;
        p.descriptionHash = plan.descriptionHash;
        _moveDeadline(pool, p);
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
    function contributeWithAuthorization(uint256 pool, Authorization calldata a)
        external
        returns (uint64 start)
    {
        address token;
        (token, start) = _addGift(pool, a.donor, a.amount);
        uint256 before = IERC20(token).balanceOf(address(this));
        bytes32 nonce = authorizationNonce(pool, a.salt);
        IERC3009(token).receiveWithAuthorization(
            a.donor, address(this), a.amount, a.validAfter, a.validBefore, nonce, a.signature
        );
        _checkReceived(token, before, a.amount);
    }

    /// @inheritdoc IPooledFund
    function recordBatch(uint256 pool, bytes32 gatewayReference, bytes calldata entries)
        external
        restricted
        returns (bytes32 batch)
    {
        batch = batchId(msg.sender, gatewayReference);
        if (_batches[batch].count != 0) revert ReferenceUsed(msg.sender, gatewayReference);
        Batch memory b = _build(pool, batch, entries);
        (address token,) = _lengthen(pool, b.amount);
        _batches[batch] = b;
        emit BatchRecorded(
            pool, batch, msg.sender, token, gatewayReference, b.root, b.start, b.amount, b.count, entries
        );
        _pull(token, msg.sender, b.amount);
    }

    // -------------------------------------------------------------------------------------- money goes out

    /// @inheritdoc IPooledFund
    function release(uint256 pool, uint256 milestone) external {
        (Pool storage p, Milestone storage m) = _live(pool, milestone);
        if (p.raised < p.fundingThreshold) revert PoolIs(pool, PoolState.Funding);
        if (m.state != MilestoneState.Approved) revert MilestoneIs(pool, milestone, m.state);
        uint256 releasableAt = uint256(m.approvedAt) + p.objectionWindow;
        if (block.timestamp < releasableAt) revert TooEarly(releasableAt);
        (uint64 amount, uint64 start, address payee, address token) = (m.amount, p.released, m.payee, p.token);
        if (heldOf(pool) < amount) revert NotEnoughHeld(heldOf(pool), amount);

        m.state = MilestoneState.Released;
        p.released = start + amount;
        ++p.milestonesReleased;

        emit Released(pool, milestone, payee, token, amount, start, msg.sender);
        _moveDeadline(pool, p);
        IERC20(token).safeTransfer(payee, amount);
    }

    // ------------------------------------------------------------------------------------------- the judgement

    /// @inheritdoc IPooledFund
    function submitEvidence(uint256 pool, uint256 milestone, bytes32 evidence, string calldata uri)
        external
    {
        (Pool storage p, Milestone storage m) = _live(pool, milestone);
        if (msg.sender != p.ngo) revert NotTheNgo(pool, msg.sender);
        if (p.paused) revert PauseIs(pool, true);
        MilestoneState state = m.state;
        if (state != MilestoneState.Planned && state != MilestoneState.Rejected) {
            revert MilestoneIs(pool, milestone, state);
        }
        if (block.timestamp > m.evidenceDeadline) revert DeadlinePassed(m.evidenceDeadline);
        if (evidence == 0) revert NoEvidence();

        uint8 round = m.round + 1;
        uint64 line = p.raised;
        m.evidence = evidence;
        m.state = MilestoneState.Submitted;
        m.round = round;
        m.yes = 0;
        m.no = 0;
        m.submittedAt = uint32(block.timestamp);
        m.lineAtEvidence = line;

        emit EvidenceSubmitted(pool, milestone, msg.sender, round, evidence, uri, line);
        _moveDeadline(pool, p);
    }

    /// @inheritdoc IPooledFund
    function attest(uint256 pool, uint256 milestone, bytes32 evidence, bool approved) external {
        _attest(msg.sender, pool, milestone, evidence, approved);
    }

    /// @inheritdoc IPooledFund
    function attestBySignature(
        address attestor,
        uint256 pool,
        uint256 milestone,
        bytes32 evidence,
        bool approved,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        (, Milestone storage m) = _known(pool, milestone);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(_ATTESTATION_TYPEHASH, attestor, pool, milestone, m.round, evidence, approved, deadline)
            )
        );
        if (!SignatureChecker.isValidSignatureNow(attestor, digest, signature)) revert BadSignature(attestor);
        _attest(attestor, pool, milestone, evidence, approved);
    }

    // --------------------------------------------------------------------------------------------- the brake

    /// @inheritdoc IPooledFund
    function pause(uint256 pool) external restricted {
        _setPaused(pool, true);
        emit Paused(pool, msg.sender);
    }

    /// @inheritdoc IPooledFund
    function unpause(uint256 pool) external restricted {
        _setPaused(pool, false);
        emit Unpaused(pool, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IPooledFund
    function stateOf(uint256 pool) public view returns (PoolState) {
        Pool storage p = _pools[pool];
        if (p.ngo == address(0)) return PoolState.None;
        if (_isComplete(pool, p)) return PoolState.Completed;
        if (block.timestamp > p.defaultsAt) return PoolState.Frozen;
        if (p.raised >= p.fundingThreshold) return PoolState.Active;
        return block.timestamp > p.fundingDeadline ? PoolState.Frozen : PoolState.Funding;
    }

    /// @inheritdoc IPooledFund
    function poolOf(uint256 pool) external view returns (Pool memory) {
        return _pools[pool];
    }

    /// @inheritdoc IPooledFund
    function heldOf(uint256 pool) public view returns (uint256) {
        Pool storage p = _pools[pool];
        return p.raised - p.released - p.refunded;
    }

    /// @inheritdoc IPooledFund
    function milestonesOf(uint256 pool) external view returns (Milestone[] memory) {
        return _milestones[pool];
    }

    /// @inheritdoc IPooledFund
    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory) {
        (, Milestone storage m) = _known(pool, milestone);
        return m;
    }

    /// @inheritdoc IPooledFund
    function isAttestor(uint256 pool, address account) external view returns (bool) {
        return _seats[pool][account] != 0;
    }

    /// @inheritdoc IPooledFund
    function hasAttested(uint256 pool, uint256 milestone, address attestor) external view returns (bool) {
        (, Milestone storage m) = _known(pool, milestone);
        uint256 seat = _seats[pool][attestor];
        return seat != 0 && (_attested[pool][milestone][m.round] >> seat) & 1 == 1;
    }

    /// @inheritdoc IPooledFund
    function giftAt(uint256 pool, uint64 start) external view returns (Gift memory) {
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
    function verifyEntry(bytes32 batch, uint256 position, uint64 start, bytes32 entry, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        Batch storage b = _batches[batch];
        bytes32 leaf = EntryTree.leafOf(EntryTree.seed(address(this), b.pool, batch), position, start, entry);
        return EntryTree.includes(b.root, b.count, position, leaf, proof);
    }

    // ---------------------------------------------------------------------------------------------- opening

    function _checkPlan(PoolPlan calldata plan) private view returns (uint32 fundingDeadline) {
        if (!REGISTER.isAccredited(plan.token, IRegister.Kind.Token)) revert NotAccredited(plan.token);
        if (IERC20Metadata(plan.token).decimals() > _MAX_DECIMALS) revert BadPlan("token: more than 6 decimals");
        if (plan.name[0] == 0) revert BadPlan("name: empty");
        if (plan.name[31] != 0) revert BadPlan("name: more than 31 bytes");
        _checkWindow(plan.objectionWindow, "objectionWindow: not 1 hour to 180 days");
        _checkWindow(plan.attestationWindow, "attestationWindow: not 1 hour to 180 days");
        if (plan.attestors.length == 0 || plan.attestors.length > _MAX_LIST) revert BadPlan("attestors: not 1 to 32");
        if (plan.quorum == 0 || plan.quorum > plan.attestors.length) revert BadPlan("quorum: not 1 to all attestors");
        if (plan.milestones.length == 0 || plan.milestones.length > _MAX_LIST) {
            revert BadPlan("milestones: not 1 to 32");
        }
        fundingDeadline = plan.fundingDeadline;
        if (fundingDeadline == 0 && plan.openEnded) fundingDeadline = _NEVER;
        if (fundingDeadline <= block.timestamp) revert BadPlan("fundingDeadline: past");
        if (fundingDeadline == _NEVER && !plan.openEnded) revert BadPlan("fundingDeadline: never");
    }

    function _checkWindow(uint256 window, string memory reason) private pure {
        if (window < _MIN_WINDOW || window > _MAX_WINDOW) revert BadPlan(reason);
    }

    function _seatAttestors(uint256 pool, address[] calldata attestors) private {
        for (uint256 i = 0; i < attestors.length; ++i) {
            address attestor = attestors[i];
            // slither-disable-next-line calls-loop -- the register is ours and fixed; at most 32 attestors
            if (!REGISTER.isAccredited(attestor, IRegister.Kind.Attestor)) revert NotAccredited(attestor);
            if (_seats[pool][attestor] != 0) revert BadPlan("attestors: one twice");
            _seats[pool][attestor] = i + 1;
            emit AttestorSeated(pool, attestor);
        }
    }

    function _openMilestones(uint256 pool, PoolPlan calldata plan) private {
        uint256 total = 0;
        uint256 earliest = block.timestamp + 1;
        for (uint256 i = 0; i < plan.milestones.length; ++i) {
            MilestonePlan calldata m = plan.milestones[i];
            if (m.payee == address(0) || m.payee == address(this)) revert BadPlan("milestones: payee");
            if (_seats[pool][m.payee] != 0) revert BadPlan("milestones: payee is an attestor");
            if (m.amount == 0) revert BadPlan("milestones: amount is 0");
            if (m.evidenceDeadline < earliest) revert BadPlan("milestones: evidenceDeadline past or out of order");
            if (m.evidenceDeadline == _NEVER) revert BadPlan("milestones: evidenceDeadline never");
            earliest = m.evidenceDeadline;
            total += m.amount;
            Milestone storage opened = _milestones[pool].push();
            opened.payee = m.payee;
            opened.amount = m.amount;
            opened.evidenceDeadline = m.evidenceDeadline;
            emit MilestoneOpened(pool, i, m.payee, m.amount, m.evidenceDeadline);
        }
        if (total > _MAX_AMOUNT) revert BadPlan("milestones: more than 2^63 - 1");
        if (plan.fundingThreshold > total) revert BadPlan("fundingThreshold: more than the milestones");
    }

    // ---------------------------------------------------------------------------------------- contributing

    function _contributeFromAllowance(uint256 pool, uint64 amount) private returns (uint64 start) {
        address token;
        (token, start) = _addGift(pool, msg.sender, amount);
        _pull(token, msg.sender, amount);
    }

    function _addGift(uint256 pool, address donor, uint64 amount) private returns (address token, uint64 start) {
        if (amount == 0) revert ZeroAmount();

        (token, start) = _lengthen(pool, amount);
        _gifts[pool][start] = (uint256(amount) << 160) | uint160(donor);
        emit Contributed(pool, donor, token, amount, start);
    }

    function _build(uint256 pool, bytes32 batch, bytes calldata entries)
        private
        view
        returns (Batch memory)
    {
        uint256 count = entries.length / _ENTRY;
        if (count == 0 || entries.length % _ENTRY != 0 || count > type(uint32).max) revert BadEntries(entries.length);
        uint64 start = _pools[pool].raised;
        (bytes32 root, uint256 end) = EntryTree.build(entries, EntryTree.seed(address(this), pool, batch), start);
        if (end > _MAX_AMOUNT) revert TooMuch(pool);
        return Batch(root, start, uint64(end - start), uint32(count), uint32(pool)); // an unknown pool is refused next
    }

    /// @dev Adds `amount` to the pool's line, reading and writing the pool's first slot once; solc would read it often.
    function _lengthen(uint256 pool, uint256 amount) private returns (address token, uint64 start) {
        Pool storage p = _pools[pool];
        uint256 word;
        assembly ("memory-safe") {
            word := sload(p.slot)
        }
        token = address(uint160(word));
        start = uint64(word >> 160);
        uint256 acceptsUntil = word >> 224;
        if (block.timestamp > acceptsUntil) revert NotAccepting(pool, acceptsUntil);
        if (start + amount > _MAX_AMOUNT) revert TooMuch(pool);
        word += amount << 160;
        assembly ("memory-safe") {
            sstore(p.slot, word)
        }
    }

    function _pull(address token, address from, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        // slither-disable-next-line arbitrary-send-erc20 -- every caller passes msg.sender
        IERC20(token).safeTransferFrom(from, address(this), amount);
        _checkReceived(token, before, amount);
    }

    function _checkReceived(address token, uint256 before, uint256 amount) private view {
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert WrongAmountReceived(amount, received);
    }

    // -------------------------------------------------------------------------------------------- judging

    function _attest(address attestor, uint256 pool, uint256 milestone, bytes32 evidence, bool approved) private {
        (Pool storage p, Milestone storage m) = _live(pool, milestone);
        uint256 seat = _seats[pool][attestor];
        if (seat == 0) revert NotAnAttestor(pool, attestor);
        if (m.state != MilestoneState.Submitted) revert MilestoneIs(pool, milestone, m.state);
        if (evidence != m.evidence) revert OtherEvidence(m.evidence);
        uint256 attested = _attested[pool][milestone][m.round];
        if ((attested >> seat) & 1 == 1) revert AlreadyAttested(pool, milestone, attestor);

        _attested[pool][milestone][m.round] = attested | (1 << seat);
        emit Attested(pool, milestone, attestor, m.round, evidence, approved);
        if (approved) {
            if (++m.yes == p.quorum) {
                m.state = MilestoneState.Approved;
                m.approvedAt = uint32(block.timestamp);
                emit MilestoneApproved(pool, milestone, evidence, uint32(block.timestamp) + p.objectionWindow);
                _moveDeadline(pool, p);
            }
        } else if (++m.no > p.attestors - p.quorum) {
            m.state = MilestoneState.Rejected;
            emit MilestoneRejected(pool, milestone, evidence);
            _moveDeadline(pool, p);
        }
    }

    function _known(uint256 pool, uint256 milestone) private view returns (Pool storage p, Milestone storage m) {
        p = _pools[pool];
        if (p.ngo == address(0)) revert UnknownPool(pool);
        if (milestone >= _milestones[pool].length) revert UnknownMilestone(pool, milestone);
        m = _milestones[pool][milestone];
    }

    /// @dev A milestone of a pool that is neither frozen nor completed: what is over never moves again.
    function _live(uint256 pool, uint256 milestone) private view returns (Pool storage p, Milestone storage m) {
        (p, m) = _known(pool, milestone);
        PoolState state = stateOf(pool);
        if (state != PoolState.Funding && state != PoolState.Active) revert PoolIs(pool, state);
    }

    // ---------------------------------------------------------------------------------------------- the clock

    function _setPaused(uint256 pool, bool paused) private {
        Pool storage p = _pools[pool];
        if (p.ngo == address(0)) revert UnknownPool(pool);
        if (p.paused == paused) revert PauseIs(pool, paused);
        p.paused = paused;
        _moveDeadline(pool, p);
    }

    function _isComplete(uint256 pool, Pool storage p) private view returns (bool) {
        return !p.openEnded && p.milestonesReleased == _milestones[pool].length;
    }

    /// @dev Writes down when the pool freezes by itself and until when it takes gifts, so that a contribution need
    /// look at one number only.
    function _moveDeadline(uint256 pool, Pool storage p) private {
        uint256 defaultsAt = _NEVER;
        Milestone[] storage all = _milestones[pool];
        for (uint256 i = 0; i < all.length; ++i) {
            Milestone storage m = all[i];
            if (m.state == MilestoneState.Planned || m.state == MilestoneState.Rejected) {
                defaultsAt = Math.min(defaultsAt, m.evidenceDeadline);
            } else if (m.state == MilestoneState.Submitted) {
                defaultsAt = Math.min(defaultsAt, uint256(m.submittedAt) + p.attestationWindow);
            }
        }
        bool closed = p.paused || _isComplete(pool, p);
        uint32 acceptsUntil = closed ? 0 : uint32(Math.min(defaultsAt, p.fundingDeadline));
        p.defaultsAt = uint32(defaultsAt);
        p.acceptsUntil = acceptsUntil;
        emit DeadlineMoved(pool, acceptsUntil, uint32(defaultsAt));
    }
}
