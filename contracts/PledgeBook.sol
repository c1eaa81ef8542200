// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPermitWitness} from "./interfaces/IPermitWitness.sol";
import {IPledgeBook} from "./interfaces/IPledgeBook.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {Calendar} from "./libraries/Calendar.sol";

/// @title Standing orders for the pools of one fund. See IPledgeBook for every word.
/// @notice The book has no owner and no role, and holds nothing between calls: what it pulls from donors goes on to the
/// fund in the same call, or the call is undone.
contract PledgeBook is IPledgeBook {
    using SafeERC20 for IERC20;

    uint256 private constant _MAX_AMOUNT = uint64(type(int64).max);
    string private constant _WITNESS_TYPE =
        "Pledge pledge)Pledge(uint256 pool,uint64 amount,string period,uint32 firstDue,"
        "uint32 lastDue,uint16 times,uint64 cap,uint256 replaces)";
    bytes32 private constant _PLEDGE_TYPEHASH = keccak256(
        "Pledge(uint256 pool,uint64 amount,string period,uint32 firstDue,"
        "uint32 lastDue,uint16 times,uint64 cap,uint256 replaces)"
    );

    /// @dev Where the fields of a Pledge begin in its two slots.
    uint256 private constant _AMOUNT = 160;
    uint256 private constant _POOL = 224;
    uint256 private constant _LAST_DUE = 32;
    uint256 private constant _NEXT_PERIOD = 64;
    uint256 private constant _TIMES = 80;
    uint256 private constant _COLLECTIONS = 96;
    uint256 private constant _CAP = 112;
    uint256 private constant _COLLECTED = 176;
    uint256 private constant _PERIOD = 240;
    uint256 private constant _STATE = 248;

    /// @inheritdoc IPledgeBook
    IPooledFund public immutable FUND;

    /// @inheritdoc IPledgeBook
    uint256 public pledgeCount;
    mapping(uint256 id => Pledge) private _pledges;

    /// @dev What is brought to one pool together.
    struct Run {
        uint256 pool;
        IERC20 token;
        /// @dev Where the pool's line ends; the largest amount if the pool takes no gifts.
        uint256 line;
        uint256 acceptsUntil;
        Calendar.Moment today;
        /// @dev For the fund: donor (20 bytes) ‖ zero (4) ‖ amount (8).
        bytes32[] gifts;
        /// @dev For the event.
        bytes32[] rows;
        uint256 found;
    }

    constructor(IPooledFund fund) {
        FUND = fund;
    }

    // -------------------------------------------------------------------------------------- what a donor does

    /// @inheritdoc IPledgeBook
    function pledge(Terms calldata terms) external returns (uint256 id) {
        (id,) = _pledge(msg.sender, terms);
    }

    /// @inheritdoc IPledgeBook
    function pledgeBySignature(address donor, Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 id)
    {
        if (donor == address(0)) revert BadSignature(donor);
        address token;
        (id, token) = _pledge(donor, terms);
        bytes4 answer = IPermitWitness(token).permitWitness(
            donor, terms.cap, deadline, _hash(terms), _WITNESS_TYPE, signature
        );
        if (answer != IPermitWitness.permitWitness.selector) revert BadSignature(donor);
    }

    /// @inheritdoc IPledgeBook
    function pause(uint256 id) external {
        Pledge storage p = _ofCaller(id);
        if (p.state != PledgeState.Live) revert PledgeIs(id, p.state);

        p.state = PledgeState.Paused;
        emit PledgePaused(id, msg.sender);
    }

    /// @inheritdoc IPledgeBook
    function resume(uint256 id) external {
        Pledge storage p = _ofCaller(id);
        if (p.state != PledgeState.Paused) revert PledgeIs(id, p.state);

        p.state = PledgeState.Live;
        emit PledgeResumed(id, msg.sender);
    }

    /// @inheritdoc IPledgeBook
    function skip(uint256 id, uint16 period) external {
        Pledge storage p = _ofCaller(id);
        if (p.state == PledgeState.Stopped) revert PledgeIs(id, p.state);
        uint256 next = _nextPeriod(p);
        if (period != next) revert NextPeriodIs(id, next);

        p.nextPeriod = period + 1;
        emit PledgeSkipped(id, msg.sender, period);
    }

    /// @inheritdoc IPledgeBook
    function lower(uint256 id, uint64 amount, uint64 cap) external {
        Pledge storage p = _ofCaller(id);
        if (p.state == PledgeState.Stopped) revert PledgeIs(id, p.state);
        if (amount == 0) revert BadTerms("amount: zero");
        if (amount > p.amount) revert BadTerms("amount: more than before");
        if (cap > p.cap) revert BadTerms("cap: more than before");
        // What a collection that came before this call took is no reason to take more.
        if (cap < p.collected) cap = p.collected;

        p.amount = amount;
        p.cap = cap;
        emit PledgeLowered(id, msg.sender, amount, cap);
    }

    /// @inheritdoc IPledgeBook
    function stop(uint256 id) external {
        _stop(id, msg.sender);
    }

    // ------------------------------------------------------------------------------------- what a keeper does

    /// @inheritdoc IPledgeBook
    function collect(uint256[] calldata ids) external {
        uint256 done = 0;
        while (done < ids.length) {
            uint256[] calldata rest = ids[done:];
            uint256 gas = gasleft();
            try this.collectRun(rest, msg.sender) returns (uint256 count) {
                done += count;
            } catch {
                // Each call keeps a 64th of its gas from the one that it makes: whatever ran out, up to eight calls
                // deep in the run, less than an eighth is left.
                if (gasleft() < gas / 8) revert NotEnoughGas();
                done += _failRun(rest);
            }
        }
    }

    /// @inheritdoc IPledgeBook
    function collectRun(uint256[] calldata ids, address keeper) external returns (uint256 count) {
        if (msg.sender != address(this)) revert NotTheBook(msg.sender);
        Run memory run = _begin(_pledges[ids[0]].pool, ids.length);
        uint256 start = run.line;
        do {
            uint256 id = ids[count];
            (Pledge storage p, uint256 who) = _load(id);
            if (who >> _POOL != run.pool) break;
            Reason reason = _take(run, id, p, who);
            if (reason != Reason.None) emit CollectionFailed(id, address(uint160(who)), reason);
            unchecked {
                ++count;
            }
        } while (count < ids.length);
        if (run.found != 0) _bring(run, keeper, start);
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IPledgeBook
    function pledgeOf(uint256 id) external view returns (Pledge memory) {
        return _pledges[id];
    }

    /// @inheritdoc IPledgeBook
    function nextDue(uint256 id) external view returns (uint256) {
        Pledge storage p = _pledges[id];
        if (p.state != PledgeState.Live) return 0;
        if (p.times != 0 && p.collections == p.times) return 0;
        if (p.collected + p.amount > p.cap) return 0;
        uint256 due = _startOf(p, _nextPeriod(p));
        return p.lastDue != 0 && Math.max(due, block.timestamp) > p.lastDue ? 0 : due;
    }

    /// @inheritdoc IPledgeBook
    function nextPeriodOf(uint256 id) external view returns (uint256 period, uint256 start) {
        Pledge storage p = _pledges[id];
        if (p.state == PledgeState.None) return (0, 0);
        period = _nextPeriod(p);
        start = _startOf(p, period);
    }

    // --------------------------------------------------------------------------------------------- pledging

    function _pledge(address donor, Terms calldata terms) private returns (uint256 id, address token) {
        IPooledFund.Pool memory pool = FUND.poolOf(terms.pool);
        if (block.timestamp > pool.acceptsUntil) revert IPooledFund.NotAccepting(terms.pool, pool.acceptsUntil);
        if (terms.amount == 0) revert BadTerms("amount: zero");
        if (terms.cap < terms.amount) revert BadTerms("cap: less than one amount");
        if (terms.cap > _MAX_AMOUNT) revert BadTerms("cap: more than 2^63 - 1");
        if (terms.lastDue != 0) {
            if (terms.lastDue < block.timestamp) revert BadTerms("lastDue: past");
            if (terms.lastDue < terms.firstDue) revert BadTerms("lastDue: before firstDue");
        }
        if (terms.replaces != 0) _stop(terms.replaces, donor);

        id = ++pledgeCount;
        token = pool.token;
        _pledges[id] = Pledge({
            donor: donor,
            amount: terms.amount,
            pool: uint32(terms.pool), // a pool that the fund knows: it counts them in as many bits
            firstDue: terms.firstDue,
            lastDue: terms.lastDue,
            nextPeriod: 0,
            times: terms.times,
            collections: 0,
            cap: terms.cap,
            collected: 0,
            period: terms.period,
            state: PledgeState.Live
        });
        emit Pledged(
            id, donor, terms.pool, token, terms.amount, terms.period, terms.firstDue, terms.lastDue, terms.times,
            terms.cap, terms.replaces, msg.sender
        );
        if (terms.replaces != 0) _carryOver(_pledges[terms.replaces], id, _pledges[id]);
    }

    /// @dev What the older pledge took or skipped, the one in its place does not collect again.
    function _carryOver(Pledge storage old, uint256 id, Pledge storage p) private {
        uint256 until = _startOf(old, old.nextPeriod);
        if (old.nextPeriod == 0 || until <= p.firstDue) return;
        // The last that begins before then. No field passes into the next, however far ahead the donor has skipped.
        uint256 last = p.period == Period.Month
            ? Calendar.monthsSince(p.firstDue, Calendar.at(until - 1))
            : (until - 1 - p.firstDue) / (p.period == Period.Day ? 1 days : 1 weeks);
        uint16 period = uint16(Math.min(last, type(uint16).max - 1));
        p.nextPeriod = period + 1;
        emit PledgeSkipped(id, p.donor, period);
    }

    function _hash(Terms calldata terms) private pure returns (bytes32) {
        string memory period = terms.period == Period.Day ? "day" : terms.period == Period.Week ? "week" : "month";
        return keccak256(
            abi.encode(
                _PLEDGE_TYPEHASH, terms.pool, terms.amount, keccak256(bytes(period)), terms.firstDue, terms.lastDue,
                terms.times, terms.cap, terms.replaces
            )
        );
    }

    function _stop(uint256 id, address donor) private {
        Pledge storage p = _of(id, donor);
        if (p.state == PledgeState.Stopped) revert PledgeIs(id, p.state);

        p.state = PledgeState.Stopped;
        emit PledgeStopped(id, donor);
    }

    function _of(uint256 id, address donor) private view returns (Pledge storage p) {
        p = _pledges[id];
        if (p.donor != donor) revert NotTheDonor(id, donor);
    }

    function _ofCaller(uint256 id) private view returns (Pledge storage) {
        return _of(id, msg.sender);
    }

    // ------------------------------------------------------------------------------------------- collecting

    function _begin(uint256 pool, uint256 size) private view returns (Run memory run) {
        IPooledFund.Pool memory p = FUND.poolOf(pool);
        run.pool = pool;
        run.token = IERC20(p.token);
        run.acceptsUntil = p.acceptsUntil;
        run.line = block.timestamp > p.acceptsUntil ? _MAX_AMOUNT : p.raised;
        run.today = Calendar.at(block.timestamp);
        run.gifts = new bytes32[](size);
        run.rows = new bytes32[](size);
    }

    /// @dev Pulls one amount into the book if it is due. What it writes before the token is called is undone if the
    /// token refuses, so that a call that comes back in finds the period taken.
    function _take(Run memory run, uint256 id, Pledge storage p, uint256 who) private returns (Reason) {
        (uint256 amount, uint256 line) = (uint64(who >> _AMOUNT), run.line);
        uint256 life;
        assembly ("memory-safe") {
            life := sload(add(p.slot, 1))
        }
        (Reason reason, uint256 period) = _check(run, amount, line, life);
        if (reason != Reason.None) return reason;
        unchecked {
            // No field passes into the next: there are fewer than 2^16 days, so periods, so collections, until 2106,
            // when no pool takes gifts any more, and what was collected is below the cap.
            uint256 periods = period + 1 - uint16(life >> _NEXT_PERIOD);
            uint256 next = life + (periods << _NEXT_PERIOD) + (1 << _COLLECTIONS) + (amount << _COLLECTED);
            assembly ("memory-safe") {
                sstore(add(p.slot, 1), next)
            }
        }
        address donor = address(uint160(who));
        if (!run.token.trySafeTransferFrom(donor, address(this), amount)) {
            _undo(p, amount, life);
            return _whyRefused(run.token, donor, amount);
        }
        unchecked {
            uint256 found = ++run.found;
            (bytes32[] memory gifts, bytes32[] memory rows) = (run.gifts, run.rows);
            uint256 row = (id << 144) | (period << 128) | (line << 64) | amount;
            assembly ("memory-safe") {
                // Never more than the run has pledges.
                mstore(add(gifts, shl(5, found)), or(shl(96, who), amount))
                mstore(add(rows, shl(5, found)), row)
            }
            run.line = line + amount;
        }
        return Reason.None;
    }

    /// @dev Whether a pledge can be collected, and for which period.
    function _check(Run memory run, uint256 amount, uint256 line, uint256 life)
        private
        view
        returns (Reason reason, uint256 period)
    {
        unchecked {
            // Sums and products of numbers of at most 64 bits.
            uint256 state = life >> _STATE;
            if (state != uint256(PledgeState.Live)) return (_whyNotLive(PledgeState(state)), 0);
            uint256 last = uint32(life >> _LAST_DUE);
            if (last != 0 && block.timestamp > last) return (Reason.Ended, 0);
            uint256 times = uint16(life >> _TIMES);
            if (times != 0 && uint16(life >> _COLLECTIONS) == times) return (Reason.Ended, 0);
            uint256 first = uint32(life);
            if (block.timestamp < first) return (Reason.NotDue, 0);
            period = _periodOf(Period(uint8(life >> _PERIOD)), first, run.today);
            if (period < uint16(life >> _NEXT_PERIOD)) return (Reason.NotDue, 0);
            if (uint64(life >> _COLLECTED) + amount > uint64(life >> _CAP)) return (Reason.CapReached, 0);
            if (line + amount > _MAX_AMOUNT) {
                return (block.timestamp > run.acceptsUntil ? Reason.PoolClosed : Reason.PoolFull, 0);
            }
        }
    }

    function _bring(Run memory run, address keeper, uint256 start) private {
        (bytes32[] memory gifts, bytes32[] memory rows, uint256 found) = (run.gifts, run.rows, run.found);
        assembly ("memory-safe") {
            // They only become shorter.
            mstore(gifts, found)
            mstore(rows, found)
        }
        uint256 sum = run.line - start;
        emit Collected(run.pool, keeper, address(run.token), uint64(sum), uint64(start), rows);
        if (run.token.allowance(address(this), address(FUND)) < sum) {
            run.token.forceApprove(address(FUND), type(uint256).max);
        }
        uint64 place = FUND.contributeMany(run.pool, gifts);
        if (place != start) revert LineMoved(start, place);
    }

    function _undo(Pledge storage p, uint256 amount, uint256 before) private {
        p.nextPeriod = uint16(before >> _NEXT_PERIOD);
        --p.collections;
        p.collected -= uint64(amount);
    }

    function _whyNotLive(PledgeState state) private pure returns (Reason) {
        if (state == PledgeState.None) return Reason.Unknown;
        return state == PledgeState.Paused ? Reason.Paused : Reason.Stopped;
    }

    function _whyRefused(IERC20 token, address donor, uint256 amount) private view returns (Reason) {
        if (token.allowance(donor, address(this)) < amount) return Reason.NoAllowance;
        return token.balanceOf(donor) < amount ? Reason.NoBalance : Reason.Refused;
    }

    function _failRun(uint256[] calldata ids) private returns (uint256 count) {
        uint256 pool = _pledges[ids[0]].pool;
        do {
            Pledge storage p = _pledges[ids[count]];
            if (p.pool != pool) break;
            emit CollectionFailed(ids[count], p.donor, Reason.RunFailed);
        } while (++count < ids.length);
    }

    /// @dev The first slot as one word; solc would read it for each field.
    function _load(uint256 id) private view returns (Pledge storage p, uint256 who) {
        p = _pledges[id];
        assembly ("memory-safe") {
            who := sload(p.slot)
        }
    }

    // ---------------------------------------------------------------------------------------------- periods

    /// @dev The first period that can still be collected.
    function _nextPeriod(Pledge storage p) private view returns (uint256) {
        if (block.timestamp < p.firstDue) return p.nextPeriod;
        return Math.max(p.nextPeriod, _periodOf(p.period, p.firstDue, Calendar.at(block.timestamp)));
    }

    /// @dev The period in which now lies, which must not be before `firstDue`.
    function _periodOf(Period period, uint256 firstDue, Calendar.Moment memory today) private view returns (uint256) {
        if (period == Period.Month) return Calendar.monthsSince(firstDue, today);
        return (block.timestamp - firstDue) / (period == Period.Day ? 1 days : 1 weeks);
    }

    function _startOf(Pledge storage p, uint256 index) private view returns (uint256) {
        if (p.period == Period.Month) return Calendar.addMonths(p.firstDue, index);
        return p.firstDue + index * (p.period == Period.Day ? 1 days : 1 weeks);
    }
}
