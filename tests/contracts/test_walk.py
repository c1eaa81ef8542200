"""Walk at random over everything that can be done. `MOA_LONG=1` walks each machine 2,000 times 50 steps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import LONG, MUST_SEE, MUST_SEE_IN_TIME, Walk
from machine_books import MUST_SEE as BOOKS_MUST_SEE
from machine_books import MUST_SEE_IN_TIME as BOOKS_IN_TIME
from machine_books import BooksWalk

if TYPE_CHECKING:
    from world import World

WALKS = {
    Walk: {"ganache": (100, 2), "anvil": (2_000, 32)},
    BooksWalk: {"ganache": (100, 2), "anvil": (2_000, 64)},
}
"""How many walks on each node: in the long run, and every day. Ganache is slow; the model is the same."""
STEPS = 50
SIGHTS = {Walk: (MUST_SEE, MUST_SEE_IN_TIME), BooksWalk: (BOOKS_MUST_SEE, BOOKS_IN_TIME)}
"""What must happen on the way: every day, and on a long walk."""


@pytest.mark.timeout(6 * 3600 if LONG else 900)
@pytest.mark.parametrize("machine", [Walk, BooksWalk])
def test_the_contracts_do_what_the_model_says(anywhere: World, machine: type[Walk]) -> None:
    """Every step of every walk: the outcome, the storage, the events, the money; at the end, nobody is stuck."""
    machine.w, machine.seen = anywhere, Counter()
    node = "anvil" if type(anywhere.node).__name__ == "Anvil" else "ganache"
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=WALKS[machine][node][0 if LONG else 1],
            stateful_step_count=STEPS,
            derandomize=not LONG,
            database=None,
            deadline=None,
            verbosity=Verbosity.normal,
            print_blob=True,
            suppress_health_check=HealthCheck.all(),
        ),
    )
    if node == "anvil":  # a hundred walks do not meet everything
        must_see, in_time = SIGHTS[machine]
        missing = must_see.union(in_time if LONG else ()) - set(machine.seen)
        assert not missing, machine.seen
