// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title An allowance and what it is for in one signature, after Permit2's `permitWitnessTransferFrom`.
/// @notice A donor signs once, in the token's EIP-712 domain, who may take how much, and the words of the contract
/// that will take it (the witness):
///
///     PermitWitness(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,<witnessType>
///
/// `witnessType` goes on from there, for instance "Pledge pledge)Pledge(uint256 pool,…)".
interface IPermitWitness {
    error PermitWitnessExpired(uint256 deadline);
    /// @dev The owner did not sign exactly this for this caller, or signed it with a nonce that is not its next.
    error PermitWitnessBadSignature(address owner);

    /// @notice The caller, who is the spender that the owner named, is allowed `value` more of the owner's tokens.
    /// @dev It adds to the allowance (an endless one stays), so that what was signed before stays good. The nonce is
    /// that of ERC-2612. Only the spender can hand it in, so nobody can use it up or take the witness off it.
    /// Warning: the token does not understand the witness. The spender must make it itself, from what it will do.
    /// @param deadline Last second in which it can be handed in.
    /// @param witness The EIP-712 hash of the spender's struct.
    /// @param witnessType The rest of the type, as above.
    /// @param signature ECDSA, 65 bytes, or what the owner's contract (ERC-1271) takes.
    /// @return This function's selector: a token that has no such function, but swallows every call, cannot pass.
    function permitWitness(
        address owner,
        uint256 value,
        uint256 deadline,
        bytes32 witness,
        string calldata witnessType,
        bytes calldata signature
    ) external returns (bytes4);
}
