"""The components of a module: its own classes and functions, and objects of other libraries such as routers."""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType


def components_of(module: ModuleType) -> list[str]:
    """Return the public names of a module that refer to components."""
    return [name for name, value in vars(module).items() if not name.startswith("_") and _is_brought(value, module)]


def _is_brought(value: object, module: ModuleType) -> bool:
    if isinstance(value, (type, FunctionType)) or hasattr(value, "__wrapped__"):
        return getattr(value, "__module__", None) == module.__name__
    origin = type(value).__module__.partition(".")[0]  # numbers, loggers and type variables are not components
    return origin != "builtins" and origin not in sys.stdlib_module_names
