// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Calendar} from "../libraries/Calendar.sol";

/// @title The calendar, for many times in one call.
contract MockCalendar {
    function at(uint256[] calldata times) external pure returns (Calendar.Moment[] memory moments) {
        moments = new Calendar.Moment[](times.length);
        for (uint256 i = 0; i < times.length; ++i) {
            moments[i] = Calendar.at(times[i]);
        }
    }

    function monthsSince(uint256[] calldata firsts, uint256[] calldata times)
        external
        pure
        returns (uint256[] memory months)
    {
        months = new uint256[](times.length);
        for (uint256 i = 0; i < times.length; ++i) {
            months[i] = Calendar.monthsSince(firsts[i], Calendar.at(times[i]));
        }
    }

    function addMonths(uint256[] calldata firsts, uint256[] calldata months)
        external
        pure
        returns (uint256[] memory times)
    {
        times = new uint256[](months.length);
        for (uint256 i = 0; i < months.length; ++i) {
            times[i] = Calendar.addMonths(firsts[i], months[i]);
        }
    }
}
