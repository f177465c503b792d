"""Clock and id source: ports that events, entities and services take time and identifiers from."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta
from uuid import UUID

from vega.events import Event, uuid7
from vega.patterns import Clock, IdSource, SystemClock, TimeOrderedIds, get_clock, new_id, use_clock, use_id_source

INSTANT = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MILLISECONDS = (INSTANT - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


class StoppedClock:
    def __init__(self, instant: datetime = INSTANT) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant


class CountedIds:
    def __init__(self) -> None:
        self.count = 0

    def new_id(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)


class Rang(Event):
    """An event without fields."""


def test_the_clock_of_the_system_is_current_by_default() -> None:
    before = datetime.now(UTC)
    instant = get_clock().now()

    assert before <= instant <= datetime.now(UTC)
    assert instant.tzinfo is UTC


def test_the_adapters_of_the_system_and_those_of_a_test_are_the_ports() -> None:
    assert all(isinstance(clock, Clock) for clock in (SystemClock(), StoppedClock()))
    assert all(isinstance(ids, IdSource) for ids in (TimeOrderedIds(), CountedIds()))


def test_an_event_has_the_instant_of_the_current_clock() -> None:
    with use_clock(StoppedClock()):
        event = Rang()

    assert event.timestamp == INSTANT
    assert UUID(event.event_id).int >> 80 == MILLISECONDS


def test_identifiers_have_the_instant_of_the_current_clock() -> None:
    with use_clock(StoppedClock()):
        made = [uuid7(), new_id()]

    assert [identifier.int >> 80 for identifier in made] == [MILLISECONDS] * 2


def test_an_event_has_an_identifier_of_the_current_id_source() -> None:
    with use_id_source(CountedIds()):
        first, second = Rang(), Rang()
        identifiers = [first.event_id, second.event_id, new_id()]

    assert identifiers == [str(UUID(int=1)), str(UUID(int=2)), UUID(int=3)]
    assert UUID(Rang().event_id).version == 7


def test_blocks_nest_and_give_back_what_was_current() -> None:
    outer, inner = StoppedClock(), StoppedClock(INSTANT + timedelta(days=1))

    with use_clock(outer):
        with use_clock(inner):
            assert get_clock() is inner
        assert get_clock() is outer
    assert isinstance(get_clock(), SystemClock)


def test_tasks_beside_one_another_have_clocks_of_their_own() -> None:
    async def year(number: int) -> int:
        with use_clock(StoppedClock(INSTANT.replace(year=number))):
            await asyncio.sleep(0)
            return Rang().timestamp.year

    async def main() -> list[int]:
        return list(await asyncio.gather(year(2031), year(2032)))

    assert asyncio.run(main()) == [2031, 2032]


def test_a_block_may_be_left_in_another_context_than_it_was_entered_in() -> None:
    block, stopped = use_clock(StoppedClock()), Context()
    stopped.run(block.__enter__)

    block.__exit__(None, None, None)
    assert isinstance(get_clock(), SystemClock)
