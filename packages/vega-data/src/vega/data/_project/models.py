"""Tables of classes that a project maps with SQLAlchemy, such as the output of `vega generate model`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Final

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from vega.discovery import discover

_FOLDER: Final = "infrastructure.models"
_OTHERS: Final = ("services", "handlers", "jobs", "routes", "websocket", "graphql", "commands")


def with_models(package: str, tables: MetaData) -> MetaData:
    """Return tables with the tables of a package's mapped classes, after import of the modules of models.

    Args:
        package: the package of the project.
        tables: the tables of the entities, with precedence for equal names.
    """
    if find_spec(f"{package}.infrastructure") is not None and find_spec(f"{package}.{_FOLDER}") is not None:
        discover(package, {**{kind: [] for kind in _OTHERS}, "services": [_FOLDER]})
    for model in _mapped(DeclarativeBase, package):
        table = model.__table__
        if table.key not in tables.tables:
            table.to_metadata(tables)
    return tables


def _mapped(base: type[Any], package: str) -> Iterator[Any]:
    for model in base.__subclasses__():
        if model.__module__.partition(".")[0] == package and "__table__" in vars(model) and _is_held(model):
            yield model
        yield from _mapped(model, package)


def _is_held(model: type[Any]) -> bool:
    """Return whether the module still has the class; a reload replaces classes."""
    return getattr(sys.modules.get(model.__module__), model.__qualname__, None) is model
