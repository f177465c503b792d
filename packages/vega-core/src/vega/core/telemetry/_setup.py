"""Default logging of an application, the same in every process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, TextIO, final

from ._logs import JsonFormatter, LogContextFilter

_FORMAT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


def configure_logging(settings: object = None, *, fields: Callable[[], Mapping[str, object]] | None = None) -> bool:
    """Write all records to standard error, unless the root logger has a handler already.

    Records are text in development and a line of JSON in production, with time, level, logger, message, and the fields
    of `log_context`. `create_app`, the worker and the relay call this function; scripts may.

    Args:
        settings: an object whose `profile` selects the format and whose `log_level` is the lowest level written;
            defaults: `development` and `INFO`.
        fields: returns further fields, such as the id of the request; called for each record.

    Returns:
        Whether Vega configured logging: False if the project did.
    """
    root = logging.getLogger()
    handler = next((h for h in root.handlers if isinstance(h, _Handler)), None)
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
    """Formats a record as text, followed by its `request_id` if present."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of logging
        """Return the line of a record, without its traceback."""
        text, identity = super().formatMessage(record), getattr(record, "request_id", "")
        return f"{text} [{identity}]" if identity else text


@final
class _Handler(logging.StreamHandler[TextIO]):
    """The handler that Vega adds to the root logger."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Callable[[], Mapping[str, object]] = dict
        self.addFilter(LogContextFilter())

    def emit(self, record: logging.LogRecord) -> None:
        for name, value in self.fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        super().emit(record)
