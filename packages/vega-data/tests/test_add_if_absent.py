"""Entities that are added only where nothing has taken their identifier or unique values, in every store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import (
    Database,
    EntityMapping,
    ForeignKeyError,
    InMemoryRepository,
    InMemoryUnitOfWork,
    InvalidEntityError,
    SQLAlchemyRepository,
    UniqueKey,
    use_tenant,
)
from vega.data.outbox import Outbox
from vega.events import Event, EventBus, set_event_bus
from vega.patterns import AggregateRoot


@dataclass(frozen=True)
class Line:
    text: str


@dataclass
class Page:
    slug: str
    site: str = ""
    main: bool = False
    deleted: datetime | None = None
    version: int = 0
    lines: list[Line] = field(default_factory=list[Line])
    id: int | None = None


PAGES = EntityMapping(
    unique=("slug", UniqueKey("site", where={"main": True})), version="version", soft_delete="deleted"
)


def test_an_entity_is_added_once(run: Any) -> None:
    async def body(pages: Any) -> None:
        added = await pages.add_if_absent(Page("a", lines=[Line("1"), Line("2")]))
        assert (added.id, added.version) == (1, 1)
        again = Page("a", lines=[Line("3")])
        assert await pages.add_if_absent(again) is None
        assert again == Page("a", lines=[Line("3")])
        assert await pages.add_if_absent(Page("b", id=added.id)) is None
        assert await pages.find_all() == [added]
        other = await pages.add_if_absent(Page("b", id=50))
        assert other.id == 50
        assert (await pages.add_if_absent(Page("c"))).id > 50
        assert (await pages.add(Page("d"))).id > 51

    run(Page, body, mapping=PAGES)


def test_each_unique_key_counts_for_those_that_it_holds_for(run: Any) -> None:
    async def body(pages: Any) -> None:
        await pages.add(Page("a", "us", main=True))
        assert await pages.add_if_absent(Page("b", "us", main=True)) is None
        assert await pages.add_if_absent(Page("b", "us")) is not None
        gone = await pages.add(Page("c"))
        await pages.delete(gone.id)
        assert await pages.add_if_absent(Page("c", id=gone.id)) is None
        assert await pages.add_if_absent(Page("c")) is not None
        assert sorted([page.slug for page in await pages.find_all()]) == ["a", "b", "c"]

    run(Page, body, mapping=PAGES)


def test_another_tenant_has_taken_it(run: Any) -> None:
    async def body(pages: Any) -> None:
        with use_tenant("us"):
            added = await pages.add_if_absent(Page("a"))
        with use_tenant("them"):
            assert await pages.add_if_absent(Page("a")) is None
            assert await pages.add_if_absent(Page("b", id=added.id)) is None
            assert (await pages.add_if_absent(Page("b"))).site == "them"

    run(Page, body, mapping=EntityMapping(unique=("slug",), tenant="site"))


@dataclass(frozen=True)
class Key:
    name: str
    id: str | None = None


def test_a_frozen_entity_comes_back_with_what_was_made(run: Any) -> None:
    async def body(keys: Any) -> None:
        added = await keys.add_if_absent(Key("a"))
        assert added == await keys.get(added.id)
        assert await keys.add_if_absent(added) is None
        assert await keys.add_if_absent(replace(added, id=None)) is not None
        with pytest.raises(InvalidEntityError):
            await keys.add_if_absent(Key(3))  # type: ignore[arg-type] # the mistake

    run(Key, body)


@dataclass(frozen=True)
class Written(Event):
    text: str


@dataclass
class Note(AggregateRoot):
    text: str
    id: int | None = None

    def write(self) -> Note:
        self.record(Written(self.text))
        return self


NOTES = EntityMapping(unique=("text",))
Desk = tuple[Any, Callable[[], Any], list[str]]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def at_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[..., Awaitable[None]]], None]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    async def main(body: Callable[..., Awaitable[None]]) -> None:
        heard: list[str] = []
        bus = EventBus()
        bus.subscribe(Written, lambda event: heard.append(event.text))
        set_event_bus(bus)
        if request.param == "memory":
            return await body(InMemoryRepository(Note, mapping=NOTES), InMemoryUnitOfWork, heard)
        async with Database(url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTES)
            await database.create_all()
            return await body(notes, database.unit, heard)

    return lambda body: asyncio.run(main(body))


def test_a_unit_goes_on_after_an_entity_that_was_there(at_desk: Any) -> None:
    async def body(notes: Any, unit: Any, heard: list[str]) -> None:
        await notes.add(Note("a"))
        async with unit():
            assert await notes.add_if_absent(Note("a").write()) is None
            assert await notes.add_if_absent(Note("b").write()) is not None
            assert await notes.add_if_absent(Note("b").write()) is None
            assert await notes.count() == 2
        assert heard == ["b"]
        assert await notes.count() == 2

    at_desk(body)


def test_events_of_an_entity_that_is_not_added_stay_with_it(at_desk: Any) -> None:
    async def body(notes: Any, unit: Any, heard: list[str]) -> None:
        await notes.add_if_absent(Note("a").write())
        absent = Note("a").write()
        assert await notes.add_if_absent(absent) is None
        assert heard == ["a"]
        assert [event.text for event in absent.pull_events()] == ["a"]

    at_desk(body)


def test_a_rollback_takes_back_what_was_made(at_desk: Any) -> None:
    async def body(notes: Any, unit: Any, heard: list[str]) -> None:
        note = Note("a").write()
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with unit():
                await notes.add_if_absent(note)
                raise LookupError
        assert note.id is None
        assert await notes.add_if_absent(note) is not None

    at_desk(body)


def test_the_outbox_holds_nothing_of_an_entity_that_is_not_added(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTES)
            outbox = Outbox(database)
            await database.create_all()

            @outbox.listen(Written, name="mail")
            async def mail(event: Written) -> None: ...

            async with database.unit():
                await notes.add(Note("a"))
                await notes.add_if_absent(Note("a").write())
            assert await outbox.entries() == []

    asyncio.run(main())


def test_one_of_many_that_come_at_once_adds_it(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTES)
            await database.create_all()

            async def once(number: int) -> bool:
                async with database.unit():
                    added = await notes.add_if_absent(Note("same"))
                    await notes.add(Note(f"own {number}"))  # the transaction is not aborted
                    return added is not None

            assert sorted(await asyncio.gather(*map(once, range(12)))) == [*[False] * 11, True]
            assert await notes.count() == 13

    asyncio.run(main())


def test_it_is_one_statement(database_url: str, sent: Any) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTES)
            await database.create_all()
            await notes.add_if_absent(Note("first"))
            with sent(database) as seen:
                await notes.add_if_absent(Note("a"))
                await notes.add_if_absent(Note("a"))
            assert len([one for one in seen if one.startswith("INSERT")]) == len(seen) == 2

    asyncio.run(main())


@dataclass
class Part:
    whole: int
    total: int = 0
    id: int | None = None


def test_only_a_value_that_is_taken_is_no_error(database_url: str) -> None:
    table = sa.Table(
        "parts",
        sa.MetaData(),
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("whole", sa.Integer, sa.ForeignKey("parts.id"), unique=True),
        sa.Column("total", sa.Integer, sa.Computed("whole * 2", persisted=True)),
    )

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            parts = SQLAlchemyRepository(Part, database=database, table=table)
            await database.create_all()
            with pytest.raises(ForeignKeyError):
                await parts.add_if_absent(Part(77))
            async with database.connection() as connection:
                await connection.exec_driver_sql("INSERT INTO parts (whole) VALUES (NULL)")
            (root,) = await parts.query().get()
            added = await parts.add_if_absent(Part(root.id))
            assert added is not None
            assert (added.total, added.id > root.id) == (root.id * 2, True)
            assert await parts.add_if_absent(Part(root.id)) is None
            with pytest.raises(InvalidEntityError, match="GENERATED ALWAYS"):
                await parts.add_if_absent(Part(5, id=6))

    asyncio.run(main())
