// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The words of Moa's custody contract: states, structs, events, errors and functions.
/// @notice Amounts are whole base units of the pool's token and fit 63 bits. Times are unix seconds. Milestones
/// are counted from 0 within their pool, pools from 1.
///
/// What a pool can be, and what moves it (`stateOf`). Only calls and the clock move a pool; nobody decides it.
///
///     None ──openPool──► Funding ──raised ≥ threshold──► Active ──last milestone released──► Completed
///                          │                               │          (never, if open-ended)
///                          └── threshold unmet ────────────┴── a milestone missed its time ──► Frozen
///
/// A frozen pool takes nothing and releases nothing; it never thaws. What a frozen pool holds, and what a completed one
/// holds above its milestones, is its contributors'; this version holds it, the next lets them pull it.
///
/// What a milestone can be:
///
///     Planned ──submitEvidence──► Submitted ──quorum says yes──► Approved ──release, after the window──► Released
///                                  ▲     │
///              submitEvidence, until     └──quorum out of reach──► Rejected ─┐
///              the evidence deadline └───────────────────────────────────────┘
///
/// A milestone misses its time when no standing evidence came by its evidence deadline, or when its attestors gave
/// no verdict within the attestation window. So a rejection after the evidence deadline freezes the pool at once: only
/// evidence handed in an attestation window before its deadline is sure of a second chance. An approved milestone has
/// no such time in this version: one that its pool cannot pay stays approved.
interface IPooledFund {
    // ------------------------------------------------------------------------------------------------- states

    enum PoolState {
        None,
        Funding,
        Active,
        Frozen,
        Completed
    }

    enum MilestoneState {
        Planned,
        Submitted,
        Approved,
        Rejected,
        Released
    }

    // ------------------------------------------------------------------------------------------------ structs

    /// @notice One tranche as its NGO plans it. It never changes once opened.
    struct MilestonePlan {
        /// @dev Who is paid. Not the fund, not an attestor of the pool.
        address payee;
        uint64 amount;
        /// @dev Last second in which evidence is taken; not before the milestone's predecessor's.
        uint32 evidenceDeadline;
    }

    /// @notice Everything an NGO says when it opens a pool.
    struct PoolPlan {
        /// @dev An accredited ERC-20 of at most 6 decimals.
        address token;
        /// @dev UTF-8, at most 31 bytes, zero-padded. The long text is the description.
        bytes32 name;
        /// @dev SHA-256 of the description's bytes; all zero if there is none.
        bytes32 descriptionHash;
        string descriptionURI;
        /// @dev Below this at the funding deadline the pool freezes. At most the sum of the milestones.
        uint64 fundingThreshold;
        /// @dev Last second in which gifts are taken. 0, for an open-ended pool only: no deadline, stored and told as
        /// 2^32 - 1.
        uint32 fundingDeadline;
        /// @dev Whether milestones may be appended later, with the attestors' quorum.
        bool openEnded;
        /// @dev Seconds between a milestone's approval and its earliest release: 1 hour to 180 days.
        uint24 objectionWindow;
        /// @dev Seconds that the attestors have for their verdict on a piece of evidence: 1 hour to 180 days.
        uint24 attestationWindow;
        /// @dev How many attestors must say yes: 1 to their number.
        uint8 quorum;
        /// @dev 1 to 32 accredited attestors, each once, none of them the NGO.
        address[] attestors;
        /// @dev 1 to 32.
        MilestonePlan[] milestones;
    }

    /// @notice What the fund stores of a pool. A contribution reads and writes only the first slot.
    struct Pool {
        address token;
        /// @dev All that was ever contributed: the length of the pool's line.
        uint64 raised;
        /// @dev Last second in which gifts are taken: the earlier of `fundingDeadline` and `defaultsAt`; 0 while
        /// paused and once completed.
        uint32 acceptsUntil;
        // --- second slot
        /// @dev All that was ever paid to milestones' payees: the spent part of the line, from its front.
        uint64 released;
        /// @dev All that was ever refunded. Always 0 in this version: refunds are not built yet.
        uint64 refunded;
        uint64 fundingThreshold;
        uint32 fundingDeadline;
        /// @dev The pool freezes after this second, unless a call on a milestone moves it; 2^32 - 1: none waits.
        uint32 defaultsAt;
        // --- third slot
        address ngo;
        uint24 objectionWindow;
        uint24 attestationWindow;
        uint8 quorum;
        uint8 attestors;
        uint8 milestonesReleased;
        bool openEnded;
        bool paused;
        // --- further slots
        bytes32 name;
        bytes32 descriptionHash;
    }

