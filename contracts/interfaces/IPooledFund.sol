// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IJudgement} from "./IJudgement.sol";
import {IPayoutBook} from "./IPayoutBook.sol";
import {IRegister} from "./IRegister.sol";
import {ISponsorBook} from "./ISponsorBook.sol";

/// @title The words of Moa's custody contract: who gives, what is paid, what comes back.
/// @notice The fund holds every pool's money and its plan: who is paid how much. When a milestone may be paid is the
/// Judgement's to say; whom and how much it cannot say. Money leaves a pool in two ways and no other: `release`, to the
/// payee and of the amount that the plan named when the pool was opened, and the refunds, to its contributors.
///
/// Amounts are whole base units of the pool's token and fit 63 bits. Times are unix seconds. Milestones are counted
/// from 0 within their pool, pools from 1.
///
/// What a pool can be, and what moves it (`stateOf`). Only calls and the clock move a pool; nobody decides it.
///
///     None ──openPool──► Funding ──raised ≥ threshold──► Active ──last milestone released──► Completed
///                          │                               │          (never, if open-ended)
///                          ├── threshold unmet             ├── a milestone missed its time
///                          └────────── cancelled ──────────┴──► Frozen
///
/// A frozen pool takes nothing and releases nothing; it never thaws. What a frozen pool holds, and what a completed one
/// holds above its milestones, is its contributors', who pull it.
///
/// A gift is a place in line. Each contribution owns [start, start + amount) of its pool's line, for ever. A release
/// spends the lowest places that are not spent. What a payee gives back is taken from the end of what its release
/// spent, and lies unspent again at the very same places: the next release spends it before anything newer, or it is
/// refunded to those whose places they are. A refund is a contribution's places that are not spent, to the unit.
interface IPooledFund {
    // ------------------------------------------------------------------------------------------------- states

    enum PoolState {
        None,
        Funding,
        Active,
        Frozen,
        Completed
    }

    // ------------------------------------------------------------------------------------------------ structs

    /// @notice One tranche as its NGO plans it. It never changes once opened.
    struct MilestonePlan {
        /// @dev Who is paid. Not the fund, not an attestor of the pool. `PAYOUTS`: a round for beneficiaries.
        address payee;
        uint64 amount;
        /// @dev Last second in which evidence is taken; not before the milestone's predecessor's.
        /// What pauses have stopped the pool's clock since it was opened comes on top, also where it is appended later.
        uint32 evidenceDeadline;
    }

    /// @notice Who judges the milestones, and by which rules. See IJudgement.
    struct PanelPlan {
        /// @dev Seconds between a milestone's approval and its earliest release: 1 hour to 180 days.
        uint24 objectionWindow;
        /// @dev Seconds that the attestors have for their verdict on a piece of evidence: 1 hour to 180 days.
        uint24 attestationWindow;
        /// @dev Objections of more than this part of what was contributed before the evidence came dispute it, in
        /// hundredths of a percent: 0 (any objection) to 5,000 (more than half).
        uint16 objectionThreshold;
        /// @dev How many attestors must say yes: 1 to their number.
        uint8 quorum;
        /// @dev 1 to 32 accredited attestors, each once, none of them the NGO.
        address[] attestors;
    }

    /// @notice What bounds the pool's payouts and vouchers. See IPayoutBook and IVoucherBook.
    struct Limits {
        /// @dev Pools that name the same programme count a beneficiary's cap together; all zero: this pool alone.
        bytes32 programme;
        /// @dev The most that one beneficiary gets over all rounds; 0: no cap. As every amount, at most 2^63 - 1.
        uint64 beneficiaryCap;
        /// @dev The most that the pool pays on vouchers in a period; 0: no vouchers.
        uint64 voucherCap;
        /// @dev Seconds.
        uint32 voucherPeriod;
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
        Limits limits;
        PanelPlan panel;
        /// @dev 1 to 32.
        MilestonePlan[] milestones;
    }

