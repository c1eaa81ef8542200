// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IJudgement} from "./interfaces/IJudgement.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {IRegister} from "./interfaces/IRegister.sol";
import {Clock} from "./libraries/Clock.sol";
import {Consents} from "./libraries/Consents.sol";
import {Plans} from "./libraries/Plans.sol";

/// @title The judgement of milestones: evidence, attestations, objections, and what becomes due.
/// @notice IJudgement has every word.
contract Judgement is IJudgement, EIP712 {
    using Clock for IPooledFund.Pool;

    uint256 private constant _MAX_OPEN = 32;
    uint256 private constant _RELEASE_WINDOW = 90 days;
    uint256 private constant _IDLE_WINDOW = 180 days;
    uint256 private constant _ROTATION_DELAY = 7 days;
    uint256 private constant _WHOLE = 10_000;
    uint32 private constant _NEVER = type(uint32).max;
    uint16 private constant _LAST_ROUND = type(uint16).max - 1; // for evidence: one more is kept for a dispute
    bytes32 private constant _ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address attestor,uint256 pool,uint256 milestone,uint256 round,"
        "bytes32 evidence,bool approved,uint256 deadline)"
    );
    bytes32 private constant _OBJECTION_TYPEHASH = keccak256(
        "Objection(address donor,uint256 pool,uint256 milestone,uint256 round,bytes32 evidence,uint256 deadline)"
    );

    /// @dev A chair of the panel: its number from 1, and the rotations between which its holder judges new evidence.
    struct Seat {
        uint8 number;
        uint16 from;
        /// @dev 0: still.
        uint16 until;
    }

    IRegister private immutable _REGISTER;
    /// @inheritdoc IJudgement
    IPooledFund public immutable FUND;

    mapping(uint256 pool => Panel) private _panels;
    mapping(uint256 pool => Milestone[]) private _milestones;
    mapping(uint256 pool => mapping(address account => Seat)) private _seats;
    /// @dev Which seats have attested: bit n for seat n.
    mapping(uint256 pool => mapping(uint256 milestone => mapping(uint256 round => uint256))) private _attested;
    mapping(uint256 pool => mapping(uint256 milestone => mapping(uint256 round => mapping(uint64 start => bool))))
        private _objections;
    /// @dev Which seats have consented to a next milestone or a rotation: bit n for seat n.
    mapping(bytes32 subject => uint256) private _consents;
    mapping(bytes32 subject => uint256) private _agreedAt;

    modifier onlyFund() {
        if (msg.sender != address(FUND)) revert IPooledFund.OnlyFor(address(FUND));
        _;
    }

    constructor(IRegister register, IPooledFund fund) EIP712("Moa Judgement", "1") {
        _REGISTER = register;
        FUND = fund;
    }

    // ------------------------------------------------------------------------------------------------ evidence

    /// @inheritdoc IJudgement
    function submitEvidence(uint256 pool, uint256 milestone, bytes32 evidence, string calldata uri) external {
        Milestone storage m = _active(pool, milestone);
        Panel storage p = _panels[pool];
        if (msg.sender != p.ngo) revert IPooledFund.NotTheNgo(pool, msg.sender);
        IPooledFund.Pool memory custody = FUND.poolOf(pool);
        if (custody.paused && block.timestamp < custody.pausedUntil) revert IPooledFund.PauseIs(pool, true);
        MilestoneState state = m.state;
        if (state == MilestoneState.Submitted || state == MilestoneState.Approved || state == MilestoneState.Released) {
            revert MilestoneIs(pool, milestone, state);
        }
        if (evidence == 0) revert NoEvidence();
        if (state == MilestoneState.Disputed && evidence == m.evidence) revert SameEvidence(evidence);
        if (m.round >= _LAST_ROUND) revert NoRoundLeft(pool, milestone);
        if (state != MilestoneState.Disputed) _reserve(pool, p, milestone);

        m.evidence = evidence;
        m.state = MilestoneState.Submitted;
        if (state != MilestoneState.Disputed) m.rotations = p.rotations;
        m.submittedAt = uint32(block.timestamp);
        m.lineAtEvidence = custody.raised;
        uint16 round = _beginRound(m);
        emit EvidenceSubmitted(pool, milestone, msg.sender, round, evidence, uri, custody.raised);
        _setDue(pool, m, block.timestamp + p.attestationWindow);
    }

    /// @inheritdoc IJudgement
    function attest(uint256 pool, uint256 milestone, bytes32 evidence, bool approved) external {
        _attest(msg.sender, pool, milestone, evidence, approved);
    }

    /// @inheritdoc IJudgement
    function attestBySignature(
        address attestor,
        uint256 pool,
        uint256 milestone,
        bytes32 evidence,
        bool approved,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint256 round = _known(pool, milestone).round;
        bytes32 structHash = keccak256(
            abi.encode(_ATTESTATION_TYPEHASH, attestor, pool, milestone, round, evidence, approved, deadline)
        );
        _checkSignature(attestor, structHash, deadline, signature);
        _attest(attestor, pool, milestone, evidence, approved);
    }

    // ----------------------------------------------------------------------------------------------- objections

    /// @inheritdoc IJudgement
    function object(uint256 pool, uint256 milestone, bytes32 evidence, uint64[] calldata starts) external {
        _inWindow(pool, milestone, evidence);
        _objectWithGifts(msg.sender, pool, milestone, starts);
        _weigh(pool, milestone);
    }

    /// @inheritdoc IJudgement
    function objectBySignature(
        address donor,
        uint256 pool,
        uint256 milestone,
        bytes32 evidence,
        uint64[] calldata starts,
        IPooledFund.Receipt[] calldata receipts,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Milestone storage m = _inWindow(pool, milestone, evidence);
        bytes32 structHash =
            keccak256(abi.encode(_OBJECTION_TYPEHASH, donor, pool, milestone, m.round, evidence, deadline));
        _checkSignature(donor, structHash, deadline, signature);
        _objectWithGifts(donor, pool, milestone, starts);
        for (uint256 i = 0; i < receipts.length; ++i) {
            IPooledFund.Receipt calldata r = receipts[i];
            // slither-disable-start calls-loop -- the fund is ours and fixed; who brings many receipts pays for them
            if (!FUND.verifyEntry(r)) revert IPooledFund.BadReceipt(r.batch, r.position);
            uint256 batchPool = FUND.batchOf(r.batch).pool;
            // slither-disable-end calls-loop
            if (batchPool != pool) revert OtherPool(batchPool);
            if (address(bytes20(r.entry)) != donor) revert IPooledFund.NotTheDonor(pool, r.start, donor);
            _object(donor, pool, milestone, r.start, uint64(uint256(r.entry)));
        }
        _weigh(pool, milestone);
    }

    // ------------------------------------------------------------------------------------------------ the panel

    /// @inheritdoc IJudgement
    function consentToMilestone(uint256 pool, IPooledFund.MilestonePlan calldata plan) external {
        Panel storage p = _panels[pool];
        if (!p.openEnded) revert NotOpenEnded(pool);
        Plans.checkAmount(plan.amount);
        _consent(pool, Consents.toMilestone(pool, p, plan));
        emit MilestoneConsented(pool, p.milestones, msg.sender, plan.payee, plan.amount, plan.evidenceDeadline);
    }

    /// @inheritdoc IJudgement
    function consentToRotation(uint256 pool, address leaving, address joining) external {
        Panel storage p = _panels[pool];
        _checkRotation(pool, p, leaving, joining);
        if (msg.sender == leaving && p.quorum < p.attestors) revert BadRotation("who leaves has no say");
        bytes32 subject = Consents.toRotation(pool, p, leaving, joining);
        uint256 consents = _consent(pool, subject);
        emit RotationConsented(pool, leaving, joining, msg.sender);
        if (consents == p.quorum) {
            _agreedAt[subject] = block.timestamp + _ROTATION_DELAY;
            emit RotationAgreed(pool, leaving, joining, uint32(block.timestamp + _ROTATION_DELAY));
        }
    }

    /// @inheritdoc IJudgement
    function rotate(uint256 pool, address leaving, address joining) external {
        Panel storage p = _panels[pool];
        _checkRotation(pool, p, leaving, joining);
        uint256 at = _agreedAt[Consents.toRotation(pool, p, leaving, joining)];
        if (at == 0) revert BadRotation("not agreed");
        if (block.timestamp < at) revert IPooledFund.TooEarly(at);

        uint16 rotations = ++p.rotations;
        _seats[pool][joining] = Seat(_seats[pool][leaving].number, rotations, 0);
        _seats[pool][leaving].until = rotations;
        emit AttestorReplaced(pool, leaving, joining);
    }

    // ------------------------------------------------------------------------------------------ for the fund alone

    /// @inheritdoc IJudgement
    function open(
        uint256 pool,
        address ngo,
        bool openEnded,
        IPooledFund.PanelPlan calldata plan,
        IPooledFund.MilestonePlan[] calldata milestones
    ) external onlyFund {
        Plans.checkPanel(plan);
        Panel storage p = _panels[pool];
        p.ngo = ngo;
        p.objectionWindow = plan.objectionWindow;
        p.attestationWindow = plan.attestationWindow;
        p.objectionThreshold = plan.objectionThreshold;
        p.quorum = plan.quorum;
        p.attestors = uint8(plan.attestors.length);
        p.openEnded = openEnded;
        for (uint256 i = 0; i < plan.attestors.length; ++i) {
            address attestor = plan.attestors[i];
            // slither-disable-next-line calls-loop -- the register is ours and fixed; at most 32 attestors
            if (!_REGISTER.isAccredited(attestor, IRegister.Kind.Attestor)) {
                revert IPooledFund.NotAccredited(attestor);
            }
            if (_seats[pool][attestor].number != 0) revert IPooledFund.BadPlan("attestors: one twice");
            _seats[pool][attestor].number = uint8(i + 1);
            emit AttestorSeated(pool, attestor);
        }
        for (uint256 i = 0; i < milestones.length; ++i) {
            _openMilestone(pool, p, milestones[i]);
        }
    }

    /// @inheritdoc IJudgement
    function append(uint256 pool, IPooledFund.MilestonePlan calldata plan) external onlyFund {
        Panel storage p = _panels[pool];
        if (!p.openEnded) revert NotOpenEnded(pool);
        if (p.milestones - p.firstOpen >= _MAX_OPEN) revert IPooledFund.BadPlan("milestones: 32 are open");
        uint256 consents = Consents.count(_consents[Consents.toMilestone(pool, p, plan)]);
        if (consents < p.quorum) revert NoQuorum(consents, p.quorum);
        _openMilestone(pool, p, plan);
    }

    /// @inheritdoc IJudgement
    function release(uint256 pool, uint256 milestone, uint64 amount) external onlyFund {
        Panel storage p = _panels[pool];
        Milestone storage m = _milestones[pool][milestone];
        if (m.state != MilestoneState.Approved) revert MilestoneIs(pool, milestone, m.state);
        uint256 releasableAt = uint256(m.decidedAt) + p.objectionWindow;
        if (block.timestamp < releasableAt) revert IPooledFund.TooEarly(releasableAt);

        m.state = MilestoneState.Released;
        p.reserved -= amount;
        uint16 open_ = p.firstOpen;
        while (open_ < p.milestones && _milestones[pool][open_].state == MilestoneState.Released) ++open_;
        p.firstOpen = open_;
        p.idleUntil = uint32(block.timestamp + _IDLE_WINDOW - FUND.poolOf(pool).stoodStill());
    }

    // --------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IJudgement
    function dueOf(uint256 pool) external view returns (uint256 due) {
        Panel storage p = _panels[pool];
        Milestone[] storage all = _milestones[pool];
        due = _NEVER;
        for (uint256 i = p.firstOpen; i < all.length; ++i) {
            if (all[i].state != MilestoneState.Released) due = Math.min(due, all[i].due);
        }
        if (due == _NEVER) due = p.idleUntil;
    }

    /// @inheritdoc IJudgement
    function panelOf(uint256 pool) external view returns (Panel memory) {
        return _panels[pool];
    }

    /// @inheritdoc IJudgement
    function milestonesOf(uint256 pool) external view returns (Milestone[] memory) {
        return _milestones[pool];
    }

    /// @inheritdoc IJudgement
    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory) {
        return _known(pool, milestone);
    }

    /// @inheritdoc IJudgement
    function isAttestor(uint256 pool, address account) public view returns (bool) {
        return _seatFor(pool, account, _panels[pool].rotations) != 0;
    }

    /// @inheritdoc IJudgement
    function hasAttested(uint256 pool, uint256 milestone, address attestor) external view returns (bool) {
        Milestone storage m = _known(pool, milestone);
        uint256 seat = _seatFor(pool, attestor, m.rotations);
        return seat != 0 && (_attested[pool][milestone][m.round] >> seat) & 1 == 1;
    }

    /// @inheritdoc IJudgement
    function hasObjected(uint256 pool, uint256 milestone, uint64 start) external view returns (bool) {
        return _objections[pool][milestone][_known(pool, milestone).round][start];
    }

    /// @inheritdoc IJudgement
    function milestoneConsents(uint256 pool, IPooledFund.MilestonePlan calldata plan) external view returns (uint256) {
        return Consents.count(_consents[Consents.toMilestone(pool, _panels[pool], plan)]);
    }

    /// @inheritdoc IJudgement
    function rotationConsents(uint256 pool, address leaving, address joining)
        external
        view
        returns (uint256 consents, uint256 at)
    {
        bytes32 subject = Consents.toRotation(pool, _panels[pool], leaving, joining);
        return (Consents.count(_consents[subject]), _agreedAt[subject]);
    }

    // ------------------------------------------------------------------------------------------------- opening

    function _openMilestone(uint256 pool, Panel storage p, IPooledFund.MilestonePlan calldata plan) private {
        uint256 last = p.milestones++;
        uint32 deadline = plan.evidenceDeadline;
        Plans.checkDeadline(deadline, last == 0 ? 0 : _milestones[pool][last - 1].evidenceDeadline);
        if (isAttestor(pool, plan.payee)) revert IPooledFund.BadPlan("milestones: payee is an attestor");
        Milestone storage m = _milestones[pool].push();
        m.evidenceDeadline = deadline;
        m.due = deadline;
    }

    // ------------------------------------------------------------------------------------------------- judging

    /// @dev Evidence waits for its money: what is approved can be paid, and has contributors who may object.
    function _reserve(uint256 pool, Panel storage p, uint256 milestone) private {
        IPooledFund.Milestone memory planned = FUND.milestoneOf(pool, milestone);
        uint256 free = FUND.heldOf(pool) - p.reserved;
        if (free < planned.amount) revert NotCovered(free, planned.amount);
        bool isRound = planned.payee == address(FUND.PAYOUTS());
        if (isRound && !FUND.PAYOUTS().isReady(pool, milestone, planned.amount)) {
            revert RoundNotSealed(pool, milestone);
        }
        p.reserved += planned.amount;
    }

    function _beginRound(Milestone storage m) private returns (uint16 round) {
        round = ++m.round;
        m.yes = 0;
        m.no = 0;
        m.objected = 0;
    }

    function _attest(address attestor, uint256 pool, uint256 milestone, bytes32 evidence, bool approved) private {
        Milestone storage m = _active(pool, milestone);
        Panel storage p = _panels[pool];
        uint256 seat = _seatFor(pool, attestor, m.rotations);
        if (seat == 0) revert NotAnAttestor(pool, attestor);
        bool again = m.state == MilestoneState.Disputed;
        if (m.state != MilestoneState.Submitted && !again) revert MilestoneIs(pool, milestone, m.state);
        if (evidence != m.evidence) revert OtherEvidence(m.evidence);
        uint256 attested = _attested[pool][milestone][m.round];
        if ((attested >> seat) & 1 == 1) revert AlreadyAttested(pool, milestone, attestor);

        _attested[pool][milestone][m.round] = attested | (1 << seat);
        emit Attested(pool, milestone, attestor, m.round, evidence, approved);
        if (approved) {
            if (++m.yes == (again ? p.attestors : p.quorum)) {
                m.state = MilestoneState.Approved;
                m.decidedAt = uint32(block.timestamp);
                uint256 releasableAt = block.timestamp + p.objectionWindow;
                emit MilestoneApproved(pool, milestone, evidence, uint32(releasableAt));
                _setDue(pool, m, releasableAt + _RELEASE_WINDOW);
            }
        } else if (++m.no > p.attestors - p.quorum && !again) {
            _reject(pool, milestone, m);
        }
    }

    function _reject(uint256 pool, uint256 milestone, Milestone storage m) private {
        m.state = MilestoneState.Rejected;
        m.decidedAt = uint32(block.timestamp);
        _panels[pool].reserved -= FUND.milestoneOf(pool, milestone).amount;
        IPooledFund.Pool memory custody = FUND.poolOf(pool);
        bool last = m.disputed || block.timestamp > m.evidenceDeadline + custody.stoodStill();
        emit MilestoneRejected(pool, milestone, m.evidence, last);
        // For good: over since the last second, be the clock stopped or not.
        m.due = last ? uint32(block.timestamp - 1 - custody.clockShift) : m.evidenceDeadline;
        FUND.moveClock(pool);
    }

    // ------------------------------------------------------------------------------------------------ objecting

    function _inWindow(uint256 pool, uint256 milestone, bytes32 evidence) private view returns (Milestone storage m) {
        m = _active(pool, milestone);
        if (m.state != MilestoneState.Approved) revert MilestoneIs(pool, milestone, m.state);
        if (evidence != m.evidence) revert OtherEvidence(m.evidence);
        uint256 closesAt = uint256(m.decidedAt) + _panels[pool].objectionWindow;
        if (block.timestamp >= closesAt) revert WindowClosed(closesAt);
    }

    function _objectWithGifts(address donor, uint256 pool, uint256 milestone, uint64[] calldata starts) private {
        for (uint256 i = 0; i < starts.length; ++i) {
            // slither-disable-next-line calls-loop -- the fund is ours and fixed; whoever brings many gifts pays for it
            IPooledFund.Gift memory gift = FUND.giftAt(pool, starts[i]);
            if (gift.amount == 0) revert IPooledFund.NoGift(pool, starts[i]);
            if (gift.donor != donor) revert IPooledFund.NotTheDonor(pool, starts[i], donor);
            _object(donor, pool, milestone, starts[i], gift.amount);
        }
    }

    function _object(address donor, uint256 pool, uint256 milestone, uint64 start, uint64 amount) private {
        Milestone storage m = _milestones[pool][milestone];
        if (start >= m.lineAtEvidence) revert GaveLater(start, m.lineAtEvidence);
        // Whoever hands a part of a signed objection in first must not make the rest of it fail.
        if (_objections[pool][milestone][m.round][start]) return;
        _objections[pool][milestone][m.round][start] = true;
        m.objected += amount;
        emit Objected(pool, milestone, donor, m.round, m.evidence, start, amount);
    }

    /// @dev Objections above the threshold dispute a milestone; the second time they reject it.
    function _weigh(uint256 pool, uint256 milestone) private {
        Milestone storage m = _milestones[pool][milestone];
        Panel storage p = _panels[pool];
        (uint64 objected, uint64 line) = (m.objected, m.lineAtEvidence);
        if (objected * _WHOLE <= line * uint256(p.objectionThreshold)) return;
        if (m.disputed) return _reject(pool, milestone, m);
        m.disputed = true;
        m.state = MilestoneState.Disputed;
        m.decidedAt = uint32(block.timestamp);
        uint16 round = _beginRound(m);
        emit MilestoneDisputed(pool, milestone, m.evidence, round, objected, line);
        _setDue(pool, m, block.timestamp + p.attestationWindow);
    }

    // ------------------------------------------------------------------------------------------------- agreeing

    function _consent(uint256 pool, bytes32 subject) private returns (uint256 consents) {
        if (!isAttestor(pool, msg.sender)) revert NotAnAttestor(pool, msg.sender);
        uint256 bit = 1 << _seats[pool][msg.sender].number;
        uint256 seats = _consents[subject];
        if (seats & bit != 0) revert AlreadyConsented(msg.sender);
        _consents[subject] = seats | bit;
        return Consents.count(seats | bit);
    }

    function _checkRotation(uint256 pool, Panel storage p, address leaving, address joining) private view {
        if (!isAttestor(pool, leaving)) revert NotAnAttestor(pool, leaving);
        if (p.attestors == 1) revert BadRotation("nobody remains");
        if (_seats[pool][joining].number != 0) revert BadRotation("who joins sat here before");
        if (joining == p.ngo) revert BadRotation("who joins is the NGO");
        if (!_REGISTER.isAccredited(joining, IRegister.Kind.Attestor)) revert IPooledFund.NotAccredited(joining);
        for (uint256 i = p.firstOpen; i < p.milestones; ++i) {
            // slither-disable-next-line calls-loop -- the fund is ours and fixed; at most 32 milestones are open
            if (FUND.milestoneOf(pool, i).payee == joining) revert BadRotation("who joins is a payee");
        }
    }

    // --------------------------------------------------------------------------------------------------- common

    /// @dev The seat from which an account judges what came after so many rotations; 0: none.
    function _seatFor(uint256 pool, address account, uint16 rotations) private view returns (uint256) {
        Seat storage seat = _seats[pool][account];
        bool gone = seat.until != 0 && rotations >= seat.until;
        return rotations < seat.from || gone ? 0 : seat.number;
    }

    /// @dev The pool freezes after `deadline` and what pauses add to it from now on, also the rest of one under way.
    function _setDue(uint256 pool, Milestone storage m, uint256 deadline) private {
        m.due = uint32(deadline - FUND.poolOf(pool).stoodStill());
        FUND.moveClock(pool);
    }

    function _checkSignature(address signer, bytes32 structHash, uint256 deadline, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert IPooledFund.DeadlinePassed(deadline);
        bytes32 digest = _hashTypedDataV4(structHash);
        if (!SignatureChecker.isValidSignatureNow(signer, digest, signature)) revert IPooledFund.BadSignature(signer);
    }

    function _known(uint256 pool, uint256 milestone) private view returns (Milestone storage) {
        if (_panels[pool].ngo == address(0)) revert IPooledFund.UnknownPool(pool);
        if (milestone >= _milestones[pool].length) revert IPooledFund.UnknownMilestone(pool, milestone);
        return _milestones[pool][milestone];
    }

    /// @dev A milestone of a pool that has met its threshold and is not over.
    function _active(uint256 pool, uint256 milestone) private view returns (Milestone storage m) {
        m = _known(pool, milestone);
        IPooledFund.PoolState state = FUND.stateOf(pool);
        if (state != IPooledFund.PoolState.Active) revert IPooledFund.PoolIs(pool, state);
    }
}
