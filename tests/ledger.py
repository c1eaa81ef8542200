"""A real chain for tests: Ganache, the compiled contracts with every role given out, and the calls that play on them.

Speaks web3 and reads Brownie's build folder, so that tests of the index and the pages need no Brownie.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
DAY = 86400
USD = 10**6
NO_LIMITS = (bytes(32), 0, 0, 0)
PANEL = ("objectionWindow", "attestationWindow", "objectionThreshold", "quorum", "attestors")


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ganache:
    """A Ganache of its own, ended with the test."""

    def __init__(self, port: int | None = None, *extra: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with socket.socket() as probe:
            # Whoever listens there already would answer in this one's place.
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise RuntimeError(f"port {self.port} is taken: another node runs there")
        command = [str(ROOT / "node_modules" / ".bin" / "ganache"), "--server.port", str(self.port)]
        command += ["--chain.hardfork", "berlin", "--miner.defaultGasPrice", "0", "--miner.blockGasLimit", "100000000"]
        command += ["--wallet.seed", "moa", "--wallet.totalAccounts", "20", "--logging.quiet", *extra]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.w3 = Web3(Web3.HTTPProvider(self.url, request_kwargs={"timeout": 60}))
        for _ in range(300):
            if self.w3.is_connected():
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("Ganache did not start")

    def rpc(self, method: str, *params: Any) -> Any:
        """Call the node."""
        answer = self.w3.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def artifact(name: str) -> dict[str, Any]:
    """Return a compiled contract."""
    found: dict[str, Any] = json.loads((ROOT / "build" / "contracts" / f"{name}.json").read_text())
    return found


def word(text: str | bytes) -> bytes:
    """Return a name as bytes32."""
    return (text if isinstance(text, bytes) else text.encode())[:31].ljust(32, b"\0")


@dataclass
class Ledger:
    """The deployed contracts, and who plays."""

    node: Ganache
    contracts: dict[str, Any] = field(default_factory=dict)
    block: int = 0

    def __post_init__(self) -> None:
        self.w3 = self.node.w3
        accounts = self.w3.eth.accounts
        self.admin, self.ngo, self.gateway, self.payee = accounts[:4]
        self.attestors, self.donors = accounts[4:7], accounts[7:12]
        self.other_gateway = accounts[12]
        self.random = random.Random(1)  # noqa: S311 -- the same play each time
        self._deploy()

    def _deploy(self) -> None:
        self.block = self.w3.eth.block_number + 1
        consortium = self._create("Consortium", self.admin)
        register = self._create("Register", consortium.address)
        token = self._create("SettlementToken", consortium.address, "Moa Dollar", "MUSD")
        # The fund's address is known from its deployer's nonce: what it knows must know it before.
        *_, address = islice(next_addresses(self.w3, self.admin), 4)
        judgement = self._create("Judgement", register.address, address)
        others = (judgement.address, *(self._create(f"{name}Book", address).address for name in ("Sponsor", "Payout")))
        fund = self._create("PooledFund", consortium.address, register.address, *others)
        assert fund.address == address
        for name in ("PledgeBook", "VoucherBook"):
            self._create(name, address)
        for contract, function, role in [
            (token, "mint", 3),
            (fund, "recordBatch", 3),
            (register, "accredit", 2),
            (register, "revoke", 2),
            (fund, "cancelByOperator", 5),
            (fund, "pause", 4),
            (fund, "unpause", 1),
        ]:
            selector = Web3.keccak(text=contract.get_function_by_name(function).signature)[:4]
            self.send(consortium.functions.setTargetFunctionRole(contract.address, [selector], role), self.admin)
        for role in (1, 2, 3, 4, 5):
            self.send(consortium.functions.grantRole(role, self.admin, 0), self.admin)
        for gateway in (self.gateway, self.other_gateway):
            self.send(consortium.functions.grantRole(3, gateway, 0), self.admin)
        self.accredit(token.address, 4, "Moa Dollar")
        self.accredit(self.ngo, 1, "Kisumu Kitchen")
        self.accredit(self.gateway, 3, "Mobile Money")
        self.accredit(self.other_gateway, 3, "Card House")
        for i, attestor in enumerate(self.attestors):
            self.accredit(attestor, 2, f"Attestor {i + 1}")
        for account in (self.gateway, self.other_gateway, self.payee, *self.donors):
            self.send(token.functions.mint(account, 10**12, self.random.randbytes(32)), self.gateway)
            for book in (fund, self.pledges, self.sponsors, self.vouchers):
                self.send(token.functions.approve(book.address, 2**255), account)

    def _create(self, name: str, *args: Any) -> Any:
        built = artifact(name)
        contract = self.w3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        receipt = self.send(contract.constructor(*args), self.admin)
        self.contracts[name] = self.w3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])
        return self.contracts[name]

    def send(self, call: Any, sender: str) -> Any:
        """Send a call and return its receipt; it must succeed."""
        sent = call.transact({"from": sender, "gas": 90_000_000, "gasPrice": 0})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.002)
        assert receipt["status"] == 1
        return receipt

    def see(self, contract: Any, function: str, *args: Any) -> Any:
        """Call a view; a struct as a dictionary, many of them as a list of such."""
        abi = contract.get_function_by_name(function)
        [output] = abi.abi["outputs"]
        found = abi(*args).call()
        if not output["type"].startswith("tuple"):
            return found
        names = [part["name"] for part in output["components"]]
        if output["type"] == "tuple":
            return dict(zip(names, found, strict=True))
        return [dict(zip(names, each, strict=True)) for each in found]

    @property
    def fund(self) -> Any:
        return self.contracts["PooledFund"]

    @property
    def judgement(self) -> Any:
        return self.contracts["Judgement"]

    @property
    def payouts(self) -> Any:
        return self.contracts["PayoutBook"]

    @property
    def pledges(self) -> Any:
        return self.contracts["PledgeBook"]

    @property
    def sponsors(self) -> Any:
        return self.contracts["SponsorBook"]

    @property
    def vouchers(self) -> Any:
        return self.contracts["VoucherBook"]

    @property
    def token(self) -> Any:
        return self.contracts["SettlementToken"]

    def accredit(self, account: str, kind: int, name: str, details: bytes = bytes(32), uri: str = "") -> None:
        self.send(self.contracts["Register"].functions.accredit(account, kind, word(name), details, uri), self.admin)

    def now(self) -> int:
        """Return the time of the newest block."""
        return int(self.w3.eth.get_block("latest")["timestamp"])

    def wait(self, seconds: int) -> None:
        """Let the chain's clock go on."""
        self.node.rpc("evm_increaseTime", seconds)
        self.node.rpc("evm_mine")

    def open_pool(
        self, name: str | bytes = "School meals", milestones: Sequence[Any] = (100 * USD, 50 * USD), **plan: Any
    ) -> int:
        """Open a pool and return its number. A milestone is its amount, or its payee, amount and deadline."""
        now = self.now()
        values = {
            "token": self.token.address, "name": word(name), "descriptionHash": bytes(32), "descriptionURI": "",
            "fundingThreshold": 0, "fundingDeadline": now + 90 * DAY, "openEnded": False, "limits": NO_LIMITS,
            "objectionWindow": 3 * DAY, "attestationWindow": 7 * DAY, "objectionThreshold": 2_000, "quorum": 2,
            "attestors": self.attestors,
            "milestones": [
                m if isinstance(m, tuple) else (self.payee, m, now + 90 * DAY + i) for i, m in enumerate(milestones)
            ],
        }  # fmt: skip
        assert plan.keys() <= values.keys(), plan.keys() - values.keys()
        self.send(self.fund.functions.openPool(words({**values, **plan})), self.ngo)
        return int(self.fund.functions.poolCount().call())

    def give(self, pool: int, amount: int, donor: str | None = None) -> None:
        """Give directly."""
        self.send(self.fund.functions.contribute(pool, amount), donor or self.donors[0])

    def entries(self, count: int) -> bytes:
        """Return random entries of $1 to $20."""
        r = self.random
        return b"".join(
            r.randbytes(20)
            + (1_600_000_000 + r.randrange(10**8)).to_bytes(4, "big")
            + (r.randrange(1, 21) * USD).to_bytes(8, "big")
            for _ in range(count)
        )

    def record(
        self, pool: int, entries: bytes | int, gateway: str | None = None, reference: bytes | None = None
    ) -> bytes:
        """Record a batch and return its id."""
        data = entries if isinstance(entries, bytes) else self.entries(entries)
        by, reference = gateway or self.gateway, reference or self.random.randbytes(32)
        self.send(self.fund.functions.recordBatch(pool, reference, data), by)
        return bytes(self.fund.functions.batchId(by, reference).call())

    def submit(self, pool: int, milestone: int, evidence: bytes, uri: str = "") -> None:
        self.send(self.judgement.functions.submitEvidence(pool, milestone, evidence, uri), self.ngo)

    def attest(self, pool: int, milestone: int, evidence: bytes, *votes: bool) -> None:
        """Let the attestors vote, in their order."""
        for attestor, vote in zip(self.attestors, votes, strict=False):
            self.send(self.judgement.functions.attest(pool, milestone, evidence, vote), attestor)

    def object(self, pool: int, milestone: int, evidence: bytes, donor: str, *starts: int) -> None:
        """Object with direct gifts."""
        self.send(self.judgement.functions.object(pool, milestone, evidence, list(starts)), donor)

    def release(self, pool: int, milestone: int) -> None:
        self.send(self.fund.functions.release(pool, milestone), self.ngo)

    def pay(self, pool: int, milestone: int, evidence: bytes) -> None:
        """Play a milestone from its evidence to its release."""
        self.submit(pool, milestone, evidence)
        self.attest(pool, milestone, evidence, True, True)
        self.wait(3 * DAY + 60)
        self.release(pool, milestone)

    def give_back(self, pool: int, milestone: int, amount: int, payee: str | None = None) -> None:
        self.send(self.fund.functions.giveBack(pool, milestone, amount), payee or self.payee)

    def refund(self, pool: int, start: int, donor: str, to: str | None = None) -> None:
        """Let a donor take back what is unspent of a direct gift."""
        self.send(self.fund.functions.refund(pool, start, to or donor), donor)

    def take_batch(self, reference: bytes, gateway: str | None = None) -> None:
        """Let a gateway take what the donors of its batch have not claimed."""
        by = gateway or self.gateway
        self.send(self.fund.functions.refundBatch(reference, by), by)

    def write_deployment(self, path: Path) -> Path:
        """Write the deployment file that the API reads."""
        genesis = self.w3.eth.get_block(0)["hash"].hex()
        path.write_text(
            json.dumps({
                "chainId": self.w3.eth.chain_id,
                "genesis": "0x" + genesis.removeprefix("0x"),
                "block": self.block,
                "roles": {},
                "contracts": {
                    name: {"address": contract.address, "codeHash": ""} for name, contract in self.contracts.items()
                },
            })
        )  # fmt: skip
        return path


def next_addresses(w3: Web3, deployer: str) -> Iterator[str]:
    """Yield the addresses of the next contracts that an account deploys."""
    nonce = w3.eth.get_transaction_count(to_checksum_address(deployer))
    while True:
        yield to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:])
        nonce += 1


def words(plan: dict[str, Any]) -> tuple[Any, ...]:
    """Return a plan, with the panel's values side by side with the others, as `openPool` takes it."""
    *rest, milestones = (value for name, value in plan.items() if name not in PANEL)
    return (*rest, tuple(plan[name] for name in PANEL), milestones)


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment with more in it."""
    return {**os.environ, **more}
