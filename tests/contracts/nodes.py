"""Anvil in Ganache's place: the same accounts, chain id, fork, limits and clock, and many times its speed.

`MOA_NODE=anvil` runs all contract tests on it. One thing differs: Anvil 1.7.1 pays back 4,800 gas for a slot that is
set to zero, as from London on, and Berlin 15,000; so whatever has `gas` in its name stays on Ganache.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from world import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = 1_767_225_600  # 2026-01-01T00:00:00Z, as in conftest.py
ANVIL = (
    *("--quiet", "--hardfork", "berlin", "--gas-price", "0", "--gas-limit", "100000000", "--chain-id", "1337"),
    # Brownie's mnemonic is no real one, and Anvil refuses it: so it takes whatever is sent in anybody's name.
    *("--timestamp", str(BEGIN), "--accounts", "1", "--auto-impersonate", "--disable-default-create2-deployer"),
    # Nobody asks for the state of old blocks, and keeping a copy with each one is slow.
    *("--prune-history",),
    # A block when it is asked for. When Anvil mines by itself it answers before it has tidied up: a transaction that is
    # sent again after `evm_revert` was now and then taken for mined, and lost.
    *("--no-mining",),
)
# The node ends with the pipe to it, and so also when the tests are killed.
KEEPER = '"$@" >/dev/null & read -r _; kill $!; wait'


class Anvil(Node):
    """Anvil, as the tests need it."""

    def rpc(self, method: str, *params: Any) -> Any:
        """Call the node. It forgets the last transaction only after it has answered; one that it has not forgotten when
        it is told to go back would be mined again."""
        if method == "evm_revert":
            super().rpc("anvil_dropAllTransactions")
        return super().rpc(method, *params)

    def send_raw(self, tx: dict[str, Any]) -> dict[str, Any]:
        """Send a transaction as it is, and mine it: its block says what a refused call answered."""
        whole = {"gas": hex(95_000_000), "gasPrice": "0x0", **tx}
        sent = self.rpc("eth_sendTransaction", whole)
        [block] = self.rpc("evm_mine_detailed")
        receipt: dict[str, Any] = self.rpc("eth_getTransactionReceipt", sent)
        if int(receipt["status"], 16) == 0:
            [mined] = block["transactions"]
            if "output" in mined:
                raise self.refusal(bytes.fromhex(mined["output"][2:]))
            # It ran out of gas or the like. The same call on top of it says why.
            self.rpc("eth_call", whole, "latest")
            raise AssertionError("Failed in a block, but not on top of it.")
        return receipt

    def speak_for(self, account: str) -> None:
        """Anvil lets us send in anybody's name."""


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def has_anvil() -> bool:
    """Whether there is an Anvil for this machine, and it runs."""
    program = shutil.which("anvil")
    return (
        bool(program) and not subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, check=False).returncode
    )


@contextmanager
def anvil() -> Iterator[Anvil]:
    """An Anvil of one's own, each block one second after the last."""
    port = free_port()
    command = ["sh", "-c", KEEPER, "sh", "anvil", "--port", str(port), *ANVIL]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        wait_for(port, keeper)
        node = Anvil(f"http://127.0.0.1:{port}")
        node.rpc("anvil_setBlockTimestampInterval", 1)
        yield node
    finally:
        keeper.communicate(timeout=10)


def wait_for(port: int, keeper: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """Wait until somebody answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and keeper.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("Anvil does not start.")
