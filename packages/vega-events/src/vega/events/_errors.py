"""What can go wrong in vega.events: one root, three parts (what, where, fix), a stable code.

EventError
├── EventDefinitionError    VG301  an event class that cannot work
├── EventTypeError          VG302  something that is not an event, or no event class
├── HandlerError            VG303  a handler that cannot receive the event
├── SubscriptionError       VG304  options of a subscription that contradict each other
├── MiddlewareError         VG305  a middleware without the right shape, or one that breaks the chain
├── EventDataError          VG306  an event that cannot be written to data, or read from it
├── UpcastError             VG307  an old version of an event that nothing brings up to date
├── BackoffError            VG308  a delay that is out of range
├── DrainError              VG309  publishes that did not end in time, or would wait for themselves
└── InvalidInstantError     VG310  an instant that a UUID of version 7 cannot hold
EventHandlerErrors                 the group of the errors of all handlers that failed for one event

Annotations here are evaluated when the class is made, so that `typing.get_type_hints` works although `__module__` names
the facade.
"""

from typing import ClassVar


class EventError(Exception):
    """The root of the errors of vega-events.

    `__module__` of each error class is where it is public: `vega.events`, not `vega.events._errors`.

    Args:
        what: what is wrong, in one line.
        where: the class, handler or call it was found in; empty when there is none.
        fix: what to do about it; empty when nothing certain can be said.
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
    """An event class cannot work as it is written."""

    code = "VG301"


class EventTypeError(EventError):
    """Something that is not an event was published, or a subscription names no event class."""

    code = "VG302"


class HandlerError(EventError):
    """A handler cannot receive the event: not callable, or of a wrong shape."""

    code = "VG303"


class SubscriptionError(EventError):
    """The options of a subscription contradict each other, or an earlier subscription."""

    code = "VG304"


class MiddlewareError(EventError):
    """A middleware has a wrong shape, forgot `call_next`, or called it twice."""

    code = "VG305"


class EventDataError(EventError):
    """An event cannot be written to plain data, or plain data is no such event."""

    code = "VG306"


class UpcastError(EventError):
    """Data of another version cannot be brought to the version of the class."""

    code = "VG307"


class BackoffError(EventError):
    """A backoff value is out of range or not a number."""

    code = "VG308"


class DrainError(EventError):
    """Publishes did not end in time, or `drain` was called by a handler, which would wait for itself."""

    code = "VG309"


class InvalidInstantError(EventError):
    """An instant is before 1970 or after the last one that a UUID of version 7 holds, or not an integer."""

    code = "VG310"
