"""Deploy Moa: print the plan, ask, deploy, hand over, assert the whole role layout, write it all down.

`python -m scripts.deploy --network ganache-cli` or `--rpc http://…`; `--yes` does not ask. The five accounts are the
node's first five unless named. The deployer ends with nothing; the registrar must be able to sign, for it accredits
the settlement token.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sha3
from eth_utils.address import to_checksum_address
from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table

from scripts import abi, roles
from scripts.ledger import ABI, Deployment, Ledger, LedgerError
from scripts.rpc import Node, NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENTS = ROOT / "scripts" / "deployments"
HOME = ROOT / ".moa" / "home"
TOKEN_NAME, TOKEN_SYMBOL = "Moa Dollar", "MUSD"
TOKEN_KIND = 4


@dataclass(frozen=True)
class Parties:
    """Who holds what when the deployment is done."""

    deployer: str
    admin: str
    operator: str
    registrar: str
    pauser: str

    def members(self) -> roles.Members:
        """Return the members that the chain must have, and no others. The operator appoints the gateways later."""
        return {
            roles.ADMIN: {self.admin: roles.ADMIN_DELAY},
            roles.OPERATOR: {self.operator: 0},
            roles.REGISTRAR: {self.registrar: 0},
            roles.GATEWAY: {},
            roles.PAUSER: {self.pauser: 0},
        }


class DeployError(Exception):
    """Why there is no deployment, in one line."""


def show_plan(console: Console, network: str, chain_id: int, parties: Parties) -> None:
    """Print what will be deployed and who will hold which role."""
    table = Table(title=f"Deployment to {network} (chain {chain_id})", title_justify="left")
    table.add_column("what")
    table.add_column("plan")
    table.add_row("contracts", "Consortium, Register, SettlementToken, PooledFund")
    table.add_row("token", f"{TOKEN_NAME} ({TOKEN_SYMBOL}), 6 decimals")
    table.add_row("deployer", f"{parties.deployer}, ends with nothing")
    for role, members in parties.members().items():
        calls = [f"{c}.{f}" for (c, f), r in roles.FUNCTIONS.items() if r == role]
        appoints = [roles.LABELS[r] for r, by in roles.ROLE_ADMINS.items() if by == role]
        can = ", ".join(calls + [f"appoints {name}" for name in appoints])
        who = ", ".join(f"{a}{f' (after {d // roles.DAY} days)' if d else ''}" for a, d in members.items())
        table.add_row(roles.LABELS[role], f"{who or 'nobody yet'}\n{can}")
    console.print(table)


def deploy(contracts: Any, account: Callable[[str], Any], parties: Parties) -> dict[str, tuple[Any, list[Any]]]:
    """Deploy and hand over. Returns each contract with its constructor's arguments.

    `contracts` has Brownie's containers by name; `account` makes a Brownie account of an address.
    """
    sender = {"from": account(parties.deployer)}
    manager = contracts.Consortium.deploy(parties.deployer, sender)
    made: dict[str, tuple[Any, list[Any]]] = {"Consortium": (manager, [parties.deployer])}
    made["Register"] = (contracts.Register.deploy(manager.address, sender), [manager.address])
    arguments = [manager.address, TOKEN_NAME, TOKEN_SYMBOL]
    made["SettlementToken"] = (contracts.SettlementToken.deploy(*arguments, sender), arguments)
    arguments = [manager.address, made["Register"][0].address]
    made["PooledFund"] = (contracts.PooledFund.deploy(*arguments, sender), arguments)

    for (name, function), role in roles.FUNCTIONS.items():
        target = made[name][0]
        selector = target.signatures[function]
        manager.setTargetFunctionRole(target.address, [selector], role, sender)
    for role, label in roles.LABELS.items():
        if role != roles.ADMIN:
            manager.labelRole(role, label, sender)
    for role, members in parties.members().items():
        for member, delay in members.items():
            manager.grantRole(role, member, delay, sender)
    for role, admin in roles.ROLE_ADMINS.items():
        if admin != roles.ADMIN:
            manager.setRoleAdmin(role, admin, sender)
    for role, delay in roles.GRANT_DELAYS.items():
        if delay:
            manager.setGrantDelay(role, delay, sender)
    for name, (contract, _) in made.items():
        if name != "Consortium":
            manager.setTargetAdminDelay(contract.address, roles.ADMIN_DELAY, sender)

    token = made["SettlementToken"][0].address
    title = TOKEN_NAME.encode().ljust(32, b"\0")
    made["Register"][0].accredit(token, TOKEN_KIND, title, bytes(32), "", {"from": account(parties.registrar)})
    manager.renounceRole(roles.ADMIN, parties.deployer, sender)
    return made


def record(node: Node, made: dict[str, tuple[Any, list[Any]]], parties: Parties, compiler: Any) -> dict[str, Any]:
    """Write down what was deployed, as read from the chain."""
    contracts = {}
    for name, (contract, arguments) in made.items():
        text = (ABI / f"{name}.json").read_text()
        if text != abi.compiled(name):
            raise DeployError(f"api/abi/{name}.json is not what was compiled. Run: make abi.")
        code = bytes.fromhex(node.call("eth_getCode", contract.address, "latest")[2:])
        receipt = node.call("eth_getTransactionReceipt", contract.tx.txid)
        contracts[name] = {
            "address": contract.address,
            "block": int(receipt["blockNumber"], 16),
            "constructor": arguments,
            "abiHash": hashlib.sha256(text.encode()).hexdigest(),
            "codeHash": "0x" + sha3.keccak_256(code).hexdigest(),
        }
    first = min(contract["block"] for contract in contracts.values())
    time = int(node.call("eth_getBlockByNumber", hex(first), False)["timestamp"], 16)
    return {
        "chainId": int(node.call("eth_chainId"), 16),
        "genesis": node.call("eth_getBlockByNumber", "0x0", False)["hash"],
        "block": first,
        "deployedAt": datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z"),
        "compiler": {
            "solc": compiler["solc"]["version"],
            "evmVersion": compiler["evm_version"],
            "viaIR": bool(compiler["solc"].get("viaIR")),
            "optimizer": dict(compiler["solc"]["optimizer"]),
        },
        "contracts": contracts,
        "roles": {roles.LABELS[role]: {"id": role, "members": members} for role, members in parties.members().items()}
        | {"deployer": parties.deployer},
    }


def write(found: dict[str, Any], folder: Path) -> Path:
    """Write the deployment file, whole or not at all."""
    path = folder / f"{found['chainId']}.json"
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".new")
    part.write_text(json.dumps(found, indent=2) + "\n")
    part.replace(path)
    return path


def check(node: Node, path: Path, parties: Parties) -> None:
    """Assert the full role layout on the chain."""
    roles.check(Ledger(node, Deployment.read(path)), parties.members())


def connect(network: str, rpc: str | None) -> tuple[Any, Any]:
    """Load the project and connect Brownie; returns the project's containers and Brownie itself."""
    # Brownie reads its configuration and makes folders in the user's home when imported, so it is imported only here,
    # and with a home of ours unless its own list of networks is wanted.
    if rpc:
        HOME.mkdir(parents=True, exist_ok=True)
        os.environ["HOME"] = str(HOME)
    brownie: Any = import_module("brownie")
    containers = brownie.project.load(ROOT, "Moa", raise_if_loaded=False)
    if rpc:
        # With a command Brownie takes the network for a passing one: it keeps no deployments of its own.
        network = "moa"
        known = import_module("brownie._config").CONFIG.networks
        known[network] = {"id": network, "name": "Moa", "host": rpc, "cmd": "", "cmd_settings": {}, "timeout": 120}
    if not brownie.network.is_connected():
        brownie.network.connect(network, launch_rpc=not rpc)
        # Permissioned chains ask for a plain gas price, most of them 0, and have no base fee that Brownie could read.
        brownie.network.priority_fee(False)
        brownie.network.max_fee(False)
        brownie.network.gas_price(brownie.web3.eth.gas_price)
        brownie.network.gas_limit("auto")
    return containers, brownie


