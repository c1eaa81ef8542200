"""Fixtures of the contract tests: the contracts deployed once, everything undone after each test."""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_keys.datatypes import PrivateKey
from eth_utils import keccak
from nodes import anvil, free_port, has_anvil
from world import (
    ADMIN,
    ATTESTOR_KIND,
    CANCELLER,
    DAY,
    GATEWAY,
    GATEWAY_KIND,
    NGO_KIND,
    OPERATOR,
    PAUSER,
    PEOPLE,
    REGISTRAR,
    TOKEN_KIND,
    ZERO32,
    Node,
    World,
    b32,
    keys_of,
    next_addresses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.register_assert_rewrite("booked", "drain", "judged", "machine", "machine_books", "replay", "truth")

LONG = bool(os.environ.get("MOA_LONG"))
BUILD = Path(__file__).resolve().parents[2] / "build" / "contracts"

# Each block comes one second after the last, so that the tests own the clock; quiet, since nobody reads what it says
# and a full pipe would stop it. Brownie's configuration file has no place for these.
GANACHE = (
    "ganache-cli --logging.quiet --miner.timestampIncrement 1 --miner.defaultGasPrice 0"
    " --miner.callGasLimit 100000000 --chain.time 2026-01-01T00:00:00Z"
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before Brownie starts its node, say how, and on a port that nobody uses: it would join whoever is there."""
    for item in items:
        if "gas" in item.path.name and os.environ.get("MOA_NODE") == "anvil":
            item.add_marker(pytest.mark.skip("Anvil pays back less gas than Berlin does (nodes.py)."))
    if not config.pluginmanager.has_plugin("pytest-brownie"):
        return  # on Anvil alone, and on what was compiled before
    from brownie import _config

    network = _config.CONFIG.networks["ganache-cli"]
    network["cmd"] = GANACHE
    network["cmd_settings"]["port"] = free_port()


def selector(signature: str) -> bytes:
    """Return a function's selector."""
    return keccak(text=signature)[:4]


MINT = selector("mint(address,uint256,bytes32)")
RECORD = selector("recordBatch(uint256,bytes32,bytes)")
PAUSE, UNPAUSE = selector("pause(uint256)"), selector("unpause(uint256)")
CANCEL = selector("cancelByOperator(uint256)")
CANCEL_DELAY = 7 * DAY
ACCREDIT, REVOKE = selector("accredit(address,uint8,bytes32,bytes32,string)"), selector("revoke(address)")


def deploy(node: Node, artifacts: dict[str, Any], addresses: dict[str, str], keys: dict[str, bytes]) -> World:
    """Deploy the contracts with the whole layout of roles; the deployer ends with nothing."""
    w = World(node, *[None] * 9, addresses, keys, artifacts)  # type: ignore[arg-type]
    w.consortium = w.deploy("Consortium", w.deployer)
    w.register = w.deploy("Register", w.consortium.address)
    w.token = w.deploy("SettlementToken", w.consortium.address, "Moa USD", "mUSD")
    *_, fund = islice(next_addresses(node, w.deployer), 4)
    w.judgement = w.deploy("Judgement", w.register.address, fund)
    w.sponsors = w.deploy("SponsorBook", fund)
    w.payouts = w.deploy("PayoutBook", fund)
    books = (w.judgement.address, w.sponsors.address, w.payouts.address)
    w.fund = w.deploy("PooledFund", w.consortium.address, w.register.address, *books)
    w.pledges = w.deploy("PledgeBook", w.fund.address)
    w.vouchers = w.deploy("VoucherBook", w.fund.address)

    def manage(function: str, *args: Any) -> None:
        w.do(w.deployer, w.consortium, function, *args)

    manage("setTargetFunctionRole", w.token.address, [MINT], GATEWAY)
    manage("setTargetFunctionRole", w.fund.address, [RECORD], GATEWAY)
    manage("setTargetFunctionRole", w.fund.address, [PAUSE], PAUSER)
    manage("setTargetFunctionRole", w.fund.address, [UNPAUSE], OPERATOR)
    manage("setTargetFunctionRole", w.fund.address, [CANCEL], CANCELLER)
    manage("setTargetFunctionRole", w.register.address, [ACCREDIT, REVOKE], REGISTRAR)
    manage("setRoleAdmin", GATEWAY, REGISTRAR)
    manage("setRoleAdmin", PAUSER, OPERATOR)
    manage("grantRole", OPERATOR, w.operator, 0)
    manage("grantRole", CANCELLER, w.operator, CANCEL_DELAY)
    manage("grantRole", REGISTRAR, w.registrar, 0)
    manage("grantRole", ADMIN, w.admin, 0)
    manage("renounceRole", ADMIN, w.deployer)
    for role, by, name in (
        (GATEWAY, w.registrar, "gateway"),
        (GATEWAY, w.registrar, "gateway2"),
        (PAUSER, w.operator, "pauser"),
    ):
        w.do(by, w.consortium, "grantRole", role, addresses[name], 0)
    return w


def accredit(w: World, account: str, kind: int, name: str) -> None:
    """Let the registrar accredit a member."""
    w.do(w.registrar, w.register, "accredit", account, kind, b32(name), ZERO32, "")


@pytest.fixture(scope="session")
def artifacts() -> dict[str, Any]:
    """Every compiled contract: ABI and bytecode. Brownie's plugin has compiled what changed."""
    return {path.stem: json.loads(path.read_text()) for path in BUILD.glob("*.json")}


@pytest.fixture(scope="session")
def on_ganache(artifacts: dict[str, Any]) -> World:
    """The world at its beginning, on Brownie's node."""
    import brownie

    return begin(Node(brownie.web3.provider.endpoint_uri), artifacts)


@pytest.fixture(scope="session")
def on_anvil(artifacts: dict[str, Any]) -> Iterator[World]:
    """The same on Anvil, where there is one."""
    if not has_anvil():
        pytest.skip("There is no Anvil for this machine.")
    with anvil() as node:
        yield begin(node, artifacts)


@pytest.fixture(scope="session")
def deployed(request: pytest.FixtureRequest) -> World:
    """The world of all tests: `MOA_NODE` says where."""
    world: World = request.getfixturevalue("on_" + os.environ.get("MOA_NODE", "ganache"))
    return world


@pytest.fixture(params=["ganache", "anvil"])
def anywhere(request: pytest.FixtureRequest) -> World:
    """The world on one node, and on the other."""
    world: World = request.getfixturevalue("on_" + request.param)
    return world


def begin(node: Node, artifacts: dict[str, Any]) -> World:
    """Deploy the contracts, let the members in, and give people tokens that the fund may take."""
    keys = dict(zip(PEOPLE, keys_of("brownie", len(PEOPLE)), strict=True))
    addresses = {name: PrivateKey(key).public_key.to_checksum_address() for name, key in keys.items()}
    w = deploy(node, artifacts, addresses, keys)
    accredit(w, w.token.address, TOKEN_KIND, "Moa USD")
    for name in PEOPLE:
        kinds = {"ngo": NGO_KIND, "att": ATTESTOR_KIND, "gat": GATEWAY_KIND}
        if kind := kinds.get(name[:3]):
            accredit(w, addresses[name], kind, name)
    w.peek = w.deploy("Peek")
    w.rich("donor1", "donor2", "gateway", "gateway2")
    return w


@pytest.fixture(scope="session")
def swift(request: pytest.FixtureRequest) -> World:
    """The world of what has very many cases: Anvil, where there is one; in the long run that of all other tests."""
    world: World = request.getfixturevalue("on_anvil" if has_anvil() and not LONG else "deployed")
    return world


@pytest.fixture
def w(request: pytest.FixtureRequest) -> Iterator[World]:
    """The world, which forgets after each test what the test did. The mark `swift` asks for that of the same name."""
    world: World = request.getfixturevalue("swift" if request.node.get_closest_marker("swift") else "deployed")
    before = world.node.rpc("evm_snapshot")
    yield world
    world.node.rpc("evm_revert", before)


@pytest.fixture
def pool(w: World) -> int:
    """An open pool: 2 of 3 attestors, milestones of 100 and 200, a threshold of 50."""
    return w.open_pool()


@pytest.fixture
def funded(w: World, pool: int) -> int:
    """The pool with 120 units in it, from donor1."""
    w.give(pool, 120 * 10**6)
    return pool


@pytest.fixture
def endless(w: World) -> int:
    """An open-ended pool of 2 of 3 attestors with 500 units, whose one milestone is of 60."""
    tranche = (w.payee, 60 * 10**6, w.node.now + 60 * DAY)
    pool = w.open_pool(openEnded=True, fundingDeadline=0, milestones=[tranche])
    w.give(pool, 500 * 10**6)
    return pool


@pytest.fixture
def tranche(w: World) -> tuple[str, int, int]:
    """A milestone that may follow in it."""
    return (w.payee2, 70 * 10**6, w.node.now + 90 * DAY)
