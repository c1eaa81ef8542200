"""What the ledger does not know and IATI wants: the operator's file, in YAML.

currencies:                       # by the settlement token's address; ISO 4217
"0x…": USD
organisations:                    # by address: NGOs, and payees; as registered, see org-id.guide
"0x…": {ref: KE-NCB-12345, type: 22}
language: en                      # of titles and descriptions; ISO 639-1
country: KE                       # where the money is used; ISO 3166-1
sector: "11250"                   # OECD DAC's purpose code
pools:                            # where a pool differs
3: {country: UG, sector: "12240"}
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from api.errors import SettingsError

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_REF = re.compile(r"[^/&|?\s]{1,200}")
_CODES = {
    "language": re.compile(r"[a-z]{2}"),
    "country": re.compile(r"[A-Z]{2}"),
    "sector": re.compile(r"[0-9]{5}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "type": re.compile(r"[0-9]{2}"),
}
OTHER = "90"
"""IATI's type of an organisation of which nothing is said."""


@dataclass(frozen=True)
class Organisation:
    """An organisation's registered identifier and IATI's code for its type."""

    ref: str
    type: str = OTHER


@dataclass(frozen=True)
class Where:
    """Where and for what a pool's money is used; None: not said."""

    country: str | None = None
    sector: str | None = None


@dataclass(frozen=True)
class Given:
    """What the operator says. Addresses are 20 bytes."""

    currencies: dict[bytes, str] = field(default_factory=dict)
    organisations: dict[bytes, Organisation] = field(default_factory=dict)
    language: str = "en"
    everywhere: Where = Where()
    pools: dict[int, Where] = field(default_factory=dict)

    def where(self, pool: int) -> Where:
        """Return where and for what a pool's money is used."""
        own = self.pools.get(pool, Where())
        return Where(own.country or self.everywhere.country, own.sector or self.everywhere.sector)


def read(path: Path | None) -> Given:
    """Read the operator's file; nothing is given without one.

    Raises:
        SettingsError: It is not one; the message says where.

    """
    if path is None:
        return Given()
    try:
        found = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"MOA_IATI: {path} cannot be read: {' '.join(str(error).split())}") from error
    try:
        return _given(_mapping(found, "it"))
    except ValueError as error:
        raise SettingsError(f"MOA_IATI: {path}: {error}") from error


def _given(found: dict[Any, Any]) -> Given:
    _known(found, "it", {"currencies", "organisations", "language", "country", "sector", "pools"})
    pools = _mapping(found.get("pools", {}), "pools")
    for number in pools:
        if type(number) is not int or number < 1:
            raise ValueError(f"pools has {number!r}, which is not a pool's number")
    return Given(
        currencies={
            _address(token): _code(code, "currency", f"currencies {token}")
            for token, code in _mapping(found.get("currencies", {}), "currencies").items()
        },
        organisations={
            _address(account): _organisation(_mapping(said, str(account)), str(account))
            for account, said in _mapping(found.get("organisations", {}), "organisations").items()
        },
        language=_code(found.get("language", "en"), "language", "language"),
        everywhere=_where(found, "it"),
        pools={
            number: _where(_known(_mapping(said, f"pool {number}"), f"pool {number}", {"country", "sector"}), "pools")
            for number, said in pools.items()
        },
    )


def _organisation(said: dict[Any, Any], name: str) -> Organisation:
    _known(said, name, {"ref", "type"})
    ref = said.get("ref")
    if not isinstance(ref, str) or not _REF.fullmatch(ref):
        raise ValueError(f"the ref of {name} is {ref!r}, which is no identifier such as KE-NCB-12345")
    return Organisation(ref, _code(said.get("type", OTHER), "type", f"the type of {name}"))


def _where(said: dict[Any, Any], name: str) -> Where:
    codes = {key: _code(said[key], key, f"{key} of {name}") for key in ("country", "sector") if key in said}
    return Where(**codes)


def _code(said: object, kind: str, name: str) -> str:
    if not isinstance(said, str | int) or not _CODES[kind].fullmatch(str(said)):
        raise ValueError(f"{name} is {said!r}, which is not a {kind}'s code ({_CODES[kind].pattern})")
    return str(said)


def _address(said: object) -> bytes:
    if not isinstance(said, str) or not _ADDRESS.fullmatch(said):
        raise ValueError(f"{said!r} is not an address in quotes")
    return bytes.fromhex(said[2:])


def _mapping(said: object, name: str) -> dict[Any, Any]:
    if not isinstance(said, dict):
        raise ValueError(f"{name} has no names with values")
    return said


def _known(said: dict[Any, Any], name: str, keys: set[str]) -> dict[Any, Any]:
    if extra := sorted(map(str, said.keys() - keys)):
        raise ValueError(f"{name} has {', '.join(extra)}; known are {', '.join(sorted(keys))}")
    return said
