// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IJudgement} from "./interfaces/IJudgement.sol";
import {IPayoutBook} from "./interfaces/IPayoutBook.sol";
import {IPooledFund} from "./interfaces/IPooledFund.sol";
import {EntryTree} from "./libraries/EntryTree.sol";

/// @title Payout rounds: lists of commitments, claims by one-time keys, what is left back to the pool.
/// @notice IPayoutBook has every word. Each function checks, then writes, then says so, then moves money. With plain
/// tokens, the only ones that the register takes, the book holds exactly what its open rounds have not delivered.
contract PayoutBook is IPayoutBook, EIP712 {
    using SafeERC20 for IERC20;

    struct List {
        Round round;
        /// @dev A sheet in one word: the first 30 bytes of its root ‖ a bit for each row, set once it is claimed.
        mapping(uint256 sheet => bytes32) sheets;
    }

    uint256 private constant _MIN_WINDOW = 7 days;
    uint256 private constant _MAX_WINDOW = 365 days;
    uint256 private constant _ROW = 32;
    /// @dev Rows of a sheet: a bit for each stands beside 30 bytes of root.
    uint256 private constant _SHEET = 16;
    bytes32 private constant _CLAIM_TYPEHASH =
        keccak256("Claim(uint256 pool,uint256 milestone,uint32 position,address to)");

    /// @inheritdoc IPayoutBook
    IPooledFund public immutable FUND;

    /// @inheritdoc IPayoutBook
    mapping(bytes32 scope => mapping(bytes32 nullifier => uint64)) public paidOf;
    mapping(uint256 pool => mapping(uint256 milestone => List)) private _lists;

    constructor(IPooledFund fund) EIP712("Moa PayoutBook", "1") {
        FUND = fund;
    }

    // ---------------------------------------------------------------------------------------------- the list

    /// @inheritdoc IPayoutBook
    function seal(uint256 pool, uint256 milestone, bytes calldata rows, uint32 claimWindow) external {
        if (msg.sender != FUND.poolOf(pool).ngo) revert NotTheNgo(pool, msg.sender);
        IPooledFund.Milestone memory m = FUND.milestoneOf(pool, milestone);
        if (m.payee != address(this)) revert NotARound(pool, milestone);
        IJudgement.MilestoneState state = FUND.JUDGEMENT().milestoneOf(pool, milestone).state;
        if (state != IJudgement.MilestoneState.Planned && state != IJudgement.MilestoneState.Rejected) {
            revert IJudgement.MilestoneIs(pool, milestone, state);
        }
        if (claimWindow < _MIN_WINDOW || claimWindow > _MAX_WINDOW) revert BadWindow(claimWindow);
        _checkRows(rows);

        Round storage r = _lists[pool][milestone].round;
        uint64 cap = FUND.limitsOf(pool).beneficiaryCap;
        uint32 count = uint32(rows.length / _ROW);
        uint256 sum = _writeSheets(pool, milestone, rows, cap != 0, r.count);
        if (sum != m.amount) revert WrongSum(sum, m.amount);
        uint32 version = r.version + 1;
        r.amount = m.amount;
        r.beneficiaryCap = cap;
        r.count = count;
        r.version = version;
        r.claimWindow = claimWindow;
        emit RoundSealed(pool, milestone, msg.sender, version, m.amount, count, claimWindow, rows);
    }

    /// @inheritdoc IPayoutBook
    function begin(uint256 pool, uint256 milestone, uint64 amount) external returns (uint32 claimsUntil) {
        if (msg.sender != address(FUND)) revert NotTheFund(msg.sender);
        RoundState state = stateOf(pool, milestone);
        if (state != RoundState.Sealed) revert RoundIs(pool, milestone, state);
        Round storage r = _lists[pool][milestone].round;
        if (r.amount != amount) revert WrongSum(r.amount, amount);

        address token = FUND.poolOf(pool).token;
        claimsUntil = uint32(block.timestamp) + r.claimWindow;
        uint64 cap = r.beneficiaryCap;
        bytes32 scope = cap == 0 ? bytes32(0) : scopeOf(token, FUND.limitsOf(pool).programme, pool);
        r.token = token;
        r.claimsUntil = claimsUntil;
        r.scope = scope;
        emit RoundOpened(pool, milestone, token, amount, claimsUntil, cap, scope);
    }

    // -------------------------------------------------------------------------------------- money goes out

    /// @inheritdoc IPayoutBook
    function claim(Claim calldata c) external {
        (uint256 pool, uint256 milestone, uint256 position) = (c.pool, c.milestone, c.position);
        (uint256 amount, bytes32 nullifier, address to) = (c.amount, c.nullifier, c.to);
        List storage list = _lists[pool][milestone];
        Round storage r = list.round;
        uint256 word; // the round's first slot, read and written once; solc would read it twice
        assembly ("memory-safe") {
            word := sload(r.slot)
        }
        if (block.timestamp > word >> 224) revert RoundIs(pool, milestone, stateOf(pool, milestone));
        if (_loses(to, address(uint160(word)))) revert BadReceiver(to);
        address key = _signerOf(_hashTypedDataV4(_hashClaim(pool, milestone, position, to)), c.r, c.vs);
        bytes32 commitment = Hashes.efficientKeccak256(bytes32(uint256(uint160(key))), nullifier);
        bytes32 sheet = list.sheets[position / _SHEET];
        bytes32 mark = bytes32(1 << (position % _SHEET));
        if (sheet & mark != 0) revert AlreadyClaimed(pool, milestone, position);
        bytes32 leaf = EntryTree.leafOf(
            seedOf(pool, milestone, nullifier != 0), position % _SHEET, c.start, (commitment << 96) | bytes32(amount)
        );
        bytes32 root = EntryTree.climb(leaf, position, c.proof);
        if ((root ^ sheet) >> _SHEET != 0) revert BadProof(pool, milestone, position);
        list.sheets[position / _SHEET] = sheet | mark;
        if (nullifier != 0) amount = _useRoom(r, nullifier, amount);

        assembly ("memory-safe") {
            sstore(r.slot, add(word, shl(160, amount)))
        }
        address token = address(uint160(word));
        emit Delivered(
            pool, milestone, to, uint32(position), token, uint64(amount), uint64(word >> 160), msg.sender
        );
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc IPayoutBook
    function claimMany(Claim[] calldata claims) external {
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata c = claims[i];
            // A call of its own, so that a refusal undoes this claim and no other; delegated, so that the caller stays.
            // slither-disable-next-line low-level-calls,calls-loop -- this contract's own function
            // solhint-disable-next-line avoid-low-level-calls
            (bool ok, bytes memory reason) = address(this).delegatecall(abi.encodeCall(IPayoutBook.claim, (c)));
            if (!ok) emit ClaimFailed(c.pool, c.milestone, c.position, msg.sender, reason);
        }
    }

    /// @inheritdoc IPayoutBook
    function expire(uint256 pool, uint256 milestone) external {
        RoundState state = stateOf(pool, milestone);
        if (state != RoundState.Expired) revert RoundIs(pool, milestone, state);
        Round storage r = _lists[pool][milestone].round;
        (address token, uint64 rest) = (r.token, r.amount - r.delivered);

        r.closed = true;
        emit RoundExpired(pool, milestone, token, rest, msg.sender);
        if (rest == 0) return;
        IERC20(token).forceApprove(address(FUND), rest);
        FUND.giveBack(pool, milestone, rest);
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IPayoutBook
    function isReady(uint256 pool, uint256 milestone, uint64 amount) external view returns (bool) {
        Round storage r = _lists[pool][milestone].round;
        return r.count != 0 && r.amount == amount;
    }

    /// @inheritdoc IPayoutBook
    function stateOf(uint256 pool, uint256 milestone) public view returns (RoundState) {
        Round storage r = _lists[pool][milestone].round;
        if (r.count == 0) return RoundState.None;
        if (r.token == address(0)) return RoundState.Sealed;
        if (r.closed) return RoundState.Closed;
        return block.timestamp > r.claimsUntil ? RoundState.Expired : RoundState.Open;
    }

    /// @inheritdoc IPayoutBook
    function roundOf(uint256 pool, uint256 milestone) external view returns (Round memory) {
        return _lists[pool][milestone].round;
    }

    /// @inheritdoc IPayoutBook
    function isClaimed(uint256 pool, uint256 milestone, uint32 position) external view returns (bool) {
        return _lists[pool][milestone].sheets[position / _SHEET] & bytes32(1 << (position % _SHEET)) != 0;
    }

    /// @inheritdoc IPayoutBook
    function scopeOf(address token, bytes32 programme, uint256 pool) public pure returns (bytes32) {
        return programme == 0 ? keccak256(abi.encode(pool)) : keccak256(abi.encode(token, programme));
    }

    /// @inheritdoc IPayoutBook
    function seedOf(uint256 pool, uint256 milestone, bool capped) public pure returns (bytes32) {
        return bytes32((pool << 128) | (milestone << 1) | (capped ? 1 : 0));
    }

    // --------------------------------------------------------------------------------------------- sealing

    function _checkRows(bytes calldata rows) private pure {
        // Fewer than 2^32: so many rows are 128 GiB, which no call carries.
        if (rows.length == 0 || rows.length % _ROW != 0) revert BadRows(rows.length);
        uint256 bad = rows.length;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, rows.length) { i := add(i, 0x20) } {
                // The zero bytes and the amount as one number; an amount of 0 wraps.
                let low := and(calldataload(add(rows.offset, i)), 0xffffffffffffffffffffffff)
                if gt(sub(low, 1), 0xfffffffffffffffe) {
                    bad := i
                    break
                }
            }
        }
        if (bad != rows.length) revert BadRow(bad / _ROW);
    }

    /// @dev Writes the sheets of a list over those of the list before, and clears what that one had more.
    function _writeSheets(uint256 pool, uint256 milestone, bytes calldata rows, bool capped, uint256 countBefore)
        private
        returns (uint256 sum)
    {
        mapping(uint256 sheet => bytes32) storage sheets = _lists[pool][milestone].sheets;
        uint256 sheet = 0;
        for (uint256 from = 0; from < rows.length; from += _SHEET * _ROW) {
            uint256 to = from + _SHEET * _ROW;
            bytes calldata part = rows[from:to < rows.length ? to : rows.length];
            bytes32 root;
            (root, sum) = EntryTree.build(part, seedOf(pool, milestone, capped), uint64(sum));
            if (sum > type(uint64).max) return sum; // above any milestone's amount
            sheets[sheet++] = bytes32(bytes30(root));
        }
        for (; sheet * _SHEET < countBefore; ++sheet) {
            delete sheets[sheet];
        }
    }

    /// @dev Whether what goes there would be lost: to nobody, into this book, the fund or the token. Without a branch.
    function _loses(address to, address token) private view returns (bool lost) {
        address fund = address(FUND);
        assembly ("memory-safe") {
            lost := or(or(iszero(to), eq(to, address())), or(eq(to, fund), eq(to, token)))
        }
    }

    /// @dev keccak256(abi.encode(_CLAIM_TYPEHASH, …)), with no memory kept.
    function _hashClaim(uint256 pool, uint256 milestone, uint256 position, address to)
        private
        pure
        returns (bytes32 hash)
    {
        bytes32 typehash = _CLAIM_TYPEHASH;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typehash)
            mstore(add(free, 0x20), pool)
            mstore(add(free, 0x40), milestone)
            mstore(add(free, 0x60), position)
            mstore(add(free, 0x80), to)
            hash := keccak256(free, 0xa0)
        }
    }

    /// @dev ERC-2098: the highest bit of `vs` is the parity of y, which leaves no room for a signature's second form.
    function _signerOf(bytes32 digest, bytes32 r, bytes32 vs) private pure returns (address signer) {
        signer = ecrecover(digest, 27 + uint8(uint256(vs) >> 255), r, (vs << 1) >> 1);
        if (signer == address(0)) revert BadSignature();
    }

    /// @dev Takes `amount`, or what is left of it, from the room that the cap leaves for this nullifier.
    function _useRoom(Round storage r, bytes32 nullifier, uint256 amount) private returns (uint256) {
        (uint64 cap, bytes32 scope) = (r.beneficiaryCap, r.scope);
        uint256 paid = paidOf[scope][nullifier];
        if (paid >= cap) revert CapReached(scope, nullifier, cap);
        if (amount > cap - paid) amount = cap - paid;
        paidOf[scope][nullifier] = uint64(paid + amount);
        emit RoomUsed(scope, nullifier, uint64(amount));
        return amount;
    }
}
