"""Compile what a broken line changes, and nothing else: compiling all would take most of a mutant's time.

Brownie's build of the whole project lies in the folder; the contracts that import the broken file, through however
many others, get their new code there. Brownie itself is not asked, and not started.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = re.compile(r'^import .*?"(\.[^"]+)";', re.MULTILINE | re.DOTALL)


def affected(folder: Path, file: str) -> list[Path]:
    """Return the contracts that can be deployed and whose code holds this file's, as paths under contracts/."""
    root = folder / "contracts"
    sources = {path.resolve(): path.read_text() for path in root.rglob("*.sol")}
    imports = {
        path: {(path.parent / name).resolve() for name in IMPORTS.findall(text)} for path, text in sources.items()
    }
    found, before = {(root / file).resolve()}, 0
    while before != len(found):
        before = len(found)
        found |= {path for path, names in imports.items() if names & found}
    names = [path.relative_to(root.resolve()) for path in sorted(found)]
    return [name for name in names if (folder / "build" / "contracts" / f"{name.stem}.json").exists()]


def rebuild(folder: Path, file: str) -> str:
    """Put the code of what holds this file into the build, and return the compiler's first error, or nothing."""
    contracts = affected(folder, file)
    compiler = yaml.safe_load((folder / "brownie-config.yaml").read_text())["compiler"]
    code = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    asked = {
        "language": "Solidity",
        "sources": {f"contracts/{name}": {"content": (folder / "contracts" / name).read_text()} for name in contracts},
        "settings": {
            "evmVersion": compiler["evm_version"],
            "viaIR": compiler["solc"]["viaIR"],
            "optimizer": compiler["solc"]["optimizer"],
            "outputSelection": {f"contracts/{name}": {"*": code} for name in contracts},
        },
    }
    [solc] = (folder / ".moa" / "solcx").glob("solc-v*")
    run = subprocess.run(
        [solc, "--standard-json"], cwd=folder, input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(run.stdout)
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        return str(errors[0])
    for name in contracts:
        path = folder / "build" / "contracts" / f"{name.stem}.json"
        built = json.loads(path.read_text())
        evm = answer["contracts"][f"contracts/{name}"][name.stem]["evm"]
        built["bytecode"], built["deployedBytecode"] = evm["bytecode"]["object"], evm["deployedBytecode"]["object"]
        path.write_text(json.dumps(built))
    return ""
