"""The local chain: Ganache as a child process, with its database on disk, started and stopped cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.rpc import Node, NodeError

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / ".moa" / "bin" / "node"
GANACHE = ROOT / "node_modules" / "ganache" / "dist" / "node" / "cli.js"
CHAIN_ID = 1337
GAS_LIMIT = 100_000_000
ACCOUNTS = 60
SEED = "moa demo"
START_SECONDS = 60
STOP_SECONDS = 30


class ProcessError(Exception):
    """A program that we need did not start or does not answer, in one line that says what to do."""


@dataclass
class Child:
    """A program that we started, and the file that remembers its pid for the case that we are killed."""

    process: subprocess.Popen[bytes]
    note: Path

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        end(self.process.pid, self.process)
        self.note.unlink(missing_ok=True)


def start(command: list[str], note: Path, log: Path, env: dict[str, str] | None = None) -> Child:
    """Start a program in a session of its own: Ctrl-C comes to us only, and we stop our children in order."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(str(process.pid))
    return Child(process, note)


def stop_left_over(note: Path, mark: str) -> bool:
    """Stop what a killed run left behind: the noted process, if its command line still carries our mark."""
    if not note.exists():
        return False
    text = note.read_text().strip()
    found = text.isdigit() and mark in command_of(int(text))
    if found:
        end(int(text))
    note.unlink(missing_ok=True)
    return found


def command_of(pid: int) -> str:
    """Return a process's command line, empty if there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    try:
        if Path("/proc/self").exists():
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        asked = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout


def end(pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Ask a process to end, wait, and kill it only if it does not."""
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if process.poll() is not None if process else not command_of(pid):
                return
            time.sleep(0.05)


def port_is_free(host: str, port: int) -> bool:
    """Tell whether nothing listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def demand_port(host: str, port: int, variable: str, what: str) -> None:
    """Raise a line that helps if the port is taken."""
    if not port_is_free(host, port):
        raise ProcessError(
            f"Port {port}, which {what} needs, is taken by another program. "
            f"Stop it, or choose another port: {variable}={port + 1} make demo."
        )


def start_chain(folder: Path, port: int, first_block: int | None = None) -> tuple[Child, Node]:
    """Start Ganache on the database in `folder`; a new chain's clock starts at `first_block` if given."""
    if not NODE.exists() or not GANACHE.exists():
        raise ProcessError("Node or Ganache is not here yet. Run: make setup.")
    note = folder / "ganache.pid"
    database = folder / "chain"
    stop_left_over(note, str(database))
    demand_port("127.0.0.1", port, "MOA_RPC_PORT", "the local chain")
    fresh = not database.exists()
    database.mkdir(parents=True, exist_ok=True)
    options = {
        "server.host": "127.0.0.1",
        "server.port": port,
        "chain.hardfork": "berlin",
        "chain.chainId": CHAIN_ID,
        "miner.defaultGasPrice": 0,
        "miner.blockGasLimit": GAS_LIMIT,
        "miner.callGasLimit": GAS_LIMIT,
        "database.dbPath": database,
        "wallet.seed": SEED,
        "wallet.totalAccounts": ACCOUNTS,
    }
    if fresh and first_block is not None:
        options["chain.time"] = datetime.fromtimestamp(first_block, UTC).isoformat()
    command = [str(NODE), str(GANACHE), "--logging.quiet"]
    command += [part for key, value in options.items() for part in (f"--{key}", str(value))]
    log = folder / "logs" / "ganache.log"
    child = start(command, note, log)
    node = Node(f"http://127.0.0.1:{port}")
    try:
        _wait(child, node, log)
    except BaseException:
        child.stop()
        raise
    return child, node


def _wait(child: Child, node: Node, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if child.process.poll() is not None:
            said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
            last = next((line for line in said if "rror" in line), said[-1] if said else "it said nothing")
            raise ProcessError(f"Ganache ended at once: {last[:200]}. If its database is damaged: make demo-reset.")
        try:
            node.call("eth_blockNumber")
        except NodeError:
            time.sleep(0.1)
        else:
            return
    raise ProcessError(f"Ganache did not answer within {START_SECONDS} s. If its database is damaged: make demo-reset.")
