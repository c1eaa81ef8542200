"""Write docs/performance.md's tables, and docs/scale.svg, from what the last runs found.

`python -m tests.bench.report`; with `--print` it only prints the tables. Each stands between `<!-- bench:NAME -->` and
`<!-- /bench -->`; the words around them are written by hand.
"""

from __future__ import annotations

import re
import shutil
import sys

from tests.bench.results import FOLDER, load
from tests.ledger import ROOT

PAGE = ROOT / "docs" / "performance.md"
_PLACE = re.compile(r"(<!-- bench:([a-z]+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def filled(page: str, tables: dict[str, str]) -> str:
    """Return the page with the tables of which there are new ones."""

    def table(found: re.Match[str]) -> str:
        begins, name, ends = found.groups()
        return f"{begins}\n{tables[name]}\n\n{ends}" if name in tables else found[0]

    return _PLACE.sub(table, page)


def main() -> None:
    """Fill the page, or print the tables."""
    results = [load(path) for path in sorted(FOLDER.glob("*.json"))]
    if "--print" in sys.argv:
        for result in results:
            print(f"## {result.title}\n\n{result.markdown()}\n")
        return
    plot = FOLDER / "scale.svg"
    if plot.exists():
        shutil.copy(plot, PAGE.parent)
    PAGE.write_text(filled(PAGE.read_text(), {result.name: result.markdown() for result in results}))
    print(f"{PAGE.relative_to(ROOT)}: {', '.join(result.name for result in results) or 'nothing was measured yet'}")


if __name__ == "__main__":
    main()
