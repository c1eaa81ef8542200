"""A small believable world for the pages: played on a real chain, indexed by the real indexer, with its content folder.

`python -m tests.browser.world` shows it at http://127.0.0.1:8661 until Ctrl-C, for looking at the pages by hand.
"""

from __future__ import annotations

import contextlib
import hashlib
import signal
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import uvicorn
from eth_account import Account
from web3 import Web3

from api.explorer.app import create_app
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from api.settings import Settings
from tests.beneficiaries import PayList
from tests.ledger import DAY, NO_LIMITS, USD, Ganache, Ledger, words
from tests.signatures import BILL, VOUCHER, sign, sign_by

if TYPE_CHECKING:
    from types import TracebackType

RPC_PORT, SITE_PORT = 8660, 8661
MARKUP = "<script>window.hit=1</script>"
TURNED = "“\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL FORMATTING}” 🍚"
HANDLER = '"><img src=x onerror=hit=1>'
HOSTILE_NAME = "\N{RIGHT-TO-LEFT OVERRIDE}evil🍚<b onclick=x>"
LONG = "W" * 3000

MEALS = """School meals in Kisumu

A warm lunch on every school day for 240 children in three primary schools of Kisumu, from October to December.

One meal costs 0.40: maize, beans, greens and the cook's wage. The cooks are parents of the schools and are paid weekly.

The checkers visit unannounced, count the meals and read the kitchen's book."""


class Server:
    """An explorer on a thread."""

    def __init__(self, settings: Settings) -> None:
        config = uvicorn.Config(
            create_app(settings), host=settings.host, port=settings.port, log_level="error", timeout_graceful_shutdown=1
        )
        self.url = f"http://{settings.host}:{settings.port}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
            assert self._thread.is_alive(), "the explorer did not start"
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(5)


