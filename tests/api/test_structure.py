"""The import rules of the design (section 5): who may know whom."""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for top in ("api", "scripts") for path in (ROOT / top).rglob("*.py"))
NODE_LIBRARIES = ("requests", "urllib3", "web3", "httpx", "aiohttp", "websockets")


def imports(module: str) -> set[str]:
    """Return the dotted names that a module imports, inside functions as well."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def reaches(module: str, *names: str) -> bool:
    return any(found == name or found.startswith(f"{name}.") for found in imports(module) for name in names)


def in_package(package: str) -> list[str]:
    return [module for module in MODULES if module.startswith(package)]


@pytest.mark.parametrize("module", in_package("api/"))
def test_the_api_never_imports_scripts_brownie_or_keys(module: str) -> None:
    assert not reaches(module, "scripts", "brownie", "eth_account", "eth_keys", "coincurve")


@pytest.mark.parametrize("module", in_package("api/explorer/"))
def test_the_reading_wing_does_not_know_the_writing_wing(module: str) -> None:
    assert not reaches(module, "api.indexer", "api.migrations")


@pytest.mark.parametrize("module", in_package("api/indexer/"))
def test_the_writing_wing_does_not_know_the_reading_wing(module: str) -> None:
    assert not reaches(module, "api.explorer")


@pytest.mark.parametrize("module", [m for m in in_package("api/") if not m.startswith("api/indexer/chain/")])
def test_only_chain_talks_to_a_node(module: str) -> None:
    assert not reaches(module, *NODE_LIBRARIES)


@pytest.mark.parametrize("module", [m for m in in_package("api/") if not m.startswith("api/indexer/store/")])
def test_only_store_writes(module: str) -> None:
    assert not reaches(module, "sqlalchemy.insert", "sqlalchemy.update", "sqlalchemy.delete")


@pytest.mark.parametrize("module", in_package("api/migrations/"))
def test_a_migration_is_frozen_and_does_not_go_on_with_the_program(module: str) -> None:
    own = {name for name in imports(module) if name.split(".")[0] == "api"}
    assert all(name.split(".")[:2] == ["api", "migrations"] for name in own), own


@pytest.mark.parametrize("module", ["api/events.py", "api/tree.py", "api/indexer/decode.py", "api/indexer/project.py"])
def test_decoding_and_projecting_are_pure(module: str) -> None:
    assert not reaches(module, "sqlalchemy", "requests", "time", "api.indexer.store", "api.indexer.sync")


def test_only_sync_and_the_command_see_both_sides() -> None:
    both = [m for m in in_package("api/") if reaches(m, "api.indexer.chain") and reaches(m, "api.indexer.store")]
    assert both == ["api/__main__.py", "api/indexer/sync.py"]


def test_every_test_that_the_page_of_trust_names_is_there() -> None:
    have = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(test_[a-z_*]+)`", (ROOT / "docs" / "trust.md").read_text()))
    assert len(named) > 20
    assert not [name for name in named if not fnmatch.filter(have, name)]


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_small(module: str) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= 300
