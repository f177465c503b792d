"""The methods of an object marked by `@event_handler`."""

from __future__ import annotations

import inspect
from typing import cast

from .._errors import HandlerError
from .._names import name_of
from .catalogue import marks_of
from .subscription import Subscription


def marked_methods(handlers: object) -> list[Subscription]:
    """Return a subscription for every mark, in the order of definition in the class and the bases.

    Raises:
        HandlerError: the object is a class, or no method is marked.
    """
    if isinstance(handlers, type):
        raise HandlerError(
            f"{handlers.__name__} is a class, its methods have no object yet",
            name_of(handlers),
            f"register an object: bus.register({handlers.__name__}(...))",
        )
    cls = type(handlers)
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    found = [
        Subscription.of(mark.event_type, getattr(handlers, name), mark.options)
        for name in names
        for mark in marks_of(_plain(inspect.getattr_static(cls, name)))
    ]
    if not found:
        raise HandlerError(
            f"no method of {cls.__name__} is marked", name_of(cls), "mark one with @event_handler(SomeEvent)"
        )
    return found


def _plain(attribute: object) -> object:
    if isinstance(attribute, staticmethod | classmethod):
        return cast("staticmethod[..., object]", attribute).__func__
    return attribute
