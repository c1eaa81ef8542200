// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "./IPooledFund.sol";

/// @title Payout rounds: a milestone's money, handed to many beneficiaries who stay private.
/// @notice A milestone whose payee is this contract is a payout round. Amounts are whole base units of the pool's token
/// and fit 63 bits, times are unix seconds; pools are counted from 1, milestones and rows from 0.
///
///     None ─seal─► Sealed ─the fund releases the milestone─► Open ─after claimsUntil─► Expired ─expire─► Closed
///                  │    ▲
///                  └seal┘ until evidence stands, and again after a rejection
///
/// The NGO seals the round's list before it hands in evidence, so that attestors and donors judge this very list. A row
/// is 32 bytes: commitment (20) ‖ zero (4) ‖ amount (8). It names nobody. Its commitment is the last 20 bytes of
///
///     keccak256(abi.encode(address of the claim key, nullifier))
///
/// and the claim key is made from a one-time code that only the beneficiary is told. Whoever has the key signs to which
/// address the row goes, and anyone may hand that in: the code is never on the chain, and who sees the signature can do
/// nothing with it but pay that address.
///
/// The contract itself adds up the rows, which must make exactly the milestone's amount, and cuts them into sheets of
/// 16. Of a sheet it stores one word: the first 30 bytes of the root of its tree (EntryTree; positions are counted
/// within the sheet, starts over the whole list), and which of its rows were claimed. So a proof is four hashes in a
/// list of any length, and the same word proves a row and marks it.
///
/// What is delivered owns the round's money from its front, in the order of the claims: the first delivery from 0, each
/// next from where the last one ended. What nobody claims is the end of it, and goes back to the pool it came from.
///
/// Where a pool has a cap for each beneficiary, the nullifier stands for the person: the same in every round of the
/// same programme. What is paid for it, over all pools of that programme and token, never passes the cap of the pool
/// that pays. Elsewhere the nullifier is 0.
///
/// Warning: the NGO chooses who is in the list and hands out the codes. It could keep some and claim by itself. The
/// chain shows where each row went; that it reached people is for the attestors to find out.
/// Warning: nullifiers are made with a key that the consortium holds; the contract cannot see whether they are right.
/// An NGO that puts another person's nullifier in a list, and claims it, uses up that person's room under the cap. And
/// a nullifier is seen when it is used: it shows which claims were the same person's, though not whose.
interface IPayoutBook {
    // ------------------------------------------------------------------------------------------------- states

    enum RoundState {
        None,
        Sealed,
        Open,
        Expired,
        Closed
    }

    // ------------------------------------------------------------------------------------------------ structs

    /// @notice What the book stores of a round. A claim reads and writes only the first slot, and one sheet; in a pool
    /// with a cap also the others.
    struct Round {
        /// @dev All zero until the milestone is released.
        address token;
        /// @dev All that was paid to beneficiaries.
        uint64 delivered;
        /// @dev Last second in which claims are taken; 0 until the milestone is released.
        uint32 claimsUntil;
        // --- second slot
        /// @dev The milestone's amount, and the sum of the list.
        uint64 amount;
        /// @dev The most that one nullifier may be paid; 0: no cap, and no nullifiers.
        uint64 beneficiaryCap;
        /// @dev How many rows the list has; 0: not sealed.
        uint32 count;
        /// @dev How often a list was sealed.
        uint32 version;
        /// @dev Seconds from the release in which claims are taken.
        uint32 claimWindow;
        /// @dev Whether the unclaimed rest went back.
        bool closed;
        // --- third slot
        /// @dev Within what the cap counts: see `scopeOf`. All zero without a cap.
        bytes32 scope;
    }

    /// @notice A row of a list, and the claim key's word on where it goes. That word has no end and cannot be taken
    /// back: who signs for two addresses is paid at the one that is handed in first.
    struct Claim {
        uint256 pool;
        uint256 milestone;
        /// @dev The row's number in the list.
        uint32 position;
        /// @dev What the rows before it add up to.
        uint64 start;
        uint64 amount;
        /// @dev Who the beneficiary is under the cap; 0 in a pool without one.
        bytes32 nullifier;
        address to;
        /// @dev The siblings in the sheet's tree from the row up, one for each level; 0 where the node has none.
        bytes32[4] proof;
        /// @dev By the claim key, EIP-712: Claim(uint256 pool,uint256 milestone,uint32 position,address to). In the
        /// compact form of ERC-2098: r, then the parity of y ‖ s.
        bytes32 r;
        bytes32 vs;
    }

    // ------------------------------------------------------------------------------------------------- events

