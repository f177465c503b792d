"""Entities after a rollback: generated values are taken back, recorded events are kept; deleted ones are heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vega.data import (
    Database,
    DuplicateEntityError,
    EntityMapping,
    InMemoryRepository,
    InMemoryUnitOfWork,
    SQLAlchemyRepository,
)
from vega.data.outbox import Outbox
from vega.events import Event, EventBus, set_event_bus
from vega.patterns import AggregateRoot, QueryableRepository, UnitOfWork


@dataclass(frozen=True)
class DocCancelled(Event):
    title: str


@dataclass
class Doc(AggregateRoot):
    title: str
    id: int | None = None
    version: int = 0
    created: datetime | None = None

    def cancel(self) -> Doc:
        self.record(DocCancelled(self.title))
        return self


MAPPING = EntityMapping(version="version", created_at="created", unique=("title",))


@dataclass
class Desk:
    docs: QueryableRepository[Doc]
    unit: Callable[[], UnitOfWork]
    heard: list[str]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def at_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[[Desk], Awaitable[Any]]], Any]:
    """Run a body at an empty desk."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    async def main(body: Callable[[Desk], Awaitable[Any]]) -> Any:
        heard: list[str] = []
        bus = EventBus()
        bus.subscribe(DocCancelled, lambda event: heard.append(event.title))
        set_event_bus(bus)
        if request.param == "memory":
            return await body(Desk(InMemoryRepository(Doc, mapping=MAPPING), InMemoryUnitOfWork, heard))
        async with Database(url, package="-") as database:
            docs = SQLAlchemyRepository(Doc, database=database, mapping=MAPPING)
            await database.create_all()
            return await body(Desk(docs, database.unit, heard))

    return lambda body: asyncio.run(main(body))


def _state(doc: Doc) -> tuple[Any, ...]:
    return doc.id, doc.version, doc.created


WRITES: dict[str, Callable[[Desk, Doc], Awaitable[Any]]] = {
    "add": lambda desk, doc: desk.docs.add(doc),
    "add_if_absent": lambda desk, doc: desk.docs.add_if_absent(doc),
    "save": lambda desk, doc: desk.docs.save(doc),
    "add_many": lambda desk, doc: desk.docs.add_many([doc, Doc("other")]),
    "upsert_many": lambda desk, doc: desk.docs.upsert_many([doc]),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_new_entity_has_its_former_values_after_a_rollback_and_can_be_saved(at_desk: Any, write: str) -> None:
    async def body(desk: Desk) -> None:
        doc = Doc("new")
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with desk.unit():
                await WRITES[write](desk, doc)
                await desk.docs.save(doc)
                assert doc.version == 2
                raise LookupError
        assert _state(doc) == (None, 0, None)
        await desk.docs.save(doc)
        assert (await desk.docs.get(doc.id)).version == doc.version == 1

    at_desk(body)


def test_a_stored_entity_has_the_version_of_the_database_after_a_rollback(at_desk: Any) -> None:
    async def body(desk: Desk) -> None:
        doc = await desk.docs.add(Doc("old"))
        before = _state(doc)
        async with desk.unit() as unit:
            await desk.docs.save(doc)
            with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
                async with unit.savepoint():
                    doc.title = "changed"
                    await desk.docs.save(doc)
                    await desk.docs.save(doc)
                    raise LookupError
            assert doc.version == 2
            unit.mark_rollback()
        assert _state(doc) == before
        await desk.docs.save(doc)
        assert (await desk.docs.get(doc.id)).title == "changed"

    at_desk(body)


def test_entities_of_a_call_that_failed_are_as_they_were(at_desk: Any) -> None:
    async def body(desk: Desk) -> None:
        docs = [Doc("a"), Doc("b"), Doc("a")]
        with pytest.raises(DuplicateEntityError):
            await desk.docs.add_many(docs)
        assert [_state(doc) for doc in docs] == [(None, 0, None)] * 3

    at_desk(body)


def test_events_of_an_entity_are_published_when_it_is_saved_again_after_a_rollback(at_desk: Any) -> None:
    async def body(desk: Desk) -> list[str]:
        doc = Doc("new").cancel()
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with desk.unit():
                await desk.docs.save(doc)
                raise LookupError
        assert desk.heard == []
        await desk.docs.save(doc)
        return desk.heard

    assert at_desk(body) == ["new"]


DELETIONS: dict[str, Callable[[Desk, Doc], Awaitable[bool]]] = {
    "entity": lambda desk, doc: desk.docs.delete(doc),
    "identifier": lambda desk, doc: desk.docs.delete(doc.id),
}


@pytest.mark.parametrize("deletion", DELETIONS)
@pytest.mark.parametrize("found_by", ["identifier", "query"])
def test_events_of_an_entity_that_is_deleted_in_its_unit_are_published(
    at_desk: Any, deletion: str, found_by: str
) -> None:
    async def body(desk: Desk) -> list[str]:
        added = await desk.docs.add(Doc("old"))
        async with desk.unit():
            doc = await (desk.docs.get(added.id) if found_by == "identifier" else desk.docs.query().first())
            assert doc is not None
            doc.cancel()
            assert await DELETIONS[deletion](desk, doc)
            assert not await DELETIONS[deletion](desk, doc)
            assert desk.heard == []
        assert await desk.docs.count() == 0
        return desk.heard

    assert at_desk(body) == ["old"]


def test_deleting_an_entity_outside_a_unit_publishes_its_events_at_once(at_desk: Any) -> None:
    async def body(desk: Desk) -> list[str]:
        doc = await desk.docs.add(Doc("old"))
        assert await desk.docs.delete(doc.cancel())
        assert not await desk.docs.delete(Doc("never stored"))
        return desk.heard

    assert at_desk(body) == ["old"]


def test_events_of_a_deleted_entity_are_stored_in_the_outbox(database_url: str) -> None:
    async def main() -> int:
        async with Database(database_url, package="-") as database:
            docs = SQLAlchemyRepository(Doc, database=database, mapping=MAPPING)
            outbox = Outbox(database)
            outbox.listen(DocCancelled, name="mail")(_ignore)
            await database.create_all()
            added = await docs.add(Doc("old"))
            async with database.unit():
                (await docs.get(added.id)).cancel()
                await docs.delete(added.id)
            return len(await outbox.entries())

    assert asyncio.run(main()) == 1


async def _ignore(event: DocCancelled) -> None: ...
