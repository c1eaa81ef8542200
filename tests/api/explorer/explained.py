"""Looks at how a database answers each statement that it is asked, while it is asked.

The plan of a statement may not look through a big table. What stands in the plan is what the database means to do; so
what it did is counted too: SQLite's steps, PostgreSQL's rows.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql
from sqlalchemy import Engine, event

from api.explorer.content import ContentFolder
from api.explorer.database import Database, prepared
from api.explorer.queries import Queries
from tests.api.explorer.large import BIG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watch(ABC):
    """Explains each statement."""

    def __init__(self, where: Path | str, folder: Path) -> None:
        self.where, self.folder = where, folder
        self.database = Database(where)
        self.plans: list[tuple[str, Any]] = []
        event.listen(self.database._door.engine, "before_cursor_execute", self._asked)

    @property
    def queries(self) -> Queries:
        """Return what asks, with nothing in its memory."""
        return Queries(self.database, ContentFolder(self.folder / "content"))

    def begin(self) -> None:
        """Forget what was asked before."""
        self.plans.clear()

    def check(self, what: str = "", *, noted: bool = False, exports: bool = False) -> None:
        """See that nothing that was asked since then scans.

        `noted`: of what may be answered from the index's notes alone; `exports`: of what is read whole, in parts.
        """
        assert self.plans or noted or exports, what
        for statement, plan in self.plans:
            assert not self.scans(statement, plan), f"{what}: {statement}\n{self.told(plan)}"
        if not exports:
            self.check_work(what)

    @abstractmethod
    def scans(self, statement: str, plan: Any) -> bool:
        """Return whether a plan looks through a big table."""

    def told(self, plan: Any) -> str:
        """Return a plan as it is read."""
        return "\n".join(map(str, plan))

    @abstractmethod
    def check_work(self, what: str) -> None:
        """See that little was done."""

    @abstractmethod
    def check_sorts(self, what: str) -> None:
        """See that nothing much was sorted or grouped."""

    @abstractmethod
    def explain(self, connection: Any, statement: str, parameters: Any) -> Any:
        """Return a statement's plan."""

    @contextmanager
    def every_engine(self) -> Iterator[None]:
        """Look at what any engine is asked: an application has its own."""
        event.listen(Engine, "before_cursor_execute", self._asked)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._asked)

    @contextmanager
    def at_the_driver(self) -> Iterator[None]:
        """Look also at what is put to the driver itself."""
        ask = prepared.ask

        def explained(connection: Any, statement: str, values: Any = ()) -> Any:
            self._look(connection.connection.driver_connection, statement, values)
            return ask(connection, statement, values)

        prepared.ask = explained
        yield
        prepared.ask = ask

    def _asked(self, _c: Any, cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        self._look(cursor.connection, statement, parameters)

    def _look(self, connection: Any, statement: str, parameters: Any) -> None:
        if statement.startswith("SELECT"):
            self.plans.append((statement, self.explain(connection, statement, parameters)))


class SqliteWatch(Watch):
    """By SQLite's own plan, and the steps that its machine takes."""

    MAX_STEPS = 1_000_000
    """Looking through 10,000 rows, the most for any page. A scan of all contributions takes millions."""

    def __init__(self, where: Path | str, folder: Path) -> None:
        super().__init__(where, folder)
        self.steps = 0
        event.listen(self.database._door.engine, "connect", self._count)

    def _count(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(self._step, 100)

    def _step(self) -> int:
        self.steps += 100
        return 0

    def begin(self) -> None:
        super().begin()
        self.steps = 0

    def explain(self, connection: Any, statement: str, parameters: Any) -> list[str]:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    def scans(self, statement: str, plan: list[str]) -> bool:
        # Along the order that is wanted, up to the page's limit, or to that of what is sifted.
        fine = ") AS near" in statement or ("LIMIT" in statement and not any("TEMP B-TREE" in step for step in plan))
        looked_through = any(step.startswith("SCAN ") and step.split()[1] in BIG for step in plan)
        return (looked_through and not fine) or any("AUTOMATIC" in step for step in plan)

    def check_work(self, what: str) -> None:
        assert self.steps < self.MAX_STEPS, (what, self.steps)

    SORTED = (
        # A page sifts 10,000 rows at most, in the order in which they come.
        ") AS near",
        # The gifts of one batch, by their place.
        "batches_by_gateway (gateway=? AND pool=?",
        # What follows from a donor's newest 5,000 gifts.
        "contributions.log >= ",
        # What was changed of the standing orders on a page.
        "pledge_changes.pledge IN (",
    )
    """What is sorted or grouped by other means than an index, and why it is never much."""

    def check_sorts(self, what: str) -> None:
        for statement, plan in self.plans:
            sorts = [step for step in plan if "TEMP B-TREE" in step and "LAST" not in step]
            met = {word for step in plan for word in step.split()} & set(BIG)
            bounded = any(text in statement or text in " ".join(plan) for text in self.SORTED)
            assert not sorts or not met or bounded, (what, statement, plan)


class PostgresWatch(Watch):
    """By PostgreSQL's own plan, as it is in the end for a statement that is asked again and again; and its rows."""

    MAX_ROWS = 25_000
    """A page sifts 10,000 gifts, and looks a few of them up."""

    MAX_THROWN = 1_000
    """Of what an index led to. More, and it was the wrong one: the order's, say, and not that of what is asked for."""

    ASKED = 6
    """A statement's plan is made for its values five times. Then one for any values is taken, if it seems as good."""

    PARAMETER = re.compile(r"%\((\w+)\)s|%(%)")

    def __init__(self, where: Path | str, folder: Path) -> None:
        super().__init__(where, folder)
        self.rows = 0

    def begin(self) -> None:
        super().begin()
        self.rows = 0

    def explain(self, connection: Any, statement: str, parameters: Any) -> list[dict[str, Any]]:
        names: list[str] = []

        def numbered(found: re.Match[str]) -> str:
            if found[2]:
                return "%"
            if found[1] not in names:
                names.append(found[1])
            return f"${names.index(found[1]) + 1}"

        asked = f"PREPARE explained AS {self.PARAMETER.sub(numbered, statement)}"
        values = ", ".join(sql.Literal(parameters[name]).as_string(connection) for name in names)
        run = f"EXECUTE explained{f'({values})' * bool(names)}"
        with connection.cursor() as cursor:
            cursor.execute(asked.encode())
            for _ in range(self.ASKED - 1):
                cursor.execute(f"EXPLAIN {run}".encode())
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {run}".encode())
            [[[found]]] = cursor.fetchall()
            cursor.execute("DEALLOCATE explained")
        nodes = list(_nodes(found["Plan"]))
        self.rows += sum(
            node["Actual Rows"] * node["Actual Loops"] + _thrown(node) for node in nodes if "Relation Name" in node
        )
        return nodes

    def scans(self, statement: str, plan: list[dict[str, Any]]) -> bool:  # noqa: ARG002
        big = [node for node in plan if node.get("Relation Name") in BIG]
        return any(node["Node Type"] == "Seq Scan" or _thrown(node) > self.MAX_THROWN for node in big)

    def told(self, plan: list[dict[str, Any]]) -> str:
        wanted = ("Node Type", "Relation Name", "Index Name", "Index Cond", "Actual Rows", "Actual Loops")
        return super().told([*(node.get(key, "") for key in wanted), _thrown(node)] for node in plan)

    def check_work(self, what: str) -> None:
        assert self.rows < self.MAX_ROWS, (what, self.rows)

    def check_sorts(self, what: str) -> None:
        """What is sorted was read before: `check_work` counted it."""


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan's steps, each without those below it."""
    yield {key: value for key, value in plan.items() if key != "Plans"}
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _thrown(node: dict[str, Any]) -> float:
    """Return how many rows a step read and threw away."""
    return float(sum(value for key, value in node.items() if key.startswith("Rows Removed by")) * node["Actual Loops"])
