"""Logging as an application configures it, unless the project has: one format in every process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, TextIO, final

from ._logs import JsonFormatter, LogContextFilter

_FORMAT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


def configure_logging(settings: object = None, *, fields: Callable[[], Mapping[str, object]] | None = None) -> bool:
    """Write all records to standard error, unless the root logger has a handler already.

    Text in development, a line of JSON each in production, with time, level, logger, message, and the fields of
    `log_context`. `create_app`, the worker and the relay call it; a script may.

    Args:
        settings: its `profile` decides the format, its `log_level` the lowest level that is written; `development`
            and `INFO` where it has none.
        fields: returns further fields of each record, such as the id of the request; asked for each record.

    Returns:
        Whether logging is configured by Vega: False where the project has done it.
    """
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, _Handler)), None)
    if handler is None:
        if root.handlers:
            return False
        handler = _Handler()
        root.addHandler(handler)
    is_production = getattr(settings, "profile", "development") == "production"
    handler.setFormatter(JsonFormatter() if is_production else TextFormatter(_FORMAT))
    if fields is not None:
        handler.fields = fields
    root.setLevel(str(getattr(settings, "log_level", "INFO")).upper())
    return True


@final
class TextFormatter(logging.Formatter):
    """Writes a record as text; `request_id` follows the message where the record has one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of logging
        """Return the line of the record, without its traceback."""
        text, identity = super().formatMessage(record), getattr(record, "request_id", "")
        return f"{text} [{identity}]" if identity else text


@final
class _Handler(logging.StreamHandler[TextIO]):
    """The handler that Vega puts on the root logger."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Callable[[], Mapping[str, object]] = dict
        self.addFilter(LogContextFilter())

    def emit(self, record: logging.LogRecord) -> None:
        for name, value in self.fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        super().emit(record)
