"""Version 4: rows say how much there was up to them, so that no page counts batches or adds up objections."""

from __future__ import annotations

from api.migrations.step import Step

STEP = Step(version=4, replays=True)
