"""The world of the contract tests: Ganache by plain JSON-RPC, the deployed contracts, and everyone in it by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import looks
import rlp
from eth_abi import decode, encode
from eth_account.hdaccount import key_from_seed
from eth_utils import keccak, to_checksum_address
from wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ADMIN, OPERATOR, REGISTRAR, GATEWAY, PAUSER, CANCELLER = range(6)
NGO_KIND, ATTESTOR_KIND, GATEWAY_KIND, TOKEN_KIND, PROVIDER_KIND = range(1, 6)
PEOPLE = (
    *("deployer", "admin", "operator", "registrar", "gateway", "gateway2", "pauser", "ngo", "ngo2"),
    *("attestor1", "attestor2", "attestor3", "attestor4", "donor1", "donor2", "donor3", "payee", "payee2"),
    *("stranger", "relayer"),
)
UNIT = 10**6
HOUR, DAY = 3600, 86400
MAX63 = 2**63 - 1
NEVER = 2**32 - 1
ZERO = "0x" + "00" * 20
ZERO32 = bytes(32)
NO_LIMITS = (ZERO32, 0, 0, 0)
PANEL = ("objectionWindow", "attestationWindow", "objectionThreshold", "quorum", "attestors")
MILESTONE_STATES = ("planned", "submitted", "approved", "disputed", "rejected", "released")
PANICS = {0x11: "overflow", 0x12: "division by zero", 0x21: "no such enum value", 0x32: "index out of bounds"}


def b32(text: str) -> bytes:
    """Return a short text as a zero-padded bytes32."""
    return text.encode().ljust(32, b"\0")


def evidence_of(text: str) -> bytes:
    """Return the SHA-256 of a piece of evidence."""
    return hashlib.sha256(text.encode()).digest()


class RefusedError(Exception):
    """A call that the contract reverted: the error's name and its values."""

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        super().__init__(f"{name}{args}")
        self.name = name
        self.values = args


def keys_of(mnemonic: str, count: int) -> list[bytes]:
    """Return the private keys that Ganache derives from its mnemonic."""
    seed = hashlib.pbkdf2_hmac("sha512", mnemonic.encode(), b"mnemonic", 2048)
    return [key_from_seed(seed, f"m/44'/60'/0'/0/{i}") for i in range(count)]


@dataclass(frozen=True, repr=False, eq=False)
class Contract:
    """A contract by its address and ABI."""

    address: str
    functions: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, address: str, abi: list[dict[str, Any]]) -> Contract:
        """Return the contract with this ABI at an address."""
        functions = {}
        for item in abi:
            if item["type"] == "function":
                types = [_type_of(i) for i in item["inputs"]]
                selector = keccak(text=f"{item['name']}({','.join(types)})")[:4]
                functions[item["name"]] = {"selector": selector, "types": types, "outputs": item["outputs"]}
        return cls(to_checksum_address(address), functions)

    def call(self, function: str, *args: Any) -> dict[str, str]:
        """Return the call of a function, as a node takes it."""
        known = self.functions[function]
        return {"to": self.address, "data": "0x" + (known["selector"] + encode(known["types"], args)).hex()}

    def data(self, function: str, *args: Any) -> bytes:
        """Return the bytes of a call."""
        return bytes.fromhex(self.call(function, *args)["data"][2:])

    def answer(self, function: str, data: bytes) -> Any:
        """Return what a function answered: one value, or all of them."""
        outputs = self.functions[function]["outputs"]
        found = decode([_type_of(o) for o in outputs], data)
        values = tuple(_plain(v, o) for v, o in zip(found, outputs, strict=True))
        return values[0] if len(values) == 1 else values


