"""The one way to say that a call must be refused."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from world import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reverts(name: str, *args: Any) -> Iterator[None]:
    """Pass if the block ends in exactly this custom error with exactly these values."""
    with pytest.raises(RefusedError) as refusal:
        yield
    assert (refusal.value.name, refusal.value.values) == (name, args)
