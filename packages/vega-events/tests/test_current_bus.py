"""The bus of the calling context, and the default of the process."""

import asyncio
import threading
from contextvars import Context
from typing import Any

import pytest

from vega.events import (
    EventBus,
    EventTypeError,
    get_event_bus,
    set_event_bus,
    use_event_bus,
)


def test_the_bus_of_a_context_does_not_leak_into_others() -> None:
    default, mine = get_event_bus(), EventBus()
    seen: dict[str, EventBus] = {}

    async def task() -> None:
        set_event_bus(mine)
        seen["task"] = get_event_bus()

    async def main() -> None:
        await asyncio.create_task(task())
        seen["after"] = get_event_bus()
        thread = threading.Thread(target=lambda: seen.update(thread=get_event_bus()))
        with use_event_bus(mine):
            thread.start()
            thread.join()
            seen["within"] = get_event_bus()

    asyncio.run(main())
    assert seen == {"task": mine, "after": default, "thread": default, "within": mine}


def test_the_process_default_is_for_contexts_that_set_none() -> None:
    mine, shared = EventBus(), EventBus()

    def within_and_after() -> tuple[EventBus, EventBus]:
        with use_event_bus(mine):
            set_event_bus(shared, process=True)
            within = get_event_bus()
        return within, get_event_bus()

    before = Context().run(get_event_bus)
    try:
        assert Context().run(within_and_after) == (mine, shared)
    finally:
        set_event_bus(before, process=True)


@pytest.mark.parametrize("thing", [EventBus, "bus"])
@pytest.mark.parametrize("function", [set_event_bus, use_event_bus])
def test_an_object_that_is_not_a_bus_cannot_be_the_current_one(function: Any, thing: Any) -> None:
    with pytest.raises(EventTypeError, match="not an EventBus"):
        function(thing)
