"""Facades that load names on first use (PEP 562), from a table.

Such a facade imports only this module: it assigns `TYPE_CHECKING = False`, which type checkers treat like
`typing.TYPE_CHECKING`.
"""

from __future__ import annotations

import sys

__all__ = ["lazy_names"]

_MACHINERY = frozenset({"TYPE_CHECKING", "lazy_names"})  # names of a facade that are not public


def lazy_names(facade: str, table: dict[str, str]) -> None:
    """Add `__getattr__` and `__dir__` to a facade, so that names load on first use.

    A loaded name is stored in the facade, so that `__getattr__` runs once per name.

    Args:
        facade: the `__name__` of a package, or of a public module within a package.
        table: from each public name to the module of its definition, relative to the package and without the leading
            dot, such as `{"Database": "_connection.database"}`; a leading dot refers to the parent package.

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
