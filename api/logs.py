"""What the programs say while they run: lines for people, or one JSON line an event.

MOA_LOG=json: every line goes to standard error as JSON, with `time`, `level`, `event`, `message` and the event's own
values. Else what goes well is said on standard output, and what does not on standard error. Neither names anybody: no
address of a reader, and nothing of a request but which route it took.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

import msgspec

from api.errors import SettingsError

_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "event", "color_message"}
"""What every record has: all else is the event's own."""


def set_up() -> None:
    """Send all that is logged where MOA_LOG says.

    Raises:
        SettingsError: It says nothing that can be done.

    """
    wanted = os.environ.get("MOA_LOG", "text")
    if wanted not in ("text", "json"):
        raise SettingsError(f"MOA_LOG is {wanted!r}: it must be text or json")
    errors: logging.Handler = logging.StreamHandler(sys.stderr)
    handlers = [errors]
    if wanted == "json":
        errors.setFormatter(JsonLines())
    else:
        lines = logging.StreamHandler(sys.stdout)
        lines.addFilter(lambda record: record.levelno < logging.WARNING)
        errors.setLevel(logging.WARNING)
        handlers.append(lines)
    logging.basicConfig(handlers=handlers, level=logging.WARNING, format="%(message)s", force=True)
    logging.getLogger("api").setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """Makes one line of JSON of each event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "message": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _USUAL},
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said, enc_hook=str).decode()
