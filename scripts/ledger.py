"""The deployed contracts as Python sees them: encode a call, read a view, send a transaction, fetch logs.

Plain JSON-RPC and the ABI files of api/abi; whichever framework deployed the contracts, and whichever node runs
them, this stays the same. Who signs is behind one seam: `Unlocked` lets the node sign.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts.rpc import Call, Node, NodeError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
ABI = ROOT / "api" / "abi"
MINED_SECONDS = 60
ERROR_STRING = keccak(text="Error(string)")[:4]


class LedgerError(Exception):
    """A transaction or a view that reverted, in the contracts' own words."""


def type_of(entry: dict[str, Any]) -> str:
    """Return an ABI parameter's canonical type."""
    kind: str = entry["type"]
    if kind.startswith("tuple"):
        return "(" + ",".join(map(type_of, entry["components"])) + ")" + kind[5:]
    return kind


def signature_of(entry: dict[str, Any]) -> str:
    """Return the signature of a function, an event or an error of an ABI."""
    return f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"


class Contract:
    """One contract: its address and its ABI."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = to_checksum_address(address)
        entries = json.loads((ABI / f"{name}.json").read_text())
        self.functions = {e["name"]: e for e in entries if e["type"] == "function"}
        self.events = {e["name"]: e for e in entries if e["type"] == "event"}
        self.errors = {keccak(text=signature_of(e))[:4]: e for e in entries if e["type"] == "error"}

    def selector(self, function: str) -> bytes:
        """Return a function's selector."""
        return bytes(keccak(text=signature_of(self.functions[function]))[:4])

    def topic(self, event: str) -> str:
        """Return an event's first topic."""
        return "0x" + keccak(text=signature_of(self.events[event])).hex()

    def data(self, function: str, *arguments: Any) -> str:
        """Return the calldata of a call."""
        kinds = [type_of(e) for e in self.functions[function]["inputs"]]
        return "0x" + (self.selector(function) + encode(kinds, arguments)).hex()

    def result(self, function: str, answer: str) -> Any:
        """Decode what a view returned: the value itself if there is one only, structs as dicts."""
        outputs = self.functions[function]["outputs"]
        found = decode([type_of(e) for e in outputs], bytes.fromhex(answer[2:]))
        values = tuple(_named(value, e) for value, e in zip(found, outputs, strict=True))
        return values[0] if len(values) == 1 else values

    def event(self, name: str, log: dict[str, Any]) -> dict[str, Any]:
        """Decode a log of this event into its parameters by name."""
        inputs = self.events[name]["inputs"]
        indexed = [e for e in inputs if e["indexed"]]
        plain = [e for e in inputs if not e["indexed"]]
        found = {
            e["name"]: decode([type_of(e)], bytes.fromhex(topic[2:]))[0]
            for e, topic in zip(indexed, log["topics"][1:], strict=True)
        }
        values = decode([type_of(e) for e in plain], bytes.fromhex(log["data"][2:]))
        return found | {e["name"]: value for e, value in zip(plain, values, strict=True)}


class Signer(Protocol):
    """Who turns a transaction into a request that sends it."""

    def request(self, transaction: dict[str, Any]) -> Call:
        """Return the request that sends this transaction."""

    def sign(self, node: Node, account: str, typed: dict[str, Any]) -> bytes:
        """Return the account's signature of a typed message (EIP-712): r, s, v."""


class Unlocked:
    """The node holds the keys, as a development node does."""

    def request(self, transaction: dict[str, Any]) -> Call:
        """Let the node sign and send."""
        return "eth_sendTransaction", [transaction]

    def sign(self, node: Node, account: str, typed: dict[str, Any]) -> bytes:
        """Let the node sign."""
        return bytes.fromhex(node.call("eth_signTypedData_v4", account, typed)[2:])


@dataclass(frozen=True)
class Deployment:
    """What scripts/deploy.py wrote down."""

    chain_id: int
    genesis: str
    block: int
    addresses: dict[str, str]
    code_hashes: dict[str, str]
    roles: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Deployment:
        """Read a deployment file."""
        found = json.loads(path.read_text())
        addresses = {name: contract["address"] for name, contract in found["contracts"].items()}
        codes = {name: contract["codeHash"] for name, contract in found["contracts"].items()}
        return cls(found["chainId"], found["genesis"], found["block"], addresses, codes, found["roles"])


