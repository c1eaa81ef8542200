// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPermitWitness} from "./interfaces/IPermitWitness.sol";
import {IPledgeBook} from "./interfaces/IPledgeBook.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {Calendar} from "./libraries/Calendar.sol";

interface ITempMany {
    function contributeMany(uint256 pool, bytes32[] calldata gifts) external returns (uint64 start);
}

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

    /// @inheritdoc IPledgeBook
    IPooledFund public immutable FUND;

    /// @inheritdoc IPledgeBook
    uint256 public pledgeCount;
    mapping(uint256 id => Pledge) private _pledges;

    /// @dev What is brought to one pool together.
    struct Run {
        uint256 pool;
        IERC20 token;
        bool closed;
        uint256 room;
        Calendar.Moment today;
        /// @dev For the fund: donor (20 bytes) ‖ zero (4) ‖ amount (8).
        bytes32[] gifts;
        /// @dev For the events: number of the pledge ‖ period (2 bytes).
        uint256[] notes;
        uint256 found;
        uint256 sum;
    }

    constructor(address fund) {
        FUND = IPooledFund(fund);
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
    function skip(uint256 id) external {
        Pledge storage p = _ofCaller(id);
        if (p.state == PledgeState.Stopped) revert PledgeIs(id, p.state);
        uint16 period = uint16(_nextPeriod(p)); // before 2106 there are fewer than 2^16 days

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
        if (cap < p.collected) revert BadTerms("cap: less than was collected");

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
            try this.collectRun(rest, msg.sender) returns (uint256 count) {
                done += count;
            } catch {
                done += _failRun(rest);
            }
        }
    }

    /// @inheritdoc IPledgeBook
    function collectRun(uint256[] calldata ids, address keeper) external returns (uint256 count) {
        if (msg.sender != address(this)) revert NotTheBook(msg.sender);
        Run memory run = _begin(_pledges[ids[0]].pool, ids.length);
        do {
            uint256 id = ids[count];
            Pledge storage p = _pledges[id];
            if (p.pool != run.pool) break;
            Reason reason = _take(run, id, p);
            if (reason != Reason.None) emit CollectionFailed(id, p.donor, reason);
        } while (++count < ids.length);
        if (run.found != 0) _bring(run, keeper);
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
        run.closed = block.timestamp > p.acceptsUntil;
        run.room = _MAX_AMOUNT - p.raised;
        run.today = Calendar.at(block.timestamp);
        run.gifts = new bytes32[](size);
        run.notes = new uint256[](size);
    }

    /// @dev Pulls one amount into the book if it is due. What it writes before the token is called is undone if the
    /// token refuses, so that a call that comes back in finds the period taken.
    function _take(Run memory run, uint256 id, Pledge storage stored) private returns (Reason) {
        Pledge memory p = stored;
        if (p.state != PledgeState.Live) {
            if (p.state == PledgeState.None) return Reason.Unknown;
            return p.state == PledgeState.Paused ? Reason.Paused : Reason.Stopped;
        }
        if (p.lastDue != 0 && block.timestamp > p.lastDue) return Reason.Ended;
        if (p.times != 0 && p.collections == p.times) return Reason.Ended;
        if (block.timestamp < p.firstDue) return Reason.NotDue;
        uint256 period = _periodOf(p.period, p.firstDue, run.today);
        if (period < p.nextPeriod) return Reason.NotDue;
        if (p.collected + p.amount > p.cap) return Reason.CapReached;
        if (run.closed) return Reason.PoolClosed;
        if (run.sum + p.amount > run.room) return Reason.PoolFull;

        stored.nextPeriod = uint16(period + 1);
        stored.collections = p.collections + 1;
        stored.collected = p.collected + p.amount;
        if (!run.token.trySafeTransferFrom(p.donor, address(this), p.amount)) {
            stored.nextPeriod = p.nextPeriod;
            --stored.collections;
            stored.collected -= p.amount;
            return _whyRefused(run.token, p.donor, p.amount);
        }
        run.gifts[run.found] = bytes32((uint256(uint160(p.donor)) << 96) | p.amount);
        run.notes[run.found++] = (id << 16) | period;
        run.sum += p.amount;
        return Reason.None;
    }

    function _bring(Run memory run, address keeper) private {
        (bytes32[] memory gifts, uint256[] memory notes, uint256 found) = (run.gifts, run.notes, run.found);
        assembly ("memory-safe") {
            mstore(gifts, found) // only shorter
        }
        if (run.token.allowance(address(this), address(FUND)) < run.sum) {
            run.token.forceApprove(address(FUND), type(uint256).max);
        }
        uint64 start = ITempMany(address(FUND)).contributeMany(run.pool, gifts);
        for (uint256 i = 0; i < found; ++i) {
            uint256 gift = uint256(gifts[i]);
            uint256 note = notes[i];
            emit Collected(
                note >> 16, address(uint160(gift >> 96)), run.pool, address(run.token), uint64(gift), start,
                uint16(note), keeper
            );
            start += uint64(gift);
        }
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
