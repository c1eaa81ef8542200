"""Who may do what: every function that somebody is refused, times everyone there is. Nobody else gets through.

A person passes when the call goes through; who does not pass is refused for who they are, not for anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from entrytree import entry_of
from world import (
    ADMIN,
    ATTESTOR_KIND,
    DAY,
    GATEWAY,
    OPERATOR,
    PAUSER,
    PEOPLE,
    REGISTRAR,
    UNIT,
    ZERO32,
    RefusedError,
    World,
    b32,
    evidence_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EVIDENCE = evidence_of("done")
FOR_WHO_THEY_ARE = {
    *("AccessManagedUnauthorized", "AccessManagerUnauthorizedAccount", "NotAccredited", "NotTheNgo"),
    *("NotAnAttestor", "AccessManagerUnauthorizedCall", "AccessManagerUnauthorizedConsume"),
}
Call = tuple[str, str, tuple[Any, ...]]
ROLES = {ADMIN: "admin", OPERATOR: "operator", REGISTRAR: "registrar"}
# What each function's call is, and who gets through with it.
TABLE: dict[str, tuple[Callable[[World], Call], set[str]]] = {
    "openPool": (lambda w: ("fund", "openPool", (tuple(w.plan().values()),)), {"ngo", "ngo2"}),
    "recordBatch": (
        lambda _w: ("fund", "recordBatch", (1, b32("r"), entry_of(bytes(20), 1, 1))),
        {"gateway", "gateway2"},
    ),
    "submitEvidence": (lambda _w: ("fund", "submitEvidence", (1, 0, EVIDENCE, "")), {"ngo"}),
    "attest": (
        lambda _w: ("fund", "attest", (1, 1, EVIDENCE, True)),
        {"attestor1", "attestor2", "attestor3"},
    ),
    "pause": (lambda _w: ("fund", "pause", (1,)), {"pauser"}),
    "unpause": (lambda _w: ("fund", "unpause", (2,)), {"operator"}),
    "release": (lambda _w: ("fund", "release", (3, 0)), set(PEOPLE)),
    "contribute": (lambda _w: ("fund", "contribute", (1, 1)), set(PEOPLE)),
    "fund.setAuthority": (lambda w: ("fund", "setAuthority", (w.consortium.address,)), set()),
    "accredit": (
        lambda w: ("register", "accredit", (w.stranger, ATTESTOR_KIND, b32("x"), ZERO32, "")),
        {"registrar"},
    ),
    "revoke": (lambda w: ("register", "revoke", (w.attestor4,)), {"registrar"}),
    "register.setAuthority": (lambda w: ("register", "setAuthority", (w.consortium.address,)), set()),
    "mint": (lambda w: ("token", "mint", (w.stranger, 1, b32("d"))), {"gateway", "gateway2"}),
    "token.setAuthority": (lambda w: ("token", "setAuthority", (w.consortium.address,)), set()),
    "appoint a gateway": (lambda w: ("consortium", "grantRole", (GATEWAY, w.stranger, 0)), {"operator"}),
    "dismiss a gateway": (lambda w: ("consortium", "revokeRole", (GATEWAY, w.gateway2)), {"operator"}),
    "appoint a pauser": (lambda w: ("consortium", "grantRole", (PAUSER, w.stranger, 0)), {"operator"}),
    "appoint a registrar": (lambda w: ("consortium", "grantRole", (REGISTRAR, w.stranger, 0)), {"admin"}),
    "appoint an operator": (lambda w: ("consortium", "grantRole", (OPERATOR, w.stranger, 0)), {"admin"}),
    "appoint an admin": (lambda w: ("consortium", "grantRole", (ADMIN, w.stranger, 0)), {"admin"}),
    "change a role's admin": (lambda _w: ("consortium", "setRoleAdmin", (GATEWAY, REGISTRAR)), {"admin"}),
    "change a function's role": (
        lambda w: ("consortium", "setTargetFunctionRole", (w.fund.address, [b"\0" * 4], PAUSER)),
        {"admin"},
    ),
    "close a contract": (lambda w: ("consortium", "setTargetClosed", (w.token.address, True)), {"admin"}),
    "change an authority": (
        lambda w: ("consortium", "updateAuthority", (w.register.address, w.consortium.address)),
        {"admin"},
    ),
}


@pytest.fixture
def stage(w: World) -> World:
    """Pool 1 has evidence on its second milestone, pool 2 is paused, pool 3 has a milestone to release."""
    for _ in range(3):
        w.open_pool()
    w.do(w.ngo, w.fund, "submitEvidence", 1, 1, EVIDENCE, "")
    w.do(w.pauser, w.fund, "pause", 2)
    w.give(3, 120 * UNIT)
    w.approve(3)
    for name in PEOPLE:
        who = w.addresses[name]
        w.do(w.donor1, w.token, "transfer", who, 10)
        if name not in ("donor1", "donor2", "gateway", "gateway2"):
            w.do(who, w.token, "approve", w.fund.address, 10)
    w.node.wait(DAY)
    return w


@pytest.mark.parametrize("row", TABLE)
def test_who_gets_through(stage: World, row: str) -> None:
    call, may = TABLE[row]
    through = set()
    for name in PEOPLE:
        before = stage.node.rpc("evm_snapshot")
        contract, function, args = call(stage)
        outcome = None
        try:
            stage.do(stage.addresses[name], getattr(stage, contract), function, *args)
            through.add(name)
        except RefusedError as refused:
            outcome = refused.name
        assert outcome is None or outcome in FOR_WHO_THEY_ARE, (name, outcome)
        stage.node.rpc("evm_revert", before)
    assert through == may


@pytest.mark.parametrize("contract", ["fund", "register", "token"])
def test_every_function_that_changes_something_is_known(w: World, contract: str) -> None:
    """A new function makes this fail until somebody has said who may call it."""
    name = {"fund": "PooledFund", "register": "Register", "token": "SettlementToken"}[contract]
    changing = {
        item["name"]
        for item in w.artifacts[name]["abi"]
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    by_signature = {"contributeWithPermit", "contributeWithAuthorization", "attestBySignature"}
    standard = {
        *("approve", "transfer", "transferFrom", "permit"),
        *("transferWithAuthorization", "receiveWithAuthorization", "cancelAuthorization"),
    }
    in_table = {row.split(".")[-1] for row in TABLE}
    assert changing <= in_table | (by_signature if contract == "fund" else standard)


def test_the_deployer_ends_with_nothing(w: World) -> None:
    for role in (ADMIN, OPERATOR, REGISTRAR, GATEWAY, PAUSER):
        assert w.see(w.consortium, "hasRole", role, w.deployer) == (False, 0)


def test_the_roles_are_apart(w: World) -> None:
    """Nobody has two of them: the admin is not the operator, and the operator is not the registrar."""
    for role, holder in {**ROLES, GATEWAY: "gateway", PAUSER: "pauser"}.items():
        for name in ("admin", "operator", "registrar", "gateway", "pauser", "ngo", "attestor1", "stranger"):
            assert w.see(w.consortium, "hasRole", role, w.addresses[name])[0] == (name == holder)


def test_a_dismissed_gateway_can_do_nothing(stage: World) -> None:
    w = stage
    w.do(w.operator, w.consortium, "revokeRole", GATEWAY, w.gateway)
    for contract, function, args in (TABLE["recordBatch"][0](w), TABLE["mint"][0](w)):
        with pytest.raises(RefusedError, match="AccessManagedUnauthorized"):
            w.do(w.gateway, getattr(w, contract), function, *args)
