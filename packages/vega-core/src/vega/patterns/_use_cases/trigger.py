"""`@trigger`: publish an event after a use case has succeeded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from vega.events import Event, get_event_bus

from .._errors import TriggerError
from .._unit_of_work.unit_of_work import current_unit
from .behaviours import CallNext
from .use_case import UseCase

C = TypeVar("C", bound=type[UseCase[Any]])
_ABSENT: Final = object()


def trigger(event: type[Event], *, build: Callable[[Any], Event | None] | None = None) -> Callable[[C], C]:
    """Publish an event, built from the result of a use case, after success.

    Inside a unit of work the event waits for the commit and is dropped on rollback. The event goes to the current bus.

    Args:
        event: the class of the event. Each field is filled from the first source that has a value: a key or attribute
            of the same name in the result; the result's `id`, for a field named after the result's class (`user_id`
            for a `User`); the input or attributes of the use case. Fields with a default may be missing. A result
            that is an instance of `event` is published unchanged.
        build: builds the event from the result instead; returns None to publish nothing.

    Raises:
        TriggerError: `event` is not an event class; at the run: a field has no value.

    >>> from dataclasses import dataclass
    >>> from vega.patterns import Interactor
    >>> @dataclass(frozen=True)
    ... class Greeted(Event):
    ...     name: str
    >>> @trigger(Greeted)
    ... @dataclass(frozen=True)
    ... class Greet(Interactor[str]):
    ...     name: str
    ...     async def call(self) -> str:
    ...         return f"Hello, {self.name}"
    """
    declared = cast("object", event)  # callers may not use a type checker
    if not (isinstance(declared, type) and issubclass(declared, Event)):
        raise TriggerError(f"{event!r} is not an event class", "@trigger", "write @trigger(UserCreated)")

    def decorate(use_case: C) -> C:
        use_case.behaviours = (*use_case.__dict__.get("behaviours", ()), TriggerBehaviour(event, build))
        return use_case

    return decorate


class TriggerBehaviour:
    """Publishes an event after a use case has succeeded; `@trigger` adds the behaviour to a class.

    Args:
        event: the class of the event.
        build: builds the event from the result; None fills the fields by name.
    """

    order = 700

    def __init__(self, event: type[Event], build: Callable[[Any], Event | None] | None = None) -> None:
        self.event: type[Event] = event
        self.build: Callable[[Any], Event | None] | None = build

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case and publish the event."""
        result = await call_next()
        event = self._event_of(use_case, result)
        if event is None:
            return result
        unit = current_unit()
        if unit is None:
            await get_event_bus().publish(event)
        else:
            unit.after_commit(lambda: get_event_bus().publish(event))
        return result

    def _event_of(self, use_case: UseCase[Any], result: Any) -> Event | None:
        if self.build is not None:
            return self.build(result)
        if isinstance(result, self.event):
            return result
        return self.event(**_values(self.event, use_case, result))


def _values(event: type[Event], use_case: UseCase[Any], result: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    missing: list[str] = []
    for field in dataclasses.fields(event):
        if not field.init:
            continue
        value = _find(field.name, use_case, result)
        if value is not _ABSENT:
            values[field.name] = value
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            missing.append(field.name)
    if missing:
        raise TriggerError(
            f"no value for {', '.join(missing)} of {event.__name__}",
            f"@trigger on {type(use_case).__qualname__}, whose result is a {type(result).__name__}",
            f"write @trigger({event.__name__}, build=lambda result: {event.__name__}(...))",
        )
    return values


def _is_id_of(field: str, kind: str) -> bool:
    """Return whether a field is named after a class, as `order_item_id` after `OrderItem`."""
    return field.endswith("_id") and field.removesuffix("_id").replace("_", "") == kind.replace("_", "").lower()


def _find(name: str, use_case: UseCase[Any], result: Any) -> Any:
    if isinstance(result, Mapping):
        mapping = cast("Mapping[object, Any]", result)
        if name in mapping:
            return mapping[name]
    else:
        value = getattr(result, name, _ABSENT)
        if value is not _ABSENT and not callable(value):
            return value
        if _is_id_of(name, type(result).__name__) and hasattr(result, "id"):
            return result.id
    for source in (getattr(use_case, "input", None), use_case):
        value = getattr(source, name, _ABSENT)
        if value is not _ABSENT and not callable(value):
            return value
    return _ABSENT
