"""Repositories: collections of entities, in terms of the domain and independent of storage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .._errors import EntityNotFoundError
from .generics import type_argument

if TYPE_CHECKING:  # used in annotations only
    from ..query import Query
    from .specification import Specification

T = TypeVar("T")
_PAGE = 500


class Repository(ABC, Generic[T]):
    """A collection of entities with operations named by the domain.

    The class has no operations of its own: `BaseRepository` adds the five common ones, `QueryableRepository` queries.
    Use a `Service` for an external system that is not a collection.
    """

    @classmethod
    def entity_type(cls) -> type[T] | None:
        """Return the entity from the type parameter: `User` for a `Repository[User]`; None when left open."""
        return type_argument(cls, Repository)


class BaseRepository(Repository[T]):
    """A collection with the five common operations, and operations derived from them.

    Implementations write the five; the derived ones page through `find_all`. An `id` may have any type.

    Use a `Repository` with only the needed operations for a read model or an append-only log.
    """

    @abstractmethod
    async def find_by_id(self, id: Any) -> T | None:
        """Return the entity with an identifier, or None."""

    @abstractmethod
    async def find_all(self, limit: int = 100, offset: int = 0) -> list[T]:
        """Return entities in a stable order.

        Args:
            limit: maximum number of entities, at least 0.
            offset: number of entities to skip, at least 0.
        """

    @abstractmethod
    async def save(self, entity: T) -> T:
        """Create or update an entity; return the stored entity."""

    @abstractmethod
    async def delete(self, id: Any) -> bool:
        """Delete the entity with an identifier; return whether it existed."""

    @abstractmethod
    async def count(self) -> int:
        """Return the number of entities."""

    async def get(self, id: Any) -> T:
        """Return the entity with an identifier.

        Raises:
            EntityNotFoundError: there is none.
        """
        entity = await self.find_by_id(id)
        if entity is None:
            raise not_found(type(self).entity_type(), id)
        return entity

    async def find_by_spec(self, spec: Specification[T]) -> list[T]:
        """Return every entity that satisfies a specification, in the order of `find_all`.

        Reads all entities, page by page; repositories with `query()` let the store filter.
        """
        entities: list[T] = []
        offset, is_satisfied = 0, spec.is_satisfied_by
        while page := await self.find_all(limit=_PAGE, offset=offset):
            entities += filter(is_satisfied, page)
            offset += len(page)
            if len(page) < _PAGE:
                break
        return entities

    async def find_one(self, spec: Specification[T]) -> T | None:
        """Return the first entity that satisfies a specification, or None."""
        entities = await self.find_by_spec(spec)
        return entities[0] if entities else None

    async def exists(self, spec: Specification[T]) -> bool:
        """Return whether any entity satisfies a specification."""
        return await self.find_one(spec) is not None


class QueryableRepository(BaseRepository[T]):
    """A collection with queries, and changes to many entities at once.

    Use a `BaseRepository` with named methods when the domain should not build queries freely.
    """

    @abstractmethod
    def query(self) -> Query[T]:
        """Return a query of all entities, to be narrowed down."""

    @abstractmethod
    async def add(self, entity: T) -> T:
        """Store a new entity.

        Raises:
            DuplicateEntityError: the identifier or a unique value is taken.
        """

    @abstractmethod
    async def add_if_absent(self, entity: T) -> T | None:
        """Store a new entity unless its identifier or a unique value is taken; return None in that case."""

    @abstractmethod
    async def add_many(self, entities: Iterable[T]) -> list[T]:
        """Store new entities, all or none."""

    @abstractmethod
    async def update(self, entity: T) -> T:
        """Store the values of an entity that exists.

        Raises:
            EntityNotFoundError: the identifier is not stored.
            StaleEntityError: the stored version differs from the entity's.
        """

    @abstractmethod
    async def restore(self, id: Any) -> bool:
        """Undo the soft delete of the entity with an identifier; return whether there was one.

        Raises:
            DuplicateEntityError: another entity has since taken a unique value.
        """

    @abstractmethod
    async def upsert_many(self, entities: Iterable[T], *, on: Iterable[str] = ()) -> list[T]:
        """Store entities, updating existing ones.

        Args:
            entities: the entities.
            on: the fields, unique together, that identify an existing entity; the identifier when empty.
        """

    @abstractmethod
    async def update_where(self, spec: Specification[T], **changes: Any) -> int:
        """Set fields of every entity that satisfies a specification; return the number of entities."""

    @abstractmethod
    async def delete_where(self, spec: Specification[T]) -> int:
        """Delete every entity that satisfies a specification; return the number of entities."""

    @abstractmethod
    def stream(self, spec: Specification[T] | None = None, *, batch: int = 1000) -> AsyncIterator[T]:
        """Iterate over entities without loading all into memory.

        Args:
            spec: selects the entities; all when None.
            batch: entities per fetch, at least 1.
        """

    @abstractmethod
    async def count(self, spec: Specification[T] | None = None) -> int:
        """Return the number of entities, of all or of those that satisfy a specification."""

    async def find_by_spec(self, spec: Specification[T]) -> list[T]:
        """Return every entity that satisfies a specification, ordered by identifier."""
        return await self.query().where(spec).get()

    async def find_one(self, spec: Specification[T]) -> T | None:
        """Return the first entity that satisfies a specification, by identifier, or None."""
        return await self.query().where(spec).first()

    async def exists(self, spec: Specification[T]) -> bool:
        """Return whether any entity satisfies a specification."""
        return await self.query().where(spec).exists()


def not_found(entity: type | None, id: object) -> EntityNotFoundError:
    """Return the error for an unknown identifier."""
    name = entity.__name__ if entity is not None else "entity"
    return EntityNotFoundError(f"there is no {name} with this identifier", f"id {_shown(id)}")


def _shown(id: object) -> str:
    text = repr(dict(cast("Mapping[object, object]", id)) if isinstance(id, Mapping) else id)
    return text if len(text) <= 80 else f"{text[:77]}..."
