"""Policies hold for every statement: none leaves a tenant, shows what was deleted, or is sent without a tenant."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from vega.data import Database, EntityMapping, SQLAlchemyRepository, TenantError, use_tenant
from vega.patterns import EntityNotFoundError, Specification
from vega.patterns.query import count

STATEMENTS = 300


@dataclass(frozen=True)
class Leaf:
    text: str


@dataclass(frozen=True)
class Note:
    id: str
    owner: str = ""
    text: str = ""
    gone: datetime | None = None
    leaves: tuple[Leaf, ...] = field(default=())


NOTE = EntityMapping(tenant="owner", soft_delete="gone")


class Texts(Specification[Note]):
    def __init__(self, text: str) -> None:
        self.text = text

    def predicate(self, note: Any) -> Any:
        return note.text == self.text


def calls(notes: Any, id: str) -> list[Callable[[], Awaitable[Any]]]:
    """Return every way to ask for or to change notes."""
    note = Note(id, text=id, leaves=(Leaf("a"),))
    return [
        lambda: notes.find_by_id(id),
        notes.find_all,
        lambda: notes.find_by_spec(Texts(id)),
        lambda: notes.find_one(Texts(id)),
        lambda: notes.exists(Texts(id)),
        notes.count,
        lambda: notes.count(Texts(id)),
        lambda: notes.save(note),
        lambda: notes.update(replace(note, text="x")),
        lambda: notes.delete(id),
        lambda: notes.delete_where(Texts(id)),
        lambda: notes.update_where(Texts(id), text="y"),
        lambda: notes.upsert_many([note]),
        lambda: notes.query().order_by("text", "desc").limit(3).offset(1).get(),
        lambda: notes.query().where(lambda n: n.leaves.any(lambda leaf: leaf.text == "a")).get(),
        lambda: notes.query().where("text", "in", [str(number) for number in range(300)]).get(),
        lambda: notes.query().group("text").aggregate(n=count()),
        lambda: notes.query().page(number=1, size=2),
        lambda: notes.query().cursor(size=2),
        lambda: notes.query().without("soft_delete").get(),
        lambda: read_all(notes),
    ]


async def read_all(notes: Any) -> None:
    async for _ in notes.stream(batch=2):
        pass


def test_every_statement_of_three_hundred_names_the_tenant(database_url: str, sent: Any) -> None:
    chance = random.Random(20_260_101)

    async def main() -> list[str]:
        async with Database(database_url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTE)
            await database.create_all()
            with use_tenant("them"):
                await notes.add_many([Note(f"t{number}", leaves=(Leaf("a"),)) for number in range(20)])
            with sent(database) as seen, use_tenant("us"):
                while len(seen) < STATEMENTS:
                    try:
                        await chance.choice(calls(notes, str(chance.randint(1, 30))))()
                    except EntityNotFoundError:
                        continue
            with use_tenant("them"):
                assert await notes.count() == 20
            return seen

    statements = asyncio.run(main())
    about_notes = [one for one in statements if re.search(r"\bnotes\b", one.partition("notes_leaves")[0])]

    assert len(about_notes) >= STATEMENTS // 2
    without = [one for one in about_notes if not names_the_tenant(one)]
    assert without == []


def names_the_tenant(statement: str) -> bool:
    """Whether its condition does; that of a merge is the one under which a row is updated."""
    if statement.startswith("INSERT") and "ON CONFLICT" not in statement:
        return "owner" in statement
    return re.search(r"notes\.owner = ", statement.partition("WHERE")[2]) is not None


def test_without_a_tenant_every_call_is_refused_and_nothing_is_sent(database_url: str, sent: Any) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            notes = SQLAlchemyRepository(Note, database=database, mapping=NOTE)
            await database.create_all()
            with sent(database) as seen:
                for call in [*calls(notes, "1"), lambda: notes.add_if_absent(Note("1"))]:
                    with pytest.raises(TenantError):
                        await call()
            assert seen == []

    asyncio.run(main())


def test_what_was_deleted_is_absent_from_every_answer(run: Callable[..., Any]) -> None:
    async def body(notes: Any) -> None:
        with use_tenant("us"):
            await notes.add_many([Note("1", leaves=(Leaf("a"),)), Note("2", leaves=(Leaf("b"),))])
            assert await notes.delete("1")

            assert await notes.find_by_id("1") is None
            assert [one.id for one in await notes.find_all()] == ["2"]
            assert await notes.count() == 1
            assert not await notes.exists(Texts("gone"))
            assert await notes.exists(Texts(""))
            assert await notes.query().where(lambda n: n.leaves.any(lambda leaf: leaf.text == "a")).get() == []
            assert await notes.update_where(Texts(""), text="x") == 1
            assert await notes.delete_where(Texts("x")) == 1
            assert not await notes.delete("1")
            with pytest.raises(EntityNotFoundError):
                await notes.update(Note("1"))
            assert await notes.count() == 0
            assert len(await notes.query().without("soft_delete").get()) == 2

    run(Note, body, mapping=NOTE)