    struct Milestone {
        address payee;
        uint64 amount;
        uint32 evidenceDeadline;
        // --- second slot
        /// @dev SHA-256 of the evidence that stands; all zero before any.
        bytes32 evidence;
        // --- third slot
        MilestoneState state;
        /// @dev How often evidence was submitted.
        uint8 round;
        /// @dev Attestations for and against the standing evidence.
        uint8 yes;
        uint8 no;
        uint32 submittedAt;
        uint32 approvedAt;
        /// @dev The pool's `raised` when the standing evidence came. Later gifts have no say on it.
        uint64 lineAtEvidence;
    }

    /// @notice A direct contribution. Its place in line is the key under which it is stored.
    struct Gift {
        address donor;
        uint64 amount;
    }

    /// @notice A donor's signed ERC-3009 `receiveWithAuthorization` to the fund.
    struct Authorization {
        address donor;
        uint64 amount;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 salt;
        bytes signature;
    }

    /// @notice What the fund stores of a batch; its entries are in the log.
    struct Batch {
        bytes32 root;
        uint64 start;
        uint64 amount;
        uint32 count;
        uint32 pool;
    }

    // ------------------------------------------------------------------------------------------------- events

    event PoolOpened(
        uint256 indexed pool,
        address indexed ngo,
        address indexed token,
        bytes32 name,
        bytes32 descriptionHash,
        string descriptionURI,
        uint64 fundingThreshold,
        uint32 fundingDeadline,
        bool openEnded,
        uint24 objectionWindow,
        uint24 attestationWindow,
        uint8 quorum
    );
    event AttestorSeated(uint256 indexed pool, address indexed attestor);
    event MilestoneOpened(
        uint256 indexed pool, uint256 indexed milestone, address indexed payee, uint64 amount, uint32 evidenceDeadline
    );
    /// @notice What passes on the clock: gifts are taken until `acceptsUntil`, the pool freezes after `defaultsAt`.
    event DeadlineMoved(uint256 indexed pool, uint32 acceptsUntil, uint32 defaultsAt);
    /// @notice A direct contribution owns [start, start + amount) of the pool's line.
    event Contributed(uint256 indexed pool, address indexed donor, address token, uint64 amount, uint64 start);
    /// @notice A batch owns [start, start + amount) of the pool's line, its entries in their order.
    /// @param entries 32 bytes each: donor id (20) ‖ time the donor paid, unix seconds (4) ‖ amount (8).
    event BatchRecorded(
        uint256 indexed pool,
        bytes32 indexed batch,
        address indexed gateway,
        address token,
        bytes32 gatewayReference,
        bytes32 root,
        uint64 start,
        uint64 amount,
        uint32 count,
        bytes entries
    );
    event EvidenceSubmitted(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed ngo,
        uint8 round,
        bytes32 evidence,
        string uri,
        uint64 line
    );
    event Attested(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed attestor,
        uint8 round,
        bytes32 evidence,
        bool approved
    );
    event MilestoneApproved(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, uint32 releasableAt);
    event MilestoneRejected(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence);
    /// @notice A release spends [start, start + amount) of the pool's line.
    event Released(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed payee,
        address token,
        uint64 amount,
        uint64 start,
        address caller
    );

    event Paused(uint256 indexed pool, address indexed account);
    event Unpaused(uint256 indexed pool, address indexed account);

    // ------------------------------------------------------------------------------------------------- errors

    /// @dev The caller, or someone named in a plan, is not in the register as what it must be.
    error NotAccredited(address account);
    /// @dev A plan that cannot be opened; `reason` names the field in words.
    error BadPlan(string reason);
    error UnknownPool(uint256 pool);
    error UnknownMilestone(uint256 pool, uint256 milestone);
    /// @dev The pool takes no gifts: `acceptsUntil` is past (0: never opened, paused, or completed).
    error NotAccepting(uint256 pool, uint256 acceptsUntil);
    error PoolIs(uint256 pool, PoolState state);
    error MilestoneIs(uint256 pool, uint256 milestone, MilestoneState state);
    error ZeroAmount();
    /// @dev Entry `position` of a batch has the amount 0.
    error ZeroEntry(uint256 position);
    /// @dev The bytes are not a whole number of 32-byte entries, or none, or more than 2^32 - 1.
    error BadEntries(uint256 length);
    /// @dev The pool's line would pass 2^63 - 1 base units.
    error TooMuch(uint256 pool);
    error ReferenceUsed(address gateway, bytes32 gatewayReference);
    /// @dev The token moved another amount than it was asked to.
    error WrongAmountReceived(uint256 asked, uint256 received);
    error NotTheNgo(uint256 pool, address caller);
    error DeadlinePassed(uint256 deadline);
    error NoEvidence();
    /// @dev `pause` and new evidence want a pool that is not paused, `unpause` one that is.
    error PauseIs(uint256 pool, bool paused);
    /// @dev The attestation is about other evidence than the one that stands.
    error OtherEvidence(bytes32 standing);
    error NotAnAttestor(uint256 pool, address account);
    error AlreadyAttested(uint256 pool, uint256 milestone, address attestor);
    error BadSignature(address signer);
    error TooEarly(uint256 releasableAt);
    error NotEnoughHeld(uint256 held, uint256 amount);

