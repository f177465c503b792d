"""How the errors of handlers reach the publisher: all of them, in one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .._event.event import Event


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFailure:
    """One handler that failed for one event, after its retries.

    Args:
        event: the event.
        handler: `module:qualname` of the handler.
        attempts: how often it was called, 1 or more; 0 when its `when` failed.
        error: what it raised last.
    """

    event: Event
    handler: str
    attempts: int
    error: Exception

    def __str__(self) -> str:
        times = f" (attempt {self.attempts})" if self.attempts > 1 else ""
        return f"{self.handler}: {type(self.error).__name__}: {self.error}{times}"


class EventHandlerErrors(ExceptionGroup[Exception]):
    """Every error of the handlers of one publish, raised after all handlers ran.

    `except*` takes it apart by type; `failures` says which handler each error came from.
    """

    failures: tuple[HandlerFailure, ...] = ()

    @classmethod
    def of(cls, failures: Sequence[HandlerFailure]) -> EventHandlerErrors:
        """Return the group for one or more failures."""
        names = ", ".join(dict.fromkeys(failure.event.event_name for failure in failures))
        count = f"{len(failures)} handler{'s' if len(failures) > 1 else ''}"
        listed = "".join(f"\n  {failure}" for failure in failures)
        group = cls(f"{count} of {names} failed:{listed}", [failure.error for failure in failures])
        group.failures = tuple(failures)
        return group

    def derive(self, excs: Sequence[Exception], /) -> EventHandlerErrors:  # type: ignore[override]  # typeshed lets a derived group hold other exceptions
        """Return the same group with some of the errors only; `split` and `except*` call it."""
        kept = {id(error) for error in excs}
        group = EventHandlerErrors(self.message, excs)
        group.failures = tuple(failure for failure in self.failures if id(failure.error) in kept)
        return group


EventHandlerErrors.__module__ = "vega.events"
