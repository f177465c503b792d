"""Gives a handler what it asks for beside the event: the seam between vega.events and vega.di."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any, final

from vega.di import Container
from vega.events import Event


@final
class Invoker:
    """Runs event handlers with their further parameters supplied by a container.

    Each handler's signature is read once, at its first event.

    Args:
        container: provides the parameters after the event; they come from the ambient scope, or from
            one that is opened for the handler alone.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._bound: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {}  # handlers need not be hashable

    async def __call__(self, handler: Callable[..., Any], event: Event) -> None:
        """Run one handler with an event."""
        known = self._bound.get(id(handler))
        if known is None:  # the handler is kept with it, so that its id stays its own
            known = self._bound[id(handler)] = handler, self._container.bind(handler)
        result = known[1](event)
        if isawaitable(result):
            await result
