// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title The words of Moa's standing orders: small gifts that come round by the day, the week or the month.
/// @notice Amounts are whole base units of the pool's token and fit 63 bits. Times are unix seconds, days and months
/// those of UTC. Pledges are counted from 1.
///
/// A donor signs once: which pool, how much, how often, from when, until when, how much in all. From then on anyone
/// (a keeper) may bring what is due to the pool, in the donor's name; nobody can bring it anywhere else. The donor can
/// make it less or end it at any moment, alone and at once. More is only ever a new pledge, signed anew.
///
///     None ──pledge──► Live ──stop, or a new pledge in its place──► Stopped, for ever
///                      │  ▲                                            ▲
///                 pause│  │resume                                      │
///                      ▼  │                                            │
///                     Paused ──────────────────────────────────────────┘
///
/// Periods are counted from `firstDue`: period 0 begins then, period n when n days, weeks or months have come round
/// since. Months go by the calendar: what is due on the 31st is due on the last day of a shorter month. Of a live
/// pledge one amount can be collected in each period, at any moment of it. What was missed (nobody collected, it was
/// paused, the money was not there) is never made up for. A live pledge ends by itself: after `lastDue`, after `times`
/// collections, or when the next amount would pass `cap`; a part of an amount is never taken. A pledge in the place of
/// an older one begins with its first period that begins when the older one's next would have begun, or later: what was
/// collected or skipped is not collected again for a higher amount.
///
/// Warning: the book can take from a donor whatever the token allows it to, but only for what the donor's pledges say.
/// The allowance that a stopped pledge leaves over serves only the donor's other pledges; the donor takes it back with
/// `approve(book, 0)`. That ends no pledge: nothing is collected only until the donor allows the book something again,
/// for which a new pledge by signature is enough; then all that are live share it. `stop` ends a pledge.
interface IPledgeBook {
    // ------------------------------------------------------------------------------------------------- states

    enum Period {
        Day,
        Week,
        Month
    }

    enum PledgeState {
        None,
        Live,
        Paused,
        Stopped
    }

    /// @notice Why nothing was collected, the first that holds.
    enum Reason {
        /// @dev Nothing stands against it.
        None,
        /// @dev There is no such pledge.
        Unknown,
        Stopped,
        Paused,
        /// @dev `lastDue` is past, or it was collected `times` times.
        Ended,
        /// @dev Before `firstDue`, or this period's amount was collected or skipped.
        NotDue,
        /// @dev One more amount would pass the cap.
        CapReached,
        /// @dev The pool takes no gifts (now, or no more).
        PoolClosed,
        /// @dev The pool's line would pass 2^63 - 1 base units.
        PoolFull,
        /// @dev The donor allows the book less than the amount.
        NoAllowance,
        /// @dev The donor has less than the amount.
        NoBalance,
        /// @dev The token refused for reasons of its own: it may have barred the donor.
        Refused,
        /// @dev The fund or the token refused all that was brought to this pool; every pledge of the run failed.
        RunFailed
    }

    // ------------------------------------------------------------------------------------------------ structs

    /// @notice All that a donor says, and signs.
    struct Terms {
        /// @dev A pool that takes gifts now.
        uint256 pool;
        /// @dev What is due in each period. Not 0.
        uint64 amount;
        Period period;
        /// @dev When it is due for the first time. It may be past; what was due before the pledge is not owed.
        uint32 firstDue;
        /// @dev Last second in which anything is collected; 0: `times` or `cap` ends it.
        uint32 lastDue;
        /// @dev At most so many collections; 0: `lastDue` or `cap` ends it.
        uint16 times;
        /// @dev All that may ever be collected. At least one amount.
        uint64 cap;
        /// @dev An older pledge of the same donor, not stopped, that stops as this one begins; 0: none. Of the periods
        /// that it collected or skipped nothing is collected anew, whatever `firstDue` says.
        uint256 replaces;
    }

    /// @notice What the book stores of a pledge.
    struct Pledge {
        address donor;
        uint64 amount;
        uint32 pool;
        // --- second slot
        uint32 firstDue;
        uint32 lastDue;
        /// @dev The first period that was neither collected nor skipped, nor lies before one that was.
        uint16 nextPeriod;
        uint16 times;
        /// @dev How often it was collected.
        uint16 collections;
        uint64 cap;
        /// @dev All that was ever collected.
        uint64 collected;
        Period period;
        PledgeState state;
    }

    // ------------------------------------------------------------------------------------------------- events