class Ledger:
    """The contracts of one deployment on one node."""

    def __init__(self, node: Node, deployment: Deployment, signer: Signer | None = None) -> None:
        self.node = node
        self.deployment = deployment
        self.signer = signer or Unlocked()
        self.contracts = {name: Contract(name, address) for name, address in deployment.addresses.items()}
        self.consortium = self.contracts["Consortium"]
        self.register = self.contracts["Register"]
        self.token = self.contracts["SettlementToken"]
        self.fund = self.contracts["PooledFund"]
        self.judgement = self.contracts["Judgement"]
        self.sponsors = self.contracts["SponsorBook"]
        self.payouts = self.contracts["PayoutBook"]
        self.pledges = self.contracts["PledgeBook"]
        self.vouchers = self.contracts["VoucherBook"]

    @cached_property
    def _errors(self) -> dict[bytes, dict[str, Any]]:
        return {s: e for c in self.contracts.values() for s, e in c.errors.items()}

    def view(self, contract: Contract, function: str, *arguments: Any) -> Any:
        """Call a view."""
        call = {"to": contract.address, "data": contract.data(function, *arguments)}
        try:
            answer = self.node.call("eth_call", call, "latest")
        except RequestError as error:
            raise LedgerError(f"{contract.name}.{function}: {self.words(error.data) or error.message}") from error
        return contract.result(function, answer)

    def views(self, asked: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Call many views (contract, function, arguments), several at once; None where one is refused or is none."""
        wanted = [(contract, function, arguments) for contract, function, *arguments in asked]
        calls: Iterator[Call] = (
            ("eth_call", [{"to": contract.address, "data": contract.data(function, *arguments)}, "latest"])
            for contract, function, arguments in wanted
        )
        for (contract, function, _), answer in zip(wanted, self.node.many(calls), strict=True):
            if isinstance(answer, NodeError) and not isinstance(answer, RequestError):
                raise answer
            try:
                yield None if isinstance(answer, RequestError) else contract.result(function, answer)
            except DecodingError:
                yield None

    def transaction(
        self, sender: str, contract: Contract, function: str, *arguments: Any, gas: int, nonce: int | None = None
    ) -> dict[str, Any]:
        """Make a transaction; with a nonce given it can take only that one place among the sender's."""
        made = {"from": sender, "to": contract.address, "gas": hex(gas), "gasPrice": "0x0"}
        made["data"] = contract.data(function, *arguments)
        return made if nonce is None else made | {"nonce": hex(nonce)}

    def send(self, sender: str, contract: Contract, function: str, *arguments: Any, gas: int = 3_000_000) -> Any:
        """Send one transaction, wait for it and return its receipt; say in words why it was refused."""
        made = self.transaction(sender, contract, function, *arguments, gas=gas)
        what = f"{contract.name}.{function}"
        try:
            hash_ = self.node.call(*_spread(self.signer.request(made)))
        except RequestError as error:
            raise LedgerError(f"{what}: {self.words(error.data) or error.message}") from error
        receipt, limit = self.node.call("eth_getTransactionReceipt", hash_), time.monotonic() + MINED_SECONDS
        while receipt is None:
            if time.monotonic() > limit:
                raise NodeError(f"{what}: {hash_} was sent, but is not mined after {MINED_SECONDS} s. It may still be.")
            time.sleep(0.2)
            receipt = self.node.call("eth_getTransactionReceipt", hash_)
        if receipt["status"] != "0x1":
            raise LedgerError(f"{what}: {self.why(made)}")
        return receipt

    def why(self, made: dict[str, Any]) -> str:
        """Say why a transaction reverts, by asking again without sending it."""
        call = {key: made[key] for key in ("from", "to", "data")}
        try:
            self.node.call("eth_call", call, "latest")
        except RequestError as error:
            return self.words(error.data) or error.message
        return "it was reverted, and would pass now"

    def words(self, data: object) -> str:
        """Put a revert's bytes into the contracts' own words."""
        name, values = self.refusal(data)
        return f"{name}({', '.join(map(_shown, values.values()))})" if name != "Error" else str(values["message"])

    def refusal(self, data: object) -> tuple[str, dict[str, Any]]:
        """Decode a revert's bytes: the error's name, its values by name; `Error` with a message (or none) else."""
        raw = data.get("result") if isinstance(data, dict) else data
        if not isinstance(raw, str) or len(raw) < 10:
            return "Error", {"message": ""}
        found = bytes.fromhex(raw[2:])
        if found[:4] == ERROR_STRING:
            return "Error", {"message": str(decode(["string"], found[4:])[0])}
        if entry := self._errors.get(found[:4]):
            values = decode([type_of(e) for e in entry["inputs"]], found[4:])
            return entry["name"], {e["name"]: _named(v, e) for e, v in zip(entry["inputs"], values, strict=True)}
        return "Error", {"message": ""}

    def logs(
        self, contract: Contract, event: str, *topics: str | None, since: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Fetch all logs of an event since the deployment, or since a later block, raw."""
        wanted = {"address": contract.address, "topics": [contract.topic(event), *topics]}
        span = {"fromBlock": hex(self.deployment.block if since is None else since), "toBlock": "latest"}
        yield from self.node.call("eth_getLogs", wanted | span)

    def events(self, contract: Contract, event: str, *topics: str | None) -> Iterable[dict[str, Any]]:
        """Fetch all logs of an event since the deployment, decoded."""
        return (contract.event(event, log) for log in self.logs(contract, event, *topics))


def topic_of(address: str) -> str:
    """Return an address as a log's topic."""
    return "0x" + address[2:].lower().rjust(64, "0")


def _named(value: Any, entry: dict[str, Any]) -> Any:
    """Give a decoded value its names: a struct becomes a dict."""
    kind: str = entry["type"]
    if kind.endswith("]"):
        inner = entry | {"type": kind[: kind.rindex("[")]}
        return [_named(each, inner) for each in value]
    if kind == "tuple":
        return {e["name"]: _named(each, e) for e, each in zip(entry["components"], value, strict=True)}
    return to_checksum_address(value) if kind == "address" else value


def _spread(call: Call) -> tuple[Any, ...]:
    return (call[0], *call[1])


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
