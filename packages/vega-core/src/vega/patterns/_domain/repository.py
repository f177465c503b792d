"""Repositories: the collections of entities that the domain speaks of, without a word about storage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .._errors import EntityNotFoundError
from .generics import type_argument

if TYPE_CHECKING:  # only named in annotations, which nothing reads at run time
    from ..query import Query
    from .specification import Specification

T = TypeVar("T")
_PAGE = 500


class Repository(ABC, Generic[T]):
    """A collection of entities whose operations the domain names itself.

    When not to use it: as it stands it has no operations; take `BaseRepository` for the common five, or
    `QueryableRepository` for queries as well. For something outside that is no collection, take a `Service`.
    """

    @classmethod
    def entity_type(cls) -> type[T] | None:
        """Return the entity from the type parameter: `User` for a `Repository[User]`; None when left open."""
        return type_argument(cls, Repository)


class BaseRepository(Repository[T]):
    """The five operations that nearly every collection has, and what follows from them.

    Implementations write the five; the others page through `find_all`. An `id` may be of any type.

    When not to use it: for a read model or a log that is never changed by `save`: write those operations that
    it has on a `Repository`.
    """

    @abstractmethod
    async def find_by_id(self, id: Any) -> T | None:
        """Return the entity with this identifier, or None."""

    @abstractmethod
    async def find_all(self, limit: int = 100, offset: int = 0) -> list[T]:
        """Return entities in a stable order.

        Args:
            limit: how many at most, at least 0.
            offset: how many to leave out first, at least 0.
        """

    @abstractmethod
    async def save(self, entity: T) -> T:
        """Create or update an entity, and return it as it is stored."""

    @abstractmethod
    async def delete(self, id: Any) -> bool:
        """Delete the entity with this identifier, and tell whether there was one."""

    @abstractmethod
    async def count(self) -> int:
        """Return how many entities there are."""

    async def get(self, id: Any) -> T:
        """Return the entity with this identifier.

        Raises:
            EntityNotFoundError: there is none.
        """
        found = await self.find_by_id(id)
        if found is None:
            raise not_found(type(self).entity_type(), id)
        return found

    async def find_by_spec(self, spec: Specification[T]) -> list[T]:
        """Return every entity that satisfies a specification, in the order of `find_all`.

        This form reads all entities, page by page; repositories with `query()` ask their store instead.
        """
        found: list[T] = []
        offset, is_satisfied = 0, spec.is_satisfied_by
        while page := await self.find_all(limit=_PAGE, offset=offset):
            found += filter(is_satisfied, page)
            offset += len(page)
            if len(page) < _PAGE:
                break
        return found

    async def find_one(self, spec: Specification[T]) -> T | None:
        """Return the first entity that satisfies a specification, or None."""
        found = await self.find_by_spec(spec)
        return found[0] if found else None

    async def exists(self, spec: Specification[T]) -> bool:
        """Tell whether any entity satisfies a specification."""
        return await self.find_one(spec) is not None


class QueryableRepository(BaseRepository[T]):
    """A collection that can be asked: queries, and changes to many entities at once.

    When not to use it: where the domain should not choose freely what to ask; name the questions as methods
    of a `BaseRepository` instead.
    """

    @abstractmethod
    def query(self) -> Query[T]:
        """Return a query of all entities, to be narrowed down."""

    @abstractmethod
    async def add(self, entity: T) -> T:
        """Store a new entity.

        Raises:
            DuplicateEntityError: one with its identifier, or a unique value of it, is stored already.
        """

    @abstractmethod
    async def add_many(self, entities: Iterable[T]) -> list[T]:
        """Store new entities, all or none."""

    @abstractmethod
    async def update(self, entity: T) -> T:
        """Store the values of an entity that is stored already.

        Raises:
            EntityNotFoundError: none with its identifier is stored.
            StaleEntityError: it has a version, and another version is stored.
        """

    @abstractmethod
    async def restore(self, id: Any) -> bool:
        """Take back the soft delete of the entity with this identifier; return whether there was one.

        Raises:
            DuplicateEntityError: another entity has taken a unique value of it meanwhile.
        """

    @abstractmethod
    async def upsert_many(self, entities: Iterable[T], *, on: Iterable[str] = ()) -> list[T]:
        """Store entities, updating those that are there.

        Args:
            entities: the entities.
            on: the fields that tell which one is there, together unique; the identifier when empty.
        """

    @abstractmethod
    async def update_where(self, spec: Specification[T], **changes: Any) -> int:
        """Set fields of every entity that satisfies a specification; return how many there were."""

    @abstractmethod
    async def delete_where(self, spec: Specification[T]) -> int:
        """Delete every entity that satisfies a specification; return how many there were."""

    @abstractmethod
    def stream(self, spec: Specification[T] | None = None, *, batch: int = 1000) -> AsyncIterator[T]:
        """Iterate over entities without holding them all in memory.

        Args:
            spec: which ones; all of them when None.
            batch: how many to fetch at a time, at least 1.
        """

    @abstractmethod
    async def count(self, spec: Specification[T] | None = None) -> int:
        """Return how many entities there are, or how many satisfy a specification."""

    async def find_by_spec(self, spec: Specification[T]) -> list[T]:
        """Return every entity that satisfies a specification, ordered by identifier."""
        return await self.query().where(spec).get()

    async def find_one(self, spec: Specification[T]) -> T | None:
        """Return the first entity that satisfies a specification, by identifier, or None."""
        return await self.query().where(spec).first()

    async def exists(self, spec: Specification[T]) -> bool:
        """Tell whether any entity satisfies a specification."""
        return await self.query().where(spec).exists()


def not_found(entity: type | None, id: object) -> EntityNotFoundError:
    """Return the error for an identifier that nothing has."""
    name = entity.__name__ if entity is not None else "entity"
    return EntityNotFoundError(f"there is no {name} with this identifier", f"id {_shown(id)}")


def _shown(id: object) -> str:
    text = repr(dict(cast("Mapping[object, object]", id)) if isinstance(id, Mapping) else id)
    return text if len(text) <= 80 else f"{text[:77]}..."
