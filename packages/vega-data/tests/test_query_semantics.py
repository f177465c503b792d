"""Queries that naive Python, SQLite and PostgreSQL answer differently: every store gives the one written answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from vega.patterns.query import QueryError


class Color(Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"


@dataclass
class Probe:
    id: int
    s: str | None
    n: int | None
    f: float | None
    d: Decimal | None
    at: datetime | None
    c: Color | None
    u: UUID | None
    j: dict[str, int | None] | None


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EAST = NOON.astimezone(timezone(timedelta(hours=2)))
LARGE = Decimal("12345678901234567890.1234")
ROWS = [
    Probe(1, "abc", 1, 1.0, Decimal("0.1"), NOON, Color.RED, UUID(int=1), {"a": 1}),
    Probe(2, "ABC", None, None, Decimal("0.3"), EAST, Color.GREEN, UUID(int=2), None),
    Probe(3, None, 3, None, None, None, None, None, {"a": None}),
    Probe(4, "Éa_50%", -7, -0.0, LARGE, NOON, Color.BLUE, UUID(int=2**127), {}),
    Probe(5, "éa", 7, 2.5, LARGE + Decimal("0.0001"), NOON, Color.BLUE, UUID(int=3), {"a": 2}),
    Probe(6, "Zed", 10, math.inf, Decimal(-1), NOON, Color.RED, None, {"b": 1}),
    Probe(7, "zed\nx", 0, 0.0, Decimal(0), NOON, Color.RED, None, {"a": 0}),
    Probe(8, "", 2, 0.1 + 0.2, Decimal("0.3000"), NOON, Color.RED, None, {"a": 8}),
]
REFUSED = "refused"
Where = Callable[[Any], Any]
WHERE: dict[str, tuple[Where, list[int] | str]] = {
    "n != 1": (lambda p: p.n != 1, [3, 4, 5, 6, 7, 8]),
    "not n > 1": (lambda p: ~(p.n > 1), [1, 4, 7]),
    "n not in (1, None)": (lambda p: ~p.n.in_([1, None]), REFUSED),
    "n not in (1)": (lambda p: ~p.n.in_([1]), [3, 4, 5, 6, 7, 8]),
    "n == None": (lambda p: p.n == None, [2]),  # noqa: E711 - that it means IS NULL is the point
    "s like a%": (lambda p: p.s.like("a%"), [1]),
    "s ilike é%": (lambda p: p.s.ilike("é%"), [4, 5]),
    "s contains 0%": (lambda p: p.s.contains("0%"), [4]),
    "s contains _": (lambda p: p.s.contains("_"), [4]),
    "s like zed%x": (lambda p: p.s.like("zed%x"), [7]),
    "s folded is éa_50%": (lambda p: p.s.ilike(r"éa\_50\%"), [4]),
    "s folded is abc": (lambda p: p.s.ilike("abc"), [1, 2]),
    "s > a": (lambda p: p.s > "a", [1, 4, 5, 7]),
    "s is empty": (lambda p: p.s == "", [8]),
    "d is large": (lambda p: p.d == LARGE, [4]),
    "d + 0.2 == 0.3": (lambda p: p.d + Decimal("0.2") == Decimal("0.3"), REFUSED),
    "d == 0.3": (lambda p: p.d == Decimal("0.3"), [2, 8]),
    "at in another zone": (lambda p: p.at == EAST, [1, 2, 4, 5, 6, 7, 8]),
    "at in UTC": (lambda p: p.at == NOON, [1, 2, 4, 5, 6, 7, 8]),
    "f == nan": (lambda p: p.f == math.nan, REFUSED),  # noqa: PLW0177 - that it is refused is the point
    "f > 2": (lambda p: p.f > 2, [5, 6]),
    "f is null": (lambda p: p.f.is_null(), [2, 3]),
    "n // 2 == -4": (lambda p: p.n // 2 == -4, REFUSED),
    "n % 2 == 1": (lambda p: p.n % 2 == 1, REFUSED),
    "c < green": (lambda p: p.c < Color.GREEN, REFUSED),
    "u > 2": (lambda p: p.u > UUID(int=2), [4, 5]),
    "j[a] == 1": (lambda p: p.j["a"] == 1, REFUSED),
    "j is null": (lambda p: p.j.is_null(), [2]),
}
ORDER: dict[str, list[int] | str] = {
    "n": [4, 7, 1, 8, 3, 5, 6, 2],
    "s": [8, 2, 6, 1, 7, 4, 5, 3],
    "f": [4, 7, 8, 1, 5, 6, 2, 3],
    "c": REFUSED,
}


async def answer(build: Callable[[], Any]) -> list[int] | str:
    try:
        return [found.id for found in await build().get()]
    except QueryError:
        return REFUSED


def test_every_probe_has_the_one_written_answer(run: Callable[..., Any]) -> None:
    async def body(probes: Any) -> None:
        await probes.add_many(ROWS)
        told = {
            name: await answer(lambda where=where: probes.query().where(where)) for name, (where, _) in WHERE.items()
        }
        told |= {f"order by {name}": await answer(lambda name=name: probes.query().order_by(name)) for name in ORDER}

        expected = {name: wanted for name, (_, wanted) in WHERE.items()}
        assert told == expected | {f"order by {name}": wanted for name, wanted in ORDER.items()}

    run(Probe, body)


def test_what_was_stored_comes_back_with_its_digits_and_its_instant(run: Callable[..., Any]) -> None:
    async def body(probes: Any) -> None:
        await probes.add_many(ROWS)
        found = await probes.find_all()

        assert found == ROWS
        assert str(found[3].d) == str(LARGE)
        assert found[1].at.utcoffset() is not None

    run(Probe, body)


def test_a_value_that_is_not_a_number_is_refused(run: Callable[..., Any]) -> None:
    async def body(probes: Any) -> None:
        with pytest.raises(Exception, match="NaN"):
            await probes.add(Probe(9, None, None, math.nan, None, None, None, None, None))
        assert await probes.count() == 0

    run(Probe, body)


@dataclass
class Person:
    id: int
    name: str | None
    age: int | None
    active: bool


PEOPLE = [
    Person(1, "abc", 1, active=True),
    Person(2, "ABC", None, active=False),
    Person(3, None, 3, active=True),
    Person(4, "a_c", 40, active=False),
    Person(5, "zed", 5, active=True),
]
ASKED: dict[str, tuple[Callable[[Any], Any], list[int] | str]] = {
    "active": (lambda q: q.where(lambda p: p.active == True), [1, 3, 5]),  # noqa: E712 - the spelling of the docs
    "age > 2": (lambda q: q.where("age", ">", 2), [3, 4, 5]),
    "age is null": (lambda q: q.where("age", "is null"), [2]),
    "age is not null": (lambda q: q.where("age", "is not null"), [1, 3, 4, 5]),
    "name like %a%": (lambda q: q.where("name", "like", "%a%"), [1, 4]),
    "name ilike %a%": (lambda q: q.where("name", "ilike", "%a%"), [1, 2, 4]),
    "name contains _": (lambda q: q.where("name", "contains", "_"), [4]),
    "by age": (lambda q: q.order_by("age"), [1, 3, 5, 4, 2]),
    "age not in (1)": (lambda q: q.where("age", "not in", [1]), [3, 4, 5]),
    "name without a": (lambda q: q.where(lambda p: ~p.name.contains("a")), [2, 5]),
    "two after one": (lambda q: q.order_by("id").limit(2).offset(1), [2, 3]),
    "by nope": (lambda q: q.order_by("nope"), REFUSED),
    "by metadata": (lambda q: q.order_by("metadata"), REFUSED),
    "by __class__": (lambda q: q.order_by("__class__"), REFUSED),
    "__init__ == 1": (lambda q: q.where("__init__", "=", 1), REFUSED),
    "sideways": (lambda q: q.order_by("id", "sideways"), REFUSED),
    "age evil 2": (lambda q: q.where("age", "evil", 2), REFUSED),
}


def test_every_filter_answers_in_memory_as_in_a_database(run: Callable[..., Any]) -> None:
    async def body(people: Any) -> None:
        await people.add_many(PEOPLE)
        told = {name: await answer(lambda ask=ask: ask(people.query())) for name, (ask, _) in ASKED.items()}

        assert told == {name: wanted for name, (_, wanted) in ASKED.items()}

    run(Person, body)
