"""The demo: a local chain, the contracts, a month or a file of gifts, the index and the explorer, with one command.

`python -m scripts.demo` plays a month of a welfare programme on a new chain, and goes on with the chain that is there;
`--data FILE` replays a file of gifts. It stays until Ctrl-C, and stops whatever it started.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import sha3
from rich.console import Console
from rich.markup import escape

from scripts import gifts, report, services
from scripts.content import Content
from scripts.deploy import DEPLOYMENTS
from scripts.journal import Journal
from scripts.ledger import Deployment, Ledger, LedgerError
from scripts.lines import FileError
from scripts.members import REPLAY_GATEWAY, Cast
from scripts.month import DAYS, SIGHTS, Month
from scripts.node import CHAIN_ID, Child, ProcessError, demand_port, start_chain, stop_left_over
from scripts.replay import Replay, secret_for
from scripts.rpc import Node, NodeError
from scripts.show import bar, step

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".moa" / "demo"
RPC_PORT = 8545
REFUSED = 2


class DemoError(Exception):
    """Why the demo ends, in one line."""


class Demo:
    """One run of the demo on its folder of state."""

    def __init__(self, state: Path, console: Console, running: ExitStack) -> None:
        self.state = state
        self.console = console
        self.running = running
        self.deployments = DEPLOYMENTS if state == STATE else state / "deployments"
        self.journal = Journal(state / "journal.json")
        self.children: list[Child] = []
        self.node: Node

    def run(self, data: Path | None, zone: str | None) -> tuple[services.Explorer, bool]:
        """Bring everything up; returns the explorer, and whether lines of the file were refused."""
        found = self._read(data, zone) if data else None
        explorer = services.Explorer.from_environment()
        services.stop_old(self.state)
        demand_port(explorer.host, explorer.port, "MOA_PORT", "the explorer")
        self._start_chain(month=found is None)
        ledger = self._ledger()
        cast = Cast(ledger, Content(self.state / "content"))
        self._play(cast)
        services.start_services(self.state, self._deployment, self.node.url, explorer, self._started)
        if found:
            self._replay(found, cast, explorer)
        else:
            self._wait(explorer)
        return explorer, bool(found and found.refused)

    def _started(self, child: Child) -> None:
        """Remember what is to be stopped, the last first."""
        self.children.append(child)
        self.running.callback(child.stop)

    @property
    def _deployment(self) -> Path:
        return self.deployments / f"{CHAIN_ID}.json"

    def _read(self, data: Path, zone: str | None) -> gifts.Gifts:
        with step(self.console, f"read {data.name}"):
            found = gifts.read(data, int(time.time()), zone)
        report.show_reading(self.console, found, report.write(found, data, self.state / "reports"))
        return found

    def _start_chain(self, *, month: bool) -> None:
        port = services.port_of("MOA_RPC_PORT", RPC_PORT)
        fresh = not (self.state / "chain").exists()
        if fresh or self.journal.noted is None:
            # A new chain starts five weeks ago, so that they can be played and end about now.
            self.journal.begin(int(time.time()) - DAYS * gifts.DAY if month else None)
        with step(self.console, "start the local chain" if fresh else "start the local chain again"):
            child, self.node = start_chain(self.state, port, self.journal.clock)
        self._started(child)
        if not fresh and not month and self.journal.clock is not None:
            self.console.print("The month of this chain is not over yet: it is played first.")
        if not fresh and month and not self.journal.month_days and self.journal.clock is None:
            self.console.print("This chain holds a replayed file and no month; make demo-reset starts afresh.")

    def _ledger(self) -> Ledger:
        """Return the deployed contracts; deploy them on a new chain."""
        if not self._is_deployed():
            with step(self.console, "compile and deploy the contracts"):
                self._deploy()
        ledger = Ledger(self.node, Deployment.read(self._deployment))
        # Days later, a new gateway's role would have to wait for its public delay.
        Cast(ledger, Content(self.state / "content")).appoint_gateway(REPLAY_GATEWAY)
        return ledger

    def _is_deployed(self) -> bool:
        """Tell whether the deployment file speaks of this very chain, and the code is there."""
        try:
            found = Deployment.read(self._deployment)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if found.genesis != self.node.call("eth_getBlockByNumber", "0x0", False)["hash"]:
            return False
        codes = {n: self.node.call("eth_getCode", a, "latest") for n, a in found.addresses.items()}
        return all(
            "0x" + sha3.keccak_256(bytes.fromhex(code[2:])).hexdigest() == found.code_hashes[name]
            for name, code in codes.items()
        )

    def _deploy(self) -> None:
        if self.journal.clock is not None:
            latest = int(self.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
            self.node.call("evm_setTime", max(self.journal.clock, latest + 1) * 1000)
        path = os.pathsep.join([str(ROOT / ".moa" / "bin"), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]])
        told = {"PATH": path, "SOLCX_BINARY_PATH": str(ROOT / ".moa" / "solcx")}
        command = [
            sys.executable,
            "-m",
            "scripts.deploy",
            "--rpc",
            self.node.url,
            "--yes",
            "--to",
            str(self.deployments),
        ]
        log = self.state / "logs" / "deploy.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | told, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                code = process.wait()
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
                process.wait()
        if code:
            lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
            raise DemoError(f"Deploying failed: {lines[-1] if lines else 'no word why'} (see {log})")

    def _play(self, cast: Cast) -> None:
        """Play the month, if this chain has one that is not over; then let the clock run from now."""
        if self.journal.clock is not None:
            secret = secret_for(self.state / "gateway.secret", cast.ledger)
            with bar(self.console, "play five weeks", DAYS, self.journal.month_days) as shown:
                Month(cast, secret, self.journal).play(shown.reach)
            self.journal.month_over()
            self.node.call("evm_setTime", int(time.time()) * 1000)

    def _replay(self, found: gifts.Gifts, cast: Cast, explorer: services.Explorer) -> None:
        replay = Replay(cast.ledger, cast, found)
        secret = secret_for(self.state / "gateway.secret", cast.ledger)
        replay.prepare()
        with bar(self.console, "open pools", len(found.titles)) as shown:
            pools = replay.open_pools(shown.begin, shown.more)
        with step(self.console, f"make {len(found.names):,} receipt keys"):
            wanted = replay.column(pools, secret)
        with bar(self.console, "record gifts", len(found.times)) as shown:
            new = replay.record(wanted, pools, shown.begin, shown.more)
        old = len(found.times) - new
        self.console.print(f"Recorded {new:,} gifts" + (f"; {old:,} were on the ledger already." if old else "."))
        self._wait(explorer)
        with step(self.console, "compare file, token, contract and index"):
            sums = replay.sums(pools)
            index = services.indexed_sums(explorer)
        if not report.show_sums(self.console, sums, index):
            raise DemoError("The sums differ.")

    def _wait(self, explorer: services.Explorer) -> None:
        head = int(self.node.call("eth_blockNumber"), 16)
        with bar(self.console, "index the chain", head) as shown:
            services.wait_for(head, explorer, self.children[1:], shown.reach)

    def show(self, explorer: services.Explorer) -> None:
        """Say where the explorer is, and what there is to see."""
        self.console.print(f"\n[bold]The explorer is at {explorer.url}[/]  (Ctrl-C stops everything)")
        for pool, shown in SIGHTS if self.journal.noted and self.journal.noted.month_over else ():
            self.console.print(f"  {explorer.url}/pool/{pool}  [dim]{shown}[/]", soft_wrap=True, highlight=False)

    def stay(self) -> None:
        """Stay until Ctrl-C, or until something that we started ends by itself."""
        while True:
            services.demand_alive(self.children)
            time.sleep(0.5)


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the folder for us alone; the lock goes with the process, however it ends."""
    state.parent.mkdir(parents=True, exist_ok=True)
    with (state.parent / f"{state.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DemoError(f"A demo is running here already (process {lock.read().strip()}). Stop it first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def reset(state: Path) -> None:
    """Remove the demo's chain, index and all else that it keeps."""
    services.stop_old(state)
    stop_left_over(state / "ganache.pid", str(state / "chain"))
    shutil.rmtree(state, ignore_errors=True)
    if state == STATE:
        (DEPLOYMENTS / f"{CHAIN_ID}.json").unlink(missing_ok=True)


def stop_on(_signal: int, _frame: object) -> None:
    """Treat a request to end like Ctrl-C."""
    raise KeyboardInterrupt


def main() -> None:
    """Read the command line and run the demo."""
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description="Run Moa on a local chain.")
    parser.add_argument("--data", type=Path, help="a file of gifts to replay: .csv or .csv.gz")
    parser.add_argument("--zone", help="time zone of times that name none, as in Africa/Nairobi")
    parser.add_argument("--reset", action="store_true", help="remove the demo's chain and index")
    parser.add_argument("--no-wait", action="store_true", help="end when all is up and checked")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the demo's chain and index")
    arguments = parser.parse_args()
    console = Console()
    # SIGINT by name too: a shell that puts a program in the background has it ignored, but whoever sends it means it.
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop_on)
    refused = False
    try:
        with alone(arguments.state.resolve()), ExitStack() as running:
            if arguments.reset:
                reset(arguments.state.resolve())
                console.print("The demo's chain and index are gone. make demo starts afresh.")
                return
            demo = Demo(arguments.state.resolve(), console, running)
            try:
                explorer, refused = demo.run(arguments.data, arguments.zone)
                demo.show(explorer)
                if not (arguments.no_wait or os.environ.get("MOA_NO_WAIT")):
                    demo.stay()
            finally:
                calm()
    except KeyboardInterrupt:
        console.print("Stopped. make demo goes on from here.")
    except (DemoError, FileError, LedgerError, NodeError, ProcessError) as error:
        console.print(f"[red]✗[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(1)
    if refused:
        sys.exit(REFUSED)


def calm() -> None:
    """Stop without being interrupted: a second Ctrl-C would leave the chain's database half written."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)


if __name__ == "__main__":
    main()