    /// @notice What the fund stores of a pool. A contribution reads and writes only the first slot.
    struct Pool {
        address token;
        /// @dev All that was ever contributed: the length of the pool's line.
        uint64 raised;
        /// @dev Last second in which gifts are taken: the earlier of the funding deadline and `defaultsAt`; 0 while
        /// paused and once completed.
        uint32 acceptsUntil;
        // --- second slot
        /// @dev What was paid to payees, less what they gave back. The line was ever spent up to released + returned.
        uint64 released;
        /// @dev What payees gave back and what is not spent again.
        uint64 returned;
        uint64 refunded;
        uint64 fundingThreshold;
        // --- third slot
        address ngo;
        uint32 fundingDeadline;
        /// @dev The pool freezes after this second, unless a call on a milestone moves it. Once the pool is over: the
        /// last second in which it was not, unless its funding ended before below the threshold.
        uint32 defaultsAt;
        /// @dev When the last pause ends by itself, or when it was ended; 0: none yet.
        uint32 pausedUntil;
        // --- fourth slot
        /// @dev Seconds for which pauses have stopped the pool's clock: all planned deadlines are so much later.
        uint32 clockShift;
        uint16 milestones;
        uint16 milestonesReleased;
        bool openEnded;
        bool paused;
        /// @dev Until when payees are known to give back: a round's claims end, vouchers end, or somebody gave back.
        uint32 returnsUntil;
        // --- further slots
        bytes32 name;
        bytes32 descriptionHash;
    }

    /// @notice What the fund stores of a milestone: whom it pays and how much, and when it did.
    struct Milestone {
        address payee;
        uint64 amount;
        /// @dev 0: not yet.
        uint32 releasedAt;
    }

    /// @notice The places [start, start + amount) of a pool's line.
    struct Interval {
        uint64 start;
        uint64 amount;
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
        /// @dev What was refunded of it, to its donors and to its gateway.
        uint64 refunded;
        uint24 count;
        uint32 pool;
        /// @dev Whether the gateway took what its donors had not claimed. From then on only the gateway gets more.
        bool taken;
    }

    /// @notice One entry of a batch, with what proves it: a receipt.
    struct Receipt {
        bytes32 batch;
        uint256 position;
        uint64 start;
        /// @dev Donor id (20) ‖ time the donor paid, unix seconds (4) ‖ amount (8).
        bytes32 entry;
        /// @dev The siblings from the leaf up, as in RFC 9162, section 2.1.3.
        bytes32[] proof;
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
        uint16 objectionThreshold,
        uint8 quorum
    );
    /// @notice The pool's limits; not told where all are zero.
    event LimitsSet(
        uint256 indexed pool, bytes32 programme, uint64 beneficiaryCap, uint64 voucherCap, uint32 voucherPeriod
    );
    event MilestoneOpened(
        uint256 indexed pool, uint256 indexed milestone, address indexed payee, uint64 amount, uint32 evidenceDeadline
    );
    /// @notice What passes on the clock: gifts are taken until `acceptsUntil`, the pool freezes after `defaultsAt`.
    event DeadlineMoved(uint256 indexed pool, uint32 acceptsUntil, uint32 defaultsAt);
    /// @notice A direct contribution owns [start, start + amount) of the pool's line.
    event Contributed(uint256 indexed pool, address indexed donor, address token, uint64 amount, uint64 start);
    /// @notice `bearer` paid `amount` for the `count` contributions from `start` on, in their donors' names.
    event ContributionsBrought(
        uint256 indexed pool, address indexed bearer, address token, uint64 amount, uint64 start, uint256 count
    );
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
    /// @notice A milestone was paid. What it spent is told by `Spent`.
    event Released(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed payee,
        address token,
        uint64 amount,
        address caller
    );
    /// @notice A release spent [start, start + amount) of the pool's line.
    event Spent(uint256 indexed pool, uint256 indexed milestone, uint64 start, uint64 amount);
    /// @notice A payee gave back: [start, start + amount) of the pool's line is unspent again.
    event Returned(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed payee,
        address token,
        uint64 amount,
        uint64 start
    );
    /// @notice A contribution was refunded, in whole or in part.
    /// @param batch The batch of the contribution that starts at `start`; all zero if it is a direct one.
    event Refunded(
        uint256 indexed pool,
        address indexed donor,
        bytes32 indexed batch,
        address token,
        uint64 amount,
        uint64 start,
        address to,
        address caller
    );
    /// @notice A gateway took what the donors of its batch had not claimed, to pay it back in fiat.
    event BatchRefunded(
        uint256 indexed pool,
        bytes32 indexed batch,
        address indexed gateway,
        address token,
        uint64 amount,
        address to
    );
    /// @notice Whether sponsors match the pool's gifts.
    event MatchingSet(uint256 indexed pool, bool matched);
    event Cancelled(uint256 indexed pool, address indexed account);
    /// @param clockShift Seconds for which pauses have stopped the pool's clock, those of this one all counted.
    event Paused(uint256 indexed pool, address indexed account, uint32 until, uint32 clockShift);
    event Unpaused(uint256 indexed pool, address indexed account, uint32 clockShift);

