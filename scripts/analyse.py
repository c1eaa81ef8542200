"""Run Slither over the contracts, compiled as they are deployed; high and medium findings fail.

Slither is handed the compiler's standard input, because the solc of the set-up speaks nothing else. It reads the
source, so that no code is made for it: `make compile` sees whether the compiler can.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
IGNORED = "node_modules|contracts/mocks"


def standard_input() -> str:
    """Return the compiler's input for all contracts but the mocks, with the settings of brownie-config.yaml."""
    compiler = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    paths = [path for path in sorted((ROOT / "contracts").rglob("*.sol")) if "mocks" not in path.parts]
    return json.dumps(
        {
            "language": "Solidity",
            "sources": {str(path.relative_to(ROOT)): {"content": path.read_text()} for path in paths},
            "settings": {
                "evmVersion": compiler["evm_version"],
                "viaIR": compiler["solc"]["viaIR"],
                "optimizer": compiler["solc"]["optimizer"],
            },
        }
    )


def main() -> None:
    """Run it."""
    target = ROOT / ".moa" / "slither" / "contracts.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(standard_input())
    solc = target.parent / "solc"
    solc.write_text(f'#!/bin/sh\nexec "{next((ROOT / ".moa" / "solcx").glob("solc-v*"))}" "$@" --no-code\n')
    solc.chmod(0o755)
    command = [
        sys.executable,
        "-m",
        "slither",
        str(target),
        "--compile-force-framework",
        "Solc-json",
        "--solc",
        str(solc),
    ]
    flags = ["--filter-paths", IGNORED, "--exclude-informational", "--exclude-optimization", "--exclude-low"]
    sys.exit(subprocess.run([*command, *flags, "--fail-medium"], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
