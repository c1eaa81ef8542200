"""The contracts' sources, and the syntax trees that the compiler makes of them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from scripts.analyse import ROOT, standard_input

if TYPE_CHECKING:
    from collections.abc import Iterator

Tree = dict[str, Any]


class CoverageError(Exception):
    """A source that the compiler or the tool here does not take, or a machine that cannot run it."""


def contracts() -> dict[str, str]:
    """Return the sources of all contracts but the mocks, by path."""
    sources: dict[str, dict[str, str]] = json.loads(standard_input())["sources"]
    return {file: source["content"] for file, source in sources.items()}


def trees(sources: dict[str, str]) -> dict[str, Tree]:
    """Return the tree of each source."""
    asked = json.loads(standard_input())
    asked["sources"] = {file: {"content": source} for file, source in sources.items()}
    asked["settings"]["outputSelection"] = {"*": {"": ["ast"]}}
    solc = next((ROOT / ".moa" / "solcx").glob("solc-v*"))
    command = [str(solc), "--standard-json"]
    run = subprocess.run(command, input=json.dumps(asked), cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    if bad := [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]:
        raise CoverageError("\n".join(bad))
    return {file: answer["sources"][file]["ast"] for file in sources}


def nodes(tree: Any) -> Iterator[Tree]:
    """Yield all nodes of a tree, each before what is in it."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for item in tree.values():
            yield from nodes(item)


def bare(expression: Tree) -> Tree:
    """Return an expression without the parentheses around it."""
    while expression["nodeType"] == "TupleExpression":
        [expression] = expression["components"]
    return expression


def guards(function: Tree) -> list[Tree]:
    """Return a function's modifiers, if it has a body."""
    return [m for m in function["modifiers"] if m["kind"] == "modifierInvocation"] if function.get("body") else []


def begin(node: Tree) -> int:
    """Return where something begins, in bytes."""
    return int(node["src"].split(":")[0])


def end(node: Tree) -> int:
    """Return where something ends."""
    start, length, _ = node["src"].split(":")
    return int(start) + int(length)
