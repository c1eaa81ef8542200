"""A contribution as the index has it."""

from __future__ import annotations

from typing import NamedTuple


class Gift(NamedTuple):
    """A row of the contributions, its columns in their order; see api.tables.money."""

    pool: int
    start: int
    amount: int
    number: int
    donor: bytes
    paid_at: int
    log: int
    position: int
    via: int
