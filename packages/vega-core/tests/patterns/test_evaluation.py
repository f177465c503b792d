"""Specifications over many entities: recorded once for a loop, and again when what they read has changed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest

from vega.patterns import BaseRepository, Specification
from vega.patterns._domain.evaluation import _kept
from vega.patterns.query import EntityFields, MemoryExecutor, Query, any_, contains, in_

LIMIT = 18
limits = {"age": 18}
least: ContextVar[int] = ContextVar("least", default=18)


@dataclass
class User:
    name: str
    age: int | None = None
    tags: list[str] = field(default_factory=list[str])


@dataclass
class Pet:
    name: str
    age: int


class Counted(Specification[User]):
    """Counts how often its predicate is recorded."""

    def __init__(self, age: int) -> None:
        self.age, self.recorded = age, 0

    def predicate(self, user: Any) -> Any:
        self.recorded += 1
        return user.age >= self.age


@dataclass(frozen=True)
class Frozen(Specification[User]):
    age: int

    def predicate(self, user: Any) -> Any:
        recordings.append(self.age)
        return user.age >= self.age


recordings: list[int] = []


@dataclass(frozen=True)
class OlderThan(Specification[User]):
    age: int

    def predicate(self, user: Any) -> Any:
        return (user.age >= self.age) & contains(user.name, "a")


@dataclass(frozen=True)
class OfContext(Specification[User]):
    name: str = ""

    def predicate(self, user: Any) -> Any:
        return user.age >= least.get()


@dataclass(frozen=True)
class OfGlobal(Specification[User]):
    def predicate(self, user: Any) -> Any:
        return user.age >= limits["age"]


@dataclass(frozen=True)
class OfMethod(Specification[User]):
    def predicate(self, user: Any) -> Any:
        return user.age >= self.limit()

    def limit(self) -> int:
        return least.get()


@dataclass(frozen=True)
class OfImport(Specification[User]):
    def predicate(self, user: Any) -> Any:
        from packages.vega_core_elsewhere import limit  # type: ignore[import-not-found] # never run

        return user.age >= limit


@dataclass(frozen=True)
class WithIdentifier(Specification[User]):
    name: str

    def predicate(self, user: Any) -> Any:
        return (user.id == self.name) & any_(user.lines, lambda line: line.type == LIMIT)


@dataclass(frozen=True)
class AmongNames(Specification[User]):
    names: list[str]

    def predicate(self, user: Any) -> Any:
        return in_(user.name, self.names)


USERS = [User("Ada", 36), User("Bob", 17), User("Cia", None), User("Dan", 18)]


class Users(BaseRepository[User]):
    async def find_by_id(self, id: Any) -> User | None:
        return None

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[User]:
        return USERS[offset : offset + limit]

    async def save(self, entity: User) -> User:
        return entity

    async def delete(self, id: Any) -> bool:
        return False

    async def count(self) -> int:
        return len(USERS)


def query() -> Query[User]:
    return Query(EntityFields.of(User), MemoryExecutor(lambda: USERS))


def by_filter(spec: Specification[User]) -> list[User]:
    return list(filter(spec.is_satisfied_by, USERS))


def by_query(spec: Specification[User]) -> list[User]:
    return asyncio.run(query().where(spec).get())


def by_repository(spec: Specification[User]) -> list[User]:
    return asyncio.run(Users().find_by_spec(spec))


WAYS = [by_filter, by_query, by_repository]
Way = Callable[[Specification[User]], list[User]]


@pytest.mark.parametrize("way", WAYS)
def test_a_predicate_is_recorded_once_for_all_entities(way: Way) -> None:
    spec = Counted(18)

    assert [user.name for user in way(spec)] == ["Ada", "Dan"]
    assert spec.recorded == 1


@pytest.mark.parametrize("way", WAYS)
def test_each_part_of_a_joined_specification_is_recorded_once(way: Way) -> None:
    adult, old = Counted(18), Counted(30)

    assert [user.name for user in way(adult & ~old)] == ["Dan"]
    assert (adult.recorded, old.recorded) == (1, 1)


@pytest.mark.parametrize("way", WAYS)
def test_what_changed_between_two_calls_is_seen(way: Way) -> None:
    counted, names = Counted(18), AmongNames(["Ada"])
    contextual: list[Specification[User]] = [OfContext(), OfMethod()]
    before = [len(way(spec)) for spec in (counted, names, OfGlobal(), *contextual)]
    counted.age = 36
    names.names.append("Bob")
    limits["age"] = 0
    token = least.set(0)
    try:
        after = [len(way(spec)) for spec in (counted, names, OfGlobal(), *contextual)]
    finally:
        limits["age"] = 18
        least.reset(token)

    assert before == [2, 1, 2, 2, 2]
    assert after == [1, 2, 3, 3, 3]


def test_an_entity_of_another_class_is_recorded_apart() -> None:
    is_satisfied: Any = Counted(18).is_satisfied_by

    assert [is_satisfied(one) for one in (User("a", 20), Pet("b", 3), User("c", 3), Pet("d", 30))] == [
        True, False, False, True,
    ]  # fmt: skip


def test_a_frozen_specification_keeps_its_tests_from_call_to_call() -> None:
    spec = OlderThan(18)

    assert [user.name for user in USERS if spec.is_satisfied_by(user)] == ["Ada", "Dan"]
    assert spec.is_satisfied_by is not spec.is_satisfied_by
    assert User in _kept.tests(spec)
    assert _kept.tests(OlderThan(18)) is not _kept.tests(spec)


def test_only_what_cannot_change_is_kept() -> None:
    constant: list[Any] = [OlderThan(1), WithIdentifier("a"), OfContext(), OfGlobal(), OfMethod(), OfImport()]
    kept = [_kept.tests(spec) is _kept.tests(spec) for spec in constant]
    frozen_with_effects, mutable = Frozen(18), Counted(18)

    assert kept == [True, True, False, False, False, False]
    assert _kept.tests(frozen_with_effects) is not _kept.tests(frozen_with_effects)
    assert _kept.tests(mutable) is not _kept.tests(mutable)
    assert _kept.tests(AmongNames([])) is not _kept.tests(AmongNames([]))


def test_tests_of_a_specification_go_with_it() -> None:
    gc.collect()
    before = len(_kept._tests)
    spec = OlderThan(18)
    assert not spec.is_satisfied_by(USERS[1])
    assert len(_kept._tests) == before + 1
    del spec
    gc.collect()

    assert len(_kept._tests) == before


def test_the_method_can_be_called_by_its_class_and_by_super() -> None:
    class Louder(Counted):
        def is_satisfied_by(self, entity: User) -> bool:
            return not super().is_satisfied_by(entity)

    assert Specification.is_satisfied_by(Counted(18), USERS[0])
    assert list(filter(Louder(18).is_satisfied_by, USERS)) == USERS[1:3]
