"""The desk at which every action is done: who acts on which ledger, what is asked, dry-run and sent."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from eth_utils.address import is_address
from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from scripts.commands import typed
from scripts.commands.refusals import sentence
from scripts.deploy import DEPLOYMENTS
from scripts.keys import KeyFile, KeyFileError, brownie_account
from scripts.layout import CONTRACTS
from scripts.ledger import Contract, Deployment, Ledger, LedgerError
from scripts.rpc import Node, RequestError
from scripts.signing import AccountHand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.commands.common import Common

GAS_MARGIN = 1.25
QUIET_SECONDS = 30
NOBODY = "0x" + "00" * 20
"""Who only signs with a code has no account."""


class RefusedError(Exception):
    """Why nothing was done, in a sentence."""


class Desk:
    """One account at work on one ledger."""

    def __init__(self, common: Common, console: Console, *, anybody: bool = False) -> None:
        self.console = console
        self.done = 0
        self.yes = common.yes
        node = Node(common.rpc)
        self.ledger = Ledger(node, _deployment(node, common.deployment))
        _wake(node)
        named = common.sender or common.key_file or common.brownie
        self.account = NOBODY if anybody and not named else self._account(common)
        self.hand = AccountHand(self.account)

    def _account(self, common: Common) -> str:
        if common.key_file and common.brownie:
            raise KeyFileError("Name one of --key-file and --account.")
        path = brownie_account(common.brownie) if common.brownie else common.key_file
        if path:
            password = (
                typed.contents(common.password_file).decode(errors="replace").rstrip("\r\n")
                if common.password_file
                else typer.prompt(f"Password of {path.name}", hide_input=True, err=True)
            )
            signer = KeyFile(path, password, self.ledger.node)
            if common.sender and typed.address(common.sender) != signer.address:
                raise KeyFileError(f"The key file {path} is of {signer.address}, not of {common.sender}.")
            self.ledger.signer = signer
            return signer.address
        if not common.sender:
            raise KeyFileError("Who acts? Name --as ADDRESS (an account of the node), --key-file or --account.")
        account = typed.address(common.sender)
        if account.lower() not in [a.lower() for a in self.ledger.node.call("eth_accounts")]:
            raise KeyFileError(f"The node has no account {account}. Sign with a key file: --key-file.")
        return account

    # ------------------------------------------------------------------------------------------- what is known

    @cached_property
    def now(self) -> int:
        """Return the time of the latest block."""
        return int(self.ledger.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def view(self, contract: Contract, function: str, *arguments: Any) -> Any:
        """Ask a contract; what it refuses to say is a sentence."""
        try:
            call = {"to": contract.address, "data": contract.data(function, *arguments)}
            return contract.result(function, self.ledger.node.call("eth_call", call, "latest"))
        except RequestError as error:
            raise RefusedError(sentence(*self.ledger.refusal(error.data))) from error

    def token(self, pool: int) -> Token:
        """Return the token of a pool."""
        address = self.view(self.ledger.fund, "poolOf", pool)["token"]
        if int(address, 16) == 0:
            raise RefusedError(f"There is no pool {pool}.")
        return Token(self, Contract("SettlementToken", address))

    @cached_property
    def money(self) -> Token:
        """Return the deployment's own token."""
        return Token(self, self.ledger.token)

    def who(self, address: str) -> str:
        """Name an account as the register does, with its address."""
        found = self.view(self.ledger.register, "memberOf", address)
        name = found["name"].rstrip(b"\0").decode(errors="replace")
        plain = "".join(c if c.isprintable() else "?" for c in name)
        mine = " (you)" if address == self.account else ""
        return f"{plain + ', ' if plain else ''}{address}{mine}"

    def title(self, pool: int) -> str:
        """Name a pool."""
        found = self.view(self.ledger.fund, "poolOf", pool)
        if int(found["ngo"], 16) == 0:
            raise RefusedError(f"There is no pool {pool}.")
        name = found["name"].rstrip(b"\0").decode(errors="replace")
        return f"pool {pool} “{''.join(c if c.isprintable() else '?' for c in name)}”"

    # ------------------------------------------------------------------------------------------- what is done

    def say(self, text: str) -> None:
        """Print a line; what comes from the chain is never taken for markup."""
        self.console.print(escape(text), soft_wrap=True, highlight=False)

    def do(
        self,
        what: Sequence[str],
        final: str,
        contract: Contract,
        function: str,
        *arguments: Any,
        allow: tuple[Token, int] | None = None,
        first: Callable[[], None] = lambda: None,
        later: bool = False,
    ) -> dict[str, Any]:
        """Say what will happen, dry-run it, ask, send it; returns the receipt.

        `final` says what cannot be undone. `allow`: the contract takes this much from the account's wallet; if it may
        not yet, it is allowed exactly that first. `later`: it does not take it now, so the account need not have it.
        `first` is done between the answer and the sending.
        """
        for line in what:
            self.say(line)
        self.say(final)
        short = allow is not None and self._must_allow(contract, *allow, later=later)
        if short and allow:
            token, amount = allow
            self.say(f"First the {contract.name} is allowed to take exactly {token.shown(amount)} from your wallet.")
        gas = self._dry_run(contract, function, arguments, allowance_to_come=short)
        self.ask()
        first()
        if short and allow:
            before = self.view(allow[0].contract, "allowance", self.account, contract.address)
            self._send(allow[0].contract, "approve", (contract.address, allow[1]), None)
            try:
                receipt = self._send(contract, function, arguments, None)
            except (RefusedError, LedgerError):
                self._send(allow[0].contract, "approve", (contract.address, before), None)
                raise
        else:
            receipt = self._send(contract, function, arguments, gas)
        self.done += 1
        self.say(f"Done: transaction {receipt['transactionHash']} in block {int(receipt['blockNumber'], 16)}.")
        return receipt

    def ask(self) -> None:
        """Go on only if somebody says yes."""
        try:
            agreed = self.yes or Confirm.ask("Do this?", console=self.console, default=False)
        except KeyboardInterrupt:
            agreed = False
        if not agreed:
            raise RefusedError(self.nothing)

    @property
    def nothing(self) -> str:
        """Say what was done if nothing more is."""
        return "This was not done; what was done before it stays." if self.done else "Nothing was done."

    def later(self, text: str) -> int:
        """Read a date that must be to come."""
        moment = typed.date(text)
        if moment <= self.now:
            raise RefusedError(f"{text} is past.")
        return moment

    def _must_allow(self, spender: Contract, token: Token, amount: int, *, later: bool) -> bool:
        balance = self.view(token.contract, "balanceOf", self.account)
        if balance < amount and not later:
            raise RefusedError(f"You have {token.shown(balance)}, and need {token.shown(amount)}.")
        return int(self.view(token.contract, "allowance", self.account, spender.address)) < amount

    def would(self, contract: Contract, function: str, *arguments: Any) -> None:
        """Raise if the ledger would refuse this for another reason than that whoever hands it in must pay a part."""
        self._dry_run(contract, function, arguments, allowance_to_come=True)

    def _dry_run(
        self, contract: Contract, function: str, arguments: tuple[Any, ...], *, allowance_to_come: bool = False
    ) -> int | None:
        """Raise what the ledger would refuse; returns the gas that it takes, if that can be known."""
        call = {"from": self.account, "to": contract.address, "data": contract.data(function, *arguments)}
        call["gasPrice"] = "0x0"
        try:
            self.ledger.node.call("eth_call", call, "latest")
        except RequestError as error:
            name, values = self.ledger.refusal(error.data)
            # Contracts check before they pull: whoever gets as far as the allowance lacks nothing else.
            if allowance_to_come and (name == "ERC20InsufficientAllowance" or "allowance" in values.get("message", "")):
                return None
            raise RefusedError(sentence(name, values) if error.data else error.message) from error
        return self._gas(call)

    def _gas(self, call: dict[str, Any]) -> int:
        try:
            return int(int(self.ledger.node.call("eth_estimateGas", call), 16) * GAS_MARGIN)
        except RequestError as error:
            raise RefusedError(sentence(*self.ledger.refusal(error.data)) if error.data else error.message) from error

    def _send(self, contract: Contract, function: str, arguments: tuple[Any, ...], gas: int | None) -> dict[str, Any]:
        if gas is None:
            gas = self._dry_run(contract, function, arguments) or 0
        receipt: dict[str, Any] = self.ledger.send(self.account, contract, function, *arguments, gas=gas)
        return receipt