@dataclass(repr=False)
class Node:
    """Ganache, as the tests need it: each call in its own block, a clock that moves only when told."""

    url: str
    errors: dict[bytes, tuple[str, list[str]]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wire = Wire(self.url)

    def learn(self, abi: Iterable[dict[str, Any]]) -> None:
        """Take in the custom errors and the events of an ABI."""
        for item in abi:
            if item["type"] == "error":
                types = [i["type"] for i in item["inputs"]]
                self.errors[keccak(text=f"{item['name']}({','.join(types)})")[:4]] = (item["name"], types)
            elif item["type"] == "event":
                signature = f"{item['name']}({','.join(_type_of(i) for i in item['inputs'])})"
                self.events["0x" + keccak(text=signature).hex()] = item

    def rpc(self, method: str, *params: Any) -> Any:
        """Call the node; a reverted call is a `RefusedError`, anything else that goes wrong is an error of the test."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.wire.ask(asked)
        if "error" not in answer:
            return answer["result"]
        if "revert" not in answer["error"]["message"]:
            raise RuntimeError(f"{method}: {answer['error']}")
        if method == "eth_sendTransaction":
            # Ganache has mined the failed call but does not hand out its data: the same call on top of it does.
            self.rpc("eth_call", params[0], "latest")
            raise AssertionError("Refused in a block, but not on top of it.")
        raise self.refusal(bytes.fromhex((answer["error"].get("data") or "0x").removeprefix("0x")))

    def rpc_together(self, *asked: tuple[Any, ...]) -> list[Any]:
        """Ask several things that cannot be refused, in one go; the node may answer in any order."""
        bodies = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, *p) in enumerate(asked)]
        answers = sorted(self.wire.ask(bodies), key=lambda answer: int(answer["id"]))
        if failed := [answer for answer in answers if "error" in answer]:
            raise RuntimeError(f"{asked}: {failed}")
        return [answer["result"] for answer in answers]

    def refusal(self, data: bytes) -> RefusedError:
        """Decode the data of a revert."""
        if data == b"":
            return RefusedError("", ())
        if data[:4] == keccak(text="Panic(uint256)")[:4]:
            return RefusedError("Panic", (PANICS[int.from_bytes(data[4:])],))
        if data[:4] == keccak(text="Error(string)")[:4]:
            return RefusedError("Error", decode(["string"], data[4:]))
        name, types = self.errors[data[:4]]
        values = decode(types, data[4:])
        plain = (to_checksum_address(v) if t == "address" else v for v, t in zip(values, types, strict=True))
        return RefusedError(name, tuple(plain))

    @property
    def latest(self) -> dict[str, Any]:
        """The latest block."""
        block: dict[str, Any] = self.rpc("eth_getBlockByNumber", "latest", False)
        return block

    @property
    def now(self) -> int:
        """The time of the latest block."""
        return int(self.latest["timestamp"], 16)

    def go_to(self, time: int) -> None:
        """Let the latest block be one of this time."""
        self.rpc("evm_mine", time)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.go_to(self.now + seconds)

    def send(self, call: dict[str, str], sender: str, at: int | None = None) -> dict[str, Any]:
        """Send a call in a block of its own, at exactly this time if one is given, and return its receipt."""
        if at is not None and at != self.now + 1:
            self.go_to(at - 1)
        return self.send_raw({"from": sender, **call})

    def send_raw(self, tx: dict[str, Any]) -> dict[str, Any]:
        """Send a transaction as it is."""
        sent = self.rpc("eth_sendTransaction", {"gas": hex(95_000_000), "gasPrice": "0x0", **tx})
        receipt: dict[str, Any] = self.rpc("eth_getTransactionReceipt", sent)
        return receipt

    def speak_for(self, account: str) -> None:
        """Let the tests send in the name of a contract."""
        self.rpc("evm_addAccount", account, "")
        self.rpc("personal_unlockAccount", account, "", 0)

    def decode(self, log: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Decode a log by hand: its name and its values, hashes as bytes, addresses with checksum."""
        item = self.events[log["topics"][0]]
        rest = [i for i in item["inputs"] if not i["indexed"]]
        data = decode([_type_of(i) for i in rest], bytes.fromhex(log["data"][2:]))
        values = dict(zip([i["name"] for i in rest], data, strict=True))
        topics = iter(log["topics"][1:])
        for i in item["inputs"]:
            if i["indexed"]:
                values[i["name"]] = decode([i["type"]], bytes.fromhex(next(topics)[2:]))[0]
        return item["name"], {i["name"]: _plain(values[i["name"]], i) for i in item["inputs"]}


@dataclass(repr=False)
class World:
    """The contracts and the people. Addresses are attributes: `w.ngo`, `w.donor1`, …"""

    node: Node
    consortium: Contract
    register: Contract
    token: Contract
    fund: Contract
    judgement: Contract
    sponsors: Contract
    payouts: Contract
    pledges: Contract
    vouchers: Contract
    addresses: dict[str, str]
    keys: dict[str, bytes]
    artifacts: dict[str, Any]
    peek: Contract | None = None

    def __getattr__(self, name: str) -> str:
        try:
            return self.__dict__["addresses"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def attestors(self) -> list[str]:
        """The four accredited attestors."""
        return [self.addresses[f"attestor{i}"] for i in (1, 2, 3, 4)]

    # ---- calls by what they do

    def do(self, sender: str, contract: Contract, function: str, *args: Any, at: int | None = None) -> dict[str, Any]:
        """Let somebody call a function."""
        return self.node.send(contract.call(function, *args), sender, at)

    def see(self, contract: Contract, function: str, *args: Any) -> Any:
        """Call a view."""
        data = self.node.rpc("eth_call", {"gas": hex(95_000_000), **contract.call(function, *args)}, "latest")
        return contract.answer(function, bytes.fromhex(data[2:]))

    def see_all(self, calls: list[tuple[Contract, Any]]) -> list[Any]:
        """Call many views at once: each a contract, a function and its values."""
        asked = {"gas": hex(95_000_000), "to": self.peek.address, "data": "0x" + looks.pack(calls).hex()}
        answers = looks.unpack(bytes.fromhex(self.node.rpc("eth_call", asked, "latest")[2:]))
        return [looks.answer(*call[:2], answer) for call, answer in zip(calls, answers, strict=True)]

    def at(self, name: str, address: str) -> Contract:
        """Return the contract of this kind at an address."""
        return Contract.of(address, self.artifacts[name]["abi"])

    def deploy(self, name: str, *args: Any, sender: str | None = None) -> Contract:
        """Deploy one of the compiled contracts."""
        artifact = self.artifacts[name]
        self.node.learn(artifact["abi"])
        types = [i["type"] for item in artifact["abi"] if item["type"] == "constructor" for i in item["inputs"]]
        code = artifact["bytecode"] + encode(types, args).hex()
        receipt = self.node.send_raw({"from": sender or self.deployer, "data": "0x" + code})
        return self.at(name, receipt["contractAddress"])

    def mint(self, to: str, amount: int) -> None:
        """Give somebody settlement tokens."""
        self.do(self.gateway, self.token, "mint", to, amount, keccak(text=self.node.latest["hash"]))

    def rich(self, *names: str, amount: int = 10**12) -> None:
        """Give people settlement tokens and let the fund take them."""
        for name in names:
            self.mint(self.addresses[name], amount)
            self.do(self.addresses[name], self.token, "approve", self.fund.address, 2**256 - 1)

    def plan(self, **changes: Any) -> dict[str, Any]:
        """Return a plan that can be opened: 2 of 3 attestors, two milestones of 100 and 200, a threshold of 50.

        The panel's values stand in it side by side with the others; `words` makes of it what the fund takes.
        """
        now = self.node.now
        plan = {
            "token": self.token.address,
            "name": b32("School meals"),
            "descriptionHash": evidence_of("School meals\n\nA meal a day."),
            "descriptionURI": "content:meals",
            "fundingThreshold": 50 * UNIT,
            "fundingDeadline": now + 30 * DAY,
            "openEnded": False,
            "limits": NO_LIMITS,
            "objectionWindow": DAY,
            "attestationWindow": 2 * DAY,
            "objectionThreshold": 2_000,
            "quorum": 2,
            "attestors": self.attestors[:3],
            "milestones": [
                (self.payee, 100 * UNIT, now + 60 * DAY),
                (self.payee2, 200 * UNIT, now + 90 * DAY),
            ],
        }
        unknown = set(changes) - set(plan)
        assert not unknown, unknown
        return plan | changes

    @staticmethod
    def words(plan: dict[str, Any]) -> tuple[Any, ...]:
        """Return a plan as `openPool` takes it."""
        *rest, milestones = (value for name, value in plan.items() if name not in PANEL)
        return (*rest, tuple(plan[name] for name in PANEL), milestones)

    def open_pool(self, sender: str | None = None, **changes: Any) -> int:
        """Open a pool and return its number."""
        self.do(sender or self.ngo, self.fund, "openPool", self.words(self.plan(**changes)))
        pool: int = self.see(self.fund, "poolCount")
        return pool

    def give(self, pool: int, amount: int, donor: str | None = None, at: int | None = None) -> dict[str, Any]:
        """Give directly."""
        return self.do(donor or self.donor1, self.fund, "contribute", pool, amount, at=at)

    def approve(self, pool: int, milestone: int = 0, text: str = "done", yes: int = 2) -> bytes:
        """Submit evidence and let `yes` attestors approve it."""
        evidence = evidence_of(text)
        self.do(self.ngo, self.judgement, "submitEvidence", pool, milestone, evidence, "content:" + text)
        for attestor in self.attestors[:yes]:
            self.do(attestor, self.judgement, "attest", pool, milestone, evidence, True)
        return evidence

    def reject(self, pool: int, milestone: int = 0, text: str = "not done") -> bytes:
        """Submit evidence and let two attestors refuse it."""
        evidence = evidence_of(text)
        self.do(self.ngo, self.judgement, "submitEvidence", pool, milestone, evidence, "content:" + text)
        for attestor in self.attestors[:2]:
            self.do(attestor, self.judgement, "attest", pool, milestone, evidence, False)
        return evidence

    # ---- what is seen

    def pool(self, pool: int) -> dict[str, Any]:
        """Return a pool's storage."""
        found: dict[str, Any] = self.see(self.fund, "poolOf", pool)
        return found

    def milestone(self, pool: int, milestone: int = 0) -> dict[str, Any]:
        """Return a milestone's storage, the fund's and the Judgement's."""
        planned, judged = (self.see(c, "milestoneOf", pool, milestone) for c in (self.fund, self.judgement))
        return planned | judged

    def state(self, pool: int) -> str:
        """Return a pool's state by name."""
        return ("none", "funding", "active", "frozen", "completed")[self.see(self.fund, "stateOf", pool)]

    def milestone_state(self, pool: int, milestone: int = 0) -> str:
        """Return a milestone's state by name."""
        return MILESTONE_STATES[self.milestone(pool, milestone)["state"]]

    def balance(self, who: str, token: Contract | None = None) -> int:
        """Return somebody's balance."""
        found: int = self.see(token or self.token, "balanceOf", who)
        return found

    def events(self, receipt: dict[str, Any], contract: Contract | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Return the events of a call that one contract emitted (the fund and the Judgement), in their order."""
        sources = {c.address.lower() for c in ([contract] if contract else [self.fund, self.judgement])}
        logs = [log for log in receipt["logs"] if log["address"].lower() in sources]
        return [self.node.decode(log) for log in logs]


def next_addresses(node: Node, deployer: str) -> Iterator[str]:
    """Yield the addresses of the next contracts that an account deploys."""
    nonce = int(node.rpc("eth_getTransactionCount", deployer, "latest"), 16)
    while True:
        yield to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:])
        nonce += 1


def _type_of(item: dict[str, Any]) -> str:
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type_of(c) for c in item['components'])}){kind[5:]}"


def _plain(value: Any, item: dict[str, Any]) -> Any:
    kind = item["type"]
    if kind.endswith("[]"):
        return [_plain(v, item | {"type": kind[:-2]}) for v in value]
    if kind == "tuple":
        return {c["name"]: _plain(v, c) for v, c in zip(value, item["components"], strict=True)}
    return to_checksum_address(value) if kind == "address" else value
