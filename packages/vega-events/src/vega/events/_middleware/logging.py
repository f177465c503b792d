"""Logs published events, with durations and failures."""

from __future__ import annotations

import logging
import time
from typing import final

from .chain import CallNext, EventContext


@final
class LoggingEventMiddleware:
    """Logs every event after its handlers, with the result; never fields, since these may be personal.

    Args:
        logger: the destination; None for the logger `vega.events`.
        level: the level of handled events; failed events are logged as errors.
    """

    def __init__(self, logger: logging.Logger | None = None, level: int = logging.INFO) -> None:
        self._logger, self._level = logger or logging.getLogger("vega.events"), level

    async def __call__(self, context: EventContext, call_next: CallNext) -> None:
        """Pass the event on, and log the result."""
        event, started = context.event, time.perf_counter()
        try:
            await call_next(context)
        except Exception as error:
            spent = (time.perf_counter() - started) * 1000
            kind = type(error).__name__
            self._logger.error("%s %s failed after %.1f ms: %s", event.event_name, event.event_id, spent, kind)  # noqa: TRY400 - the publisher gets the error with its traceback
            raise
        if self._logger.isEnabledFor(self._level):
            spent = (time.perf_counter() - started) * 1000
            self._logger.log(self._level, "%s %s handled in %.1f ms", event.event_name, event.event_id, spent)
