"""The repository classes that the imported modules declare, and the tables of their entities."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from sqlalchemy import MetaData

from .names import place
from .ports import DeclaringRepository
from .tables import EntityTable, joined

_declared: WeakSet[type[DeclaringRepository]] = WeakSet()


def declare(repository: type[DeclaringRepository]) -> None:
    """Note a repository class, so that its tables are known once it has been imported."""
    _declared.add(repository)


def declared_tables(package: str = "") -> Iterator[EntityTable]:
    """Return the tables of every repository class that an imported module holds and that knows its entity, by name.

    Args:
        package: only repositories of this package; all of them when empty.
    """
    held = [repository for repository in _declared if _is_held(repository)]
    for repository in sorted(held, key=place):
        if package and repository.__module__.partition(".")[0] != package:
            continue
        found = repository.declared_table()
        if found is not None:
            yield found


def _is_held(repository: type) -> bool:
    """Whether its module is still imported, and has not put another class in its place: a reload leaves both alive."""
    found: Any = sys.modules.get(repository.__module__)
    if found is None:
        return False
    for name in repository.__qualname__.split("."):
        found = getattr(found, name, None)
        if found is None:  # made inside a function, or kept under another name
            return True
    return found is repository or not isinstance(found, type)


def metadata(package: str = "") -> MetaData:
    """Return the tables of every imported repository class, for migrations and `create_all`.

    Args:
        package: only repositories of this package; all of them when empty.

    Raises:
        MappingError: two entities are mapped to one table.
    """
    return joined(declared_tables(package))
