// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title The words of Moa's judgement of milestones: evidence, attestations, objections.
/// @notice The Judgement says when a milestone may be paid, and when a pool has missed its time. It holds no money and
/// cannot say whom the fund pays or how much: that is in the pool's plan, which the fund keeps.
///
/// What a milestone can be:
///
///     Planned ─submitEvidence─► Submitted ─quorum says yes─► Approved ─fund.release, after window─► Released
///                                ▲  ▲  │                      │   ▲
///         submitEvidence, until  │  │  └─quorum out of        │   └─ all attestors say yes ─┐
///         the evidence deadline  │  │    reach  │             │                             │
///                                └──┼─────── Rejected         └─ objections above ─────► Disputed
///                                   │                            the threshold              │
///                                   └─ submitEvidence, within the attestation window ───────┘
///
/// A milestone is disputed once at most: when objections pass the threshold again, or its attestors reject it after a
/// dispute, it is rejected for good and its pool freezes at once. A milestone misses its time, and its pool freezes,
/// - when no standing evidence came by its evidence deadline,
/// - when its attestors gave no verdict within the attestation window,
/// - when a dispute was not settled within the attestation window,
/// - when nobody could release it within 90 days after its objection window.
/// An open-ended pool of which nothing is open freezes 180 days after its last release.
/// So a rejection after the evidence deadline freezes the pool at once: only evidence handed in an attestation window
/// before its deadline is sure of a second chance. A pause of the pool moves all these times by as long as it stood;
/// those that begin in it count from its end. The objection window alone does not stand still.
///
/// Evidence is taken only in an active pool, and when the pool holds the milestone's amount beside that of every other
/// milestone that is under judgement: an approved milestone can be paid, and those who may object to it have given
/// before.
/// Warning: milestones that are judged at the same time are released in any order, and each spends the lowest places.
/// So when gifts come between the evidence for one and that for the next, the first can spend gifts that came after
/// its own.
interface IJudgement {
    enum MilestoneState {
        Planned,
        Submitted,
        Approved,
        Disputed,
        Rejected,
        Released
    }

    /// @notice Who judges a pool's milestones, and by which rules.
    struct Panel {
        address ngo;
        uint24 objectionWindow;
        uint24 attestationWindow;
        uint16 objectionThreshold;
        uint8 quorum;
        uint8 attestors;
        bool openEnded;
        // --- second slot
        /// @dev How often an attestor was replaced.
        uint16 rotations;
        /// @dev The first milestone that is not released.
        uint16 firstOpen;
        uint16 milestones;
        /// @dev When the pool freezes if nothing is open, before pauses: 180 days after the last release.
        uint32 idleUntil;
        /// @dev The amounts of the milestones that are under judgement: submitted, approved or disputed.
        uint64 reserved;
    }

    struct Milestone {
        /// @dev SHA-256 of the evidence that stands; all zero before any.
        bytes32 evidence;
        // --- second slot
        MilestoneState state;
        /// @dev Whether it was disputed before. It is not disputed twice.
        bool disputed;
        /// @dev Counts what is attested: one more with each evidence, and with a dispute.
        uint16 round;
        /// @dev The panel's rotations when the evidence came, in a dispute the first one: whoever sat then judges it.
        uint16 rotations;
        /// @dev Attestations for and against in this round.
        uint8 yes;
        uint8 no;
        uint32 evidenceDeadline;
        uint32 submittedAt;
        /// @dev When it was approved, disputed or rejected.
        uint32 decidedAt;
        /// @dev When the pool freezes for its sake, before pauses.
        uint32 due;
        /// @dev The pool's `raised` when the standing evidence came. Later gifts have no say on it.
        uint64 lineAtEvidence;
        // --- third slot
        /// @dev What those who object in this round contributed.
        uint64 objected;
    }

    // ------------------------------------------------------------------------------------------------- events

    event AttestorSeated(uint256 indexed pool, address indexed attestor);
    /// @param line The pool's `raised`: gifts before it may object.
    event EvidenceSubmitted(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed ngo,
        uint16 round,
        bytes32 evidence,
        string uri,
        uint64 line
    );
    event Attested(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed attestor,
        uint16 round,
        bytes32 evidence,
        bool approved
    );
    event MilestoneApproved(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, uint32 releasableAt);
    /// @param last Whether it is rejected for good: the pool is frozen.
    event MilestoneRejected(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, bool last);
    /// @notice The contribution at `start` objects with the weight `amount`.
    event Objected(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed donor,
        uint16 round,
        bytes32 evidence,
        uint64 start,
        uint64 amount
    );
    /// @param round The round that begins: all attestors must confirm the evidence, or new evidence must come.
    event MilestoneDisputed(
        uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, uint16 round, uint64 objected, uint64 line
    );
    event MilestoneConsented(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed attestor,
        address payee,
        uint64 amount,
        uint32 evidenceDeadline
    );
    event RotationConsented(
        uint256 indexed pool, address indexed leaving, address indexed joining, address attestor
    );
    /// @notice Enough attestors consented: from `at` on anyone may carry it out.
    event RotationAgreed(uint256 indexed pool, address indexed leaving, address indexed joining, uint32 at);
    event AttestorReplaced(uint256 indexed pool, address indexed leaving, address indexed joining);

    // ------------------------------------------------------------------------------------------------- errors

