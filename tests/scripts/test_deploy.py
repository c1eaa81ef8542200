"""Deployment: the plan is shown, the roles are exactly the layout, and what is written down is what is there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from scripts import roles
from scripts.deploy import Parties
from scripts.ledger import ABI, CONTRACTS, LedgerError
from scripts.members import ADMIN, DEPLOYER, NGOS, OPERATOR, PAUSER, REGISTRAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scripts.conftest import Chain


@pytest.fixture
def undone(chain: Chain) -> Iterator[None]:
    snapshot = chain.node.call("evm_snapshot")
    yield
    chain.node.call("evm_revert", snapshot)


def members(chain: Chain) -> roles.Members:
    cast = chain.cast()
    return Parties(*(cast[place] for place in (DEPLOYER, ADMIN, OPERATOR, REGISTRAR, PAUSER))).members()


def test_the_plan_is_shown_before_anything_happens(chain: Chain) -> None:
    assert chain.said.index("ends with nothing") < chain.said.index("Transaction sent")
    for label in roles.LABELS.values():
        assert label in chain.said


def test_the_file_says_what_is_on_the_chain(chain: Chain) -> None:
    found = json.loads(chain.deployment.read_text())
    assert found["chainId"] == 1337
    assert found["genesis"] == chain.node.call("eth_getBlockByNumber", "0x0", False)["hash"]
    assert found["block"] == min(c["block"] for c in found["contracts"].values())
    assert found["compiler"]["solc"] == "0.8.30"
    assert found["compiler"]["evmVersion"] == "berlin"
    for name in CONTRACTS:
        contract = found["contracts"][name]
        assert contract["abiHash"] == hashlib.sha256((ABI / f"{name}.json").read_bytes()).hexdigest()
        assert len(chain.node.call("eth_getCode", contract["address"], "latest")) > 100
    fund = found["contracts"]["PooledFund"]["constructor"]
    assert fund == [found["contracts"][name]["address"] for name in ("Consortium", "Register")]


@pytest.mark.usefixtures("undone")
def test_the_role_layout_is_asserted_whole(chain: Chain) -> None:
    ledger, cast = chain.ledger(), chain.cast()
    gateways = {e["account"] for e in ledger.events(ledger.consortium, "RoleGranted") if e["roleId"] == roles.GATEWAY}
    expected = members(chain)
    expected[roles.GATEWAY] = dict.fromkeys(gateways, 0)
    roles.check(ledger, expected)
    # One pauser too many, and it says so.
    ledger.send(cast[OPERATOR], ledger.consortium, "grantRole", roles.PAUSER, cast[NGOS[0]], 0, gas=200_000)
    with pytest.raises(roles.RolesError, match="is PAUSER"):
        roles.check(ledger, expected)


def test_the_deployer_ends_with_nothing(chain: Chain) -> None:
    ledger, cast = chain.ledger(), chain.cast()
    for role in roles.LABELS:
        assert ledger.view(ledger.consortium, "hasRole", role, cast[DEPLOYER])[0] is False
    with pytest.raises(LedgerError):
        ledger.send(cast[DEPLOYER], ledger.consortium, "grantRole", roles.OPERATOR, cast[DEPLOYER], 0, gas=200_000)


def test_the_admin_cannot_act_at_once(chain: Chain) -> None:
    ledger, cast = chain.ledger(), chain.cast()
    with pytest.raises(LedgerError, match="AccessManagerNotScheduled"):
        ledger.send(cast[ADMIN], ledger.consortium, "grantRole", roles.OPERATOR, cast[ADMIN], 0, gas=200_000)


def test_the_token_is_accredited(chain: Chain) -> None:
    ledger = chain.ledger()
    assert ledger.view(ledger.register, "isAccredited", ledger.token.address, 4)
    assert ledger.view(ledger.token, "symbol") == "MUSD"
