// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {ISponsorBook} from "./interfaces/ISponsorBook.sol";
import {Cash} from "./libraries/Cash.sol";

/// @title The sponsors' book. See ISponsorBook for every word.
contract SponsorBook is ISponsorBook {
    using SafeERC20 for IERC20;
    using Cash for IERC20;

    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    uint256 private constant _MAX_RATIO = 1000;
    uint256 private constant _SEATS = 4;
    uint256 private constant _ROW = 32;

    /// @inheritdoc ISponsorBook
    IPooledFund public immutable FUND;

    /// @inheritdoc ISponsorBook
    mapping(uint256 pool => mapping(address sponsor => bool)) public isInvited;
    /// @inheritdoc ISponsorBook
    mapping(uint256 pool => uint256) public sponsorshipCount;
    mapping(uint256 pool => mapping(uint256 sponsorship => Sponsorship)) private _sponsorships;
    mapping(uint256 pool => uint64[4]) private _seats;

    constructor(IPooledFund fund) {
        FUND = fund;
    }

    // ------------------------------------------------------------------------------------------- the sponsors

    /// @inheritdoc ISponsorBook
    function invite(uint256 pool, address sponsor, bool invited) external {
        if (msg.sender != FUND.poolOf(pool).ngo) revert IPooledFund.NotTheNgo(pool, msg.sender);
        isInvited[pool][sponsor] = invited;
        emit Invited(pool, sponsor, invited);
    }

    /// @inheritdoc ISponsorBook
    function lock(uint256 pool, uint64 budget, uint16 ratioPercent, uint64 capPerGift, uint32 endsAt)
        external
        returns (uint256 sponsorship)
    {
        if (!isInvited[pool][msg.sender]) revert NotInvited(pool, msg.sender);
        if (budget == 0 || budget > _MAX_AMOUNT) revert BadTerms("budget: not 1 to 2^63 - 1");
        if (ratioPercent == 0 || ratioPercent > _MAX_RATIO) revert BadTerms("ratioPercent: not 1 to 1,000");
        if (capPerGift == 0 || capPerGift > _MAX_AMOUNT) revert BadTerms("capPerGift: not 1 to 2^63 - 1");
        if (endsAt <= block.timestamp) revert BadTerms("endsAt: past");
        IPooledFund.Pool memory p = FUND.poolOf(pool);
        if (_poolIsOver(pool)) revert IPooledFund.PoolIs(pool, FUND.stateOf(pool));
        if (_takesNoMore(p)) revert IPooledFund.NotAccepting(pool, p.acceptsUntil);

        address token = p.token;
        sponsorship = ++sponsorshipCount[pool];
        _takeSeat(pool, uint64(sponsorship));
        _sponsorships[pool][sponsorship] =
            Sponsorship(msg.sender, budget, endsAt, budget, 0, capPerGift, ratioPercent);
        emit Locked(pool, sponsorship, msg.sender, token, budget, ratioPercent, capPerGift, endsAt);
        FUND.setMatched(pool, true);
        IERC20(token).pull(budget);
    }

    /// @inheritdoc ISponsorBook
    function withdraw(uint256 pool, uint256 sponsorship, address to) external {
        Sponsorship storage s = _over(pool, sponsorship);
        (address sponsor, uint64 amount) = (s.sponsor, s.left);
        if (to != sponsor && msg.sender != sponsor) revert NotTheSponsor(pool, sponsorship, msg.sender);
        if (to == address(FUND)) revert IPooledFund.BadReceiver(to);
        if (amount == 0) revert NothingLeft(pool, sponsorship);

        address token = FUND.poolOf(pool).token;
        s.left = 0;
        s.withdrawn = amount;
        emit Withdrawn(pool, sponsorship, sponsor, to, token, amount, msg.sender);
        _unseat(pool, sponsorship);
        IERC20(token).pay(to, amount);
    }

    /// @inheritdoc ISponsorBook
    function unseat(uint256 pool, uint256 sponsorship) external {
        _over(pool, sponsorship);
        if (!_unseat(pool, sponsorship)) revert NotSeated(pool, sponsorship);
    }

    // ------------------------------------------------------------------------------------------- the matching

    /// @inheritdoc ISponsorBook
    /// @dev It writes before it pays, as everything does, but speaks only when the token has paid; if it refuses, all
    /// is put back as it was, so that the gift stands.
    function draw(uint256 pool, bytes calldata rows)
        external
        returns (address[] memory sponsors, uint64[] memory amounts)
    {
        if (msg.sender != address(FUND)) revert IPooledFund.OnlyFor(address(FUND));
        IPooledFund.Pool memory p = FUND.poolOf(pool);
        sponsors = new address[](_SEATS);
        amounts = new uint64[](_SEATS);
        uint256[_SEATS] memory drawn;
        uint256[_SEATS] memory gifts;
        uint64[_SEATS] memory seats = _seats[pool];
        uint256 total = 0;
        uint256 count = 0;
        for (uint256 i = 0; i < _SEATS; ++i) {
            if (seats[i] == 0) continue;
            Sponsorship storage s = _sponsorships[pool][seats[i]];
            uint64 amount;
            // The line ends at 2^63 - 1: what does not fit there is not matched.
            (amount, gifts[count]) = _owed(s, rows, _MAX_AMOUNT - p.raised - total);
            if (amount == 0) continue;
            s.left -= amount;
            total += amount;
            (sponsors[count], amounts[count], drawn[count]) = (s.sponsor, amount, seats[i]);
            ++count;
        }
        if (total == 0 || IERC20(p.token).trySafeTransfer(address(FUND), total)) {
            for (uint256 i = 0; i < count; ++i) {
                emit Matched(pool, drawn[i], sponsors[i], p.token, amounts[i], gifts[i]);
            }
        } else {
            for (uint256 i = 0; i < count; ++i) {
                _sponsorships[pool][drawn[i]].left += amounts[i];
            }
            count = 0;
        }
        assembly ("memory-safe") {
            mstore(sponsors, count)
            mstore(amounts, count)
        }
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ISponsorBook
    function sponsorshipOf(uint256 pool, uint256 sponsorship) external view returns (Sponsorship memory) {
        return _sponsorships[pool][sponsorship];
    }

    /// @inheritdoc ISponsorBook
    function isLive(uint256 pool, uint256 sponsorship) external view returns (bool) {
        return _isLive(_sponsorships[pool][sponsorship]) && !_isDone(pool);
    }

    /// @inheritdoc ISponsorBook
    function seatsOf(uint256 pool) external view returns (uint64[4] memory) {
        return _seats[pool];
    }

    // ---------------------------------------------------------------------------------------------- the rule

    /// @dev What a sponsorship owes for these gifts, at most `room`, and for how many of them it owes something.
    function _owed(Sponsorship storage s, bytes calldata rows, uint256 room)
        private
        view
        returns (uint64 amount, uint256 gifts)
    {
        if (!_isLive(s)) return (0, 0);
        (uint256 cap, uint256 ratio) = (s.capPerGift, s.ratioPercent);
        uint256 limit = s.left < room ? s.left : room;
        uint256 sum;
        (sum, gifts) = _sum(rows, ratio, cap);
        // Where the budget ends, once in its life, it is looked at again which gifts came before that.
        return sum < limit ? (uint64(sum), gifts) : (uint64(limit), _reach(rows, ratio, cap, limit));
    }

    /// @dev The parts of all gifts together, and how many are not 0. By hand, since a batch has thousands of rows.
    /// Nothing can overflow: an amount times a ratio is below 2^80, and a part below 2^64.
    function _sum(bytes calldata rows, uint256 ratio, uint256 cap) private pure returns (uint256 sum, uint256 gifts) {
        assembly ("memory-safe") {
            let end := add(rows.offset, rows.length)
            for { let at := rows.offset } lt(at, end) { at := add(at, 0x20) } {
                let part := div(mul(and(calldataload(at), 0xffffffffffffffff), ratio), 100)
                if gt(part, cap) { part := cap }
                gifts := add(gifts, lt(0, part))
                sum := add(sum, part)
            }
        }
    }

    /// @dev How many gifts it takes until their parts reach `limit`, which all of them do.
    function _reach(bytes calldata rows, uint256 ratio, uint256 cap, uint256 limit)
        private
        pure
        returns (uint256 gifts)
    {
        for (uint256 sum = 0; sum < limit; rows = rows[_ROW:]) {
            uint256 part = Math.min(uint64(uint256(bytes32(rows))) * ratio / 100, cap);
            if (part != 0) ++gifts;
            sum += part;
        }
    }

    /// @dev Whether it has something left and its time has not passed. A pool that is over takes no gifts anyhow.
    function _isLive(Sponsorship storage s) private view returns (bool) {
        return s.left != 0 && block.timestamp <= s.endsAt;
    }

    function _poolIsOver(uint256 pool) private view returns (bool) {
        IPooledFund.PoolState state = FUND.stateOf(pool);
        return state != IPooledFund.PoolState.Funding && state != IPooledFund.PoolState.Active;
    }

    /// @dev Whether the pool's time for gifts is past, for good: a pause moves it on by just as long as it lasts, so
    /// what is past stays past. While a pause lasts the pool tells no such time.
    function _takesNoMore(IPooledFund.Pool memory p) private view returns (bool) {
        return !p.paused && block.timestamp > p.acceptsUntil;
    }

    function _isDone(uint256 pool) private view returns (bool) {
        return _poolIsOver(pool) || _takesNoMore(FUND.poolOf(pool));
    }

    /// @dev A sponsorship that is known and over.
    function _over(uint256 pool, uint256 sponsorship) private view returns (Sponsorship storage s) {
        s = _sponsorships[pool][sponsorship];
        if (s.sponsor == address(0)) revert UnknownSponsorship(pool, sponsorship);
        if (_isLive(s) && !_isDone(pool)) revert StillLive(pool, sponsorship, s.endsAt);
    }

    // --------------------------------------------------------------------------------------------- the seats

    /// @dev The lowest seat that is free, or whose sponsorship is over, for a sponsor that has no live one.
    function _takeSeat(uint256 pool, uint64 sponsorship) private {
        uint64[_SEATS] memory seats = _seats[pool];
        uint256 seat = _SEATS;
        for (uint256 i = _SEATS; i > 0; --i) {
            Sponsorship storage s = _sponsorships[pool][seats[i - 1]];
            if (!_isLive(s)) seat = i - 1;
            else if (s.sponsor == msg.sender) revert AlreadyLive(pool, seats[i - 1]);
        }
        if (seat == _SEATS) revert NoSeat(pool);
        if (seats[seat] != 0) emit Unseated(pool, seats[seat]);
        _seats[pool][seat] = sponsorship;
    }

    /// @dev Frees the seat of a sponsorship, if it has one. Once no live one sits, the fund need not ask any more.
    function _unseat(uint256 pool, uint256 sponsorship) private returns (bool seated) {
        uint64[_SEATS] memory seats = _seats[pool];
        bool live = false;
        for (uint256 i = 0; i < _SEATS; ++i) {
            if (seats[i] == sponsorship) {
                seated = true;
                _seats[pool][i] = 0;
            } else if (_isLive(_sponsorships[pool][seats[i]])) {
                live = true;
            }
        }
        if (!seated) return false;
        emit Unseated(pool, sponsorship);
        if (!live) FUND.setMatched(pool, false);
    }
}
