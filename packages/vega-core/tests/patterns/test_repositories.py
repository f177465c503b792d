"""Repositories: what follows from the operations that an implementation writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest

from vega.errors import ErrorKind
from vega.patterns import BaseRepository, EntityNotFoundError, QueryableRepository, Repository, Specification
from vega.patterns.query import EntityFields, MemoryExecutor, Query

T = TypeVar("T")
S = TypeVar("S")
K = TypeVar("K")


@dataclass
class User:
    id: int
    age: int | None = None


class Adult(Specification[User]):
    def predicate(self, user: User) -> bool:
        return user.age >= 18  # type: ignore[operator] # recorded, where None is never compared


class Even(Specification[User]):
    def is_satisfied_by(self, entity: User) -> bool:
        return entity.id % 2 == 0


class Stored(BaseRepository[T]):
    """The five operations over a dict, and a count of the pages read."""

    def __init__(self, *entities: Any) -> None:
        self.rows = {entity.id: entity for entity in entities}
        self.pages = 0

    async def find_by_id(self, id: Any) -> T | None:
        return next((row for row in self.rows.values() if row.id == id), None)

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[T]:
        self.pages += 1
        return [self.rows[id] for id in sorted(self.rows)][offset : offset + limit]

    async def save(self, entity: Any) -> T:
        stored: T = self.rows.setdefault(entity.id, entity)
        return stored

    async def delete(self, id: Any) -> bool:
        return self.rows.pop(id, None) is not None

    async def count(self) -> int:
        return len(self.rows)


class Users(Stored[User]): ...


class Asked(QueryableRepository[User], Stored[User]):
    """The same, with queries."""

    def query(self) -> Query[User]:
        fields = EntityFields.of(User)
        return Query(fields, MemoryExecutor(self.rows.values, (fields["id"],)))

    async def add(self, entity: User) -> User:
        return await self.save(entity)

    async def add_if_absent(self, entity: User) -> User | None:
        return None if entity.id in self.rows else await self.save(entity)

    async def add_many(self, entities: Iterable[User]) -> list[User]:
        return [await self.save(entity) for entity in entities]

    async def update(self, entity: User) -> User:
        return await self.save(entity)

    async def restore(self, id: int) -> bool:
        return False

    async def upsert_many(self, entities: Iterable[User], *, on: Iterable[str] = ()) -> list[User]:
        return [await self.save(entity) for entity in entities]

    async def update_where(self, spec: Specification[User], **changes: Any) -> int:
        return 0

    async def delete_where(self, spec: Specification[User]) -> int:
        return 0

    def stream(self, spec: Specification[User] | None = None, *, batch: int = 1000) -> AsyncIterator[User]:
        return self.query().stream(batch=batch)

    async def count(self, spec: Specification[User] | None = None) -> int:
        return len(self.rows)


@pytest.mark.parametrize("kind", [Users, Asked])
def test_a_specification_finds_entities_in_order(kind: type[BaseRepository[User]]) -> None:
    async def main() -> None:
        users = kind(User(3, 20), User(1, 30), User(2, 5), User(4))  # type: ignore[call-arg] # both take entities
        both = Adult().or_(Even())

        assert [user.id for user in await users.find_by_spec(Adult())] == [1, 3]
        assert [user.id for user in await users.find_by_spec(both)] == [1, 2, 3, 4]
        assert await users.find_one(Adult()) == User(1, 30)
        assert await users.find_one(Adult() & Even()) is None
        assert await users.exists(Even())
        assert not await users.exists(Adult() & Even())

    asyncio.run(main())


def test_an_entity_that_is_needed_is_returned_or_missing_by_name() -> None:
    async def main() -> None:
        users = Users(User(1))
        assert await users.get(1) == User(1)
        with pytest.raises(EntityNotFoundError, match="no User with this identifier") as caught:
            await users.get({"tenant": 1, "name": "x" * 500})
        assert caught.value.kind is ErrorKind.MISSING
        assert len(str(caught.value)) < 300

    asyncio.run(main())


def test_a_repository_of_an_open_type_still_says_what_is_missing() -> None:
    with pytest.raises(EntityNotFoundError, match="no entity with this identifier"):
        asyncio.run(Stored().get(1))


@pytest.mark.parametrize(("stored", "pages"), [(0, 1), (499, 1), (500, 2), (501, 2)])
def test_every_page_is_read_and_none_twice(stored: int, pages: int) -> None:
    users = Users(*(User(number, 20) for number in range(stored)))

    found = asyncio.run(users.find_by_spec(Adult()))

    assert (len(found), users.pages) == (stored, pages)


class Keyed(Repository[S], Generic[K, S]):
    """Renames and reorders the parameter."""


class ByName(Keyed[str, User]): ...


class Mixed(Repository[list[User]], Generic[K]): ...


class Open(Keyed[str, T]): ...


class Bare(Repository): ...  # type: ignore[type-arg] # the form under test


class Named(Repository["User"]): ...


class Behind(Bare, ByName): ...


@pytest.mark.parametrize(
    ("kind", "entity"),
    [
        (Users, User),
        (Asked, User),
        (ByName, User),
        (type("Again", (ByName,), {}), User),
        (Mixed, list),
        (Behind, User),
        (Open, None),
        (Bare, None),
        (Named, None),
        (Repository, None),
    ],
)
def test_the_entity_is_read_from_the_type_parameter(kind: type[Repository[Any]], entity: type | None) -> None:
    assert kind.entity_type() is entity


def test_a_specification_knows_its_entity() -> None:
    assert Adult.entity_type() is User
