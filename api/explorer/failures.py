"""What an answer can be instead of a shape. The routes turn each into its status."""

from __future__ import annotations


class NotFoundError(Exception):
    """Nothing stands under what was looked for: 404."""

    def __init__(self, looked_for: str) -> None:
        super().__init__(looked_for)
        self.looked_for = looked_for


class BadParameterError(Exception):
    """A parameter that cannot be meant: 422."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnavailableError(Exception):
    """The index cannot be read now: 503. It may be asked again after `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class BuildingError(UnavailableError):
    """The index is being built: all earlier blocks are read for the first time."""

    def __init__(self, block: int | None, head: int | None) -> None:
        known = block is not None and head is not None
        super().__init__(
            f"the index is being built: {f'block {block} of {head}' if known else 'it has just begun'}", 10
        )
        so_far = f"It has read {block:,} of {head:,} blocks so far. " if known else ""
        self.words = (
            f"This website is reading the whole record for the first time. {so_far}"
            "It will show every gift when it is done"
        )


class BusyError(UnavailableError):
    """As many exports run as may at once: 503, and when to come again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"other exports are running, try again in {seconds} seconds", seconds)


class RewoundError(Exception):
    """The chain no longer has the block that was asked for: 409. What was read up to it no longer counts."""
