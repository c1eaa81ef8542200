// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title The words of the sponsors' book: who matches the small gifts to a pool, by which rule, and up to what budget.
/// @notice A sponsor locks its whole budget here beforehand, so that every promise to match is covered. The fund then
/// draws from it with each gift: a contribution by a wallet, each entry of a gateway's batch, each collected pledge.
///
/// The rule, for each gift by itself: `ratioPercent` hundredths of it, rounded down to a base unit, at most
/// `capPerGift`. The budget is used in the order of the gifts; the gift that exhausts it gets what is left. Several
/// sponsors of a pool each match the donors' gifts and never one another's. What a sponsor adds stands in the pool's
/// line directly behind the gifts that it matches, as an ordinary direct contribution of the sponsor: spent, given back
/// and refunded like any other.
///
/// What a sponsorship can be:
///
///     None ──lock──► Live ──budget exhausted──────────────────────┐
///                     ├──its last second passed───────────────────┼──► Over ──withdraw──► Over, nothing left
///                     ├──its pool is frozen or completed──────────┤
///                     └──its pool's time for gifts is past────────┘
///
/// A sponsorship that is over never matches again. A pool has four seats for sponsorships; `lock` takes the seat of one
/// that is over, `withdraw` and `unseat` free it.
///
/// For each sponsorship at any time: budget = drawn + left + withdrawn.
///
/// No sponsorship can make a gift fail. One that is over is passed by, and if the token does not let the book pay (its
/// issuer bars the book), the gifts go unmatched and the budgets stay as they were.
///
/// @dev Warning: a sponsor trusts the gateways and the donors for what one gift is. Whoever gives a large amount in
/// many small gifts draws more than `capPerGift` was meant for; the budget is the only hard limit. A pool's NGO may
/// give to its own pool and have it matched.
interface ISponsorBook {
    // ------------------------------------------------------------------------------------------------ structs

    /// @notice What the book stores of a sponsorship. A match reads both slots and writes the first.
    struct Sponsorship {
        address sponsor;
        /// @dev What can still be drawn or withdrawn.
        uint64 left;
        /// @dev Last second in which it matches.
        uint32 endsAt;
        // --- second slot
        /// @dev What the sponsor locked. Drawn so far: budget - left - withdrawn.
        uint64 budget;
        /// @dev What went back to the sponsor.
        uint64 withdrawn;
        /// @dev The most that one gift is matched with.
        uint64 capPerGift;
        /// @dev 100: each unit is doubled.
        uint16 ratioPercent;
    }

    // ------------------------------------------------------------------------------------------------- events

    /// @notice From now on the sponsor may, or may not, lock a budget for this pool.
    event Invited(uint256 indexed pool, address indexed sponsor, bool invited);
    /// @notice A sponsorship takes the lowest free seat of its pool.
    event Locked(
        uint256 indexed pool,
        uint256 indexed sponsorship,
        address indexed sponsor,
        address token,
        uint64 budget,
        uint16 ratioPercent,
        uint64 capPerGift,
        uint32 endsAt
    );
    /// @notice A sponsorship paid `amount` to the fund for `gifts` of the gifts that came together. Its place in line
    /// is told by the fund's `Contributed` of the sponsor.
    event Matched(
        uint256 indexed pool,
        uint256 indexed sponsorship,
        address indexed sponsor,
        address token,
        uint64 amount,
        uint256 gifts
    );
    /// @notice A sponsorship that is over has left its seat. What it has left can still be withdrawn.
    event Unseated(uint256 indexed pool, uint256 indexed sponsorship);
    /// @notice The rest of a budget went back.
    event Withdrawn(
        uint256 indexed pool,
        uint256 indexed sponsorship,
        address indexed sponsor,
        address to,
        address token,
        uint64 amount,
        address caller
    );

    // ------------------------------------------------------------------------------------------------- errors

    // Beside these, IPooledFund's: OnlyFor, NotTheNgo, PoolIs, NotAccepting, WrongAmountReceived, BadReceiver.

    error NotInvited(uint256 pool, address sponsor);
    /// @dev Terms that cannot be locked; `reason` names the field in words.
    error BadTerms(string reason);
    /// @dev The caller's other sponsorship of this pool is live.
    error AlreadyLive(uint256 pool, uint256 sponsorship);
    /// @dev Four sponsorships of this pool are live.
    error NoSeat(uint256 pool);
    error UnknownSponsorship(uint256 pool, uint256 sponsorship);
    /// @dev Only the sponsor may name another receiver than itself.
    error NotTheSponsor(uint256 pool, uint256 sponsorship, address caller);
    error NothingLeft(uint256 pool, uint256 sponsorship);
    /// @dev The sponsorship is live: it has something left, its pool still takes gifts or is paused, and it ends after
    /// `endsAt`.
    error StillLive(uint256 pool, uint256 sponsorship, uint256 endsAt);
    error NotSeated(uint256 pool, uint256 sponsorship);

    // ---------------------------------------------------------------------------------------------- functions

    /// @notice The pool's NGO lets somebody sponsor it, or no longer, so that no stranger can take the pool's few
    /// seats. A budget that is locked already stays.
    function invite(uint256 pool, address sponsor, bool invited) external;

    /// @notice An invited sponsor locks a budget, from its allowance to this contract. The terms are fixed.
    /// @dev Warning: the budget is bound until `endsAt`, or until the pool is frozen or completed or its time for gifts
    /// is past. An open-ended pool never completes, and may take gifts for ever. While a pool is paused, its time for
    /// gifts does not count as past.
    /// @param budget 1 to 2^63 - 1 base units, pulled at once.
    /// @param ratioPercent 1 to 1,000.
    /// @param capPerGift 1 to 2^63 - 1 base units.
    /// @param endsAt Last second in which gifts are matched; after now.
    /// @return sponsorship Its number, from 1 within its pool.
    function lock(uint256 pool, uint64 budget, uint16 ratioPercent, uint64 capPerGift, uint32 endsAt)
        external
        returns (uint256 sponsorship);

    /// @notice The fund's call when gifts came into a matched pool: pays it what the sponsors owe for them.
    /// @param rows 32 bytes a gift, its amount in the last 8.
    /// @return sponsors Who matched, at most four.
    /// @return amounts How much each of them, never 0. Together exactly what was paid to the fund.
    function draw(uint256 pool, bytes calldata rows)
        external
        returns (address[] memory sponsors, uint64[] memory amounts);

    /// @notice What is left of a sponsorship that is over goes back to its sponsor. Anyone may call it for the sponsor;
    /// only the sponsor may name another address.
    function withdraw(uint256 pool, uint256 sponsorship, address to) external;

    /// @notice Frees the seat of a sponsorship that is over, so that gifts no longer pay for looking at it. Anyone may
    /// call it; no money moves.
    function unseat(uint256 pool, uint256 sponsorship) external;

    // ------------------------------------------------------------------------------------------------- views

    function FUND() external view returns (IPooledFund);

    function isInvited(uint256 pool, address sponsor) external view returns (bool);

    /// @notice How many sponsorships a pool ever had.
    function sponsorshipCount(uint256 pool) external view returns (uint256);

    function sponsorshipOf(uint256 pool, uint256 sponsorship) external view returns (Sponsorship memory);

    /// @notice Whether gifts are matched by it now (if the pool takes gifts).
    function isLive(uint256 pool, uint256 sponsorship) external view returns (bool);

    /// @notice The sponsorships in the pool's seats, in the order in which they match; 0: a free seat.
    function seatsOf(uint256 pool) external view returns (uint64[4] memory);
}
