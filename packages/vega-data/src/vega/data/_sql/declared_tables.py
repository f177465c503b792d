"""The repository classes of imported modules, and the tables of the entities."""

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
    """Register a repository class, so that the tables are known after import."""
    _declared.add(repository)


def declared_tables(package: str = "") -> Iterator[EntityTable]:
    """Return the tables of imported repository classes with a known entity, by name.

    Args:
        package: only repositories of this package; all repositories when empty.
    """
    held = [repository for repository in _declared if _is_held(repository)]
    for repository in sorted(held, key=place):
        if package and repository.__module__.partition(".")[0] != package:
            continue
        found = repository.declared_table()
        if found is not None:
            yield found


def _is_held(repository: type) -> bool:
    """Return whether the module is imported and has the same class: a reload leaves the old class alive."""
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
        package: only repositories of this package; all repositories when empty.

    Raises:
        MappingError: two entities share a table.
    """
    return joined(declared_tables(package))