    // ------------------------------------------------------------------------------------------------- errors

    /// @dev The caller, or someone named in a plan, is not in the register as what it must be.
    error NotAccredited(address account);
    /// @dev A plan that cannot be opened; `reason` names the field in words.
    error BadPlan(string reason);
    /// @dev A contract that must be of this fund is of another.
    error OfAnotherFund(address account);
    error UnknownPool(uint256 pool);
    error UnknownMilestone(uint256 pool, uint256 milestone);
    /// @dev The pool takes no gifts: `acceptsUntil` is past (0: never opened, paused, or completed).
    error NotAccepting(uint256 pool, uint256 acceptsUntil);
    error PoolIs(uint256 pool, PoolState state);
    error ZeroAmount();
    /// @dev Gift `position` of those brought names no donor, or the fund, which could not be paid back.
    error BadDonor(uint256 position);
    /// @dev Entry `position` of a batch, or gift `position` of those brought, has the amount 0.
    error ZeroEntry(uint256 position);
    /// @dev The bytes are not a whole number of 32-byte entries, or none, or more than 2^24 - 1.
    error BadEntries(uint256 length);
    /// @dev The pool's line would pass 2^63 - 1 base units.
    error TooMuch(uint256 pool);
    error ReferenceUsed(address gateway, bytes32 gatewayReference);
    /// @dev The token moved another amount than it was asked to.
    error WrongAmountReceived(uint256 asked, uint256 received);
    error NotTheNgo(uint256 pool, address caller);
    error NotThePayee(uint256 pool, uint256 milestone, address caller);
    error NotTheDonor(uint256 pool, uint64 start, address caller);
    /// @dev Only the named contract of this fund may call it.
    error OnlyFor(address account);
    error AlreadyReleased(uint256 pool, uint256 milestone);
    error NotEnoughHeld(uint256 held, uint256 amount);
    /// @dev A payee cannot give back more than it was paid and has not given back.
    error MoreThanReleased(uint256 pool, uint256 milestone, uint64 amount);
    error NoGift(uint256 pool, uint64 start);
    /// @dev All of the contribution is spent, or refunded already.
    error NothingToRefund(uint256 pool, uint64 start);
    /// @dev Neither the zero address nor the fund can be paid.
    error BadReceiver(address to);
    error BadReceipt(bytes32 batch, uint256 position);
    error NoBatch(bytes32 batch);
    /// @dev The gateway has taken what was unclaimed: it owes the donor.
    error TakenByGateway(bytes32 batch);
    error DeadlinePassed(uint256 deadline);
    error BadSignature(address signer);
    error PauseIs(uint256 pool, bool paused);
    error TooEarly(uint256 at);

    // ---------------------------------------------------------------------------------------------- the plan

    /// @notice Opens a pool for the caller, an accredited NGO. Nothing of the plan can be changed afterwards.
    /// @return pool The new pool's number, from 1.
    function openPool(PoolPlan calldata plan) external returns (uint256 pool);

    /// @notice The NGO of an open-ended pool adds a milestone, with its attestors' quorum: each of them must have
    /// consented to exactly this one (`IJudgement.consentToMilestone`). Nothing older changes.
    /// @return milestone The new milestone's number.
    function appendMilestone(uint256 pool, MilestonePlan calldata plan) external returns (uint256 milestone);

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

    /// @notice The caller brings the gifts of many donors and pays their sum from its allowance. Each is a direct
    /// contribution in its donor's name: the donor, not the caller, objects with it and gets its refund.
    /// @param gifts Donor (20 bytes, not 0 and not the fund) ‖ 4 bytes that are ignored ‖ amount (8 bytes, not 0).
    /// @return start The first gift's place in line; the others follow without a gap.
    function contributeMany(uint256 pool, bytes32[] calldata gifts) external returns (uint64 start);

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

    /// @notice The payee of a released milestone gives back a part or all of it, in whatever state the pool is.
    function giveBack(uint256 pool, uint256 milestone, uint64 amount) external;

    // -------------------------------------------------------------------------------------- money comes back

    /// @notice Pays a direct contribution's unspent places back, from a pool that is frozen or completed. Anyone may
    /// call it for the donor; only the donor may name another address. If a payee gives back later, it pays again.
    /// @param start The contribution's place in line.
    function refund(uint256 pool, uint64 start, address to) external;

