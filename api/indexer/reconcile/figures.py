"""What is compared: figures about pools, rounds, vouchers and sponsorships, as each source says them. Pure."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

from api.reconciled import Difference, SourceValue, Subject

Value: TypeAlias = int | bool | bytes | None
"""A number; whether something is so; an address; None: the source knows nothing of it."""


class About(NamedTuple):
    """What a figure is about. `number`: of the milestone or the sponsorship within its pool."""

    kind: Subject
    pool: int = 0
    number: int = 0


LEDGER = About("ledger")

Said: TypeAlias = dict[str, dict[str, Value]]
"""What one source says about one thing: by the figure's name, by the name of where exactly it was read."""


class Source(Protocol):
    """One of the three that are compared: the contracts, the events, the index."""

    def abouts(self) -> set[About]:
        """Return all that it knows of."""

    def says(self, about: About) -> Said:
        """Return its figures about something; of what it does not know, as if it were empty."""


class Compared(NamedTuple):
    """What a comparison found."""

    figures: int
    differences: list[Difference]


def compare(*sources: Source) -> Compared:
    """Compare all that any of the sources knows of."""
    count, differences = 0, []
    for about in sorted({about for source in sources for about in source.abouts()}):
        figures: Said = {}
        for source in sources:
            for what, values in source.says(about).items():
                figures.setdefault(what, {}).update(values)
        count += len(figures)
        differences += [
            difference(about, what, values) for what, values in figures.items() if len(set(values.values())) > 1
        ]
    return Compared(count, differences)


def difference(about: About, what: str, values: dict[str, Value]) -> Difference:
    """Return a difference as it is noted."""
    numbered = about.kind in ("round", "vouchers")
    return {
        "about": about.kind,
        "pool": about.pool or None,
        "milestone": about.number if numbered else None,
        "sponsorship": about.number if about.kind == "sponsorship" else None,
        "token": None,
        "what": what,
        "values": [_value(source, value) for source, value in values.items()],
    }


def _value(source: str, value: Value) -> SourceValue:
    if value is None:
        return {"source": source, "value": "nothing"}
    if isinstance(value, bytes):
        return {"source": source, "value": "0x" + value.hex()}
    return {"source": source, "value": ("yes" if value else "no") if isinstance(value, bool) else str(value)}
