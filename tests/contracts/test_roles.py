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
    CANCELLER,
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
    from collections.abc import Callable, Iterator

EVIDENCE = evidence_of("done")
FOR_WHO_THEY_ARE = {
    *("AccessManagedUnauthorized", "AccessManagerUnauthorizedAccount", "NotAccredited", "NotTheNgo", "NotThePayee"),
    *("NotAnAttestor", "AccessManagerUnauthorizedCall", "AccessManagerUnauthorizedConsume", "NotTheDonor", "NoBatch"),
    *("OnlyFor", "BadRotation", "AccessManagerNotScheduled", "CallTheContractItself"),
}
Call = tuple[str, str, tuple[Any, ...]]
ROLES = {ADMIN: "admin", OPERATOR: "operator", REGISTRAR: "registrar", CANCELLER: "operator"}
ALL = set(PEOPLE)
# The pools of the stage.
CANCELLED, JUDGED, PAUSED, APPROVED, RELEASED, OPEN_ENDED = range(1, 7)


def next_milestone(w: World, amount: int = UNIT) -> tuple[str, int, int]:
    """Return a milestone that the open-ended pool may get."""
    return (w.payee, amount, w.milestone(OPEN_ENDED, 1)["evidenceDeadline"])


# What each function's call is, and who gets through with it.
TABLE: dict[str, tuple[Callable[[World], Call], set[str]]] = {
    "openPool": (lambda w: ("fund", "openPool", (w.words(w.plan()),)), {"ngo", "ngo2"}),
    "appendMilestone": (lambda w: ("fund", "appendMilestone", (OPEN_ENDED, next_milestone(w))), {"ngo"}),
    "contribute": (lambda _w: ("fund", "contribute", (JUDGED, 1)), ALL),
    "contributeMany": (lambda w: ("fund", "contributeMany", (JUDGED, [entry_of(w.donor3, 0, 1)])), ALL),
    "recordBatch": (
        lambda _w: ("fund", "recordBatch", (JUDGED, b32("r"), entry_of(bytes(20), 1, 1))),
        {"gateway", "gateway2"},
    ),
    "fund.release": (lambda _w: ("fund", "release", (APPROVED, 0)), ALL),
    "giveBack": (lambda _w: ("fund", "giveBack", (RELEASED, 0, 1)), {"payee"}),
    "refund": (lambda w: ("fund", "refund", (CANCELLED, 0, w.donor1)), ALL),
    "refund elsewhere": (lambda w: ("fund", "refund", (CANCELLED, 0, w.stranger)), {"donor1"}),
    "refundBatch": (lambda w: ("fund", "refundBatch", (b32("back"), w.payee)), {"gateway"}),
    "cancel": (lambda _w: ("fund", "cancel", (JUDGED,)), {"ngo"}),
    "cancelByOperator": (lambda _w: ("fund", "cancelByOperator", (JUDGED,)), set()),
    "pause": (lambda _w: ("fund", "pause", (JUDGED,)), {"pauser"}),
    "unpause": (lambda _w: ("fund", "unpause", (PAUSED,)), {"operator"}),
    "moveClock": (lambda _w: ("fund", "moveClock", (JUDGED,)), set()),
    "setMatched": (lambda _w: ("fund", "setMatched", (JUDGED, True)), set()),
    "fund.setAuthority": (lambda w: ("fund", "setAuthority", (w.consortium.address,)), set()),
    "submitEvidence": (lambda _w: ("judgement", "submitEvidence", (JUDGED, 0, EVIDENCE, "")), {"ngo"}),
    "attest": (
        lambda _w: ("judgement", "attest", (JUDGED, 1, EVIDENCE, True)),
        {"attestor1", "attestor2", "attestor3"},
    ),
    "object": (lambda _w: ("judgement", "object", (OPEN_ENDED, 0, EVIDENCE, [0])), {"donor1"}),
    "consentToMilestone": (
        lambda w: ("judgement", "consentToMilestone", (OPEN_ENDED, next_milestone(w, 2))),
        {"attestor1", "attestor2", "attestor3"},
    ),
    "consentToRotation": (
        lambda w: ("judgement", "consentToRotation", (JUDGED, w.attestor3, w.attestor4)),
        {"attestor1", "attestor2"},
    ),
    "rotate": (lambda w: ("judgement", "rotate", (CANCELLED, w.attestor3, w.attestor4)), ALL),
    "open": (
        lambda w: ("judgement", "open", (9, w.ngo, False, *w.words(w.plan())[-2:])),
        set(),
    ),
    "append": (lambda w: ("judgement", "append", (OPEN_ENDED, next_milestone(w))), set()),
    "judgement.release": (lambda _w: ("judgement", "release", (APPROVED, 0, 100 * UNIT)), set()),
    "accredit": (
        lambda w: ("register", "accredit", (w.stranger, ATTESTOR_KIND, b32("x"), ZERO32, "")),
        {"registrar"},
    ),
    "revoke": (lambda w: ("register", "revoke", (w.attestor4,)), {"registrar"}),
    "register.setAuthority": (lambda w: ("register", "setAuthority", (w.consortium.address,)), set()),
    "mint": (lambda w: ("token", "mint", (w.stranger, 1, b32("d"))), {"gateway", "gateway2"}),
    "token.setAuthority": (lambda w: ("token", "setAuthority", (w.consortium.address,)), set()),
    "appoint a gateway": (lambda w: ("consortium", "grantRole", (GATEWAY, w.stranger, 0)), {"registrar"}),
    "dismiss a gateway": (lambda w: ("consortium", "revokeRole", (GATEWAY, w.gateway2)), {"registrar"}),
    "appoint a pauser": (lambda w: ("consortium", "grantRole", (PAUSER, w.stranger, 0)), {"operator"}),
    "appoint a registrar": (lambda w: ("consortium", "grantRole", (REGISTRAR, w.stranger, 0)), {"admin"}),
    "appoint an operator": (lambda w: ("consortium", "grantRole", (OPERATOR, w.stranger, 0)), {"admin"}),
    "appoint a canceller": (lambda w: ("consortium", "grantRole", (CANCELLER, w.stranger, 0)), {"admin"}),
    "hasten the canceller": (lambda w: ("consortium", "grantRole", (CANCELLER, w.operator, 0)), {"admin"}),
    "appoint an admin": (lambda w: ("consortium", "grantRole", (ADMIN, w.stranger, 0)), {"admin"}),
    "change a role's admin": (lambda _w: ("consortium", "setRoleAdmin", (GATEWAY, REGISTRAR)), {"admin"}),
    "change a role's guardian": (lambda _w: ("consortium", "setRoleGuardian", (CANCELLER, PAUSER)), {"admin"}),
    "change a role's delay": (lambda _w: ("consortium", "setGrantDelay", (CANCELLER, 0)), {"admin"}),
    "change a function's role": (
        lambda w: ("consortium", "setTargetFunctionRole", (w.fund.address, [b"\0" * 4], PAUSER)),
        {"admin"},
    ),
    "change a contract's delay": (lambda w: ("consortium", "setTargetAdminDelay", (w.fund.address, 0)), {"admin"}),
    "close a contract": (lambda w: ("consortium", "setTargetClosed", (w.token.address, True)), {"admin"}),
    "change an authority": (
        lambda w: ("consortium", "updateAuthority", (w.register.address, w.consortium.address)),
        {"admin"},
    ),
    "announce a cancellation": (
        lambda w: ("consortium", "schedule", (w.fund.address, w.fund.data("cancelByOperator", JUDGED), 0)),
        {"operator"},
    ),
    "call through the consortium": (
        lambda w: ("consortium", "execute", (w.fund.address, w.fund.data("cancelByOperator", JUDGED))),
        set(),
    ),
}


