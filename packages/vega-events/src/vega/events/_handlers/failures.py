"""Errors of handlers, raised by `publish` as one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .._event.event import Event


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFailure:
    """The failure of a handler for an event, after all retries.

    Args:
        event: the event.
        handler: `module:qualname` of the handler.
        attempts: the number of calls, 1 or more; 0 when the condition `when` failed.
        error: the last error.
    """

    event: Event
    handler: str
    attempts: int
    error: Exception

    def __str__(self) -> str:
        times = f" (attempt {self.attempts})" if self.attempts > 1 else ""
        return f"{self.handler}: {type(self.error).__name__}: {self.error}{times}"


class EventHandlerErrors(ExceptionGroup[Exception]):
    """Every error of the handlers of a publish, raised after the last handler.

    `except*` splits the group by type; `failures` name the handler of every error.
    """

    failures: tuple[HandlerFailure, ...] = ()

    @classmethod
    def of(cls, failures: Sequence[HandlerFailure]) -> EventHandlerErrors:
        """Return the group of some failures."""
        names = ", ".join(dict.fromkeys(failure.event.event_name for failure in failures))
        count = f"{len(failures)} handler{'s' if len(failures) > 1 else ''}"
        listed = "".join(f"\n  {failure}" for failure in failures)
        group = cls(f"{count} of {names} failed:{listed}", [failure.error for failure in failures])
        group.failures = tuple(failures)
        return group

    def derive(self, excs: Sequence[Exception], /) -> EventHandlerErrors:  # type: ignore[override]  # typeshed lets a derived group hold other exceptions
        """Return a group of some of the errors, for `split` and `except*`."""
        kept = {id(error) for error in excs}
        group = EventHandlerErrors(self.message, excs)
        group.failures = tuple(failure for failure in self.failures if id(failure.error) in kept)
        return group


EventHandlerErrors.__module__ = "vega.events"