@dataclass
class World:
    """The chain, the index and the folder. Pools by name, contributions by the public id of their receipt."""

    folder: Path
    node: Ganache
    pools: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    batch: str = ""

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.node)
        self.hostile = self.node.w3.eth.accounts[13]
        self.content = self.folder / "content"
        self.content.mkdir()
        self.settings = self.serving(SITE_PORT)
        self.ledger.write_deployment(self.settings.deployment)
        self._play()
        self.store = Store(self.settings.database)
        self._sync = Sync(Node(self.node.url), self.store, self.settings.load_deployment())
        self._sync.check_chain()
        self.index()

    def serving(self, port: int, **other: Path | str) -> Settings:
        """Return settings for an explorer of this world."""
        values = {
            "rpc": self.node.url, "public_rpc": self.node.url, "deployment": self.folder / "deployment.json",
            "database": self.folder / "index.db", "content": self.content, "host": "127.0.0.1", "port": port,
        }  # fmt: skip
        return Settings(**{**values, **other})  # type: ignore[arg-type]

    def index(self) -> None:
        """Bring the index to the head."""
        while self._sync.step().behind:
            pass

    def stop(self) -> None:
        """End the chain and close the index."""
        self.store.close()
        self.node.stop()

    def put(self, text: str, *, kept: bool = True) -> bytes:
        """Put a text into the content folder and return its hash."""
        digest = hashlib.sha256(text.encode()).digest()
        if kept:
            (self.content / digest.hex()).write_text(text)
        return digest

    def entry(self, donor: str | None, ago: int, amount: int) -> bytes:
        """Return an entry that was paid some seconds ago."""
        identity = bytes.fromhex(donor[2:]) if donor else bytes(20)
        return identity + (self.ledger.now() - ago).to_bytes(4, "big") + amount.to_bytes(8, "big")

    def record(self, pool: int, entries: list[bytes], gateway: str | None = None) -> str:
        """Record a batch and return its id."""
        return "0x" + self.ledger.record(pool, b"".join(entries), gateway).hex()

    def _play(self) -> None:
        ledger, donors = self.ledger, self.ledger.donors
        ledger.accredit(ledger.payee, 1, "Upendo Cooks")
        ledger.accredit(self.hostile, 1, HANDLER)
        self._meals()
        self._clinic()
        self._stopped()
        water = self._open("water", "Clean water, Turkana", self.put("Clean water\n\nTwo wells."), (60 * USD, 90 * USD))
        ledger.give(water, 25 * USD, donors[1])
        self.record(
            water, [self.entry(donors[2], 3000, 40 * USD), self.entry(None, 2000, 250_000)], ledger.other_gateway
        )
        proof = self.put("Drilling report, well 1\n\nDepth 74 m, yield 3.1 m³/h.")
        ledger.submit(water, 0, proof, "https://ngo.example/well-1.txt")
        ledger.attest(water, 0, proof, True, False)
        next(self.content.glob(hashlib.sha256(b"Clean water\n\nTwo wells.").hexdigest())).write_text("Three wells!")

        hostile = self._open(
            "hostile",
            HOSTILE_NAME,
            self.put(f"Hot {MARKUP} {TURNED}\n\n{HANDLER}\n\n{LONG}"),
            (3 * USD, 20 * USD),
            payee=self.hostile,
        )
        ledger.give(hostile, 3_500_001, donors[3])
        proof = self.put(f"{MARKUP}\n\nnot good enough")
        ledger.submit(hostile, 0, proof, f"javascript:alert(1)//{TURNED}{LONG[:300]}")
        ledger.attest(hostile, 0, proof, False, False)
        ledger.submit(hostile, 0, self.put("gone", kept=False), MARKUP)

        done = self._open("done", "Winter coats 2026", self.put("Winter coats\n\n40 coats."), (8 * USD,))
        ledger.give(done, 8 * USD, donors[4])
        self._pay(done, 0, "Delivery note: 40 coats")
        self._doubted()
        self._open("empty", "Library bus", bytes(32), (500 * USD,), openEnded=True, fundingThreshold=200 * USD)
        late = self._open("late", "Roof repair", self.put("Roof", kept=False), (70 * USD,), days=1)
        ledger.give(late, 12 * USD, donors[0])
        ledger.wait(2 * DAY)

    def _meals(self) -> None:
        ledger, donors = self.ledger, self.ledger.donors
        meals = self._open("meals", "School meals Kisumu", self.put(MEALS), (60 * USD, 40 * USD, 300 * USD))
        ledger.give(meals, 20 * USD, donors[0])
        self.receipts["direct"] = f"{meals}-0"
        entries = [self.entry(donors[1], 50000, USD), self.entry(None, 40000, 500_000)]
        entries += [
            self.entry(Web3.to_checksum_address(ledger.random.randbytes(20)), 400 * i, USD * (1 + i % 7))
            for i in range(40)
        ]
        self.batch = self.record(meals, entries)
        self.receipts["entry"] = f"{meals}-{20 * USD}"
        self.receipts["anonymous"] = f"{meals}-{21 * USD}"
        self._pay(meals, 0, "Kitchen book, October\n\n4,812 meals served.")
        ledger.wait(DAY)
        single = self.record(meals, [self.entry(donors[2], 600, 2 * USD)], ledger.other_gateway)
        assert single != self.batch
        proof = self.put("Kitchen book, November\n\n4,960 meals served.")
        ledger.submit(meals, 1, proof, "https://ngo.example/november.txt")
        ledger.attest(meals, 1, proof, True, False, True)
        line = 0
        for entry in entries:
            amount = int.from_bytes(entry[24:], "big")
            if 20 * USD + line < 60 * USD < 20 * USD + line + amount:
                self.receipts["partly"] = f"{meals}-{20 * USD + line}"
            line += amount
        self.receipts["single"] = f"{meals}-{20 * USD + line}"

    def _stopped(self) -> None:
        """Play a pool that is given up after a part of its money was paid back."""
        ledger, donors = self.ledger, self.ledger.donors
        stopped = self._open("stopped", "Seeds for spring", bytes(32), (20 * USD, 80 * USD))
        ledger.give(stopped, 15 * USD, donors[2])
        self.record(stopped, [self.entry(donors[3], 700, 9 * USD), self.entry(None, 500, 6 * USD)])
        ledger.give(stopped, 4 * USD, donors[4])
        self._pay(stopped, 0, "Seeds bought")
        ledger.give_back(stopped, 0, 3 * USD)
        ledger.send(ledger.fund.functions.cancel(stopped), ledger.ngo)
        ledger.refund(stopped, 30 * USD, donors[4])
        for name, start in {"spent": 0, "code": 15, "no code": 24, "refunded": 30}.items():
            self.receipts[name] = f"{stopped}-{start * USD}"

    def _clinic(self) -> None:
        """Play a pool with a payout round, vouchers, a sponsor and a standing order."""
        ledger, donors, book = self.ledger, self.ledger.donors, self.ledger.vouchers
        clinic, key = ledger.w3.eth.accounts[15], Account.from_key(b"\5" * 32)
        ledger.accredit(clinic, 5, "Riverside Clinic")
        due = ledger.now() + 90 * DAY
        plan = [(ledger.payouts.address, 10 * USD, due), (book.address, 10 * USD, due), (ledger.payee, 70 * USD, due)]
        pool = self._open("clinic", "Clinic for all", bytes(32), (), milestones=plan,
                          limits=(bytes(32), 4 * USD, 8 * USD, 7 * DAY))  # fmt: skip
        ledger.send(ledger.sponsors.functions.invite(pool, donors[4], True), ledger.ngo)
        ledger.send(ledger.sponsors.functions.lock(pool, 20 * USD, 50, 5 * USD, due), donors[4])
        ledger.give(pool, 20 * USD, donors[0])
        self.receipts["handed on"] = f"{pool}-0"
        self.receipts["matched"] = f"{pool}-{20 * USD}"
        ledger.send(ledger.pledges.functions.pledge((pool, 2 * USD, 1, ledger.now(), 0, 9, 18 * USD, 0)), donors[1])
        ledger.send(ledger.pledges.functions.collect([1]), donors[2])
        self.receipts["collected"] = f"{pool}-{25 * USD}"
        people = PayList(ledger, pool, 0, [2 * USD] * 5, capped=True)
        people.seal(60 * DAY)
        self._pay(pool, 0, "Five families were chosen.")
        people.deliver(0, 3, to=ledger.w3.eth.accounts[16])
        self._pay(pool, 1, "The clinic is open.")
        voucher = (pool, 1, key.address, 5 * USD, due, bytes(32))
        bill = (clinic, USD, 3 * USD, self.put("A bill"), due)
        identity = bytes(book.functions.idOf(voucher).call())
        by_ngo = sign_by(ledger, ledger.ngo, book, "VoucherBook", VOUCHER, *voucher)
        by_key = sign(key.key, book, "VoucherBook", BILL, identity, *bill)
        ledger.send(book.functions.redeem(voucher, by_ngo, bill, by_key), donors[3])

    def _doubted(self) -> None:
        """Play a milestone to which too many givers object."""
        ledger, donors = self.ledger, self.ledger.donors
        doubted = self._open("doubted", "Bridge over the Nzoia", bytes(32), (20 * USD,))
        ledger.give(doubted, 15 * USD, donors[0])
        ledger.give(doubted, 7 * USD, donors[1])
        proof = self.put("The bridge stands.")
        ledger.submit(doubted, 0, proof)
        ledger.attest(doubted, 0, proof, True, True)
        ledger.object(doubted, 0, proof, donors[1], 15 * USD)

    def _open(
        self,
        key: str,
        name: str,
        description: bytes,
        amounts: tuple[int, ...],
        *,
        days: int = 90,
        payee: str = "",
        **other: object,
    ) -> int:
        """Open a pool whose milestones are due so many days from now."""
        ledger, due = self.ledger, self.ledger.now() + days * DAY
        plan = {
            "token": ledger.token.address, "name": name.encode().ljust(32, b"\0"), "descriptionHash": description,
            "descriptionURI": f"https://ngo.example/{key}.txt" if any(description) else "", "fundingThreshold": 0,
            "fundingDeadline": due, "openEnded": False, "limits": NO_LIMITS,
            "objectionWindow": 3 * DAY, "attestationWindow": 7 * DAY, "objectionThreshold": 2_000,
            "quorum": 2, "attestors": ledger.attestors,
            "milestones": [(payee or ledger.payee, amount, due + i) for i, amount in enumerate(amounts)],
        }  # fmt: skip
        assert other.keys() <= plan.keys()
        ledger.send(ledger.fund.functions.openPool(words({**plan, **other})), ledger.ngo)
        self.pools[key] = int(ledger.fund.functions.poolCount().call())
        return self.pools[key]

    def _pay(self, pool: int, milestone: int, proof: str) -> None:
        digest = self.put(proof)
        self.ledger.submit(pool, milestone, digest)
        self.ledger.attest(pool, milestone, digest, True, True)
        self.ledger.wait(3 * DAY + 60)
        self.ledger.release(pool, milestone)


def start(folder: Path) -> World:
    """Start a chain whose month ends about now, and play on it."""
    begin = datetime.fromtimestamp(time.time() - 18.6 * DAY, UTC).isoformat()
    node = Ganache(RPC_PORT, "--chain.time", begin)
    try:
        return World(folder, node)
    except BaseException:
        node.stop()  # nobody else knows of it
        raise


def main() -> None:
    """Show the world until it is interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        world = start(Path(folder))
        try:
            with Server(world.settings) as site:
                print(site.url, world.pools, world.receipts, world.batch, flush=True)
                while True:
                    time.sleep(1)
                    world.store.note_head(world.ledger.w3.eth.block_number)
        finally:
            world.stop()


if __name__ == "__main__":
    main()
