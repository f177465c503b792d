"""Injection of event handlers, the link between vega.events and vega.di."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import Parameter, isawaitable, signature
from types import FunctionType
from typing import Any, final

from vega.di import Container
from vega.events import Event

from .._errors import ComponentError
from ..introspection import line_of

_GATHERING = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@final
class Invoker:
    """Runs event handlers, with parameters after the event injected by a container.

    The signature of a handler is read once, at the first event.

    Args:
        container: provides the parameters after the event, from the ambient scope or from a scope opened for the
            handler.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._bound: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {}  # handlers need not be hashable

    def check(self, handlers: Iterable[Callable[..., Any]]) -> None:
        """Prove that the container provides the parameters of handlers.

        Raises:
            ExceptionGroup: a ComponentError for each handler with a parameter without a provider.
        """
        wrong = [error for handler in dict.fromkeys(handlers) if (error := self._lack(handler)) is not None]
        if wrong:
            raise ExceptionGroup(f"{len(wrong)} event handlers cannot be called", wrong)

    def _lack(self, handler: Callable[..., Any]) -> ComponentError | None:
        """Return the error of a handler with parameters that event, default and container leave without a value."""
        event, *needed = _needed(handler)
        if not needed:
            return None
        injected = self._container.injected(handler, given=[event])
        missing = [name for name in needed if name not in injected]
        if not missing:
            return None
        return ComponentError(
            f"nothing provides {', '.join(missing)} of the event handler {getattr(handler, '__qualname__', handler)}",
            line_of(handler),
            "register it, or give the parameter a default",
        )

    async def __call__(self, handler: Callable[..., Any], event: Event) -> None:
        """Run a handler with an event."""
        entry = self._bound.get(id(handler))
        if entry is None:  # storing the handler as well keeps its id unique
            entry = self._bound[id(handler)] = handler, self._container.bind(handler)
        result = entry[1](event)
        if isawaitable(result):
            await result


def _needed(handler: Callable[..., Any]) -> list[str]:
    """Return the name of the event and of each further parameter without a default; only the first if unknown."""
    if isinstance(handler, FunctionType) and not hasattr(handler, "__wrapped__"):  # the fast path for most handlers
        code = handler.__code__
        positional = code.co_varnames[: code.co_argcount - len(handler.__defaults__ or ())]
        by_name = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        further = [name for name in by_name if name not in (handler.__kwdefaults__ or ())]
        return [code.co_varnames[0] if code.co_argcount else "event", *positional[1:], *further]
    try:
        event, *others = signature(handler).parameters.values()
    except ValueError:  # implemented in C, or takes *events
        return ["event"]
    return [event.name, *(p.name for p in others if p.default is p.empty and p.kind not in _GATHERING)]
