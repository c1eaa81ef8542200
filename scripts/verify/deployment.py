"""The deployment file: where the contracts stand, and on which chain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .node import Node
from .out import CannotCheckError, shown
from .tree import keccak

CONTRACTS = (
    *("Consortium", "Judgement", "PayoutBook", "PledgeBook", "PooledFund", "Register", "SettlementToken"),
    *("SponsorBook", "VoucherBook"),
)
_MOST = 4 << 20
_LINKS = (
    *(("PooledFund", "JUDGEMENT()", "Judgement"), ("PooledFund", "SPONSORS()", "SponsorBook")),
    *(("PooledFund", "PAYOUTS()", "PayoutBook"), ("PooledFund", "REGISTER()", "Register")),
    *(
        (name, "FUND()", "PooledFund")
        for name in ("Judgement", "SponsorBook", "PayoutBook", "PledgeBook", "VoucherBook")
    ),
)
"""What the contracts say of one another: a file that mixes two deployments does not pass for one."""


@dataclass(frozen=True)
class Deployment:
    """What the file says. Addresses are 20 bytes, hashes 32 bytes, by the contract's name."""

    chain_id: int
    genesis: bytes
    block: int
    addresses: dict[str, bytes]
    codes: dict[str, bytes]

    @staticmethod
    def read(path: Path) -> Deployment:
        """Read a deployment file.

        Raises:
            CannotCheckError: It is missing, or is none.

        """
        try:
            if path.stat().st_size > _MOST:
                raise ValueError("it is too large")
            found = json.loads(path.read_text())
            contracts = {name: found["contracts"][name] for name in CONTRACTS}
            addresses = {name: _unhex(contract["address"], 20) for name, contract in contracts.items()}
            codes = {n: _unhex(c["codeHash"], 32) for n, c in contracts.items() if c.get("codeHash")}
            made = Deployment(
                int(found["chainId"]), _unhex(found["genesis"], 32), int(found["block"]), addresses, codes
            )
        except OSError as error:
            raise CannotCheckError(f"the deployment file {shown(path)} cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CannotCheckError(f"{shown(path)} is not a deployment file ({shown(repr(error))})") from error
        if len(set(addresses.values())) < len(CONTRACTS) or made.block < 0:
            raise CannotCheckError(f"{shown(path)} is not a deployment file: two contracts have one address")
        return made

    def check(self, node: Node, block: int) -> dict[str, bytes]:
        """Check that these contracts stand on the node's chain; return the hashes of their code.

        Raises:
            CannotCheckError: They do not, or others do.

        """
        if (chain_id := node.chain_id()) != self.chain_id:
            raise CannotCheckError(f"the node's chain id is {chain_id}, the deployment file's is {self.chain_id}")
        if (genesis := node.header(0).hash) != self.genesis:
            raise CannotCheckError(
                f"the node's chain begins with another block (0x{genesis.hex()}) than the deployment file's "
                f"(0x{self.genesis.hex()}): it is another chain, or was started afresh"
            )
        if block < self.block:
            raise CannotCheckError(f"block {block} lies before the deployment, which begins with block {self.block}")
        found = {}
        for name, address in self.addresses.items():
            code = node.code(address, block)
            found[name] = keccak(code)
            if not code or self.codes.get(name, found[name]) != found[name]:
                what = "other code than the deployment file says" if code else "no contract"
                raise CannotCheckError(f"at 0x{address.hex()}, where {name} should be, there is {what}")
        answers = node.views([(self.addresses[name], view, ()) for name, view, _ in _LINKS], block)
        for (name, view, to), answer in zip(_LINKS, answers, strict=True):
            if answer != self.addresses[to]:
                raise CannotCheckError(
                    f"{name} at 0x{self.addresses[name].hex()} names 0x{answer.hex()} as its {view[:-2]}, not the "
                    f"deployment file's {to}: the file mixes deployments"
                )
        return found


def _unhex(text: str, size: int) -> bytes:
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != size:
        raise ValueError(f"{text!r} is not {size} bytes")
    return found
