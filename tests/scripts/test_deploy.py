"""Deployment: the plan is shown, the roles are exactly the layout, and what is written down is what is there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from scripts import layout, roles
from scripts.layout import Parties
from scripts.ledger import ABI, Contract, LedgerError
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
    for name in layout.CONTRACTS:
        contract = found["contracts"][name]
        assert contract["abiHash"] == hashlib.sha256((ABI / f"{name}.json").read_bytes()).hexdigest()
        assert len(chain.node.call("eth_getCode", contract["address"], "latest")) > 100
    assert list(found["contracts"]) == list(layout.CONTRACTS)
    fund = found["contracts"]["PooledFund"]["constructor"]
    assert fund == [found["contracts"][name]["address"] for name in layout.CONTRACTS["PooledFund"]]


def whole(chain: Chain) -> roles.Members:
    """The layout's members and the gateways that other tests have appointed."""
    ledger = chain.ledger()
    gateways = {e["account"] for e in ledger.events(ledger.consortium, "RoleGranted") if e["roleId"] == roles.GATEWAY}
    return members(chain) | {roles.GATEWAY: dict.fromkeys(gateways, 0)}


def test_the_layout_is_what_was_deployed(chain: Chain) -> None:
    layout.check(chain.ledger(), whole(chain))


@pytest.mark.usefixtures("undone")
def test_one_pauser_too_many_is_named(chain: Chain) -> None:
    ledger, cast = chain.ledger(), chain.cast()
    expected = whole(chain)
    ledger.send(cast[OPERATOR], ledger.consortium, "grantRole", roles.PAUSER, cast[NGOS[0]], 0, gas=200_000)
    with pytest.raises(layout.LayoutError, match=f"{cast[NGOS[0]]} is PAUSER"):
        layout.check(ledger, expected)


def test_every_deviation_of_the_members_is_named(chain: Chain) -> None:
    cast, expected = chain.cast(), whole(chain)
    expected[roles.CANCELLER] = {cast[OPERATOR]: 0}
    with pytest.raises(layout.LayoutError, match="acts as CANCELLER after 604800 s, not 0 s"):
        layout.check(chain.ledger(), expected)
    del expected[roles.REGISTRAR][cast[REGISTRAR]]
    with pytest.raises(layout.LayoutError, match="is REGISTRAR"):
        layout.check(chain.ledger(), expected)


@pytest.mark.parametrize(
    ("table", "key", "value", "said"),
    [
        (roles.FUNCTIONS, ("PooledFund", "cancelByOperator(uint256)"), roles.OPERATOR, "not OPERATOR's"),
        (roles.FUNCTIONS, ("PooledFund", "release(uint256,uint256)"), roles.OPERATOR, "release is role 0's"),
        (roles.ROLE_ADMINS, roles.GATEWAY, roles.OPERATOR, "GATEWAY is not appointed by OPERATOR"),
        (roles.GRANT_DELAYS, roles.GATEWAY, 0, "GATEWAY's grant delay"),
        (roles.GRANT_DELAYS, roles.CANCELLER, 5, "CANCELLER's grant delay"),
        (roles.LABELS, roles.CANCELLER, "KING", "KING is not labelled"),
        (layout.WIRES["Judgement"], "FUND", "Register", "Judgement.FUND is"),
        (layout.WIRES["PooledFund"], "SPONSORS", "PayoutBook", "PooledFund.SPONSORS is"),
    ],
)
def test_every_deviation_of_the_layout_is_named(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, table: dict[object, object], key: object, value: object, said: str
) -> None:
    monkeypatch.setitem(table, key, value)
    with pytest.raises(layout.LayoutError, match=said):
        layout.check(chain.ledger(), whole(chain))


def test_addresses_are_foretold() -> None:
    """Two that are known elsewhere: the first contract of Brownie's first account, and one of a public chain."""
    deployer = "0x66aB6D9362d4F35596279692F0251Db635165871"
    assert layout.address_of(deployer, 0) == "0x3194cBDC3dbcd3E11a07892e7bA5c3394048Cc87"
    assert layout.address_of("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 1) == (
        "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"
    )


@given(st.integers(0, 2**40))
def test_every_nonce_makes_the_address_that_rlp_says(nonce: int) -> None:
    deployer = bytes(range(20))
    expected = to_checksum_address(keccak(rlp.encode([deployer, nonce]))[12:])
    assert layout.address_of("0x" + deployer.hex(), nonce) == expected


def test_who_else_sends_from_the_deployer_is_told(chain: Chain) -> None:
    class Late:
        def nonce(self, _: str) -> int:
            return 0

        def create(self, sender: str, *_: object) -> str:
            return layout.address_of(sender, 1)

        def call(self, *_: object) -> None:
            raise AssertionError

    parties = Parties(*(chain.cast()[place] for place in range(5)))
    with pytest.raises(layout.LayoutError, match="who else sends from the deployer"):
        layout.deploy(Late(), parties)


def test_the_operator_cancels_a_week_later_at_the_earliest(chain: Chain) -> None:
    ledger, cast = chain.ledger(), chain.cast()
    selector = Contract("PooledFund", ledger.fund.address).selector("cancelByOperator")
    for place, delay in ((OPERATOR, 7 * roles.DAY), (ADMIN, 0), (PAUSER, 0)):
        allowed = ledger.view(ledger.consortium, "canCall", cast[place], ledger.fund.address, selector)
        assert allowed == (False, delay)


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
