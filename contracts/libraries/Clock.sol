// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title What a pool is at this second, from what the fund stores of it, and the pauses that stop its clock.
library Clock {
    uint256 private constant _MAX_PAUSE = 7 days;
    uint256 private constant _BETWEEN_PAUSES = 28 days;
    uint256 private constant _DONORS_FIRST = 30 days;
    uint256 private constant _RETURNS_COUNT = 730 days;
    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);

    /// @notice The highest bit of a stored `raised`: whether sponsors match the pool's gifts. It stands beside the
    /// amount, so that a gift need not read another slot to know.
    uint64 internal constant MATCHED = 1 << 63;

    /// @notice How long after its release a milestone can pay on vouchers: VoucherBook.LIFETIME.
    uint256 internal constant VOUCHERS_LIVE = 180 days;

    /// @notice The length of the pool's line.
    function line(IPooledFund.Pool storage p) internal view returns (uint64) {
        return p.raised & ~MATCHED;
    }

    /// @notice The pool's state. See IPooledFund.
    function state(IPooledFund.Pool storage p) internal view returns (IPooledFund.PoolState) {
        if (p.ngo == address(0)) return IPooledFund.PoolState.None;
        if (isComplete(p)) return IPooledFund.PoolState.Completed;
        if (block.timestamp > p.defaultsAt) return IPooledFund.PoolState.Frozen;
        if (line(p) >= p.fundingThreshold) return IPooledFund.PoolState.Active;
        return block.timestamp > fundingEnd(p) ? IPooledFund.PoolState.Frozen : IPooledFund.PoolState.Funding;
    }

    /// @notice Whether every milestone is released and none can follow.
    function isComplete(IPooledFund.Pool storage p) internal view returns (bool) {
        return !p.openEnded && p.milestonesReleased == p.milestones;
    }

    /// @notice Last second of funding, pauses counted; at most 2^32 - 1.
    function fundingEnd(IPooledFund.Pool storage p) internal view returns (uint256) {
        return Math.min(uint256(p.fundingDeadline) + p.clockShift, type(uint32).max);
    }

    /// @notice Reverts while the pool is not over.
    function checkOver(IPooledFund.Pool storage p, uint256 pool) internal view {
        IPooledFund.PoolState now_ = state(p);
        if (now_ != IPooledFund.PoolState.Frozen && now_ != IPooledFund.PoolState.Completed) {
            revert IPooledFund.PoolIs(pool, now_);
        }
    }

    /// @notice The last second in which the pool was not over; reverts while it is not.
    function endOf(IPooledFund.Pool storage p, uint256 pool) internal view returns (uint256) {
        checkOver(p, pool);
        return line(p) < p.fundingThreshold ? Math.min(p.defaultsAt, fundingEnd(p)) : p.defaultsAt;
    }

    /// @notice A payee is known to give back what is left at `until`.
    function expectReturns(IPooledFund.Pool storage p, uint256 until) internal {
        if (until > p.returnsUntil) p.returnsUntil = uint32(until);
    }

    /// @notice A payee gives back now: the donors come first again, unless it was paid too long ago.
    function noteReturn(IPooledFund.Pool storage p, uint256 releasedAt) internal {
        if (block.timestamp <= releasedAt + _RETURNS_COUNT) expectReturns(p, block.timestamp);
    }

    /// @notice Reverts while what a batch's donors have not claimed is theirs alone.
    function checkGatewaysTurn(IPooledFund.Pool storage p, uint256 pool) internal view {
        uint256 earliest = Math.max(endOf(p, pool), p.returnsUntil) + _DONORS_FIRST;
        if (block.timestamp < earliest) revert IPooledFund.TooEarly(earliest);
    }

    /// @notice For how many seconds pauses have stopped the clock until now. A pause's 7 days are counted when it
    /// begins, and what is left of them is taken back when it is ended.
    function stoodStill(IPooledFund.Pool memory p) internal view returns (uint256) {
        return p.clockShift - Math.saturatingSub(p.pausedUntil, block.timestamp);
    }

    /// @notice Adds `amount` to the pool's line, reading and writing its first slot once; solc would read it often.
    function lengthen(IPooledFund.Pool storage p, uint256 pool, uint256 amount)
        internal
        returns (address token, uint64 start, bool matched)
    {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(p.slot)
        }
        token = address(uint160(word));
        start = uint64(word >> 160) & ~MATCHED;
        matched = (word >> 223) & 1 == 1;
        uint256 acceptsUntil = word >> 224;
        if (block.timestamp > acceptsUntil) revert IPooledFund.NotAccepting(pool, acceptsUntil);
        if (amount > _MAX_AMOUNT - start) revert IPooledFund.TooMuch(pool);
        assembly ("memory-safe") {
            sstore(p.slot, add(word, shl(160, amount)))
        }
    }

    /// @notice Stops the pool's clock for 7 days.
    function pause(IPooledFund.Pool storage p, uint256 pool) internal {
        if (p.paused) revert IPooledFund.PauseIs(pool, true);
        uint256 earliest = p.pausedUntil == 0 ? 0 : p.pausedUntil + _BETWEEN_PAUSES;
        if (block.timestamp < earliest) revert IPooledFund.TooEarly(earliest);

        p.paused = true;
        p.pausedUntil = uint32(block.timestamp + _MAX_PAUSE);
        p.clockShift += uint32(_MAX_PAUSE);
        emit IPooledFund.Paused(pool, msg.sender, p.pausedUntil, p.clockShift);
    }

    /// @notice Lets the pool's clock run again; it stood no longer than the pause did.
    function unpause(IPooledFund.Pool storage p, uint256 pool) internal {
        if (!p.paused) revert IPooledFund.PauseIs(pool, false);
        if (block.timestamp < p.pausedUntil) {
            p.clockShift -= p.pausedUntil - uint32(block.timestamp);
            p.pausedUntil = uint32(block.timestamp);
        }

        p.paused = false;
        emit IPooledFund.Unpaused(pool, msg.sender, p.clockShift);
    }
}
