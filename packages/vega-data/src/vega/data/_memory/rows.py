"""The entities of a memory repository: by identifier, and by unique fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from .._mapping.columns import read
from .._mapping.entity_mapping import UniqueKey
from .._mapping.policies import Policies

T = TypeVar("T")
Names: TypeAlias = tuple[str, ...]


class Rows(dict[Any, T]):
    """Entities by identifier, with an index of field values for unique keys.

    Args:
        policies: the policies of the entities.
        rows: identifiers and entities to begin with.
    """

    def __init__(self, policies: Policies, rows: Iterable[tuple[Any, T]] = ()) -> None:
        super().__init__(rows)
        self._policies = policies
        self._indexes: dict[Names, dict[tuple[Any, ...], dict[Any, None]]] = {}  # made when first used

    def __setitem__(self, identity: Any, entity: T) -> None:
        if identity in self:
            self._leave_indexes(identity)
        super().__setitem__(identity, entity)
        for names, index in self._indexes.items():
            index.setdefault(self._key(names, entity), {})[identity] = None

    def __delitem__(self, identity: Any) -> None:
        self._leave_indexes(identity)
        super().__delitem__(identity)

    def same(self, entity: object, key: UniqueKey, besides: Any = None) -> T | None:
        """Return the entity with the values of a unique key; None without a match, or if the key does not cover.

        Args:
            entity: has the values.
            key: the key.
            besides: the identifier of an ignored entity.
        """
        if not self._policies.holds_for(key, entity):
            return None
        for identity, row in self._alike(key.names, entity):
            if identity != besides and self._policies.holds_for(key, row):
                return row
        return None

    def taken(self, entity: object) -> UniqueKey | None:
        """Return the first unique key whose values another entity has; None when all are free."""
        identity = self._policies.identity_of(entity)
        keys = self._policies.mapping.unique_keys()
        return next((key for key in keys if self.same(entity, key, identity) is not None), None)

    def _alike(self, names: Names, entity: object) -> Iterator[tuple[Any, T]]:
        """Yield identifiers and entities with equal values in some fields; nothing if a value is None."""
        key = self._key(names, entity)
        if None in key:
            return
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = {}
            for identity, row in self.items():
                index.setdefault(self._key(names, row), {})[identity] = None
        for identity in tuple(index.get(key, ())):
            yield identity, self[identity]

    def _leave_indexes(self, identity: Any) -> None:
        for names, index in self._indexes.items():
            key = self._key(names, self[identity])
            del index[key][identity]
            if not index[key]:
                del index[key]

    def _key(self, names: Names, entity: object) -> tuple[Any, ...]:
        return tuple([_hashable(read(entity, self._policies.layout.by_path[name].path)) for name in names])


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:  # of a JSON field
        return repr(value)
    return value
