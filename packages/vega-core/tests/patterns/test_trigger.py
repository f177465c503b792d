"""Events that a use case publishes once it has succeeded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from vega.events import Event, EventBus, get_event_bus, set_event_bus
from vega.patterns import (
    Interactor,
    TriggerError,
    trigger,
)


async def run(use_case: Any) -> Any:
    return await use_case


@dataclass(frozen=True)
class Placed(Event):
    order_id: int
    name: str
    note: str = "none"


@pytest.fixture
def published() -> Iterator[list[Any]]:
    before, bus, seen = get_event_bus(), EventBus(), []
    bus.subscribe(Placed, lambda event: seen.append((event.order_id, event.name, event.note)))
    set_event_bus(bus)
    yield seen
    set_event_bus(before)


@dataclass
class Order:
    id: int
    name: str = "lamp"


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Order(7), (7, "lamp", "none")),
        ({"order_id": 7, "name": "lamp", "note": "gift"}, (7, "lamp", "gift")),
        ({"order_id": 7}, (7, "from the use case", "none")),
        (Placed(8, "made by hand", "as it is"), (8, "made by hand", "as it is")),
    ],
)
def test_an_event_is_filled_from_what_the_use_case_gives(
    published: list[Any], result: Any, told: tuple[Any, ...]
) -> None:
    @trigger(Placed)
    @dataclass(frozen=True)
    class Place(Interactor[Any]):
        name: str = "from the use case"

        async def call(self) -> Any:
            return result

    assert asyncio.run(run(Place())) is result
    assert published == [told]


def test_an_event_is_filled_from_the_input(published: list[Any]) -> None:
    @trigger(Placed)
    class Place(Interactor[int]):
        class Input(BaseModel):
            order_id: int
            name: str

        async def call(self) -> int:
            return 1

    asyncio.run(run(Place(order_id=3, name="pen")))

    assert published == [(3, "pen", "none")]


def test_a_failed_use_case_publishes_nothing(published: list[Any]) -> None:
    @trigger(Placed)
    class Place(Interactor[Order]):
        async def call(self) -> Order:
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(run(Place()))
    assert published == []


@pytest.mark.parametrize("event", [Order, "Placed", Placed(1, "x")])
def test_only_a_class_of_events_is_triggered(event: Any) -> None:
    with pytest.raises(TriggerError, match="is not an event class"):
        trigger(event)
