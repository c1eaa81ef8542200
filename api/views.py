"""The views of Moa's contracts, by their ABI files: what a call's data is, and what its answer says. Pure.

Only such views as Moa asks: they take numbers and addresses, and answer with a value, a struct of values of a fixed
size, or a list of such structs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sha3 import keccak_256

from api.events import ABI, WORD, Reader, reader

Fields: TypeAlias = tuple[tuple[str, Reader], ...]


@dataclass(frozen=True)
class View:
    """One view of one contract."""

    contract: str
    name: str
    selector: bytes
    takes: int
    fields: Fields  # of the struct, or the one value
    struct: bool
    many: bool

    def call(self, *values: int | bytes) -> bytes:
        """Return a call's data.

        Raises:
            ValueError: It takes more or fewer values.

        """
        if len(values) != self.takes:
            raise ValueError(f"{self.contract}.{self.name} takes {self.takes} values, not {len(values)}")
        words = (v.rjust(WORD, b"\0") if isinstance(v, bytes) else v.to_bytes(WORD, "big") for v in values)
        return self.selector + b"".join(words)

    def read(self, answer: bytes) -> Any:
        """Return what an answer says: a value, a struct as a dictionary, or a list of such.

        Raises:
            ValueError: It is not such an answer.

        """
        size = WORD * len(self.fields)
        if not self.many:
            self._check(answer, size)
            found = self._struct(answer, 0)
            return found if self.struct else found[self.fields[0][0]]
        count = int.from_bytes(answer[WORD : 2 * WORD], "big")
        self._check(answer, 2 * WORD + count * size)
        return [self._struct(answer, 2 * WORD + i * size) for i in range(count)]

    def _check(self, answer: bytes, size: int) -> None:
        if len(answer) != size:
            raise ValueError(f"{self.contract}.{self.name} answered with {len(answer)} bytes in place of {size}")

    def _struct(self, answer: bytes, at: int) -> dict[str, Any]:
        return {name: read(answer, at + WORD * i) for i, (name, read) in enumerate(self.fields)}


@cache
def view(contract: str, name: str) -> View:
    """Return a contract's view.

    Raises:
        KeyError: It has none of this name.

    """
    for entry in json.loads((ABI / f"{contract}.json").read_text()):
        if entry["type"] == "function" and entry["name"] == name:
            kinds = [given["type"] for given in entry["inputs"]]
            [output] = entry["outputs"]
            parts = output.get("components", [output])
            return View(
                contract=contract,
                name=name,
                selector=keccak_256(f"{name}({','.join(kinds)})".encode()).digest()[:4],
                takes=len(kinds),
                fields=tuple((part["name"], reader(part["type"])) for part in parts),
                struct="components" in output,
                many=output["type"].endswith("[]"),
            )
    raise KeyError(f"{contract} has no view {name}")