@pytest.fixture(scope="class")
def set_stage(deployed: World) -> Iterator[World]:
    """A pool for each thing that somebody may do, and everybody with a few tokens that the fund may take."""
    w = deployed
    before = w.node.rpc("evm_snapshot")
    w.open_pool()
    w.give(CANCELLED, 120 * UNIT)
    w.do(w.gateway, w.fund, "recordBatch", CANCELLED, b32("back"), entry_of(bytes(20), 1, UNIT))
    for attestor in (w.attestor1, w.attestor2):
        w.do(attestor, w.judgement, "consentToRotation", CANCELLED, w.attestor3, w.attestor4)
    w.do(w.ngo, w.fund, "cancel", CANCELLED)
    w.node.wait(31 * DAY)
    for number in (JUDGED, PAUSED, APPROVED, RELEASED):
        assert w.open_pool() == number
        w.give(number, 320 * UNIT)
    w.open_pool(openEnded=True)
    w.give(OPEN_ENDED, 320 * UNIT)
    for number in (APPROVED, RELEASED):
        w.approve(number)
    for attestor in (w.attestor1, w.attestor2):
        w.do(attestor, w.judgement, "consentToMilestone", OPEN_ENDED, next_milestone(w))
    w.node.wait(DAY)
    w.do(w.ngo, w.fund, "release", RELEASED, 0)
    w.do(w.ngo, w.judgement, "submitEvidence", JUDGED, 1, EVIDENCE, "")
    w.do(w.pauser, w.fund, "pause", PAUSED)
    w.approve(OPEN_ENDED)
    for name in PEOPLE:
        who = w.addresses[name]
        w.do(w.donor1, w.token, "transfer", who, 10)
        if name not in ("donor1", "donor2", "gateway", "gateway2"):
            w.do(who, w.token, "approve", w.fund.address, 10)
    yield w
    w.node.rpc("evm_revert", before)


