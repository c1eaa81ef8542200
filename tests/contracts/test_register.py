"""Register.accredit, Register.revoke

├── when the caller is not the registrar: AccessManagedUnauthorized
├── accredit: when the account is a member already: AlreadyAccredited; no account, no kind or no name: BadMember
├── revoke: when there is no such member: NotAMember
└── else the member is stored, told and found by exactly its kind
"""

from __future__ import annotations

import pytest
from refusals import reverts
from world import (
    ATTESTOR_KIND,
    GATEWAY_KIND,
    NGO_KIND,
    PROVIDER_KIND,
    TOKEN_KIND,
    ZERO,
    ZERO32,
    World,
    b32,
    evidence_of,
)

KINDS = {
    "ngo": NGO_KIND,
    "attestor": ATTESTOR_KIND,
    "gateway": GATEWAY_KIND,
    "token": TOKEN_KIND,
    "provider": PROVIDER_KIND,
}


def accredit(w: World, account: str, kind: int, name: bytes = b32("Somebody"), details: bytes = ZERO32) -> dict:
    """Let the registrar accredit somebody."""
    return w.do(w.registrar, w.register, "accredit", account, kind, name, details, "content:details")


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_is_stored_told_and_found(w: World, kind: str) -> None:
    member = {"kind": KINDS[kind], "name": b32("Somebody"), "detailsHash": evidence_of("details")}
    receipt = accredit(w, w.stranger, KINDS[kind], details=evidence_of("details"))
    assert w.events(receipt, w.register) == [
        ("Accredited", {"account": w.stranger} | member | {"detailsURI": "content:details"})
    ]
    assert w.see(w.register, "memberOf", w.stranger) == member
    found = [w.see(w.register, "isAccredited", w.stranger, k) for k in range(6)]
    assert found == [k == KINDS[kind] for k in range(6)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_revoked_member_is_none(w: World, kind: str) -> None:
    accredit(w, w.stranger, KINDS[kind])
    receipt = w.do(w.registrar, w.register, "revoke", w.stranger)
    assert w.events(receipt, w.register) == [("Revoked", {"account": w.stranger, "kind": KINDS[kind]})]
    assert w.see(w.register, "memberOf", w.stranger) == {"kind": 0, "name": ZERO32, "detailsHash": ZERO32}
    assert not any(w.see(w.register, "isAccredited", w.stranger, k) for k in range(6))


def test_one_account_has_one_kind(w: World) -> None:
    for kind in KINDS.values():
        with reverts("AlreadyAccredited", w.ngo, NGO_KIND):
            accredit(w, w.ngo, kind)


def test_a_revoked_member_may_come_back_as_something_else(w: World) -> None:
    w.do(w.registrar, w.register, "revoke", w.ngo)
    accredit(w, w.ngo, ATTESTOR_KIND)
    assert w.see(w.register, "isAccredited", w.ngo, ATTESTOR_KIND)


def test_a_member_that_is_none(w: World) -> None:
    with reverts("BadMember", "account: zero"):
        accredit(w, ZERO, NGO_KIND)
    with reverts("BadMember", "kind: none"):
        accredit(w, w.stranger, 0)
    with reverts("BadMember", "name: empty"):
        accredit(w, w.stranger, NGO_KIND, name=ZERO32)
    with reverts("BadMember", "name: more than 31 bytes"):
        accredit(w, w.stranger, NGO_KIND, name=b"x" * 32)


def test_a_kind_that_there_is_not(w: World) -> None:
    with reverts(""):
        accredit(w, w.stranger, 6)


def test_who_is_no_member_cannot_be_revoked(w: World) -> None:
    for who in (w.stranger, ZERO):
        with reverts("NotAMember", who):
            w.do(w.registrar, w.register, "revoke", who)
    w.do(w.registrar, w.register, "revoke", w.ngo)
    with reverts("NotAMember", w.ngo):
        w.do(w.registrar, w.register, "revoke", w.ngo)


def test_a_gateway_in_the_register_has_only_a_name(w: World, pool: int) -> None:
    accredit(w, w.stranger, GATEWAY_KIND)
    with reverts("AccessManagedUnauthorized", w.stranger):
        w.do(w.stranger, w.fund, "recordBatch", pool, b32("x"), bytes(32))
