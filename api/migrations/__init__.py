"""From the schema of an earlier version to today's, one numbered module for each version that changed it.

What an index holds follows from the raw logs in it. So a step alters the few tables that cannot be made again without a
node (meta, blocks, logs, tokens), and leaves all others to be made anew from the logs, if it says so. A step that can
alter them cheaply where they stand does that instead. The indexer takes the steps, in one transaction, when it opens an
index (api.indexer.store.schema); the explorer never does.
"""

from __future__ import annotations

from api.migrations import version_3, version_4, version_5
from api.migrations.step import Step

STEPS: tuple[Step, ...] = (version_3.STEP, version_4.STEP, version_5.STEP)
"""In the order of their versions."""

OLDEST = STEPS[0].version - 1
"""The first version that can be migrated. Those before it were of contracts with other events."""


def pending(version: int) -> list[Step]:
    """Return the steps that lead from a version to today's."""
    return [step for step in STEPS if step.version > version]
