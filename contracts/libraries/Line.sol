// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPooledFund} from "../interfaces/IPooledFund.sol";

/// @title The places of a pool's line that are spent, and those that were given back.
/// @notice What never was spent starts at the front; what was given back lies in holes below it. A release spends the
/// lowest hole first, and only then from the front. Whoever gives back gives the last places that its release spent.
library Line {
    using Line for IPooledFund.Interval[];

    struct Places {
        /// @dev The holes, the highest first, so that the lowest, which is spent first, is last.
        IPooledFund.Interval[] returned;
        /// @dev What each milestone's release spent and was not given back.
        mapping(uint256 milestone => IPooledFund.Interval[]) spent;
    }

    /// @notice Spends `amount` places for a milestone. The caller has seen that there are so many.
    /// @param front Where the part begins that never was spent.
    /// @return refilled How many of them were in holes.
    function spend(Places storage places, uint256 pool, uint256 milestone, uint64 front, uint64 amount)
        internal
        returns (uint64 refilled)
    {
        while (amount > 0) {
            (uint64 start, uint64 part) = (front, amount);
            if (places.returned.length > 0) {
                (start, part) = places.returned.takeLowest(amount);
                refilled += part;
            }
            amount -= part;
            places.spent[milestone].push(IPooledFund.Interval(start, part));
            emit IPooledFund.Spent(pool, milestone, start, part);
        }
    }

    /// @notice Makes the last `amount` places of a milestone's release unspent again.
    function giveBack(
        Places storage places,
        uint256 pool,
        uint256 milestone,
        address payee,
        address token,
        uint64 amount
    ) internal {
        IPooledFund.Interval[] storage spent = places.spent[milestone];
        for (uint64 left = amount; left > 0;) {
            if (spent.length == 0) revert IPooledFund.MoreThanReleased(pool, milestone, amount);
            (uint64 start, uint64 part) = spent.takeLast(left);
            places.returned.insert(start, part);
            emit IPooledFund.Returned(pool, milestone, payee, token, part, start);
            left -= part;
        }
    }

    /// @notice How many places of [start, end) are not spent.
    function unspent(Places storage places, uint256 front, uint256 start, uint256 end) internal view returns (uint64) {
        uint256 amount = end > front ? end - (start > front ? start : front) : 0;
        IPooledFund.Interval[] storage returned = places.returned;
        for (uint256 i = 0; i < returned.length; ++i) {
            uint256 low = returned[i].start;
            uint256 high = low + returned[i].amount;
            if (low < start) low = start;
            if (high > end) high = end;
            if (low < high) amount += high - low;
        }
        return uint64(amount);
    }

    /// @notice Takes up to `most` places from the lowest of the returned ones, of which there must be some.
    function takeLowest(IPooledFund.Interval[] storage returned, uint64 most)
        internal
        returns (uint64 start, uint64 amount)
    {
        IPooledFund.Interval storage lowest = returned[returned.length - 1];
        (start, amount) = (lowest.start, lowest.amount);
        if (amount <= most) {
            returned.pop();
        } else {
            lowest.start = start + most;
            lowest.amount = amount - most;
            amount = most;
        }
    }

    /// @notice Takes up to `most` places from the end of what was spent last, of which there must be some.
    function takeLast(IPooledFund.Interval[] storage spent, uint64 most)
        internal
        returns (uint64 start, uint64 amount)
    {
        IPooledFund.Interval storage last = spent[spent.length - 1];
        (start, amount) = (last.start, last.amount);
        if (amount <= most) {
            spent.pop();
        } else {
            last.amount = amount - most;
            start += amount - most;
            amount = most;
        }
    }

    /// @notice Puts places among the returned ones, in their order. Those that touch the next higher ones join them, so
    /// that giving back in small pieces does not make the list longer.
    function insert(IPooledFund.Interval[] storage returned, uint64 start, uint64 amount) internal {
        uint256 i = returned.length;
        while (i > 0 && returned[i - 1].start < start) --i;
        if (i > 0 && returned[i - 1].start == start + amount) {
            returned[i - 1].start = start;
            returned[i - 1].amount += amount;
            return;
        }
        i = returned.length;
        returned.push();
        for (; i > 0 && returned[i - 1].start < start; --i) {
            returned[i] = returned[i - 1];
        }
        returned[i] = IPooledFund.Interval(start, amount);
    }
}
