"""Errors of vega.events: one root, three parts (what, where, fix), stable codes.

EventError
├── EventDefinitionError    VG301  an event class that cannot work
├── EventTypeError          VG302  an object that is not an event, or not an event class
├── HandlerError            VG303  a handler that cannot receive the event
├── SubscriptionError       VG304  contradictory options of a subscription
├── MiddlewareError         VG305  a middleware of a wrong shape, or a broken chain
├── EventDataError          VG306  an event that cannot be written to data, or read from it
├── UpcastError             VG307  an old version of an event without an upcaster
├── BackoffError            VG308  a delay out of range
├── DrainError              VG309  publishes that did not end in time, or a wait of a handler for its own end
└── InvalidInstantError     VG310  an instant outside the range of a UUID of version 7
EventHandlerErrors                 the errors of all failed handlers of an event

Annotations are evaluated when a class is made, since `typing.get_type_hints` would look for names in the facade, the
`__module__` of the errors.
"""

from typing import ClassVar


class EventError(Exception):
    """The root of the errors of vega-events.

    `__module__` of every error class is the public module `vega.events`.

    Args:
        what: the mistake, in one line.
        where: the class, handler or call at fault; may be empty.
        fix: the remedy; may be empty.
    """

    code: ClassVar[str] = "VG300"

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what, where, fix)
        self.what: str = what
        self.where: str = where
        self.fix: str = fix

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            cls.__module__ = EventError.__module__

    def __str__(self) -> str:
        lines = [f"[{self.code}] {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


EventError.__module__ = "vega.events"


class EventDefinitionError(EventError):
    """The definition of an event class cannot work."""

    code = "VG301"


class EventTypeError(EventError):
    """The published object is not an event, or a subscription names no event class."""

    code = "VG302"


class HandlerError(EventError):
    """A handler cannot receive the event: not callable, or of a wrong shape."""

    code = "VG303"


class SubscriptionError(EventError):
    """The options of a subscription contradict one another or an earlier subscription."""

    code = "VG304"


class MiddlewareError(EventError):
    """A middleware has a wrong shape, forgot `call_next`, or called twice."""

    code = "VG305"


class EventDataError(EventError):
    """An event has no plain form, or plain data does not describe an event."""

    code = "VG306"


class UpcastError(EventError):
    """Data of another version cannot be brought to the version of the class."""

    code = "VG307"


class BackoffError(EventError):
    """A backoff value is out of range or not a number."""

    code = "VG308"


class DrainError(EventError):
    """Publishes did not end in time, or a handler called `drain` and would wait for its own end."""

    code = "VG309"


class InvalidInstantError(EventError):
    """An instant is outside the range of a UUID of version 7, or not an integer."""

    code = "VG310"
