"""Aware datetimes are compared as instants, in hours that a clock shows twice or never (PEP 495) as in all others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from vega.patterns import Specification
from vega.patterns.query import EntityFields, MemoryExecutor, Query, count, max_, min_

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Departure:
    id: int
    at: datetime | None
    arrives: datetime | None = None


def berlin(hour: int, minute: int, fold: int = 0, *, day: int = 27, month: int = 10) -> datetime:
    return datetime(2024, month, day, hour, minute, tzinfo=BERLIN, fold=fold)


# In the order of time: 2:30, 2:45 and, an hour after the first, 2:30 again.
FIRST, BETWEEN, AGAIN = berlin(2, 30), berlin(2, 45), berlin(2, 30, 1)
DEPARTURES = [
    Departure(1, AGAIN, berlin(3, 30)),
    Departure(2, FIRST, AGAIN),
    Departure(3, BETWEEN, BETWEEN),
    Departure(4, FIRST.astimezone(UTC), BETWEEN),
    Departure(5, AGAIN.astimezone(UTC), AGAIN),
    Departure(6, berlin(2, 45, 1), None),
]


class After(Specification[Departure]):
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def predicate(self, departure: Any) -> Any:
        return departure.at > self.moment


def query() -> Query[Departure]:
    fields = EntityFields.of(Departure)
    return Query(fields, MemoryExecutor(lambda: DEPARTURES, (fields["id"],)))


def found(where: Callable[[Any], Any]) -> list[int]:
    return [one.id for one in asyncio.run(query().where(where).get())]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (lambda d: d.at == FIRST, [2, 4]),
        (lambda d: d.at == AGAIN, [1, 5]),
        (lambda d: d.at != FIRST, [1, 3, 5, 6]),
        (lambda d: d.at < AGAIN, [2, 3, 4]),
        (lambda d: d.at.between(FIRST, BETWEEN), [2, 3, 4]),
        (lambda d: d.at.in_([FIRST, BETWEEN]), [2, 3, 4]),
        (lambda d: d.at.not_in([FIRST.astimezone(UTC)]), [1, 3, 5, 6]),
        (lambda d: d.at.is_distinct_from(AGAIN), [2, 3, 4, 6]),
        (lambda d: d.at == d.arrives, [3, 5]),
        (lambda d: d.at < d.arrives, [1, 2, 4]),
        (lambda d: ~(d.at >= AGAIN), [2, 3, 4]),
    ],
)
def test_a_repeated_hour_is_two_hours(where: Callable[[Any], Any], wanted: list[int]) -> None:
    assert found(where) == wanted


def test_an_hour_that_the_clock_skips_is_the_instant_that_its_offset_gives() -> None:
    skipped = berlin(2, 30, day=31, month=3)
    entity = Departure(1, skipped)

    assert After(datetime(2024, 3, 31, 1, 29, tzinfo=UTC)).is_satisfied_by(entity)
    assert not After(datetime(2024, 3, 31, 1, 30, tzinfo=UTC)).is_satisfied_by(entity)


def test_a_specification_compares_instants() -> None:
    assert After(BETWEEN).is_satisfied_by(Departure(1, AGAIN))
    assert not After(AGAIN).is_satisfied_by(Departure(1, BETWEEN))


def test_order_and_cursors_follow_the_instants() -> None:
    async def walk(direction: Any) -> list[int]:
        seen: list[int] = []
        after = None
        while True:
            page = await query().order_by("at", direction).cursor(after=after, size=2)
            seen += [one.id for one in page]
            after = page.next
            if after is None:
                return seen

    assert asyncio.run(walk("asc")) == [2, 4, 3, 1, 5, 6]
    assert asyncio.run(walk("desc")) == [6, 5, 1, 3, 4, 2]


def test_least_largest_and_groups_follow_the_instants() -> None:
    async def calculated() -> Any:
        whole = await query().aggregate(first=min_("at"), last=max_("at"))
        return whole, await query().group("at").aggregate(n=count())

    whole, groups = asyncio.run(calculated())

    assert whole == {"first": FIRST.astimezone(UTC), "last": berlin(2, 45, 1).astimezone(UTC)}
    assert [(group["at"], group["n"]) for group in groups] == [
        (FIRST.astimezone(UTC), 2),
        (BETWEEN.astimezone(UTC), 1),
        (AGAIN.astimezone(UTC), 2),
        (AGAIN.astimezone(UTC) + timedelta(minutes=15), 1),
    ]


def test_moments_at_the_ends_of_the_calendar_are_compared() -> None:
    entity = Departure(1, datetime.max.replace(tzinfo=ZoneInfo("America/New_York")))

    assert After(datetime.max.replace(tzinfo=UTC)).is_satisfied_by(entity)
