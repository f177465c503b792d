"""Tells the log what is published, how long it took, and what failed."""

from __future__ import annotations

import logging
import time
from typing import final

from .chain import CallNext, EventContext


@final
class LoggingEventMiddleware:
    """Logs each event when it was handled, or failed; never its fields, which may be personal.

    Args:
        logger: where to; the logger `vega.events` when None.
        level: of events that were handled; failed ones are logged as errors.
    """

    def __init__(self, logger: logging.Logger | None = None, level: int = logging.INFO) -> None:
        self._logger, self._level = logger or logging.getLogger("vega.events"), level

    async def __call__(self, context: EventContext, call_next: CallNext) -> None:
        """Let the event through, and log how it went."""
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
