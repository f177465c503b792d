"""Facades that load a name when it is first used (PEP 562), from one table."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]

_MACHINERY = frozenset({"TYPE_CHECKING", "lazy_names"})  # what a facade imports for itself


def lazy_names(package: str, table: Mapping[str, str]) -> None:
    """Give a package a `__getattr__` and a `__dir__`, so that its names are loaded on first use.

    A name that was loaded is kept in the package, so that `__getattr__` runs once per name.

    Args:
        package: the `__name__` of the package, or of the module that is a facade.
        table: from each public name to the module that defines it, relative to the package without the leading
            dot, such as `{"Database": "_connection.database"}`. In a facade that is a module and no package, one more
            dot leads to the package around it: `{"Principal": "._security.principal"}`.

    Source: PEP 562, "Module __getattr__ and __dir__".
    """
    module = sys.modules[package]

    def load(name: str) -> Any:
        if name not in table:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f".{table[name]}", package), name)
        setattr(module, name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(module), *table} - _MACHINERY)

    vars(module).update(__getattr__=load, __dir__=names)
