"""What kinds of node there are, and when each one's blocks are final. Pure.

Sources: DESIGN section 8 (tried); Besu's and GoQuorum's documentation: QBFT and IBFT blocks are final at once; EIP-225
(Clique): a block is settled once more than half of the signers have built on it.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_CONFIRMATIONS = 64
"""Two epochs of proof of stake: what a node of another kind is taken for, if no setting says better."""


@dataclass(frozen=True)
class Engine:
    """A kind of node."""

    name: str
    confirmations: int | None
    """How many blocks must lie above one before it is final; None: never, a chain for development can be rewound."""

    def final(self, tip: int, noted: int) -> int | None:
        """Return the newest block that is final; -1: none yet, None: none ever is.

        Args:
            tip: The newest block that is indexed: what lies above it is only a node's word.
            noted: The newest one that was final before, or -1; it stays so.

        """
        return None if self.confirmations is None else max(noted, tip - self.confirmations, -1)

    def notes(self, final: int | None) -> dict[str, str]:
        """Return what the index notes of it: its name, its confirmations, and the newest block that is final."""
        return {
            "engine": self.name,
            "confirmations": "never" if self.confirmations is None else str(self.confirmations),
            "final_block": "" if final is None or final < 0 else str(final),
        }


def engine_of(version: str, signers: int) -> Engine:
    """Return the engine that answers so.

    Args:
        version: The answer to `web3_clientVersion`.
        signers: How many signers it names by `clique_getSigners`, 0 if it knows no such method.

    """
    words = version.lower()
    if words.startswith(("ganache", "anvil", "hardhat", "ethereumjs")):
        return Engine(version.partition("/")[0], None)
    if signers:
        return Engine("Clique", signers // 2 + 1)
    if words.startswith("besu"):
        return Engine("Besu", 0)
    if "quorum" in words:
        return Engine("GoQuorum", 0)
    return Engine(version.partition("/")[0] or "unknown", UNKNOWN_CONFIRMATIONS)


def engine_set(confirmations: str) -> Engine | None:
    """Return the engine that a setting names: a number of confirmations, `never`, or nothing: as the node says."""
    if not confirmations:
        return None
    return Engine("as set", None if confirmations == "never" else int(confirmations))
