"""Behaviours and triggers: what reaches whom, and what is refused."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from vega.events import Event, EventBus, get_event_bus, set_event_bus
from vega.patterns import (
    AuthoriseBehaviour,
    Interactor,
    InvalidBehaviourError,
    InvalidUseCaseError,
    LogBehaviour,
    RetryBehaviour,
    TriggerError,
    ValidateBehaviour,
    get_behaviours,
    set_behaviours,
    trigger,
)
from vega.patterns._use_cases import behaviours as behaviours_module


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
    with pytest.raises(TriggerError, match="no class of events"):
        trigger(event)


def test_behaviours_for_the_process_hold_where_a_context_has_none_of_its_own() -> None:
    class Mine:
        async def __call__(self, use_case: Any, call_next: Any) -> Any:
            return await call_next()

    mine, own = Mine(), Mine()
    fresh = contextvars.Context()
    fresh.run(set_behaviours, [own])
    set_behaviours([mine], process=True)
    try:
        assert contextvars.Context().run(get_behaviours) == (mine,)
        assert fresh.run(get_behaviours) == (own,)
    finally:
        set_behaviours([], process=True)


class Unhashable:
    __hash__ = None  # type: ignore[assignment] # what is under test

    async def __call__(self, use_case: Any, call_next: Any) -> Any:
        return [await call_next()]


def test_a_behaviour_need_not_be_hashable() -> None:
    class Do(Interactor[Any]):
        behaviours: ClassVar[Any] = (Unhashable(),)

        async def call(self) -> int:
            return 1

    assert asyncio.run(run(Do())) == [1]


def test_the_number_of_chains_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviours_module, "_MOST_CHAINS", 2)
    monkeypatch.setattr(behaviours_module, "_chains", {})

    for number in range(5):

        class Do(Interactor[int]):
            behaviours: ClassVar[Any] = (LogBehaviour(),)
            answer = number

            async def call(self) -> int:
                return self.answer

        assert asyncio.run(run(Do())) == number

    assert len(behaviours_module._chains) <= 2


def test_a_behaviour_of_a_class_that_cannot_be_called_is_refused_at_the_run() -> None:
    class Do(Interactor[None]):
        behaviours: ClassVar[Any] = (LogBehaviour,)

        async def call(self) -> None: ...

    with pytest.raises(InvalidBehaviourError):
        asyncio.run(run(Do()))


def test_success_is_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    class Do(Interactor[int]):
        behaviours: ClassVar[Any] = (LogBehaviour(),)

        async def call(self) -> int:
            return 5

    with caplog.at_level("INFO", "vega.patterns"):
        assert asyncio.run(run(Do())) == 5

    assert [(record.levelname, vars(record)["use_case"]) for record in caplog.records] == [("INFO", Do.__qualname__)]


def test_questions_of_behaviours_may_be_async() -> None:
    asked: list[str] = []

    async def allowed(use_case: Any) -> bool:
        asked.append("allowed")
        return True

    async def check(use_case: Any) -> None:
        asked.append("checked")

    class Do(Interactor[str]):
        behaviours: ClassVar[Any] = (ValidateBehaviour(check), AuthoriseBehaviour(allowed))

        async def call(self) -> str:
            return "done"

    assert asyncio.run(run(Do())) == "done"
    assert asked == ["allowed", "checked"]


@pytest.mark.parametrize("options", [{"retries": -1}, {"retries": 1, "base": -1}, {"retries": 1, "base": 2, "cap": 1}])
def test_retries_and_delays_out_of_range_are_refused(options: Any) -> None:
    with pytest.raises(InvalidBehaviourError, match="out of range"):
        RetryBehaviour(on=(OSError,), **options)


def test_retry_has_one_attempt_more_than_retries() -> None:
    attempts: list[int] = []

    class Down(Interactor[None]):
        behaviours: ClassVar[Any] = (RetryBehaviour(2, on=(ConnectionError,), base=0),)

        async def call(self) -> None:
            attempts.append(1)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(run(Down()))
    assert len(attempts) == 3


def test_a_call_that_promises_an_awaitable_and_gives_none_is_refused() -> None:
    class Do(Interactor[int]):
        def call(self) -> Awaitable[int]:
            return 5  # type: ignore[return-value] # the mistake under test

    with pytest.raises(InvalidUseCaseError, match="cannot be awaited"):
        asyncio.run(run(Do()))


def test_a_call_may_hand_on_an_awaitable() -> None:
    class Do(Interactor[int]):
        def call(self) -> Awaitable[int]:
            return self.work()

        async def work(self) -> int:
            return 5

    assert asyncio.run(run(Do())) == 5


@pytest.mark.parametrize("call", [staticmethod(run), classmethod(run), property(run), 5])
def test_call_is_a_method_and_nothing_else(call: Any) -> None:
    with pytest.raises(InvalidUseCaseError, match="not a method"):
        type("Odd", (Interactor,), {"call": call})
