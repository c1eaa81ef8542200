"""The command: what is checked, and what its exit code says. 0: all agrees; 1: something differs; 2: not checked."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from .bundle import Bundle
from .deployment import Deployment
from .explorer import Explorer
from .forms import Either, Forms, Shape, hexed
from .node import Header, Node
from .out import CannotCheckError, Progress, Report, shown
from .receipt import Receipts
from .replay import Replay
from .site import Site
from .storage import check as check_storage
from .tokens import tokens_of

AGREES, DIFFERS, UNCHECKED, STOPPED = 0, 1, 2, 130
_AGAIN = 3
"""How often an explorer that moved on while it was read is read again."""

_OFF = 5
"""Seconds that an explorer's clock may be off."""


class Check:
    """One run: a node, a deployment, and what is held against them."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Read the deployment file; nothing is asked yet."""
        self.options = options
        self.report, self.progress = Report(options.most), Progress(quiet=options.quiet)
        self.deployment = Deployment.read(options.deployment)
        self.node = Node(options.rpc)
        self.replay = Replay(self.node, self.deployment, self.report, self.progress, options.sample)
        self.header = Header(0, b"", b"", 0)
        self.tokens: dict[bytes, Shape] = {}
        self.receipt: list[str] = []

    def run(self) -> None:
        """Check everything.

        Raises:
            CannotCheckError: Something cannot be checked.

        """
        head = self.node.head()
        bundle = Bundle(self.options.bundle, self.report) if self.options.bundle else None
        wanted = self.options.block
        if bundle and wanted not in (None, bundle.block):
            raise CannotCheckError(f"the bundle is of block {bundle.block}, not of block {wanted}")
        block = bundle.block if bundle else wanted if wanted is not None else head
        if block > head:
            raise CannotCheckError(f"the node's chain ends at block {head}, before block {block}")
        site = Site(self.options.api, self.report) if self.options.api else None
        if bundle or site is None or wanted is not None:
            self._at(block, bundle)
        if site:
            self._hold_against(site, block, fixed=wanted is not None)
        if self.options.receipt:
            state, at = self.replay.state, self.header.number
            receipts = Receipts(state, self.node, self.deployment, at, self.report)
            self.receipt = receipts.check(self.options.receipt)
            self._steady()

    def _at(self, block: int, bundle: Bundle | None = None) -> None:
        """Recompute everything up to a block, and hold it against the contracts' storage there."""
        self.header = self.node.header(block)
        codes = self.deployment.check(self.node, block)
        if bundle:
            bundle.begin(self.deployment, self.header, codes)
            self.replay.watch.append(bundle.hear)
            self.replay.watch_trees.append(bundle.hear_tree)
        self.replay.read(block)
        state = self.replay.state
        first = {token: places[0].block for token, places in state.tokens.items()}
        met = {pool.stored["token"]: first.get(pool.stored["token"], block) for pool in state.pools}
        self.tokens = tokens_of(self.node, met, block, self.report)
        if bundle:
            self.replay.watch.remove(bundle.hear)
            self.replay.watch_trees.remove(bundle.hear_tree)
            bundle.finish(self.replay.state, self.node, self.progress)
        check_storage(self.replay.state, self.node, self.deployment, block, report=self.report, progress=self.progress)
        self._steady()

    def _hold_against(self, site: Site, block: int, *, fixed: bool) -> None:
        """Hold an explorer against the chain, at the block up to which it has read."""
        at = self._reached(site, block)
        for _ in range(_AGAIN):
            if not fixed and at > self.replay.at:
                self._at(at)
            before = self.report.count, list(self.report.lines)
            forms = self._forms()
            explorer = Explorer(site, forms, self.report, self.progress)
            sample, gifts = self.options.sample, self.options.gifts
            explorer.check(self.node, self.header, self.deployment.genesis, sample, gifts)
            self._steady()
            at, _ = site.block()
            if self.report.count == before[0] or not self._logs_after(at):
                return
            if fixed:
                break
            self.report.count, self.report.lines = before
        raise CannotCheckError(
            f"the explorer is at block {at}, after block {self.header.number}, and logs lie between: it cannot be held "
            "against the chain while it moves on; check an export bundle instead"
        )

    def _forms(self) -> Forms:
        """Return what shapes are made with. An explorer's clock may be a little off ours, and time goes on."""
        begun, least = time.time(), self.header.time

        def clocks() -> list[int]:
            return [max(least, int(begun) - _OFF), max(least, int(time.time()) + _OFF)]

        return Forms(self.replay.state, self.deployment.addresses, self.deployment.chain_id, self.tokens, clocks)

    def _reached(self, site: Site, block: int) -> int:
        """Wait a little for the explorer to reach a block, and return where it is."""
        end = time.monotonic() + self.options.wait
        while (at := site.block()[0]) < block and time.monotonic() < end:
            time.sleep(0.2)
        while (ahead := at > self.node.head()) and time.monotonic() < end:
            time.sleep(0.2)
        if ahead:
            raise CannotCheckError(f"the explorer is at block {at}, after the node's last one: is the node behind?")
        if at < block:
            missed = sum(len(logs) for _, logs in self.node.logs([*self.deployment.addresses.values()], at + 1, block))
            if missed:
                self.report.differs("/health, block", API=f"{at}", chain=f"{block}, with {missed} logs after that one")
        return at

    def _logs_after(self, block: int) -> bool:
        """Return whether logs lie between the block that was checked and another."""
        ranges = self.node.logs([*self.deployment.addresses.values()], self.header.number + 1, block)
        return any(logs for _, logs in ranges)

    def _steady(self) -> None:
        """Check that the block that was checked is still the chain's.

        Raises:
            CannotCheckError: It is not.

        """
        number = self.header.number
        if self.node.head() < number or self.node.header(number).hash != self.header.hash:
            raise CannotCheckError(f"the chain was rewound while it was read: block {number} is another one now")

    def tell(self) -> None:
        """Print what was found."""
        state, n = self.replay.state, self.header
        print(f"Chain {self.deployment.chain_id}, fund {hexed(self.deployment.addresses['PooledFund'])}")
        print(f"Checked at block {n.number}, 0x{n.hash.hex()}")
        print(f"{state.logs:,} logs: {len(state.pools):,} pools, {state.gifts:,} gifts, {len(state.batches):,} batches")
        for pool in state.pools if self.options.figures else []:
            money = ", ".join(f"{name} {pool.stored[name]}" for name in ("raised", "released", "returned", "refunded"))
            print(f"pool {pool.number}: {money}, held {pool.held}")
        for token, held in state.held().items():
            symbol = self.tokens.get(token, {}).get("symbol", "token")
            named = shown(symbol[0] if isinstance(symbol, Either) else symbol)
            print(f"{named} {hexed(token)}: the pools hold {held} base units")
        for line in self.receipt:
            print(line)
        for note in self.report.notes:
            print(f"Note: {note}")
        for line in self.report.lines:
            print(f"✗ {line}")
        if self.report.count > len(self.report.lines):
            print(f"✗ and {self.report.count - len(self.report.lines):,} more (--most prints more)")
        print(f"{self.report.count:,} differences" if self.report.count else "Everything agrees.")


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="verify", description="Recompute Moa from a node's logs; say what differs.")
    parser.add_argument("--rpc", required=True, help="address of a node")
    parser.add_argument("--deployment", required=True, type=Path, help="the deployment file")
    parser.add_argument("--api", help="address of an explorer to check")
    parser.add_argument("--bundle", type=Path, help="export bundle to check: a folder or a tar")
    parser.add_argument("--block", type=int, help="up to which block (default: the node's last one)")
    parser.add_argument("--receipt", metavar="POOL-START", help="also check this gift's receipt, and print it")
    parser.add_argument("--sample", type=int, default=200, help="gifts that are looked up one by one (default: 200)")
    how = "how all gifts are read of an explorer: by its pages, by its export, or many by the export (auto)"
    parser.add_argument("--gifts", choices=("auto", "pages", "export"), default="auto", help=how)
    parser.add_argument("--wait", type=float, default=10, help="seconds that an explorer may be behind (default: 10)")
    parser.add_argument("--most", type=int, default=200, help="differences that are printed (default: 200)")
    parser.add_argument("--figures", action="store_true", help="print what each pool adds up to")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    found = parser.parse_args(arguments)
    if min(found.block or 0, found.sample, found.most) < 0:
        parser.error("--block, --sample and --most are numbers from 0")
    return found


def _where(error: BaseException) -> str:
    """Return where in this program an error came from."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"{Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno}" if at else "nowhere"


def main(arguments: list[str] | None = None) -> int:
    """Run one check, and return the exit code."""
    options = options_of(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    check = None
    try:
        check = Check(options)
        check.run()
    except CannotCheckError as error:
        if check:
            check.progress.clear()
            for line in check.report.lines:
                print(f"✗ {line}")
        print(f"Not checked: {error}.", file=sys.stderr)
        return UNCHECKED
    except Exception as error:
        print(f"Not checked: this program has a fault ({shown(repr(error))}, {_where(error)}).", file=sys.stderr)
        return UNCHECKED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr, flush=True)
        return STOPPED
    finally:
        if check:
            check.replay.close()
    check.progress.clear()
    check.tell()
    return DIFFERS if check.report.count else AGREES


if __name__ == "__main__":
    # By name: a shell that puts a program in the background has SIGINT ignored, but whoever sends it means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = main()
    if code == STOPPED:  # what is still under way, with a node that does not answer, is not waited for
        os._exit(code)
    sys.exit(code)
