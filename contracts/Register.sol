// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRegister} from "./interfaces/IRegister.sol";

/// @title The register of members. See IRegister for every word.
contract Register is IRegister, AccessManaged {
    mapping(address account => Member) private _members;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IRegister
    function accredit(address account, Kind kind, bytes32 name, bytes32 detailsHash, string calldata detailsURI)
        external
        restricted
    {
        Kind before = _members[account].kind;
        if (before != Kind.None) revert AlreadyAccredited(account, before);
        if (account == address(0)) revert BadMember("account: zero");
        if (kind == Kind.None) revert BadMember("kind: none");
        if (name[0] == 0) revert BadMember("name: empty");
        if (name[31] != 0) revert BadMember("name: more than 31 bytes");

        _members[account] = Member(kind, name, detailsHash);

        emit Accredited(account, kind, name, detailsHash, detailsURI);
    }

    /// @inheritdoc IRegister
    function revoke(address account) external restricted {
        Kind kind = _members[account].kind;
        if (kind == Kind.None) revert NotAMember(account);

        delete _members[account];

        emit Revoked(account, kind);
    }

    /// @inheritdoc IRegister
    function memberOf(address account) external view returns (Member memory) {
        return _members[account];
    }

    /// @inheritdoc IRegister
    function isAccredited(address account, Kind kind) external view returns (bool) {
        return kind != Kind.None && _members[account].kind == kind;
    }
}
