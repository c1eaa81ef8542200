"""What a database refused, said so that the reader knows what to do."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError

from api import postgres
from api.errors import StoreError


def refused(name: str, error: Exception, code: str, todo: Mapping[str, str]) -> StoreError:
    """Return the error that is told of a refusal.

    Args:
        name: What the database is called.
        error: What was raised. Nothing was written.
        code: Which attribute of the driver's own errors has a code of what is wrong.
        todo: What to do, by the beginning of that code.

    """
    found = getattr(error.orig if isinstance(error, DBAPIError) else error, code, None) or ""
    advice = next((each for begins, each in todo.items() if found.startswith(begins)), "mend that, and start it again")
    return StoreError(f"{name} refused, nothing was written: {postgres.said(error)}: {advice}")
