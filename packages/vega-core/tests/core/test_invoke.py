"""Handlers are proved to have the parameters that the container provides."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pytest

from vega.core import ComponentError
from vega.core._application.invoke import Invoker
from vega.di import Container
from vega.events import Event, event_handler


class Clock: ...


class Calendar: ...


@dataclass(frozen=True)
class Struck(Event):
    hour: int


class Tower:
    @event_handler(Struck)
    async def ring(self, event: Struck, calendar: Calendar) -> None: ...


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


FINE: list[Any] = [
    lambda event: None,
    lambda *events: None,
    lambda event, hour=5: None,
    lambda event, *, hour=5: None,
    lambda event, *rest, **more: None,
    functools.partial(lambda event, hour: None, hour=5),
    decorated(lambda event: None),
    print,
]


def needs_both(event: Struck, clock: Clock, *, calendar: Calendar) -> None: ...


def needs_one(event: Struck, clock: Clock, calendar: Calendar) -> None: ...


@pytest.mark.parametrize("handler", FINE)
def test_a_handler_that_needs_nothing_more_is_sound(handler: Any) -> None:
    Invoker(Container({Clock: Clock})).check([handler])


@pytest.mark.parametrize(
    ("handler", "missing"),
    [
        (needs_one, "calendar"),
        (needs_both, "calendar"),
        (decorated(needs_one), "calendar"),
        (Tower().ring, "calendar"),
        (functools.partial(needs_one), "calendar"),
    ],
)
def test_what_nothing_provides_is_named_with_the_place(handler: Any, missing: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        Invoker(Container({Clock: Clock})).check([handler, handler])

    (error,) = caught.value.exceptions
    assert f"nothing provides {missing} of" in str(error)


def test_the_place_is_the_handler_s_own_line() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        Invoker(Container({})).check([needs_both])

    (error,) = caught.value.exceptions
    assert isinstance(error, ComponentError)
    assert error.where == f"{__file__}:{needs_both.__code__.co_firstlineno}"
    assert "clock, calendar" in error.what
