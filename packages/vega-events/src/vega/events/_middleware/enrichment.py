"""Adds to the metadata of events before the handlers run."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, final

from .._errors import HandlerError
from .._event.event import Event
from .._handlers.subscription import check_event_type
from .chain import CallNext, EventContext

E = TypeVar("E", bound=Event)


@final
class EnrichmentEventMiddleware:
    """Runs enrichers: functions that call `event.add_metadata`."""

    def __init__(self) -> None:
        self._enrichers: list[tuple[type[Event], Callable[[Any], Awaitable[None] | None]]] = []

    def add_enricher(self, enricher: Callable[[E], Awaitable[None] | None], event_type: type[E] | None = None) -> None:
        """Enrich the events of a type, subclasses included.

        Args:
            enricher: a function of the event, async or not.
            event_type: the class of events; None for every event.

        Raises:
            EventTypeError: `event_type` is not an event class.
            HandlerError: the enricher cannot be called.
        """
        kind = Event if event_type is None else event_type
        check_event_type(kind)
        if not callable(enricher):
            raise HandlerError(f"{enricher!r} cannot be called", "add_enricher", "give a function of the event")
        self._enrichers.append((kind, enricher))

    async def __call__(self, context: EventContext, call_next: CallNext) -> None:
        """Run the enrichers in order, then pass the event on."""
        for event_type, enricher in self._enrichers:
            if isinstance(context.event, event_type):
                result = enricher(context.event)
                if inspect.isawaitable(result):
                    await result
        await call_next(context)
