"""The shape of a handler, checked once at the subscription."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, cast

from .._errors import HandlerError
from .._names import name_of, place_of
from .subscription import Handler

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check_handler(handler: object, *, method: bool = False) -> None:
    """Refuse an object that no bus can call as a handler.

    Args:
        handler: the object.
        method: whether `self` precedes the event.

    Raises:
        HandlerError: the object is not callable, a class, a weak reference or a generator, or takes no event.
    """
    if isinstance(handler, weakref.ReferenceType):
        raise HandlerError(
            "a weak reference is not a handler: the object may be dead when the event comes",
            repr(cast("object", handler)),
            "subscribe the method itself; the bus keeps its object alive until unsubscribe",
        )
    if not callable(handler):
        raise HandlerError(f"{handler!r} cannot be called", "subscribe", "give a function, method or callable object")
    if isinstance(handler, type):
        raise HandlerError(
            f"{handler.__name__} is a class; an event would only make an instance",
            name_of(handler),
            f"mark its methods with @event_handler and call bus.register({handler.__name__}(...))",
        )
    if _yields(handler):
        raise HandlerError("a generator would never run its body", place_of(handler), "use def or async def, no yield")
    if len(_parameters(handler)[0]) <= method and not _takes_any(handler):
        raise HandlerError("the handler takes no event", place_of(handler), "give it a parameter: (event)")


def check_supply(handler: Handler, *, injects: bool) -> None:
    """Refuse a handler with further required parameters on a bus without `invoke`.

    Raises:
        HandlerError: parameters without defaults would be left out.
    """
    if injects:
        return
    positional, further = _parameters(handler)
    missing = [*[p.name for p in positional[1:] if p.default is p.empty], *further]
    if missing:
        raise HandlerError(
            f"nothing supplies {', '.join(missing)}",
            place_of(handler),
            "use the bus of an application, EventBus(invoke=...), or give the parameters defaults",
        )


def is_async(function: object) -> bool:
    """Return whether a call returns a coroutine, also for partials, methods and callable objects."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - the method is wanted


def as_async(handler: Handler) -> Callable[[Any], Awaitable[object]]:
    """Return the handler as an async function; a plain one runs in the event loop's thread."""
    if is_async(handler):
        return handler  # type: ignore[return-value]  # checked by is_async

    async def call(event: Any) -> object:
        result = handler(event)
        return await result if inspect.isawaitable(result) else result

    return call


def _yields(handler: Any) -> bool:
    inner = getattr(handler, "__call__", handler)  # noqa: B004 - the method is wanted
    return any(inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f) for f in (handler, inner))


def _signature(handler: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(handler)
    except (ValueError, TypeError):  # some callables written in C have no signature
        return None


def _parameters(handler: Any) -> tuple[list[inspect.Parameter], list[str]]:
    """Return the positional parameters, and the names of required keyword-only parameters."""
    signature = _signature(handler)
    if signature is None:
        return [inspect.Parameter("event", inspect.Parameter.POSITIONAL_ONLY)] * 1, []
    values = signature.parameters.values()
    further = [p.name for p in values if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    return [p for p in values if p.kind in _POSITIONAL], further


def _takes_any(handler: Any) -> bool:
    signature = _signature(handler)
    return signature is None or any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