    /// @notice As `refund`, for an entry of a batch: anyone may hand in the donor's word.
    /// @dev Signed by the receipt key (or ERC-1271 account) whose address is the donor id:
    /// Refund(bytes32 batch,uint256 position,uint64 refunded,address to,uint256 deadline), where `refunded` is what the
    /// entry was refunded before, so that it serves once. An anonymous entry has no such key.
    function refundEntry(Receipt calldata receipt, address to, uint256 deadline, bytes calldata signature) external;

    /// @notice The gateway of a batch takes what its donors have not claimed 30 days after the pool's end, or after its
    /// payees gave back if that is later (`Pool.returnsUntil`), to pay it back in fiat.
    /// @dev Warning: here the donors must trust the gateway, as they did when they gave. Whoever does not claims with
    /// the receipt key in those 30 days. What payees give back of the batch after the gateway took is the gateway's.
    /// A gateway that lost its role may still do this. A payee that gives back again and again holds the gateways up,
    /// for 2 years after its release at most.
    function refundBatch(bytes32 gatewayReference, address to) external;

    // --------------------------------------------------------------------------------------------- the brake

    /// @notice The NGO gives up its pool, at once and for ever: it freezes, and its contributors pull what is unspent.
    function cancel(uint256 pool) external;

    /// @notice The operator's cancellation. The consortium's roles impose a public delay before it can be called.
    /// @dev Warning: this is the worst that the operator can do to a pool.
    function cancelByOperator(uint256 pool) external;

    /// @notice Stops new contributions to a pool and new evidence in it, and nothing else, for 7 days; after them
    /// anyone may end it. The pool's clock stands still as long: every deadline that has not passed moves by what the
    /// pause lasts, at most 7 days.
    /// @dev Warning: the pauser can so delay a pool by 7 days in every 35, and can do no more.
    function pause(uint256 pool) external;

    /// @notice Ends a pause: the operator at any time, everybody else once its 7 days are over.
    function unpause(uint256 pool) external;

    // ------------------------------------------------------------------------------- for the contracts of this fund

    /// @notice The Judgement has moved `dueOf` of a pool. It cannot thaw one that is over.
    function moveClock(uint256 pool) external;

    /// @notice The sponsors' book says whether it matches the pool's gifts.
    function setMatched(uint256 pool, bool matched) external;

    // ------------------------------------------------------------------------------------------------- views

    function REGISTER() external view returns (IRegister);

    function JUDGEMENT() external view returns (IJudgement);

    function SPONSORS() external view returns (ISponsorBook);

    function PAYOUTS() external view returns (IPayoutBook);

    function poolCount() external view returns (uint256);

    function stateOf(uint256 pool) external view returns (PoolState);

    function poolOf(uint256 pool) external view returns (Pool memory);

    function limitsOf(uint256 pool) external view returns (Limits memory);

    /// @notice Whether sponsors match the pool's gifts.
    function isMatched(uint256 pool) external view returns (bool);

    /// @notice What the pool still holds: raised less released less refunded.
    function heldOf(uint256 pool) external view returns (uint256);

    function milestonesOf(uint256 pool) external view returns (Milestone[] memory);

    function milestoneOf(uint256 pool, uint256 milestone) external view returns (Milestone memory);

    /// @notice The places that a milestone's release spent and that were not given back.
    function spentOf(uint256 pool, uint256 milestone) external view returns (Interval[] memory);

    /// @notice The places that were given back and are not spent again, the highest first.
    function returnedOf(uint256 pool) external view returns (Interval[] memory);

    /// @notice How much of [start, start + amount) of a pool's line is not spent now.
    function unspentOf(uint256 pool, uint64 start, uint64 amount) external view returns (uint64);

    /// @notice What the contribution that starts at `start` was refunded so far.
    function refundedOf(uint256 pool, uint64 start) external view returns (uint64);

    /// @notice The direct contribution that starts at `start`; all zero if none does.
    function giftAt(uint256 pool, uint64 start) external view returns (Gift memory);

    /// @notice A batch by its id; all zero if there is none.
    function batchOf(bytes32 batch) external view returns (Batch memory);

    function batchId(address gateway, bytes32 gatewayReference) external pure returns (bytes32);

    /// @notice The ERC-3009 nonce that ties a donor's authorization to one pool.
    function authorizationNonce(uint256 pool, bytes32 salt) external pure returns (bytes32);

    /// @notice Whether this very entry stands in this batch, at this position and with this start.
    function verifyEntry(Receipt calldata receipt) external view returns (bool);
}
