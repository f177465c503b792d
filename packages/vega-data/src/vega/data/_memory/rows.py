"""The entities of a repository in memory: by identifier, and by the fields that are to be unique."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from .._mapping.columns import read
from .._mapping.entity_layout import EntityLayout

T = TypeVar("T")
Names: TypeAlias = tuple[str, ...]


class Rows(dict[Any, T]):
    """Entities by their identifiers; those with equal values of some fields are found without a look at all others.

    Args:
        layout: the layout of the entities.
        rows: identifiers and entities to begin with.
    """

    def __init__(self, layout: EntityLayout, rows: Iterable[tuple[Any, T]] = ()) -> None:
        super().__init__(rows)
        self._layout = layout
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

    def alike(self, names: Names, entity: object) -> Iterator[tuple[Any, T]]:
        """Yield the identifiers and entities with the values that an entity has in some fields; none if one is None."""
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
        return tuple([_hashable(read(entity, self._layout.by_path[name].path)) for name in names])


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:  # of a JSON field
        return repr(value)
    return value