    error MilestoneIs(uint256 pool, uint256 milestone, MilestoneState state);
    error NoEvidence();
    /// @dev What is disputed is not new: all attestors must confirm it, or other evidence must come.
    error SameEvidence(bytes32 evidence);
    /// @dev Rounds are counted to 2^16 - 1, and the last is kept for a dispute.
    error NoRoundLeft(uint256 pool, uint256 milestone);
    /// @dev The pool does not hold the milestone's amount beside what is under judgement.
    error NotCovered(uint256 free, uint256 amount);
    /// @dev A payout round needs its list, of exactly the milestone's amount, before evidence.
    error RoundNotSealed(uint256 pool, uint256 milestone);
    /// @dev The call is about other evidence than the one that stands.
    error OtherEvidence(bytes32 standing);
    error NotAnAttestor(uint256 pool, address account);
    error AlreadyAttested(uint256 pool, uint256 milestone, address attestor);
    error WindowClosed(uint256 at);
    /// @dev The gift came after the evidence.
    error GaveLater(uint64 start, uint64 line);
    /// @dev The receipt is of another pool.
    error OtherPool(uint256 pool);
    error NotOpenEnded(uint256 pool);
    error NoQuorum(uint256 consents, uint256 needed);
    error AlreadyConsented(address attestor);
    /// @dev An attestor that cannot be replaced so; `reason` says why.
    error BadRotation(string reason);

    // ------------------------------------------------------------------------------------------------ evidence

    /// @notice The pool's NGO names the evidence that a milestone is met: the first time, after a rejection until the
    /// evidence deadline, or other evidence once in a dispute.
    /// @param evidence SHA-256 of the evidence's bytes.
    /// @param uri Where the evidence can be had.
    function submitEvidence(uint256 pool, uint256 milestone, bytes32 evidence, string calldata uri) external;

    /// @notice An attestor of the pool says yes or no to exactly this evidence, once in a round.
    function attest(uint256 pool, uint256 milestone, bytes32 evidence, bool approved) external;

    /// @notice As `attest`, by EIP-712 signature (or ERC-1271) that anyone may hand in until `deadline`.
    /// @dev Attestation(address attestor,uint256 pool,uint256 milestone,uint256 round,bytes32 evidence,bool approved,
    /// uint256 deadline). The signature fills the seat that it names and no other.
    function attestBySignature(
        address attestor,
        uint256 pool,
        uint256 milestone,
        bytes32 evidence,
        bool approved,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // ----------------------------------------------------------------------------------------------- objections

    /// @notice A direct contributor objects to an approved milestone, in its objection window, with its contributions
    /// at these places. Each counts once in a round; what objects already is passed over.
    function object(uint256 pool, uint256 milestone, bytes32 evidence, uint64[] calldata starts) external;

    /// @notice As `object`, by the donor's signature, which anyone may hand in, with any of the donor's direct
    /// contributions and receipts. For a batch's donor the receipt key signs. Whoever hands it in can bring fewer of
    /// them; the same signature then serves for the others.
    /// @dev Objection(address donor,uint256 pool,uint256 milestone,uint256 round,bytes32 evidence,uint256 deadline),
    /// or ERC-1271.
    function objectBySignature(
        address donor,
        uint256 pool,
        uint256 milestone,
        bytes32 evidence,
        uint64[] calldata starts,
        IPooledFund.Receipt[] calldata receipts,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // ------------------------------------------------------------------------------------------------ the panel

    /// @notice An attestor consents to exactly this next milestone of an open-ended pool, whose amount can be one.
    function consentToMilestone(uint256 pool, IPooledFund.MilestonePlan calldata plan) external;

    /// @notice An attestor, not the one who leaves, consents that `joining` takes the seat of `leaving`. As many as the
    /// quorum must; then 7 days must pass. Where the quorum is the whole panel, all must, also the one who leaves:
    /// fewer than could approve a milestone cannot change who approves it.
    function consentToRotation(uint256 pool, address leaving, address joining) external;

    /// @notice Carries out an agreed rotation. Evidence that is in stays with those who sat when it came, and a dispute
    /// with those who judged what is disputed. What is agreed does not lapse; another rotation makes it void.
    function rotate(uint256 pool, address leaving, address joining) external;

    // ------------------------------------------------------------------------------------------ for the fund alone

    function open(
        uint256 pool,
        address ngo,
        bool openEnded,
        IPooledFund.PanelPlan calldata plan,
        IPooledFund.MilestonePlan[] calldata milestones
    ) external;

    function append(uint256 pool, IPooledFund.MilestonePlan calldata plan) external;

    /// @notice Reverts unless the milestone is approved and its objection window is over.
    function release(uint256 pool, uint256 milestone, uint64 amount) external;

    // --------------------------------------------------------------------------------------------------- views

    function FUND() external view returns (IPooledFund);

    /// @notice When the pool freezes unless something happens; the fund adds what pauses have stopped its clock.
    function dueOf(uint256 pool) external view returns (uint256);

    function panelOf(uint256 pool) external view returns (Panel memory);

    function milestonesOf(uint256 pool) external view returns (Milestone[] memory);

    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory);

    /// @notice Whether an account sits on the pool's panel now.
    function isAttestor(uint256 pool, address account) external view returns (bool);

    /// @notice Whether an attestor has spoken in the milestone's round.
    function hasAttested(uint256 pool, uint256 milestone, address attestor) external view returns (bool);

    /// @notice Whether the contribution at `start` objects in the milestone's round.
    function hasObjected(uint256 pool, uint256 milestone, uint64 start) external view returns (bool);

    /// @notice How many attestors of the panel as it is consented to this next milestone.
    function milestoneConsents(uint256 pool, IPooledFund.MilestonePlan calldata plan) external view returns (uint256);

    /// @return consents How many attestors consented.
    /// @return at When it can be carried out; 0: not agreed.
    function rotationConsents(uint256 pool, address leaving, address joining)
        external
        view
        returns (uint256 consents, uint256 at);
}
