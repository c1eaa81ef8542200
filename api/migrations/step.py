"""What a migration is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True)
class Step:
    """How an index of the version before becomes one of this version."""

    version: int
    replays: bool
    """Whether what follows from the logs is made anew from them afterwards."""
    alter: Callable[[Connection], None] = lambda _connection: None
    """Changes the tables where they stand, by SQL that is frozen: api.tables goes on, a step does not.

    None are, if it is not given: a replay makes the others.
    """
