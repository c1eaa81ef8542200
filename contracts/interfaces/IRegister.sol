// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Who is who: the accredited NGOs, attestors, settlement tokens and providers, and the names of the gateways.
/// @notice Kept by the registrar, who is not the operator. What a gateway may do is its role in the consortium's
/// AccessManager; here it only has a name.
///
///     None ──accredit──► Ngo | Attestor | Gateway | Token | Provider ──revoke──► None
interface IRegister {
    enum Kind {
        None,
        Ngo,
        Attestor,
        Gateway,
        Token,
        /// @dev Whoever may be paid by voucher: a clinic, a pharmacy, a school.
        Provider
    }

    struct Member {
        Kind kind;
        /// @dev UTF-8, at most 31 bytes, zero-padded.
        bytes32 name;
        /// @dev SHA-256 of a text about the member; all zero if there is none.
        bytes32 detailsHash;
    }

    event Accredited(address indexed account, Kind indexed kind, bytes32 name, bytes32 detailsHash, string detailsURI);
    event Revoked(address indexed account, Kind indexed kind);

    error AlreadyAccredited(address account, Kind kind);
    error NotAMember(address account);
    error BadMember(string reason);

    /// @notice Adds a member. One account has one kind; to change anything, revoke first.
    /// @dev Warning: the registrar decides who may open pools, who may attest in them and in which tokens. A token must
    /// be a plain one: no fee on transfers, no hooks, no balances that move by themselves. It cannot touch a pool that
    /// is open.
    function accredit(address account, Kind kind, bytes32 name, bytes32 detailsHash, string calldata detailsURI)
        external;

    /// @notice Removes a member. Pools that are open keep their NGO and their attestors.
    function revoke(address account) external;

    function memberOf(address account) external view returns (Member memory);

    function isAccredited(address account, Kind kind) external view returns (bool);
}