class Token:
    """An ERC-20, its decimals and its symbol."""

    def __init__(self, desk: Desk, contract: Contract) -> None:
        self.contract = contract
        self.decimals = int(desk.view(contract, "decimals"))
        symbol = str(desk.view(contract, "symbol"))
        self.symbol = "".join(c for c in symbol if c.isprintable())[:12]

    def units(self, text: str, *, zero: bool = False) -> int:
        """Read an amount as it is typed."""
        return typed.amount(text, self.decimals, zero=zero)

    def shown(self, units: int) -> str:
        """Show an amount."""
        return f"{typed.shown(units, self.decimals)} {self.symbol}"


def _wake(node: Node) -> None:
    """Let a quiet development node make a block: it tries calls out at the time of its last, which may be long ago."""
    latest = int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    if latest < time.time() - QUIET_SECONDS and str(node.call("web3_clientVersion")).startswith("Ganache"):
        node.call("evm_mine")


def _deployment(node: Node, path: Path | None) -> Deployment:
    chain_id = int(node.call("eth_chainId"), 16)
    path = path or DEPLOYMENTS / f"{chain_id}.json"
    try:
        found = Deployment.read(path)
    except FileNotFoundError:
        raise RefusedError(f"There is no deployment file {path}. Name it: --deployment.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RefusedError(f"{path} is not a deployment file.") from None
    if found.genesis != node.call("eth_getBlockByNumber", "0x0", False)["hash"]:
        raise RefusedError(f"{path} is of another chain than the node at {node.url}.")
    for name in CONTRACTS:
        at = found.addresses.get(name, "")
        if not (is_address(at) and len(node.call("eth_getCode", at, "latest")) > 2):
            raise RefusedError(f"{path} is not a deployment file of this chain: it has no {name} where one stands.")
    return found
