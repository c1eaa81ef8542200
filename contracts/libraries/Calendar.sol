// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Months of the Gregorian calendar in UTC, for times from 1970 on.
/// @notice After `civil_from_days` and `days_from_civil` in Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms" (https://howardhinnant.github.io/date_algorithms.html). Years are counted there from 1 March, so that
/// the leap day comes last; eras are 400 years. A month here is one number: 12 · year + month, January being 0.
/// @dev Nothing is checked: below the year 2^64 nothing can overflow, and nothing is subtracted from a smaller number.
library Calendar {
    /// @notice A moment by its month.
    struct Moment {
        uint256 month;
        /// @dev Seconds since the month began.
        uint256 into;
        /// @dev Seconds that the month has.
        uint256 length;
    }

    /// @dev Days from 1 March of the year 0 to 1 January 1970.
    uint256 private constant _EPOCH = 719_468;
    uint256 private constant _DAYS_PER_ERA = 146_097;
    uint256 private constant _DAY = 1 days;

    /// @notice The month of a time, and how far into it the time is.
    function at(uint256 time) internal pure returns (Moment memory moment) {
        (moment.month, moment.into) = split(time);
        moment.length = startOf(moment.month + 1) - startOf(moment.month);
    }

    /// @notice How many months lie between `first` and `time`, not before it, whole months only.
    /// @dev A month is whole when the day and the time of day of `first` come round; where the month is too short for
    /// that day, its last day stands for it. So the 31st of January comes round on the 28th or 29th of February, and
    /// on the 31st again in March.
    function monthsSince(uint256 first, Moment memory time) internal pure returns (uint256 months) {
        unchecked {
            (uint256 month, uint256 into) = split(first);
            months = time.month - month;
            if (time.into < _fit(into, time.length)) --months;
        }
    }

    /// @notice When `first` comes round for the `months`th time.
    function addMonths(uint256 first, uint256 months) internal pure returns (uint256) {
        unchecked {
            (uint256 month, uint256 into) = split(first);
            uint256 start = startOf(month + months);
            return start + _fit(into, startOf(month + months + 1) - start);
        }
    }

    // slither-disable-start divide-before-multiply -- whole years, months and days are what is wanted

    /// @notice The month of a time, and the seconds since that month began.
    function split(uint256 time) internal pure returns (uint256 month, uint256 into) {
        unchecked {
            uint256 day = time / _DAY + _EPOCH;
            uint256 era = day / _DAYS_PER_ERA;
            uint256 dayOfEra = day % _DAYS_PER_ERA;
            uint256 yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 monthFromMarch = (5 * dayOfYear + 2) / 153;
            month = (era * 400 + yearOfEra) * 12 + monthFromMarch + 2;
            into = (dayOfYear - (153 * monthFromMarch + 2) / 5) * _DAY + time % _DAY;
        }
    }

    /// @notice The first second of a month.
    function startOf(uint256 month) internal pure returns (uint256) {
        unchecked {
            uint256 fromMarch = month - 2;
            uint256 year = fromMarch / 12;
            uint256 yearOfEra = year % 400;
            uint256 dayOfYear = (153 * (fromMarch % 12) + 2) / 5;
            uint256 dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
            return ((year / 400) * _DAYS_PER_ERA + dayOfEra - _EPOCH) * _DAY;
        }
    }

    // slither-disable-end divide-before-multiply

    /// @dev So far into a month of this length, or, if it has no such day, so far into its last day.
    function _fit(uint256 into, uint256 length) private pure returns (uint256) {
        unchecked {
            return into < length ? into : length - _DAY + into % _DAY;
        }
    }
}
