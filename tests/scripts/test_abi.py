"""The seam between the contracts and all that reads them: api/abi is what was compiled."""

from __future__ import annotations

import pytest

from scripts import abi, layout


@pytest.mark.parametrize("name", layout.CONTRACTS)
def test_the_abi_files_are_those_of_the_contracts(name: str) -> None:
    written = (abi.ROOT / "api" / "abi" / f"{name}.json").read_text()
    assert written == abi.compiled(name), "run `make abi`"
