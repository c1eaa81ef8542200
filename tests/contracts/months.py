"""Months as Python's own calendar knows them."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int) -> datetime:
    """Return unix seconds as a date and time."""
    return EPOCH + timedelta(seconds=time)


def seconds(when: datetime) -> int:
    """Return a date and time in unix seconds."""
    return int((when - EPOCH) // timedelta(seconds=1))


def at(year: int, month: int, day: int, *time: int) -> int:
    """Return a moment (hour, minute and second, as far as they are not 0) in unix seconds."""
    return seconds(datetime(year, month, day, *time, tzinfo=UTC))


def add_months(first: int, months: int) -> int:
    """Return when a moment comes round for the nth time: on its day, or on the last one of a shorter month."""
    when = moment(first)
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    return seconds(when.replace(year=year, month=month + 1, day=min(when.day, monthrange(year, month + 1)[1])))


def months_since(first: int, time: int) -> int:
    """Return how often a moment has come round since, counted one by one from a year before the answer."""
    months = max(0, (moment(time).year - moment(first).year - 1) * 12)
    while add_months(first, months + 1) <= time:
        months += 1
    return months
