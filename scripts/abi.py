"""Write the contracts' ABIs, as compiled by Brownie, to api/abi: the seam to all that reads the contracts."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.layout import CONTRACTS

ROOT = Path(__file__).resolve().parent.parent


def compiled(name: str) -> str:
    """Return a contract's ABI as the text of its file in api/abi."""
    artifact = json.loads((ROOT / "build" / "contracts" / f"{name}.json").read_text())
    entries = sorted(artifact["abi"], key=lambda e: (e["type"], e.get("name", ""), json.dumps(e["inputs"])))
    return json.dumps(entries, indent=1) + "\n"


def main() -> None:
    """Write them all."""
    for name in CONTRACTS:
        (ROOT / "api" / "abi" / f"{name}.json").write_text(compiled(name))


if __name__ == "__main__":
    main()