@pytest.fixture
def stage(set_stage: World) -> Iterator[World]:
    """The same, as it was set."""
    before = set_stage.node.rpc("evm_snapshot")
    yield set_stage
    set_stage.node.rpc("evm_revert", before)


def test_the_deployer_ends_with_nothing(w: World) -> None:
    for role in (ADMIN, OPERATOR, REGISTRAR, GATEWAY, PAUSER, CANCELLER):
        assert w.see(w.consortium, "hasRole", role, w.deployer) == (False, 0)


def test_the_roles_are_apart(w: World) -> None:
    """Nobody has two of them: the admin is not the operator, and the operator, who may cancel, not the registrar."""
    for role, holder in {**ROLES, GATEWAY: "gateway", PAUSER: "pauser"}.items():
        for name in ("admin", "operator", "registrar", "gateway", "pauser", "ngo", "attestor1", "stranger"):
            assert w.see(w.consortium, "hasRole", role, w.addresses[name])[0] == (name == holder)


class TestOnStage:
    @pytest.mark.parametrize("row", TABLE)
    def test_who_gets_through(self, stage: World, row: str) -> None:
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
            assert stage.node.rpc("evm_revert", before)
        assert through == may

    @pytest.mark.parametrize("contract", ["fund", "judgement", "register", "token", "consortium"])
    def test_every_function_that_changes_something_is_known(self, stage: World, contract: str) -> None:
        """A new function makes this fail until somebody has said who may call it."""
        names = {"fund": "PooledFund", "token": "SettlementToken"}
        changing = {
            item["name"]
            for item in stage.artifacts[names.get(contract, contract.capitalize())]["abi"]
            if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
        }
        by_signature = {
            "fund": {"contributeWithPermit", "contributeWithAuthorization", "refundEntry"},
            "judgement": {"attestBySignature", "objectBySignature"},
            "token": {
                *("approve", "transfer", "transferFrom", "permit", "permitWitness"),
                *("transferWithAuthorization", "receiveWithAuthorization", "cancelAuthorization"),
            },
            # What OpenZeppelin's AccessManager lets everybody do for themselves, or a role with what it announced.
            "consortium": {"renounceRole", "labelRole", "cancel", "consumeScheduledOp", "multicall"},
        }
        calls = [call(stage) for call, _ in TABLE.values()]
        in_table = {function for target, function, _ in calls if target == contract}
        assert changing == in_table | by_signature.get(contract, set())

    def test_a_dismissed_gateway_can_do_nothing(self, stage: World) -> None:
        w = stage
        w.do(w.registrar, w.consortium, "revokeRole", GATEWAY, w.gateway)
        for contract, function, args in (TABLE["recordBatch"][0](w), TABLE["mint"][0](w)):
            with pytest.raises(RefusedError, match="AccessManagedUnauthorized"):
                w.do(w.gateway, getattr(w, contract), function, *args)
