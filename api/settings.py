"""What a process is told from outside: environment variables, and the file that the deployment wrote."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from api.errors import SettingsError

CONTRACTS = (
    "Consortium",
    "Judgement",
    "PayoutBook",
    "PledgeBook",
    "PooledFund",
    "Register",
    "SettlementToken",
    "SponsorBook",
    "VoucherBook",
)


@dataclass(frozen=True)
class Deployment:
    """Where the contracts stand. Addresses are 20 bytes by contract name."""

    chain_id: int
    genesis: bytes
    block: int
    addresses: dict[str, bytes]

    @property
    def fund(self) -> bytes:
        """Return the address of PooledFund."""
        return self.addresses["PooledFund"]


@dataclass(frozen=True)
class Settings:
    """All settings, each from the environment variable in its comment."""

    rpc: str  # MOA_RPC: the node's JSON-RPC address
    public_rpc: str  # MOA_PUBLIC_RPC: the node as a donor's browser reaches it; default: MOA_RPC
    deployment: Path  # MOA_DEPLOYMENT: the deployment file
    database: Path  # MOA_DATABASE: the SQLite file
    content: Path  # MOA_CONTENT: the folder of texts and evidence, each named by its SHA-256
    host: str  # MOA_HOST
    port: int  # MOA_PORT
    iati: Path | None = None  # MOA_IATI: the operator's file of currencies and identifiers for IATI
    exports: int = 2  # MOA_EXPORTS: how many exports run at once; what is above is told to come again

    @staticmethod
    def from_environment() -> Settings:
        """Read the settings.

        Raises:
            SettingsError: One is not usable.

        """
        rpc = os.environ.get("MOA_RPC", "http://127.0.0.1:8545")
        if not rpc.startswith(("http://", "https://")):
            raise SettingsError(f"MOA_RPC is {rpc!r}: it must start with http:// or https://")
        port = os.environ.get("MOA_PORT", "8000")
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
            raise SettingsError(f"MOA_PORT is {port!r}: it must be a port from 1 to 65535")
        exports = os.environ.get("MOA_EXPORTS", "2")
        if not exports.isascii() or not exports.isdigit() or int(exports) > 100:
            raise SettingsError(f"MOA_EXPORTS is {exports!r}: it must be a number from 0 to 100")
        return Settings(
            rpc=rpc,
            public_rpc=os.environ.get("MOA_PUBLIC_RPC", rpc),
            deployment=Path(os.environ.get("MOA_DEPLOYMENT", "scripts/deployments/1337.json")),
            database=Path(os.environ.get("MOA_DATABASE", ".moa/index.db")),
            content=Path(os.environ.get("MOA_CONTENT", ".moa/content")),
            host=os.environ.get("MOA_HOST", "127.0.0.1"),
            port=int(port),
            iati=Path(os.environ["MOA_IATI"]) if os.environ.get("MOA_IATI") else None,
            exports=int(exports),
        )

    def load_deployment(self) -> Deployment:
        """Read the deployment file.

        Raises:
            SettingsError: It is missing or is not one.

        """
        try:
            text = json.loads(self.deployment.read_text())
            return Deployment(
                chain_id=int(text["chainId"]),
                genesis=_unhex(text["genesis"], 32),
                block=int(text["block"]),
                addresses={name: _unhex(text["contracts"][name]["address"], 20) for name in CONTRACTS},
            )
        except FileNotFoundError:
            raise SettingsError(
                f"there is no deployment file {self.deployment}: deploy first, or set MOA_DEPLOYMENT"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"{self.deployment} is not a deployment file: {error!r}") from error


def _unhex(text: str, length: int) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != length:
        raise ValueError(f"{text!r} is not {length} bytes")
    return value
