"""Version 5: the roots of the subtrees of batches' trees are kept, so that a proof hashes one subtree's leaves."""

from __future__ import annotations

from api.migrations.step import Step

STEP = Step(version=5, replays=True)
