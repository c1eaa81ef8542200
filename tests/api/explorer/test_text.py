"""How single values are written: as the libraries that everybody uses would."""

from __future__ import annotations

from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import example, given

from api.explorer import text
from api.types import NEVER


@given(st.integers(0, NEVER))
@example(0)
def test_a_time_is_written_to_the_second(time: int) -> None:
    assert text.iso(time) == datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
