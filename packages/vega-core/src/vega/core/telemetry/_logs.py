"""Context fields on log records, and a JSON formatter."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, final

from ._tracing import current_ids

_fields: ContextVar[dict[str, object]] = ContextVar("vega_log_fields")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def log_context(**fields: object) -> Generator[None]:
    """Add fields to all log records inside the block, also in tasks started there.

    Records receive the fields through a handler or logger with `LogContextFilter`.

    Args:
        fields: plain data, such as `request_id`; inner blocks add to outer blocks. Do not pass secrets.

    >>> with log_context(request_id="42"):
    ...     logging.getLogger("shop").info("checked out")
    """
    token = _fields.set({**_fields.get({}), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


@final
class LogContextFilter(logging.Filter):
    """Adds the fields of `log_context` to each record, and `trace_id` and `span_id` inside a span.

    Existing attributes of a record are kept. Add the filter to handlers, so that the records of every logger pass it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields; let every record through."""
        fields = dict(_fields.get({}))
        ids = current_ids()
        if ids is not None:
            fields["trace_id"], fields["span_id"] = ids
        for name, value in fields.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


@final
class JsonFormatter(logging.Formatter):
    """Formats a record as a line of JSON: `time` (RFC 3339, UTC), `level`, `logger`, `message`, its fields, `error`.

    Fields come from `extra=` and `LogContextFilter`; values that JSON lacks are written as text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN and name not in line}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line, default=str, ensure_ascii=False)
