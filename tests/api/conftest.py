from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.stores import Databases

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.close()
