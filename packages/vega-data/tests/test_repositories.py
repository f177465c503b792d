"""What every repository promises: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from vega.data import (
    DuplicateEntityError,
    EntityMapping,
    InvalidEntityError,
    MappingError,
    StaleEntityError,
    TenantError,
    unsafe_all_tenants,
    use_actor,
    use_tenant,
)
from vega.patterns import EntityNotFoundError, QueryableRepository, Specification
from vega.patterns.query import UnknownFieldError

Body = Callable[[Any], Awaitable[Any]]
Runner = Callable[..., Any]


class Color(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    price: Money
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Order:
    total: Money
    color: Color
    lines: tuple[Line, ...] = ()
    gift: Money | None = None
    id: int | None = None


@dataclass
class Plain:
    name: str
    note: str | None = "default"
    id: str | None = None


class Model(BaseModel):
    id: UUID | None = None
    name: str
    scores: dict[str, list[int]] = {}


@dataclass
class Versioned:
    id: str
    name: str
    version: int = 0


@dataclass
class Policed:
    id: str
    name: str
    tenant: str = ""
    deleted_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = None


POLICIES = EntityMapping(
    table="policed",
    tenant="tenant",
    soft_delete="deleted_at",
    created_at="created_at",
    updated_at="updated_at",
    created_by="created_by",
)


class Named(Specification[Any]):
    def __init__(self, name: str) -> None:
        self.name = name

    def predicate(self, entity: Any) -> Any:
        return entity.name == self.name


ORDER = Order(
    total=Money(Decimal("9.50"), "EUR"),
    color=Color.RED,
    lines=(
        Line("a", Money(Decimal(1), "EUR"), [Part("x", ("1", "2")), Part("y")]),
        Line("b", Money(Decimal(2), "EUR")),
    ),
)


def test_a_frozen_aggregate_comes_back_with_all_its_parts(run: Runner) -> None:
    async def body(orders: QueryableRepository[Order]) -> None:
        stored = await orders.add(ORDER)
        other = await orders.add(Order(Money(Decimal(0), "EUR"), Color.BLUE, gift=Money(Decimal(1), "USD")))

        assert stored == dataclasses.replace(ORDER, id=1)
        assert await orders.find_all() == [stored, other]
        assert not hasattr(stored, "__dict__")

    run(Order, body)


def test_an_update_replaces_the_parts(run: Runner) -> None:
    async def body(orders: QueryableRepository[Order]) -> None:
        stored = await orders.add(ORDER)
        changed = await orders.update(dataclasses.replace(stored, lines=stored.lines[1:], color=Color.BLUE))

        assert await orders.get(1) == changed
        assert len(changed.lines) == 1

    run(Order, body)


def test_deleting_takes_the_parts_along(run: Runner) -> None:
    async def body(orders: QueryableRepository[Order]) -> None:
        stored = await orders.add(ORDER)

        assert await orders.delete(stored.id)
        assert not await orders.delete(stored.id)
        assert await orders.add(dataclasses.replace(ORDER, id=stored.id)) == stored

    run(Order, body)


def test_a_plain_object_gets_its_identifier_and_stays_the_same_object(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        plain = Plain("Ada")

        assert await plains.save(plain) is plain
        assert plain.id
        assert set(vars(plain)) == {"name", "note", "id"}
        assert await plains.find_by_id(plain.id) == plain
        assert await plains.find_by_id(plain.id) is not plain

    run(Plain, body)


def test_none_is_stored_where_the_class_has_a_default(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        plain = await plains.save(Plain("Ada"))
        plain.note = None
        await plains.update(plain)

        assert (await plains.get(plain.id)).note is None

    run(Plain, body)


def test_a_stored_entity_changes_only_by_being_saved(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        plain = await plains.save(Plain("Ada"))
        plain.name = "Bob"

        assert (await plains.get(plain.id)).name == "Ada"

    run(Plain, body)


def test_a_pydantic_model_is_an_entity(run: Runner) -> None:
    async def body(models: QueryableRepository[Model]) -> None:
        model = await models.save(Model(name="Ada", scores={"a": [1, 2]}))

        assert await models.get(model.id) == model
        assert (await models.query().where("name", "=", "Ada").one_or_none()) == model

    run(Model, body)


def test_save_creates_then_updates(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        await plains.save(Plain("Ada", id="1"))
        await plains.save(Plain("Bob", id="1"))

        assert [plain.name for plain in await plains.find_all()] == ["Bob"]

    run(Plain, body)


def test_adding_twice_is_a_duplicate_that_names_the_field(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        await plains.add(Plain("Ada", id="1"))
        with pytest.raises(DuplicateEntityError) as by_identity:
            await plains.add(Plain("Bob", id="1"))
        with pytest.raises(DuplicateEntityError) as by_name:
            await plains.add(Plain("Ada", id="2"))

        assert by_identity.value.fields == ("id",)
        assert by_name.value.fields == ("name",)
        assert await plains.count() == 1

    run(Plain, body, mapping=EntityMapping(table="plains", unique=["name"]))


def test_many_are_added_all_or_none(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        with pytest.raises(DuplicateEntityError):
            await plains.add_many([Plain("a", id="1"), Plain("b", id="2"), Plain("c", id="1")])
        assert await plains.count() == 0

        added = await plains.add_many([Plain("a"), Plain("b", id="2")])
        assert all(plain.id for plain in added)
        assert await plains.count() == 2

    run(Plain, body)


def test_many_with_numbers_of_the_database_keep_their_order(run: Runner) -> None:
    async def body(orders: QueryableRepository[Order]) -> None:
        added = await orders.add_many([dataclasses.replace(ORDER, color=color) for color in (Color.RED, Color.BLUE)])

        assert [order.id for order in added] == [1, 2]
        assert await orders.find_all() == added

    run(Order, body)


def test_what_is_not_stored_is_missing(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        assert await plains.find_by_id("nope") is None
        assert await plains.find_by_id(None) is None
        with pytest.raises(EntityNotFoundError):
            await plains.get("nope")
        with pytest.raises(EntityNotFoundError):
            await plains.update(Plain("Ada", id="nope"))

    run(Plain, body)


@pytest.mark.parametrize("plain", [Plain(3), Plain("a\0"), Plain("\ud800"), Plain(None)])  # type: ignore[arg-type] # the mistakes under test
def test_what_cannot_be_stored_is_refused(run: Runner, plain: Plain) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        with pytest.raises(InvalidEntityError):
            await plains.save(plain)
        assert await plains.count() == 0

    run(Plain, body)


def test_changes_and_deletions_by_specification_count(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        await plains.add_many([Plain(name) for name in ("a", "a", "b")])

        assert await plains.update_where(Named("a"), note="seen") == 2
        assert [plain.note for plain in await plains.find_by_spec(Named("a"))] == ["seen", "seen"]
        assert await plains.count(Named("a")) == 2
        assert await plains.exists(Named("b"))
        assert await plains.delete_where(Named("a")) == 2
        assert [plain.name for plain in await plains.find_all()] == ["b"]
        with pytest.raises(UnknownFieldError):
            await plains.update_where(Named("b"), nope=1)

    run(Plain, body)


def test_upserts_find_their_own_by_the_fields_that_are_named(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        first = await plains.add(Plain("Ada", note="old"))
        (again,) = await plains.upsert_many([Plain("Ada", note="new")], on=["name"])

        assert again.id == first.id
        assert [(plain.name, plain.note) for plain in await plains.find_all()] == [("Ada", "new")]

    run(Plain, body, mapping=EntityMapping(table="plains", unique=["name"]))


def test_a_stream_visits_all_in_batches(run: Runner) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        await plains.add_many([Plain(str(number), id=f"{number:03d}") for number in range(25)])

        assert [plain.name async for plain in plains.stream(batch=10)] == [str(number) for number in range(25)]
        ordered = plains.query().order_by("name", "desc").stream(batch=7)
        assert len([plain async for plain in ordered]) == 25

    run(Plain, body)


VERSIONED = EntityMapping(version="version")


def test_a_version_counts_up_and_guards_every_change(run: Runner) -> None:
    async def body(things: QueryableRepository[Versioned]) -> None:
        await things.save(Versioned("1", "a"))
        mine, theirs = await things.get("1"), await things.get("1")
        theirs.name = "b"
        await things.save(theirs)
        mine.name = "c"

        assert (mine.version, theirs.version) == (1, 2)
        for change in (things.save, things.update):
            with pytest.raises(StaleEntityError):
                await change(mine)
        assert mine.version == 1
        assert (await things.get("1")).name == "b"

    run(Versioned, body, mapping=VERSIONED)


def test_changes_of_many_count_their_versions_up(run: Runner) -> None:
    async def body(things: QueryableRepository[Versioned]) -> None:
        held = await things.add(Versioned("1", "a"))
        await things.update_where(Named("a"), name="b")
        with pytest.raises(StaleEntityError):
            await things.save(held)

        (again,) = await things.upsert_many([Versioned("1", "c")])
        assert again.version == 3
        assert (await things.get("1")).version == 3

    run(Versioned, body, mapping=VERSIONED)


def test_without_a_tenant_nothing_is_seen_or_stored(run: Runner) -> None:
    async def body(things: QueryableRepository[Policed]) -> None:
        for ask in (things.find_all, things.count, things.query().get, things.query().count):
            with pytest.raises(TenantError):
                await ask()
        with pytest.raises(TenantError):
            await things.find_by_id("1")
        with pytest.raises(TenantError):
            await things.save(Policed("1", "a"))
        with pytest.raises(TenantError):
            await things.delete("1")

    run(Policed, body, mapping=POLICIES)


def test_a_tenant_sees_and_changes_its_own_only(run: Runner) -> None:
    async def body(things: QueryableRepository[Policed]) -> None:
        with use_tenant("a"):
            mine = await things.save(Policed("1", "x"))
        with use_tenant("b"):
            await things.save(Policed("2", "x"))
            assert [thing.id for thing in await things.find_all()] == ["2"]
            assert await things.find_by_id("1") is None
            assert await things.count() == 1
            assert not await things.delete("1")
            assert await things.update_where(Named("x"), name="y") == 1
            with pytest.raises(TenantError):
                await things.save(mine)
            with pytest.raises(MappingError):
                await things.query().without("tenant").get()
        with unsafe_all_tenants():
            assert {thing.name for thing in await things.find_all()} == {"x", "y"}
        assert mine.tenant == "a"

    run(Policed, body, mapping=POLICIES)


def test_a_soft_deleted_entity_is_not_seen_unless_asked_for(run: Runner) -> None:
    async def body(things: QueryableRepository[Policed]) -> None:
        with use_tenant("a"):
            await things.add_many([Policed("1", "x"), Policed("2", "x")])
            assert await things.delete("1")
            assert not await things.delete("1")

            assert await things.find_by_id("1") is None
            assert [thing.id for thing in await things.find_all()] == ["2"]
            assert await things.count() == 1
            assert await things.update_where(Named("x"), name="y") == 1
            (gone,) = await things.query().without("soft_delete").where("id", "=", "1").get()
            assert gone.deleted_at is not None
            assert await things.delete_where(Named("y")) == 1
            assert await things.query().without("soft_delete").count() == 2

    run(Policed, body, mapping=POLICIES)


def test_stamps_say_when_and_who(run: Runner) -> None:
    async def body(things: QueryableRepository[Policed]) -> None:
        before = datetime.now(UTC)
        with use_tenant("a"), use_actor("Ada"):
            thing = await things.save(Policed("1", "x"))
        created = thing.created_at
        assert created is not None
        assert before <= created <= datetime.now(UTC)
        with use_tenant("a"), use_actor("Bob"):
            thing.name = "y"
            thing = await things.save(thing)
            stored = await things.get("1")

        assert stored.created_by == "Ada"
        assert stored.created_at == thing.created_at == created
        assert stored.updated_at is not None
        assert stored.updated_at >= created

    run(Policed, body, mapping=POLICIES)


@pytest.mark.parametrize("values", [250, 100_000])
def test_long_lists_of_values_are_asked_for_at_once(run: Runner, values: int) -> None:
    async def body(plains: QueryableRepository[Plain]) -> None:
        await plains.add_many([Plain(str(number), id=str(number)) for number in range(5)])
        wanted = [str(number) for number in range(2, values)]

        found = await plains.query().where("id", "in", wanted).get()
        assert [plain.id for plain in found] == ["2", "3", "4"]
        assert await plains.query().where("id", "not in", wanted).count() == 2

    run(Plain, body)


@dataclass
class Measured:
    id: int
    weight: float
    digest: bytes


def test_long_lists_of_floats_and_bytes_are_asked_for_at_once(run: Runner) -> None:
    weights = [0.1 + 0.2, 1e-320, -1e308, float("inf"), 2.0**0.5]

    async def body(things: QueryableRepository[Measured]) -> None:
        await things.add_many([Measured(number, weight, bytes([0, number])) for number, weight in enumerate(weights)])
        many = [number / 7 for number in range(10, 100_000)]

        found = await things.query().where("weight", "in", [*many, *weights[:4], 2.0]).get()
        assert [thing.id for thing in found] == [0, 1, 2, 3]
        digests = [number.to_bytes(4, "big") for number in range(100_000)]
        assert [one.id for one in await things.query().where("digest", "in", [*digests, b"\0\3"]).get()] == [3]

    run(Measured, body)
