"""What few entities do, and every store does alike: frozen aggregates, empty answers, taken names, mixed versions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from vega.data import (
    Database,
    DuplicateEntityError,
    EntityMapping,
    InvalidEntityError,
    MappingError,
    SQLAlchemyRepository,
    StaleEntityError,
    metadata,
)
from vega.events import Event, EventBus, set_event_bus
from vega.patterns import AggregateRoot, EntityNotFoundError
from vega.patterns.query import any_, is_distinct, is_null

Runner = Callable[..., Any]


@dataclass(frozen=True)
class Opened(Event):
    name: str


@dataclass(frozen=True)
class Account(AggregateRoot):
    name: str
    id: int | None = None
    version: int = 0

    @classmethod
    def open(cls, name: str) -> Account:
        made = cls(name)
        made.record(Opened(name))
        return made


def test_a_frozen_aggregate_that_gets_its_number_keeps_its_events(run: Runner) -> None:
    heard: list[str] = []
    bus = EventBus()

    @bus.subscribe(Opened)
    async def hear(event: Opened) -> None:
        heard.append(event.name)

    async def body(accounts: Any) -> None:
        set_event_bus(bus)
        added = await accounts.add(Account.open("Ada"))
        many = await accounts.add_many([Account.open("Bob"), Account.open("Cid")])

        assert (added.id, added.version, added.pull_events()) == (1, 1, ())
        assert [one.id for one in many] == [2, 3]

    run(Account, body, mapping=EntityMapping(version="version"))

    assert heard == ["Ada", "Bob", "Cid"]


def test_a_new_entity_whose_number_is_taken_is_stale_and_one_whose_name_is_taken_is_a_duplicate(run: Runner) -> None:
    async def body(accounts: Any) -> None:
        await accounts.save(Account("Ada", id=1))
        with pytest.raises(StaleEntityError):
            await accounts.save(Account("Bob", id=1))
        with pytest.raises(DuplicateEntityError) as caught:
            await accounts.save(Account("Ada", id=2))

        assert caught.value.fields == ("name",)

    run(Account, body, mapping=EntityMapping(version="version", unique=("name",)))


@dataclass
class Place:
    city: str


@dataclass
class Stop:
    place: Place
    via: Place | None = None
    note: str | None = None


@dataclass
class Trip:
    name: str
    start: Place
    goal: Place | None = None
    alias: str | None = None
    stops: list[Stop] = field(default_factory=list)
    id: int | None = None


def test_answers_that_are_known_beforehand(run: Runner) -> None:
    async def body(trips: Any) -> None:
        await trips.add_many([Trip("a", Place("Rome"), alias="a"), Trip("b", Place("Rome"), Place("Oslo"))])
        ask = trips.query()

        assert await ask.limit(0).get() == []
        assert await trips.add_many([]) == []
        assert await trips.upsert_many([]) == []
        assert await ask.where(lambda t: is_null(t.start)).get() == []
        assert [one.name for one in await ask.where(lambda t: is_null(t.goal)).get()] == ["a"]
        assert [one.name for one in await ask.where(lambda t: is_distinct(t.name, t.alias)).get()] == ["b"]
        assert await ask.where(lambda t: any_(t.stops, lambda s: is_null(s.via))).count() == 0
        assert await trips.find_by_id(None) is None
        assert not await trips.delete(None)
        with pytest.raises(EntityNotFoundError):
            await trips.update(Trip("c", Place("Bern")))

    run(Trip, body)


def test_a_collection_that_is_none_or_no_collection(run: Runner) -> None:
    async def body(trips: Any) -> None:
        bare = await trips.add(Trip("a", Place("Rome"), stops=None))  # type: ignore[arg-type] # stored as an empty one
        assert (await trips.get(bare.id)).stops == []
        with pytest.raises(InvalidEntityError, match="no collection"):
            await trips.add(Trip("b", Place("Rome"), stops=5))  # type: ignore[arg-type] # the mistake under test
        with pytest.raises(InvalidEntityError):
            await trips.add(Place("Rome"))

    run(Trip, body)


@dataclass
class Part:
    position: int


@dataclass
class Machine:
    id: str
    parts: list[Part] = field(default_factory=list)


def test_a_part_may_not_take_the_column_of_its_position() -> None:
    with pytest.raises(MappingError, match="would hide the column position"):
        SQLAlchemyRepository(Machine, database=Database("sqlite://"))


def test_statements_of_many_forms_are_forgotten_one_by_one(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega.data._sql.statement_cache._MOST", 3)

    async def body(trips: Any) -> None:
        await trips.add_many([Trip(name, Place("Rome")) for name in "abcdefgh"])
        for _ in range(2):
            for length in range(1, 9):
                listed = [["a", "b", "c", "d", "e", "f", "g", "h"][number] for number in range(length)]
                assert await trips.query().where("name", "in", listed).count() == length
                assert await trips.query().where("name", "in", listed).where("id", ">", 0).count() == length

    run(Trip, body)


def test_what_a_closed_database_still_tells() -> None:
    database = Database("sqlite://", cursor_secret="secret")

    async def main() -> None:
        await database.close()
        await database.open()
        engine = database.engine
        await database.open()
        assert database.engine is engine
        await database.close()
        await database.close()

    asyncio.run(main())
    assert database.cursor_secret == b"secret"
    assert not database.is_open
    assert metadata("nobody's package").tables == {}


REF = UUID(int=1)
WRONG: list[tuple[str, Any]] = [
    ("text", "a\0b"),
    ("text", "\ud800"),
    ("text", 5),
    ("number", 2**63),
    ("number", True),
    ("weight", float("nan")),
    ("weight", "1"),
    ("on", 1),
    ("hour", time(1, tzinfo=UTC)),
    ("day", datetime(2026, 1, 1, tzinfo=UTC)),
    ("digest", "x"),
    ("ref", "x"),
    ("text", None),
]


@dataclass
class Many:
    id: int
    text: str = "é"
    number: int = -(2**63)
    weight: float = 1.5
    on: bool = True
    day: date = date(2026, 1, 1)
    hour: time = time(1)
    ref: UUID = REF
    digest: bytes = b"\0"


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_one_wrong_value_among_many_right_ones_is_found_and_nothing_is_stored(
    run: Runner, name: str, wrong: Any
) -> None:
    async def body(things: Any) -> None:
        with pytest.raises(InvalidEntityError, match=name):
            await things.add_many([Many(1), Many(2), Many(3, **{name: wrong}), Many(4)])
        assert await things.count() == 0

    run(Many, body)


def test_many_right_values_come_back_as_they_were(run: Runner) -> None:
    async def body(things: Any) -> None:
        wanted = [Many(1), Many(2, text="plain", number=2**63 - 1), Many(3, weight=3, text="")]
        await things.add_many(wanted)

        assert await things.find_all() == wanted

    run(Many, body)
