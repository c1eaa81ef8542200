"""What a process is told from outside: environment variables, and the file that the deployment wrote."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
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
class Rate:
    """How many requests one client may send: in a second, in the long run, and at once."""

    each_second: float
    burst: int


@dataclass(frozen=True)
class Settings:
    """All settings, each from the environment variable in its comment."""

    rpc: str  # MOA_RPC: the node's JSON-RPC address, or several with commas between: the first that answers is asked
    public_rpc: str  # MOA_PUBLIC_RPC: the node as a donor's browser reaches it; default: MOA_RPC
    deployment: Path  # MOA_DEPLOYMENT: the deployment file
    database: Path | str = field(repr=False)  # MOA_DATABASE: an SQLite file, or a PostgreSQL database's address
    content: Path  # MOA_CONTENT: the folder of texts and evidence, each named by its SHA-256
    host: str  # MOA_HOST
    port: int  # MOA_PORT
    witness: str = ""  # MOA_WITNESS: a second node, of somebody else at best, that must tell the same blocks
    socket: str = ""  # MOA_SOCKET: the node's WebSocket; default: where MOA_RPC is; "none": the head is polled
    confirmations: str = ""  # MOA_CONFIRMATIONS: blocks above a final one, or "never"; default: as the engine's are
    iati: Path | None = None  # MOA_IATI: the operator's file of currencies and identifiers for IATI
    exports: int = 2  # MOA_EXPORTS: how many exports run at once; what is above is told to come again
    reconcile_seconds: int = 60  # MOA_RECONCILE_SECONDS: between two comparisons with the contracts; 0: never
    metrics: bool = True  # MOA_METRICS: whether the explorer answers /metrics: on or off
    metrics_port: int = 0  # MOA_METRICS_PORT: where the indexer answers /metrics, at MOA_HOST; 0: nowhere
    rate: Rate | None = (
        None  # MOA_RATE: what one address may ask for, "20/s burst 100" or "60/m burst 30"; default: off
    )
    proxies: int = 0  # MOA_PROXIES: how many proxies of our own stand before the explorer and say who asks
    streams_each: int = 64  # MOA_STREAMS_EACH: how many /live one address may have open; 0: no limit
    exports_each: int = 2  # MOA_EXPORTS_EACH: how many exports one address may have open; 0: no limit
    request_log: bool = False  # MOA_REQUEST_LOG: whether the explorer tells of each request: on or off

    @staticmethod
    def from_environment() -> Settings:
        """Read the settings.

        Raises:
            SettingsError: One is not usable.

        """
        rpc = os.environ.get("MOA_RPC", "http://127.0.0.1:8545")
        for name, addresses in (("MOA_RPC", rpc), ("MOA_WITNESS", os.environ.get("MOA_WITNESS", ""))):
            if not all(each.startswith(("http://", "https://")) for each in _several(addresses)):
                raise SettingsError(f"{name} is {addresses!r}: each address must start with http:// or https://")
        if not _several(rpc):
            raise SettingsError("MOA_RPC is empty: it must be the address of a node, such as http://127.0.0.1:8545")
        confirmations = os.environ.get("MOA_CONFIRMATIONS", "")
        if confirmations not in ("", "never") and not (confirmations.isascii() and confirmations.isdigit()):
            raise SettingsError(
                f"MOA_CONFIRMATIONS is {confirmations!r}: it must be a number of blocks, or never, or be left out"
            )
        return Settings(
            rpc=rpc,
            public_rpc=os.environ.get("MOA_PUBLIC_RPC", _several(rpc)[0]),
            deployment=Path(os.environ.get("MOA_DEPLOYMENT", "scripts/deployments/1337.json")),
            database=_database(os.environ.get("MOA_DATABASE", ".moa/index.db")),
            content=Path(os.environ.get("MOA_CONTENT", ".moa/content")),
            host=os.environ.get("MOA_HOST", "127.0.0.1"),
            port=_number("MOA_PORT", 8000, 1, 2**16 - 1, "a port from 1 to 65535"),
            witness=os.environ.get("MOA_WITNESS", ""),
            socket=os.environ.get("MOA_SOCKET", ""),
            confirmations=confirmations,
            iati=Path(os.environ["MOA_IATI"]) if os.environ.get("MOA_IATI") else None,
            exports=_number("MOA_EXPORTS", 2, 0, 100, "a number from 0 to 100"),
            reconcile_seconds=_number("MOA_RECONCILE_SECONDS", 60, 0, 10**6, "a number of seconds; 0: never"),
            metrics=_switch("MOA_METRICS", usual=True),
            metrics_port=_number("MOA_METRICS_PORT", 0, 0, 2**16 - 1, "a port from 1 to 65535, or 0: none"),
            rate=_rate(os.environ.get("MOA_RATE", "off")),
            proxies=_number("MOA_PROXIES", 0, 0, 10, "how many proxies of your own stand before the explorer, 0 to 10"),
            streams_each=_number("MOA_STREAMS_EACH", 64, 0, 10**6, "a number of streams; 0: no limit"),
            exports_each=_number("MOA_EXPORTS_EACH", 2, 0, 100, "a number of exports; 0: no limit"),
            request_log=_switch("MOA_REQUEST_LOG", usual=False),
        )

    @property
    def nodes(self) -> list[str]:
        """Return the nodes' addresses."""
        return _several(self.rpc)

    @property
    def witnesses(self) -> list[str]:
        """Return the second nodes' addresses, none where there is none."""
        return _several(self.witness)

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


def _number(name: str, usual: int, least: int, most: int, what: str) -> int:
    text = os.environ.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} is {text!r}: it must be {what}")
    return int(text)


def _rate(text: str) -> Rate | None:
    if text in ("", "off"):
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,5})/([sm]) burst ([1-9][0-9]{0,5})", text)
    if found is None:
        raise SettingsError(f"MOA_RATE is {text!r}: it must be off, or like 20/s burst 100, or like 60/m burst 30")
    return Rate(int(found[1]) / (1 if found[2] == "s" else 60), int(found[3]))


def _switch(name: str, *, usual: bool) -> bool:
    text = os.environ.get(name, "on" if usual else "off")
    if text not in ("on", "off"):
        raise SettingsError(f"{name} is {text!r}: it must be on or off")
    return text == "on"


def _several(addresses: str) -> list[str]:
    return [each.strip() for each in addresses.split(",") if each.strip()]


def _database(text: str) -> Path | str:
    if text.startswith(("postgresql://", "postgres://")):
        from api import postgres  # whoever has a file needs no driver

        postgres.read_url(text)
        return text
    if "://" in text:
        raise SettingsError("MOA_DATABASE must be a file's path, or begin with postgresql://")
    return Path(text)


def _unhex(text: str, length: int) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != length:
        raise ValueError(f"{text!r} is not {length} bytes")
    return value
