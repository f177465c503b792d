"""Checks events before the handlers run."""

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
class ValidationEventMiddleware:
    """Runs validators; an error of a validator is raised by `publish` unchanged, and no handler runs."""

    def __init__(self) -> None:
        self._validators: list[tuple[type[Event], Callable[[Any], Awaitable[None] | None]]] = []

    def add_validator(self, event_type: type[E], validator: Callable[[E], Awaitable[None] | None]) -> None:
        """Check the events of a type, subclasses included.

        Args:
            event_type: the class of events.
            validator: a function of the event, async or not; raises, preferably ValueError, to refuse the event.

        Raises:
            EventTypeError: `event_type` is not an event class.
            HandlerError: the validator cannot be called.
        """
        check_event_type(event_type)
        if not callable(validator):
            raise HandlerError(f"{validator!r} cannot be called", "add_validator", "give a function of the event")
        self._validators.append((event_type, validator))

    async def __call__(self, context: EventContext, call_next: CallNext) -> None:
        """Run the validators in order, then pass the event on."""
        for event_type, validator in self._validators:
            if isinstance(context.event, event_type):
                result = validator(context.event)
                if inspect.isawaitable(result):
                    await result
        await call_next(context)
