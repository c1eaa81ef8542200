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
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import sha3
from eth_utils.address import to_checksum_address
from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table

from scripts import abi, layout, roles
from scripts.layout import Parties
from scripts.ledger import ABI, Deployment, Ledger, LedgerError
from scripts.rpc import Node, NodeError

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENTS = ROOT / "scripts" / "deployments"
HOME = ROOT / ".moa" / "home"


class DeployError(Exception):
    """Why there is no deployment, in one line."""


def show_plan(console: Console, network: str, chain_id: int, parties: Parties) -> None:
    """Print what will be deployed and who will hold which role."""
    table = Table(title=f"Deployment to {network} (chain {chain_id})", title_justify="left")
    table.add_column("what")
    table.add_column("plan")
    table.add_row("contracts", ", ".join(layout.CONTRACTS))
    table.add_row("token", f"{layout.TOKEN_NAME} ({layout.TOKEN_SYMBOL}), 6 decimals")
    table.add_row("deployer", f"{parties.deployer}, ends with nothing")
    for role, members in parties.members().items():
        calls = [f"{c}.{f[: f.index('(')]}" for (c, f), r in roles.FUNCTIONS.items() if r == role]
        appoints = [roles.LABELS[r] for r, by in roles.ROLE_ADMINS.items() if by == role]
        can = ", ".join(calls + [f"appoints {name}" for name in appoints])
        who = ", ".join(f"{a}{f' (after {d // roles.DAY} days)' if d else ''}" for a, d in members.items())
        table.add_row(roles.LABELS[role], f"{who or 'nobody yet'}\n{can}")
    console.print(table)


class Brownie:
    """Sends a deployment through Brownie: `containers` has the compiled contracts by name."""

    def __init__(self, containers: Any, brownie: Any, node: Node) -> None:
        self.containers = containers
        self.accounts = brownie.accounts
        self.node = node
        self.made: dict[str, Any] = {}

    def nonce(self, account: str) -> int:
        """Return the number of the account's next transaction."""
        return int(self.node.call("eth_getTransactionCount", account, "latest"), 16)

    def create(self, sender: str, contract: str, *arguments: Any) -> str:
        """Deploy a compiled contract and return its address."""
        made = getattr(self.containers, contract).deploy(*arguments, {"from": self.accounts.at(sender, force=True)})
        self.made[made.address] = self.made[contract] = made
        return str(made.address)

    def call(self, sender: str, contract: str, function: str, *arguments: Any) -> None:
        """Call a contract that was deployed before."""
        getattr(self.made[contract], function)(*arguments, {"from": self.accounts.at(sender, force=True)})


def record(maker: Brownie, made: dict[str, tuple[str, list[Any]]], parties: Parties) -> dict[str, Any]:
    """Write down what was deployed, as read from the chain."""
    node, compiler = maker.node, maker.containers._compiler_config
    contracts = {}
    for name, (address, arguments) in made.items():
        text = (ABI / f"{name}.json").read_text()
        if text != abi.compiled(name):
            raise DeployError(f"api/abi/{name}.json is not what was compiled. Run: make abi.")
        code = bytes.fromhex(node.call("eth_getCode", address, "latest")[2:])
        receipt = node.call("eth_getTransactionReceipt", maker.made[address].tx.txid)
        contracts[name] = {
            "address": address,
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
    maker = Brownie(containers, brownie, node)
    path = write(record(maker, layout.deploy(maker, parties), parties), arguments.to)
    try:
        layout.check(Ledger(node, Deployment.read(path)), parties.members())
    except layout.LayoutError:
        path.rename(path.with_suffix(".wrong"))
        raise
    console.print(f"Deployed; contracts and roles are as planned. Written to {path}")
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
    except (DeployError, LedgerError, NodeError, layout.LayoutError) as error:
        sys.exit(f"✗ {error}")


if __name__ == "__main__":
    main()
