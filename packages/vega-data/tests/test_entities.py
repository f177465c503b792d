"""What may be an entity, and what is refused: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from vega.data import (
    DuplicateEntityError,
    EntityMapping,
    InMemoryRepository,
    InvalidEntityError,
    MappingError,
    TenantError,
    use_tenant,
)
from vega.patterns import AggregateRoot, EntityNotFoundError, QueryableRepository, Specification
from vega.patterns.query import UnknownFieldError

Runner = Callable[..., Any]
Body = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Part:
    name: str


@dataclass
class Thing:
    id: str
    price: Money
    parts: list[Part] = field(default_factory=list)
    more: dict[str, list[int]] = field(default_factory=dict)


EURO = Money(Decimal(1), "EUR")
WRONG: list[Any] = [
    "no entity",
    Part("another entity"),
    Thing("1", None),  # type: ignore[arg-type] # the mistakes under test, from here on
    Thing("1", "a text"),  # type: ignore[arg-type] # see above
    Thing("1", Money(Decimal(1), None)),  # type: ignore[arg-type] # see above
    Thing("1", EURO, 5),  # type: ignore[arg-type] # see above
    Thing("1", EURO, [None]),  # type: ignore[list-item] # see above
    Thing("1", EURO, ["a text"]),  # type: ignore[list-item] # see above
    Thing("1", EURO, [Part(3)]),  # type: ignore[arg-type] # see above
    Thing("1", EURO, [Part(None)]),  # type: ignore[arg-type] # see above
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_what_does_not_fit_its_declaration_is_refused_whole(run: Runner, wrong: Any) -> None:
    async def body(things: QueryableRepository[Thing]) -> None:
        for store in (
            things.add,
            things.save,
            lambda one: things.add_many([one]),
            lambda one: things.upsert_many([one]),
        ):
            with pytest.raises(InvalidEntityError):
                await store(wrong)
        assert await things.count() == 0

    run(Thing, body)


def test_what_is_read_shares_nothing_with_what_is_read_next(run: Runner) -> None:
    async def body(things: QueryableRepository[Thing]) -> None:
        await things.add(Thing("1", EURO, [Part("a")], {"a": [1]}))
        found = await things.get("1")
        found.more["a"].append(2)
        found.parts.clear()

        assert await things.get("1") == Thing("1", EURO, [Part("a")], {"a": [1]})

    run(Thing, body)


@dataclass
class Late:
    name: str
    id: str | None = None
    state: str = field(init=False, default="new")


@dataclass(frozen=True)
class FrozenLate:
    name: str
    id: str | None = None
    state: str = field(init=False, default="new")
    version: int = field(init=False, default=0)


class Frozen(BaseModel, frozen=True):
    name: str
    id: str | None = None


class Classic:
    id: str | None
    name: str

    def __init__(self, name: str, id: str | None = None) -> None:
        self.name, self.id = name, id


class ClassicFrozen(Classic):
    def __init__(self, name: str, id: str | None = None) -> None:
        self.__dict__.update(name=name, id=id)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


@pytest.mark.parametrize("kind", [Late, FrozenLate, Frozen, Classic, ClassicFrozen])
def test_a_class_of_any_form_gets_its_identifier_and_comes_back(run: Runner, kind: Any) -> None:
    async def body(things: QueryableRepository[Any]) -> None:
        added = await things.add(kind(name="Ada"))
        saved = await things.save(kind(name="Bob"))

        for stored in (added, saved):
            found = await things.get(stored.id)
            assert type(found) is type(stored) is kind
            assert found.id == stored.id
            assert found.name == stored.name

    run(kind, body)


def test_a_field_outside_the_constructor_is_stored(run: Runner) -> None:
    async def body(things: QueryableRepository[Late]) -> None:
        late = Late("Ada")
        late.state = "paid"
        await things.save(late)

        assert await things.get(late.id) == late
        assert late.state == "paid"

    run(Late, body)


def test_a_frozen_entity_keeps_the_fields_outside_its_constructor(run: Runner) -> None:
    async def body(things: QueryableRepository[FrozenLate]) -> None:
        frozen = FrozenLate("Ada")
        object.__setattr__(frozen, "state", "paid")
        stored = await things.save(frozen)

        assert (stored.state, stored.version) == ("paid", 1)
        assert await things.get(stored.id) == stored

    run(FrozenLate, body, mapping=EntityMapping(version="version"))


@dataclass
class Loop:
    id: str
    inner: list[Loop]


@dataclass
class Knot:
    id: str
    inner: Knot | None = None


@dataclass
class Vague:
    id: str
    what: object


@dataclass
class Perhaps:
    note: str | None


@dataclass
class Untold:
    id: str
    perhaps: Perhaps | None


@dataclass
class Clash:
    id: str
    price: Money
    price_amount: int


class Nothing:
    pass


@dataclass
class Dated:
    id: date | None


@dataclass
class Hiding:
    position: int


@dataclass
class Holder:
    id: str
    members: list[Hiding]


@pytest.mark.parametrize(
    ("entity", "told"),
    [
        (Loop, "contains itself"),
        (Knot, "contains itself"),
        (Vague, "says nothing about how to store it"),
        (Untold, "cannot be distinguished"),
        (Clash, "would share the column price_amount"),
        (Nothing, "has no fields"),
    ],
)
def test_a_class_that_cannot_be_stored_is_refused_at_once(entity: type, told: str) -> None:
    with pytest.raises(MappingError, match=told):
        InMemoryRepository(entity)


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        (EntityMapping(identity="nope"), "no stored field 'nope'"),
        (EntityMapping(version="name"), "cannot be the version"),
        (EntityMapping(created_at="name"), "cannot be a moment"),
        (EntityMapping(unique=[("id", "nope")]), "no stored field 'nope'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_at_once(mapping: EntityMapping, told: str) -> None:
    with pytest.raises(MappingError, match=told):
        InMemoryRepository(Late, mapping=mapping)


def test_a_repository_in_memory_finds_its_entity_or_says_so() -> None:
    class Things(InMemoryRepository[Thing]): ...

    assert Things().query() is not None
    with pytest.raises(MappingError, match="does not say what it stores"):
        InMemoryRepository()


def test_an_identifier_that_cannot_be_made_must_be_given(run: Runner) -> None:
    async def body(days: QueryableRepository[Dated]) -> None:
        with pytest.raises(MappingError, match="identifier can be made"):
            await days.add(Dated(None))
        assert await days.add(Dated(date(2026, 1, 1))) == Dated(date(2026, 1, 1))

    run(Dated, body)


def test_a_tenant_is_never_none() -> None:
    with pytest.raises(TenantError), use_tenant(None):
        pass


@dataclass
class User(AggregateRoot):
    name: str
    email: str
    id: int | None = None
    version: int = 0


USERS = EntityMapping(unique=["email"], version="version")


class All(Specification[Any]):
    def predicate(self, entity: Any) -> Any:
        return entity.name != ""


def test_a_change_of_many_that_cannot_be_done_to_all_is_done_to_none(run: Runner) -> None:
    async def body(users: QueryableRepository[User]) -> None:
        await users.add_many([User("Ada", "a"), User("Bob", "b")])

        with pytest.raises(DuplicateEntityError):
            await users.update_where(All(), email="same")
        with pytest.raises(InvalidEntityError, match="nothing to change"):
            await users.update_where(All())
        for fixed in ("id", "version"):
            with pytest.raises(InvalidEntityError, match="cannot be changed"):
                await users.update_where(All(), **{fixed: 7})
        assert [(user.email, user.version) for user in await users.find_all()] == [("a", 1), ("b", 1)]

    run(User, body, mapping=USERS)


def test_upserts_are_all_done_or_none(run: Runner) -> None:
    async def body(users: QueryableRepository[User]) -> None:
        await users.add(User("Ada", "a"))

        with pytest.raises(InvalidEntityError):
            await users.upsert_many([User("Eve", "a"), User(3, "c")], on=["email"])  # type: ignore[arg-type] # the mistake
        with pytest.raises(UnknownFieldError):
            await users.upsert_many([User("Eve", "a")], on=["nope"])
        assert [user.name for user in await users.find_all()] == ["Ada"]
        again, new = await users.upsert_many([User("Eve", "a"), User("Bob", "b")], on=["email"])
        assert (again.id, again.version, new.version) == (1, 2, 1)
        assert await users.get(new.id) == new
        assert await users.upsert_many([]) == await users.add_many([]) == []

    run(User, body, mapping=USERS)


def test_numbers_that_were_given_and_numbers_that_are_made_do_not_meet(run: Runner) -> None:
    async def body(users: QueryableRepository[User]) -> None:
        await users.add(User("Ada", "a"))
        (bob,) = await users.upsert_many([User("Bob", "b")])

        assert bob.id == 2
        with pytest.raises(DuplicateEntityError):
            await users.add(User("Eve", "b"))

    run(User, body, mapping=USERS)


def test_an_update_needs_an_identifier_that_is_stored(run: Runner) -> None:
    async def body(things: QueryableRepository[Late]) -> None:
        with pytest.raises(EntityNotFoundError):
            await things.update(Late("Ada"))
        assert not await things.delete(None)

    run(Late, body)


@dataclass
class Bare:
    id: str


def test_an_entity_that_is_its_identifier_can_be_saved_twice(run: Runner) -> None:
    async def body(things: QueryableRepository[Bare]) -> None:
        await things.save(Bare("1"))
        await things.save(Bare("1"))

        assert await things.find_all() == [Bare("1")]

    run(Bare, body)