    /// @notice The list of a round; it replaces the one before.
    event RoundSealed(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed ngo,
        uint32 version,
        uint64 amount,
        uint32 count,
        uint32 claimWindow,
        bytes rows
    );
    /// @notice The round's money is here. `scope` is all zero without a cap.
    event RoundOpened(
        uint256 indexed pool,
        uint256 indexed milestone,
        address token,
        uint64 amount,
        uint32 claimsUntil,
        uint64 beneficiaryCap,
        bytes32 scope
    );
    /// @notice A beneficiary was paid; the delivery owns [start, start + amount) of the round's money. `amount` is less
    /// than the row's where the cap left no more.
    event Delivered(
        uint256 indexed pool,
        uint256 indexed milestone,
        address indexed to,
        uint32 position,
        address token,
        uint64 amount,
        uint64 start,
        address caller
    );
    /// @notice A delivery in a pool with a cap: of the room that a nullifier has within a scope it used `amount`.
    event RoomUsed(bytes32 indexed scope, bytes32 indexed nullifier, uint64 amount);
    /// @notice One of many claims was refused; `reason` is the error, empty if the claim ran out of gas.
    event ClaimFailed(uint256 indexed pool, uint256 indexed milestone, uint32 position, address caller, bytes reason);
    /// @notice The unclaimed end of the round's money, `amount`, went back to the pool.
    event RoundExpired(
        uint256 indexed pool, uint256 indexed milestone, address token, uint64 amount, address caller
    );

    // ------------------------------------------------------------------------------------------------- errors

    error NotTheFund(address caller);
    error NotTheNgo(uint256 pool, address caller);
    /// @dev The milestone's payee is not this contract.
    error NotARound(uint256 pool, uint256 milestone);
    error RoundIs(uint256 pool, uint256 milestone, RoundState state);
    /// @dev Not 7 to 365 days.
    error BadWindow(uint32 claimWindow);
    /// @dev The bytes are not a whole number of 32-byte rows, or none.
    error BadRows(uint256 length);
    /// @dev The row's amount is 0, or the four bytes before it are not.
    error BadRow(uint256 position);
    /// @dev The rows do not add up to the milestone's amount. A sum that is over it is not added up further.
    error WrongSum(uint256 sum, uint256 amount);
    /// @dev Nobody, this contract, the fund or the round's token: what went there would be lost.
    error BadReceiver(address to);
    error AlreadyClaimed(uint256 pool, uint256 milestone, uint256 position);
    error BadSignature();
    /// @dev No such row in the list: another place, amount, signer or nullifier, or a nullifier where the pool has no
    /// cap, or none where it has one.
    error BadProof(uint256 pool, uint256 milestone, uint256 position);
    /// @dev The person behind the nullifier was paid all that the cap allows. The row goes back with the unclaimed.
    error CapReached(bytes32 scope, bytes32 nullifier, uint256 cap);

    // ---------------------------------------------------------------------------------------------- the list

    /// @notice The pool's NGO hands in the list of a payout round: while no evidence stands, and again until it does.
    /// @dev Warning: a sealed list can be replaced until evidence is submitted, and after a rejection, but not while
    /// anybody judges it. A `version` counts the lists.
    /// @param rows 32 bytes each: commitment (20) ‖ zero (4) ‖ amount (8, not 0), in all the milestone's amount.
    /// @param claimWindow Seconds from the release in which claims are taken: 7 to 365 days.
    function seal(uint256 pool, uint256 milestone, bytes calldata rows, uint32 claimWindow) external;

    /// @notice The fund says that it is about to pay `amount` for this milestone. Only the fund, once.
    /// @return claimsUntil Last second in which claims are taken.
    function begin(uint256 pool, uint256 milestone, uint64 amount) external returns (uint32 claimsUntil);

    // -------------------------------------------------------------------------------------- money goes out

    /// @notice Pays a row to the address that its claim key named. Anyone may hand it in: the beneficiary, or a field
    /// agent who pays out cash and is named as the receiver.
    /// @dev In a pool with a cap it pays what the cap leaves, and the row is claimed for good even if that is less than
    /// its amount. If the cap leaves nothing, the call reverts.
    function claim(Claim calldata c) external;

    /// @notice As `claim`, for many rows of any rounds; a claim that is refused stops no other.
    function claimMany(Claim[] calldata claims) external;

    /// @notice Sends what nobody claimed back to the pool, to the places in line that it came from. Anyone may call it,
    /// after `claimsUntil`.
    function expire(uint256 pool, uint256 milestone) external;

    // ------------------------------------------------------------------------------------------------- views

    /// @notice The only contract whose milestones can be rounds here.
    function FUND() external view returns (IPooledFund);

    /// @notice Whether a list of this sum is sealed, so that evidence can be submitted.
    function isReady(uint256 pool, uint256 milestone, uint64 amount) external view returns (bool);

    function stateOf(uint256 pool, uint256 milestone) external view returns (RoundState);

    function roundOf(uint256 pool, uint256 milestone) external view returns (Round memory);

    /// @notice Whether a row was paid.
    function isClaimed(uint256 pool, uint256 milestone, uint32 position) external view returns (bool);

    /// @notice What a nullifier was paid within a scope.
    function paidOf(bytes32 scope, bytes32 nullifier) external view returns (uint64);

    /// @notice Within what a pool's cap counts: all pools of its token and programme or, without a programme, it alone.
    function scopeOf(address token, bytes32 programme, uint256 pool) external pure returns (bytes32);

    /// @notice The seed of a list's trees: pool · 2^128 + milestone · 2 + (1 if the pool has a cap). To this contract
    /// and chain a root is bound by being stored here, and a claim by its signature.
    function seedOf(uint256 pool, uint256 milestone, bool capped) external pure returns (bytes32);
}
