"""Captures: the events published while a test records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, final, overload

from .._event.event import Event

E = TypeVar("E", bound=Event)

_MISSING = object()


@final
class CapturedEvents(Sequence[Event]):
    """The events at the end of the middleware of a bus, in the order of publishing; see `EventBus.capture`."""

    def __init__(self, *, deliver: bool) -> None:
        self._events: list[Event] = []
        self.deliver = deliver

    def add(self, event: Event) -> None:
        """Append an event; called by the bus."""
        self._events.append(event)

    @overload
    def __getitem__(self, index: int, /) -> Event: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice, /) -> Event | Sequence[Event]:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __repr__(self) -> str:
        return f"CapturedEvents({self._events!r})"

    def of(self, event_type: type[E]) -> list[E]:
        """Return the events of a type, subclasses included."""
        return [event for event in self._events if isinstance(event, event_type)]

    def assert_published(self, event_type: type[E], times: int | None = None, **fields: Any) -> E:
        """Return the first event of a type with some field values.

        Args:
            event_type: the class; subclasses count.
            times: the required number of such events; None requires at least one.
            fields: values by field name, compared with `==`.

        Raises:
            AssertionError: the number differs.
        """
        found = self._matching(event_type, fields)
        if not found or (times is not None and len(found) != times):
            raise AssertionError(
                f"expected {'at least 1' if times is None else times} x {_shown(event_type, fields)}, "
                f"saw {len(found)}; published: {self._events!r}"
            )
        return found[0]

    def assert_not_published(self, event_type: type[Event] = Event, **fields: Any) -> None:
        """Check that no event of a type (by default: of any type) with some field values was published.

        Raises:
            AssertionError: an event matches.
        """
        found = self._matching(event_type, fields)
        if found:
            raise AssertionError(f"expected no {_shown(event_type, fields)}, saw {found!r}")

    def _matching(self, event_type: type[E], fields: dict[str, Any]) -> list[E]:
        return [
            event
            for event in self.of(event_type)
            if all(getattr(event, name, _MISSING) == value for name, value in fields.items())
        ]


def _shown(event_type: type[Event], fields: dict[str, Any]) -> str:
    return f"{event_type.__name__}({', '.join(f'{name}={value!r}' for name, value in fields.items())})"
