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
    """The index cannot be read now: 503."""


class BusyError(UnavailableError):
    """As many exports run as may at once: 503, and when to come again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"other exports are running, try again in {seconds} seconds")
        self.seconds = seconds


class RewoundError(Exception):
    """The chain no longer has the block that was asked for: 409. What was read up to it no longer counts."""
