"""The interpreter, set up for programs that make very many objects, of which none hang on each other in a circle."""

from __future__ import annotations

import gc
import sys

GARBAGE = 500_000
"""Objects more than before after which an indexer looks for cycles: a run makes many, and all of them live."""


def set_up_for_indexing() -> None:
    """Let threads take turns five times a millisecond, and look for garbage seldom.

    Else who writes waits for who fetches each time that the database is done, and one eighth of all time goes into
    looking through rows.
    """
    sys.setswitchinterval(0.0002)
    collect_seldom(GARBAGE)


def collect_seldom(objects: int) -> None:
    """Keep what is there now for good, and look for cycles only after so many objects more than before."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(objects, 20, 20)