def run(arguments: argparse.Namespace, console: Console) -> Path:
    """Do the whole deployment; returns the deployment file."""
    if arguments.rpc:
        Node(arguments.rpc).call("eth_chainId")
    containers, brownie = connect(arguments.network, arguments.rpc)
    node = Node(brownie.web3.provider.endpoint_uri)
    theirs = node.call("eth_accounts")
    names = ("deployer", "admin", "operator", "registrar", "pauser")
    chosen = [getattr(arguments, name) or "".join(theirs[i : i + 1]) for i, name in enumerate(names)]
    if "" in chosen or len({account.lower() for account in chosen}) < len(chosen):
        raise DeployError("Name five different accounts: " + ", ".join(f"--{name}" for name in names) + ".")
    parties = Parties(*map(to_checksum_address, chosen))
    show_plan(console, arguments.rpc or arguments.network, int(node.call("eth_chainId"), 16), parties)
    if not arguments.yes and not Confirm.ask("Deploy this?", console=console, default=False):
        raise DeployError("Nothing was deployed.")
    made = deploy(containers, lambda address: brownie.accounts.at(address, force=True), parties)
    path = write(record(node, made, parties, containers._compiler_config), arguments.to)
    try:
        check(node, path, parties)
    except roles.RolesError:
        path.rename(path.with_suffix(".wrong"))
        raise
    console.print(f"Deployed; the role layout is as planned. Written to {path}")
    return path


def main() -> None:
    """Read the command line and deploy."""
    parser = argparse.ArgumentParser(prog="python -m scripts.deploy", description="Deploy Moa's contracts.")
    parser.add_argument("--network", default="ganache-cli", help="Brownie's name of the network")
    parser.add_argument("--rpc", help="address of a node, instead of --network")
    parser.add_argument("--to", type=Path, default=DEPLOYMENTS, help="folder of the deployment file")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    for name in ("deployer", "admin", "operator", "registrar", "pauser"):
        parser.add_argument(f"--{name}", help=f"address of the {name}")
    try:
        run(parser.parse_args(), Console())
    except (DeployError, LedgerError, NodeError, roles.RolesError) as error:
        sys.exit(f"✗ {error}")


if __name__ == "__main__":
    main()