    /// @param caller The donor itself, or who handed in its signature.
    event Pledged(
        uint256 indexed pledge,
        address indexed donor,
        uint256 indexed pool,
        address token,
        uint64 amount,
        Period period,
        uint32 firstDue,
        uint32 lastDue,
        uint16 times,
        uint64 cap,
        uint256 replaces,
        address caller
    );
    event PledgePaused(uint256 indexed pledge, address indexed donor);
    event PledgeResumed(uint256 indexed pledge, address indexed donor);
    /// @notice Nothing is collected for `period`, nor for any before it: the donor said so, or the pledge replaces one
    /// that collected or skipped the time until then.
    event PledgeSkipped(uint256 indexed pledge, address indexed donor, uint16 period);
    event PledgeLowered(uint256 indexed pledge, address indexed donor, uint64 amount, uint64 cap);
    event PledgeStopped(uint256 indexed pledge, address indexed donor);
    /// @notice A keeper brought `amount` to a pool: [start, start + amount) of its line, the pledges in their order.
    /// The fund tells of each as of any gift of its donor's (`IPooledFund.Contributed`).
    /// @param rows 32 bytes each: pledge (14) ‖ period (2) ‖ start (8) ‖ amount (8).
    event Collected(
        uint256 indexed pool, address indexed keeper, address token, uint64 amount, uint64 start, bytes32[] rows
    );
    /// @notice A keeper asked for this pledge and got nothing. Nothing of the pledge has changed.
    /// @dev Anyone can bring this about at any time, so it says nothing about the donor's faith.
    event CollectionFailed(uint256 indexed pledge, address indexed donor, Reason reason);

    // ------------------------------------------------------------------------------------------------- errors

    /// @dev Terms that cannot be; `reason` names the field in words.
    error BadTerms(string reason);
    error NotTheDonor(uint256 pledge, address account);
    error PledgeIs(uint256 pledge, PledgeState state);
    /// @dev Another period than the one that was to be skipped is the next.
    error NextPeriodIs(uint256 pledge, uint256 period);
    /// @dev The token did not say that the donor signed this.
    error BadSignature(address donor);
    error NotTheBook(address caller);
    /// @dev The fund put the gifts elsewhere than at the end of the line that it had told.
    error LineMoved(uint256 told, uint256 start);
    /// @dev A run failed, and so little gas is left that it may have failed for want of gas alone.
    error NotEnoughGas();

    // -------------------------------------------------------------------------------------- what a donor does

    /// @notice The caller pledges. Its allowance to this contract is what can be collected; it may be given later.
    /// @return id The new pledge's number, from 1.
    function pledge(Terms calldata terms) external returns (uint256 id);

    /// @notice As `pledge`, by one signature that anyone may hand in until `deadline`, so the donor pays no gas. The
    /// book's allowance grows by the cap.
    /// @dev Signed in the EIP-712 domain of the pool's token, which must have IPermitWitness, with the book as spender
    /// and the cap as value; `period` is a word: "day", "week" or "month".
    /// PermitWitness(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,Pledge pledge)
    /// Pledge(uint256 pool,uint64 amount,string period,uint32 firstDue,uint32 lastDue,uint16 times,uint64 cap,
    /// uint256 replaces), without the space and the line breaks.
    /// Warning: until it is handed in, a signature is only undone by using the token's nonce for something else.
    function pledgeBySignature(address donor, Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 id);

    /// @notice Nothing is collected until `resume`. The periods go on, and what they would have brought is not owed.
    function pause(uint256 id) external;

    function resume(uint256 id) external;

    /// @notice Nothing is collected for the next period that could still be: this one, or the next if this one was
    /// collected. It may be called again, for the period after that.
    /// @param period Its number, as `nextPeriodOf` tells it; any other is refused, so that a call that comes after a
    /// collection does not skip the period after it.
    function skip(uint256 id, uint16 period) external;

    /// @notice Makes the amount, the cap or both less; neither can become more. A cap below what was collected becomes
    /// just that, so that nothing more is.
    function lower(uint256 id, uint64 amount, uint64 cap) external;

    /// @notice Ends the pledge at once, for ever.
    function stop(uint256 id) external;

    // ------------------------------------------------------------------------------------- what a keeper does

    /// @notice Brings what is due of these pledges to their pools. Anyone may call it. Each pledge fails alone, with
    /// `CollectionFailed`; named twice, it is collected once.
    /// A call with too little gas is refused as a whole, so that no pledge fails for want of gas and no period is lost
    /// by it: what a node estimates is enough.
    /// @dev Pledges of one pool that stand next to each other go to the fund together: sort them by pool. A token that
    /// uses up all gas that it is given makes the whole call fail: leave its pledges out.
    function collect(uint256[] calldata ids) external;

    /// @notice The first pledges of the list that are for one pool. Only the book itself calls it, so that what the
    /// fund or a token refuses is undone for one pool alone.
    /// @return count How many they were.
    function collectRun(uint256[] calldata ids, address keeper) external returns (uint256 count);

    // ------------------------------------------------------------------------------------------------- views

    /// @notice The fund that all collections go to.
    // solhint-disable-next-line func-name-mixedcase
    function FUND() external view returns (IPooledFund);

    function pledgeCount() external view returns (uint256);

    /// @notice A pledge by its number; all zero if there is none.
    function pledgeOf(uint256 id) external view returns (Pledge memory);

    /// @notice When the next amount falls due; not after now: it can be collected now. 0: none will be, as things
    /// stand (unknown, stopped, paused, ended, cap reached). It does not ask the pool or the token.
    function nextDue(uint256 id) external view returns (uint256);

    /// @notice The next period that could still be collected or skipped, also of a pledge that is paused or over, and
    /// its first second; both 0 if there is no such pledge.
    function nextPeriodOf(uint256 id) external view returns (uint256 period, uint256 start);
}
