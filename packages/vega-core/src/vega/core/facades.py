"""Facades that load a name when it is first used (PEP 562), from one table.

Such a facade loads no module but this one: it assigns `TYPE_CHECKING = False` itself, which type checkers understand
as they do `typing.TYPE_CHECKING`.
"""

from __future__ import annotations

import sys

__all__ = ["lazy_names"]

_MACHINERY = frozenset({"TYPE_CHECKING", "lazy_names"})  # what a facade imports for itself


def lazy_names(facade: str, table: dict[str, str]) -> None:
    """Give a facade a `__getattr__` and a `__dir__`, so that its names are loaded on first use.

    A name that was loaded is kept in the facade, so that `__getattr__` runs once per name.

    Args:
        facade: the `__name__` of a package, or of a module that shows a topic of its package.
        table: from each public name to the module that defines it, relative to the package and without the leading
            dot, such as `{"Database": "_connection.database"}`; a leading dot leads to the package above.

    Source: PEP 562, "Module __getattr__ and __dir__".
    """
    module = sys.modules[facade]
    package = module.__package__

    def load(name: str) -> object:
        if name not in table:
            raise AttributeError(f"module {facade!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{table[name]}", package), name)
        setattr(module, name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(module), *table} - _MACHINERY)

    vars(module).update(__getattr__=load, __dir__=names)
