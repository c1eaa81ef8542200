"""A ledger without a chain: events as the contracts would log them, put through the real decoder and store."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from api import tree
from api.events import ABI
from api.indexer.decode import decode
from api.indexer.kinds import Block, RawLog, Token
from api.indexer.line import Line
from api.indexer.project import project
from api.settings import Deployment
from api.tables import LOG_BITS
from api.types import NEVER, MemberKind
from tests.api.explorer import merkle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from api.indexer.store import Store

CHAIN_ID = 1337
DAY = 86400
USD = 10**6
NOTHING = bytes(32)

Entry = tuple[bytes, int, int]
"""Donor id, time paid, amount."""


def account(name: str) -> bytes:
    """Return an address of its own for each name."""
    return keccak(text=name)[:20]


FUND, JUDGEMENT, REGISTER, TOKEN, CONSORTIUM, PLEDGES, PAYOUTS, SPONSORS, VOUCHERS = (
    account(f"contract {name}")
    for name in ("fund", "judgement", "register", "token", "consortium", "pledges", "payouts", "sponsors", "vouchers")
)
CONTRACTS = {
    FUND: "PooledFund", JUDGEMENT: "Judgement", REGISTER: "Register", TOKEN: "SettlementToken",
    CONSORTIUM: "Consortium", PLEDGES: "PledgeBook", PAYOUTS: "PayoutBook", SPONSORS: "SponsorBook",
    VOUCHERS: "VoucherBook",
}  # fmt: skip
DEPLOYMENT = Deployment(CHAIN_ID, keccak(text="genesis"), 0, {name: address for address, name in CONTRACTS.items()})


@cache
def abi_of(contract: str, event: str) -> dict[str, Any]:
    entries = json.loads((ABI / f"{contract}.json").read_text())
    return next(e for e in entries if e["type"] == "event" and e["name"] == event)


def pack(entries: Sequence[Entry]) -> bytes:
    """Return entries as they stand in the log."""
    return b"".join(donor + paid.to_bytes(4, "big") + amount.to_bytes(8, "big") for donor, paid, amount in entries)


@dataclass
class Book:
    """Writes blocks of events into a store. Each method that says something logs one event in the open block."""

    store: Store
    content: Path
    now: int = field(default_factory=lambda: int(time.time()) - 30 * DAY)
    blocks: list[Block] = field(default_factory=list)
    lines: dict[int, Line] = field(default_factory=dict)
    salt: str = ""
    _raised: Counter[int] = field(default_factory=Counter)
    _open: dict[int, Line] = field(default_factory=dict)
    _raw: list[RawLog] = field(default_factory=list)
    _tx: int = 0

    def __post_init__(self) -> None:
        self.store.bind(DEPLOYMENT)
        self.blocks.append(Block(0, keccak(text=f"{self.salt}genesis"), NOTHING, self.now))
        self.store.write(self.blocks, {}, [], 0)

    # ------------------------------------------------------------------------------------------------ the chain

    @property
    def height(self) -> int:
        return self.blocks[-1].number

    def log(self, contract: bytes, event: str, **values: Any) -> None:
        inputs = abi_of(CONTRACTS[contract], event)["inputs"]
        assert {i["name"] for i in inputs} == set(values)
        signature = keccak(text=f"{event}({','.join(i['type'] for i in inputs)})")
        topics = [signature] + [encode([i["type"]], [values[i["name"]]]) for i in inputs if i["indexed"]]
        plain = [i for i in inputs if not i["indexed"]]
        data = encode([i["type"] for i in plain], [values[i["name"]] for i in plain])
        self._raw.append(
            RawLog(
                place=(self.height + 1) << LOG_BITS | len(self._raw),
                block_hash=bytes(32),
                tx=self.tx,
                address=contract,
                topics=b"".join(topics),
                data=data,
            )
        )

    @property
    def tx(self) -> bytes:
        """The hash of the transaction in which the next event is logged."""
        return keccak(text=f"{self.salt}tx {self.height + 1} {self._tx}")

    def next_tx(self) -> None:
        self._tx += 1

    def mine(self, seconds: int = 60) -> Block:
        """Close the block and index it."""
        self.now += seconds
        number = self.height + 1
        block = Block(number, keccak(text=f"{self.salt}block {number}"), self.blocks[-1].hash, self.now)
        self.blocks.append(block)
        logs = decode(self._raw, CONTRACTS)
        rows = project(logs, self.lines, {number: self.now}, CHAIN_ID)
        tokens = [
            (log.place, log.values["account"], Token("eUSD", "Test dollar", 6))
            for log in logs
            if log.event == "Accredited" and log.values["kind"] == MemberKind.TOKEN
        ]
        self.store.write([block], rows, tokens, number)
        self._raw, self._tx, self._open = [], 0, {}
        return block

    def write_file(self, data: bytes) -> bytes:
        """Put a file into the content folder and return its hash."""
        digest = hashlib.sha256(data).digest()
        self.content.mkdir(exist_ok=True)
        (self.content / digest.hex()).write_bytes(data)
        return digest

    # --------------------------------------------------------------------------------------------------- events

    def accredit(self, who: bytes, kind: MemberKind, name: str, details: bytes = NOTHING) -> None:
        values = {"name": name.encode().ljust(32, b"\0"), "detailsHash": details, "detailsURI": ""}
        self.log(REGISTER, "Accredited", account=who, kind=int(kind), **values)

    def revoke(self, who: bytes, kind: MemberKind) -> None:
        self.log(REGISTER, "Revoked", account=who, kind=int(kind))

    def open_pool(
        self, pool: int, ngo: bytes, name: str, milestones: Sequence[tuple[bytes, int, int]], **more: Any
    ) -> None:
        """Open a pool; a milestone is payee, amount and evidence deadline."""
        attestors = more.pop("attestors", [account("attestor 1")])
        plan = {
            "descriptionHash": NOTHING,
            "descriptionURI": "",
            "fundingThreshold": 0,
            "fundingDeadline": NEVER,
            "openEnded": False,
            "objectionWindow": DAY,
            "attestationWindow": 7 * DAY,
            "objectionThreshold": 2_000,
            "quorum": 1,
        } | more
        padded = name.encode().ljust(32, b"\0")
        self.log(FUND, "PoolOpened", pool=pool, ngo=ngo, token=TOKEN, name=padded, **plan)
        for attestor in attestors:
            self.log(JUDGEMENT, "AttestorSeated", pool=pool, attestor=attestor)
        for number, (payee, amount, deadline) in enumerate(milestones):
            values = {"payee": payee, "amount": amount, "evidenceDeadline": deadline}
            self.log(FUND, "MilestoneOpened", pool=pool, milestone=number, **values)
        defaults = min(deadline for _, _, deadline in milestones)
        self.move_deadline(pool, min(defaults, plan["fundingDeadline"]), defaults)

    def move_deadline(self, pool: int, accepts_until: int, defaults_at: int) -> None:
        self.log(FUND, "DeadlineMoved", pool=pool, acceptsUntil=accepts_until, defaultsAt=defaults_at)

    def pause(self, pool: int) -> None:
        self.move_deadline(pool, 0, NEVER - 1)
        values = {"until": self.now + 7 * DAY, "clockShift": 7 * DAY}
        self.log(FUND, "Paused", pool=pool, account=account("pauser"), **values)

    def cancel(self, pool: int, ngo: bytes) -> None:
        self.log(FUND, "Cancelled", pool=pool, account=ngo)
        self.move_deadline(pool, self.now, self.now)

    def give(self, pool: int, donor: bytes, amount: int) -> int:
        """Log a direct gift and return its start."""
        start = self._raised[pool]
        self.log(FUND, "Contributed", pool=pool, donor=donor, token=TOKEN, amount=amount, start=start)
        self._raised[pool] += amount
        return start

    def record(
        self, pool: int, gateway: bytes, reference: bytes, entries: Sequence[Entry], *, large: bool = False
    ) -> bytes:
        """Log a batch with its root and return its id. `large`: its root is made by the quick tree."""
        batch = keccak(encode(["address", "bytes32"], [gateway, reference]))
        start, amount = self._raised[pool], sum(amount for _, _, amount in entries)
        packed = pack(entries)
        seed = keccak(encode(["uint256", "address", "uint256", "bytes32"], [CHAIN_ID, FUND, pool, batch]))
        if large:
            root = tree.Tree(tree.leaves(seed, packed, tree.starts(packed, start))).root
        else:
            root = merkle.root(merkle.leaves(seed, packed, start))
        values: dict[str, Any] = {"gateway": gateway, "token": TOKEN, "gatewayReference": reference, "root": root}
        values |= {"start": start, "amount": amount, "count": len(entries), "entries": packed}
        self.log(FUND, "BatchRecorded", pool=pool, batch=batch, **values)
        self._raised[pool] += amount
        return batch

    def submit(self, pool: int, milestone: int, number: int, evidence: bytes, *, ngo: bytes, uri: str = "") -> None:
        values = {"round": number, "evidence": evidence, "uri": uri, "line": self._raised[pool]}
        self.log(JUDGEMENT, "EvidenceSubmitted", pool=pool, milestone=milestone, ngo=ngo, **values)

    def attest(
        self, pool: int, milestone: int, number: int, evidence: bytes, *, approved: bool, attestor: bytes
    ) -> None:
        values = {"attestor": attestor, "round": number, "evidence": evidence, "approved": approved}
        self.log(JUDGEMENT, "Attested", pool=pool, milestone=milestone, **values)

    def approve(self, pool: int, milestone: int, evidence: bytes) -> None:
        values = {"evidence": evidence, "releasableAt": self.now + DAY}
        self.log(JUDGEMENT, "MilestoneApproved", pool=pool, milestone=milestone, **values)

    def reject(self, pool: int, milestone: int, evidence: bytes, *, last: bool = False) -> None:
        self.log(JUDGEMENT, "MilestoneRejected", pool=pool, milestone=milestone, evidence=evidence, last=last)

    def object(
        self, pool: int, milestone: int, number: int, evidence: bytes, *, donor: bytes, start: int, amount: int
    ) -> None:
        values = {"round": number, "evidence": evidence, "start": start, "amount": amount}
        self.log(JUDGEMENT, "Objected", pool=pool, milestone=milestone, donor=donor, **values)

    def dispute(self, pool: int, milestone: int, number: int, evidence: bytes, objected: int) -> None:
        """Say that objections disputed a milestone; `number` is the round that begins."""
        values = {"evidence": evidence, "round": number, "objected": objected, "line": self._raised[pool]}
        self.log(JUDGEMENT, "MilestoneDisputed", pool=pool, milestone=milestone, **values)

    def release(self, pool: int, milestone: int, payee: bytes, amount: int) -> None:
        """Log a release and what it spends: the lowest holes, then from the front."""
        values = {"token": TOKEN, "amount": amount, "caller": account("anyone")}
        self.log(FUND, "Released", pool=pool, milestone=milestone, payee=payee, **values)
        line = self._line(pool)
        line.release(milestone, amount)
        while amount:
            start, end = line.holes[-1] if line.holes else (line.front, line.raised)
            part = min(amount, end - start)
            self.log(FUND, "Spent", pool=pool, milestone=milestone, start=start, amount=part)
            line.spend(milestone, start, part)
            amount -= part

    def give_back(self, pool: int, milestone: int, payee: bytes, amount: int) -> None:
        """Log what a payee gives back: the last that its release spent."""
        line = self._line(pool)
        while amount:
            first, end = line.spent[milestone][-1]
            start = max(first, end - amount)
            values = {"token": TOKEN, "amount": end - start, "start": start}
            self.log(FUND, "Returned", pool=pool, milestone=milestone, payee=payee, **values)
            line.give_back(milestone, start, end - start)
            amount -= end - start

    def refund(self, pool: int, donor: bytes, start: int, amount: int, batch: bytes = NOTHING) -> None:
        values = {"token": TOKEN, "amount": amount, "start": start, "to": donor, "caller": account("anyone")}
        self.log(FUND, "Refunded", pool=pool, donor=donor, batch=batch, **values)

    def take_batch(self, pool: int, gateway: bytes, batch: bytes, amount: int) -> None:
        values = {"token": TOKEN, "amount": amount, "to": gateway}
        self.log(FUND, "BatchRefunded", pool=pool, gateway=gateway, batch=batch, **values)

    def _line(self, pool: int) -> Line:
        """Return a pool's line as the open block has it so far."""
        line = self._open.setdefault(pool, copy.deepcopy(self.lines.get(pool, Line())))
        line.raised = self._raised[pool]
        return line