    // ---------------------------------------------------------------------------------------------- the plan

    /// @notice Opens a pool for the caller, an accredited NGO. Nothing of the plan can be changed afterwards.
    /// @return pool The new pool's number, from 1.
    function openPool(PoolPlan calldata plan) external returns (uint256 pool);

    // ------------------------------------------------------------------------------------------- money comes in

    /// @notice The caller gives `amount` to a pool, from its allowance to this contract.
    /// @return start The gift's place in the pool's line.
    function contribute(uint256 pool, uint64 amount) external returns (uint64 start);

    /// @notice As `contribute`, with the caller's ERC-2612 permit. If somebody else used the permit before, the
    /// allowance that it left serves.
    function contributeWithPermit(uint256 pool, uint64 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint64 start);

    /// @notice A gift by signature: anyone may hand in the donor's ERC-3009 authorization, so the donor pays no gas.
    /// @dev Its nonce is `authorizationNonce(pool, salt)`, so that whoever relays it cannot choose another pool.
    function contributeWithAuthorization(uint256 pool, Authorization calldata authorization)
        external
        returns (uint64 start);

    /// @notice A gateway records the fiat gifts of many donors and pays their sum in one transfer.
    /// @dev Warning: a gateway is trusted to tell who gave what, and when. It is not trusted with the sum, the order
    /// or the proof: the contract makes those from the entries.
    /// @param gatewayReference The gateway's own name for this batch; it works once for each gateway.
    /// @param entries 32 bytes each: donor id (20, all zero if anonymous) ‖ time paid (4) ‖ amount (8, not 0).
    /// @return batch The batch's id, `batchId(caller, gatewayReference)`.
    function recordBatch(uint256 pool, bytes32 gatewayReference, bytes calldata entries)
        external
        returns (bytes32 batch);

    // -------------------------------------------------------------------------------------- money goes out

    /// @notice Pays an approved milestone to its payee once the objection window is over. Anyone may call it; in
    /// practice the NGO does.
    function release(uint256 pool, uint256 milestone) external;

    // ------------------------------------------------------------------------------------------- the judgement

    /// @notice The pool's NGO names the evidence that a milestone is met. After a rejection it may do so again until
    /// the evidence deadline.
    /// @param evidence SHA-256 of the evidence's bytes.
    /// @param uri Where the evidence can be had.
    function submitEvidence(uint256 pool, uint256 milestone, bytes32 evidence, string calldata uri) external;

    /// @notice An attestor of the pool says yes or no to exactly this evidence, once.
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

    // --------------------------------------------------------------------------------------------- the brake

    /// @notice Stops new contributions to a pool and new evidence in it, and nothing else.
    /// @dev Warning: no deadline moves. A pause that lasts over the funding deadline of a pool below its threshold, or
    /// over an evidence deadline, freezes the pool: the pauser can so send its money back, at once and without a delay.
    function pause(uint256 pool) external;

    function unpause(uint256 pool) external;

    // ------------------------------------------------------------------------------------------------- views

    function poolCount() external view returns (uint256);

    function stateOf(uint256 pool) external view returns (PoolState);

    function poolOf(uint256 pool) external view returns (Pool memory);

    /// @notice What the pool still holds: raised less released less refunded.
    function heldOf(uint256 pool) external view returns (uint256);

    function milestonesOf(uint256 pool) external view returns (Milestone[] memory);

    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory);

    function isAttestor(uint256 pool, address account) external view returns (bool);

    /// @notice Whether an attestor has spoken on the standing evidence.
    function hasAttested(uint256 pool, uint256 milestone, address attestor) external view returns (bool);

    /// @notice The direct contribution that starts at `start`; all zero if none does.
    function giftAt(uint256 pool, uint64 start) external view returns (Gift memory);

    /// @notice A batch by its id; all zero if there is none.
    function batchOf(bytes32 batch) external view returns (Batch memory);

    function batchId(address gateway, bytes32 gatewayReference) external pure returns (bytes32);

    /// @notice The ERC-3009 nonce that ties a donor's authorization to one pool.
    function authorizationNonce(uint256 pool, bytes32 salt) external pure returns (bytes32);

    /// @notice Whether this very entry stands in this batch, at this position and with this start.
    /// @param proof The siblings from the leaf up, as in RFC 9162, section 2.1.3.
    function verifyEntry(bytes32 batch, uint256 position, uint64 start, bytes32 entry, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
