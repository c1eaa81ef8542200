"""Write marks into the contracts' sources, so that they say at each branch which way they go.

A way is: each outcome of the condition of an `if`, `?:`, `require` or loop, also in assembly; of each operand of `&&`
and `||` in its place (what they make together needs no mark of its own: it goes both ways if its last operand does);
each clause of a `try`; and whether a function's modifiers let a call through or refuse it. Not ways are the checks that
the compiler adds (overflow, bounds, enums, what is decoded), `assert`, and conditions that are literals.

The marked sources are compiled like the others, optimizer and all. `pure` becomes `view`, for a mark is a call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.coverage.tree import CoverageError, bare, begin, end, guards, nodes, trees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.coverage.tree import Tree

WAYS = Path(__file__).with_name("Ways.sol")
MARK = WAYS.read_text().partition('("memory-safe") {')[2].partition("\n        }")[0]
IN_ASSEMBLY = f" function waysTake(holds, no) -> same {{ same := holds let spot := add(no, gt(holds, 0)) {MARK} }} "
"""`Ways.take`, for a block of assembly."""
CONDITIONAL = {"IfStatement", "WhileStatement", "DoWhileStatement", "ForStatement", "Conditional"}
LOGICAL = ("&&", "||")


@dataclass(frozen=True)
class Way:
    """One way of a branch: how often it was gone is how often `mark` was reached, less how often `but` was."""

    file: str
    line: int
    code: str
    which: str
    mark: int
    but: int | None = None

    def taken(self, marks: Mapping[int, int]) -> bool:
        """Whether some test went it."""
        return marks[self.mark] > (0 if self.but is None else marks[self.but])


def instrument(sources: dict[str, str]) -> tuple[dict[str, str], list[Way]]:
    """Return the sources with marks, and the ways in them."""
    marked, ways, free = {}, [], 0
    for file, tree in trees(sources).items():
        one = Source(file, sources[file].encode(), free)
        one.mark(tree)
        marked[file], free = plain(one.text()), one.free
        ways += [way for _, _, way in sorted(one.ways)]
    return marked, ways


def plain(source: str) -> str:
    """Let every function of a source call: also `pure` ones, that others in it or elsewhere stand in for."""
    return re.sub(r"\bpure\b", "view", source)


class Source:
    """One source, and what is written into it where."""

    def __init__(self, file: str, original: bytes, free: int) -> None:
        self.file = file
        self.original = original
        self.free = free
        self.ways: list[tuple[int, int, Way]] = []
        self.wrapped: set[str] = set()
        self.inserted: list[tuple[int, int, bytes]] = []

    def mark(self, tree: Tree) -> None:
        """Mark every branch."""
        for node in nodes(tree):
            kind = node["nodeType"]
            if kind in CONDITIONAL and node.get("condition"):
                self.conditions(node["condition"])
            elif kind == "BinaryOperation" and node["operator"] in LOGICAL:
                self.conditions(node)
            elif kind == "FunctionCall" and node["expression"].get("name") == "require":
                self.conditions(node["arguments"][0])
            elif kind == "TryStatement":
                self.clauses(node["clauses"])
            elif kind == "ContractDefinition" and any(map(guards, functions := all_functions(node))):
                where = self.original.index(b"{", begin(node)) + 1
                self.insert(where, " modifier waysReached(uint256 spot) { Ways.mark(spot); _; }")
                for function in functions:
                    self.guard(function)
            elif kind == "InlineAssembly":
                self.assembly(node["AST"])
        if self.ways:
            [pragma] = [node for node in tree["nodes"] if node["nodeType"] == "PragmaDirective"]
            self.insert(end(pragma), f' import {{Ways}} from "{"../" * (self.file.count("/") - 1) or "./"}Ways.sol";')

    def conditions(self, condition: Tree) -> None:
        """Mark the parts of a condition, from left to right, unless that is done."""
        inner = bare(condition)
        if inner["nodeType"] == "UnaryOperation" and bare(inner["subExpression"]).get("operator") in LOGICAL:
            self.conditions(inner["subExpression"])
        elif inner.get("operator") in LOGICAL:
            self.conditions(inner["leftExpression"])
            self.conditions(inner["rightExpression"])
        elif inner["nodeType"] != "Literal":
            self.wrap(inner, "Ways.take")

    def clauses(self, clauses: list[Tree]) -> None:
        """Mark which clause of a `try` comes."""
        for i, clause in enumerate(clauses):
            [mark] = self.take(1)
            self.insert(begin(clause["block"]) + 1, f" Ways.mark({mark});")
            self.way(clause, "failing" if i else "succeeding", mark)

    def guard(self, function: Tree) -> None:
        """Mark where a function is entered, before its modifiers, and where its body begins."""
        if modifiers := guards(function):
            reached, passed = self.take(2)
            self.insert(begin(modifiers[0]), f"waysReached({reached}) ")
            self.insert(begin(function["body"]) + 1, f" Ways.mark({passed});")
            self.way(modifiers[0], "letting through", passed)
            self.way(modifiers[0], "refusing", reached, passed)

    def assembly(self, block: Tree) -> None:
        """Mark the branches of a block of assembly."""
        found = [node for node in nodes(block) if node["nodeType"] in ("YulIf", "YulForLoop", "YulSwitch")]
        for node in found:
            if node["nodeType"] == "YulSwitch":
                raise CoverageError(f"{self.file}:{self.line(node)}: `switch` in assembly is not known here.")
            if node["condition"]["nodeType"] != "YulLiteral":
                self.wrap(node["condition"], "waysTake")
        if found:
            self.insert(begin(block) + 1, IN_ASSEMBLY)

    def wrap(self, expression: Tree, function: str) -> None:
        """Put a call around an expression that hands it on."""
        if expression["src"] in self.wrapped:
            return
        self.wrapped.add(expression["src"])
        no, yes = self.take(2)
        self.insert(begin(expression), f"{function}(")
        self.insert(end(expression), f", {no})", closes=True)
        self.way(expression, "false", no)
        self.way(expression, "true", yes)

    def take(self, count: int) -> range:
        """Return the next free numbers of marks."""
        self.free += count
        return range(self.free - count, self.free)

    def insert(self, where: int, text: str, *, closes: bool = False) -> None:
        """Write into the source. At one place what closes comes first, the innermost before all."""
        self.inserted.append((where, -len(self.inserted) if closes else len(self.inserted) + 1, text.encode()))

    def way(self, node: Tree, which: str, mark: int, but: int | None = None) -> None:
        """Note a way."""
        code = " ".join(self.original[begin(node) : end(node)].decode().split())
        short = code if len(code) <= 70 else code[:69] + "…"
        self.ways.append((begin(node), mark, Way(self.file, self.line(node), short, which, mark, but)))

    def line(self, node: Tree) -> int:
        """Return the line on which something stands."""
        return self.original.count(b"\n", 0, begin(node)) + 1

    def text(self) -> str:
        """Return the source with all that is written into it."""
        parts, last = [], 0
        for where, _, text in sorted(self.inserted):
            parts += [self.original[last:where], text]
            last = where
        return b"".join([*parts, self.original[last:]]).decode()


def all_functions(contract: Tree) -> list[Tree]:
    """Return the functions that stand in a contract."""
    return [node for node in contract["nodes"] if node["nodeType"] == "FunctionDefinition"]
