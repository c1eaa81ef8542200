"""The interpreter, set up for a program that does nothing but index."""

from __future__ import annotations

import gc
import sys

GARBAGE = 500_000
"""Objects more than before after which cycles are looked for: a run makes many, all alive, and nothing makes cycles."""


def set_up() -> None:
    """Let threads take turns five times a millisecond, and look for garbage seldom.

    Else who writes waits for who fetches each time that the database is done, and one eighth of all time goes into
    looking through rows.
    """
    sys.setswitchinterval(0.0002)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)
