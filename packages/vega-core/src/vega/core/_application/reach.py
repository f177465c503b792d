"""The use cases that the edges of a project reach, determined from the names in their code.

Theory of operation: the search starts at the modules of the edges. Each name in the code of a function is looked up in
the globals of the module; attributes of imported modules count, and so do imports within functions. Functions and
classes of the project found this way are searched in turn, so that a mediator leads to its use cases, and the helper of
a route to the use cases awaited in it. Nothing is called.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any, final

from vega.patterns import Interactor, Mediator


@final
class Reach:
    """The functions and use cases that the code of given modules refers to, directly or indirectly.

    Args:
        package: the project's package; code outside is not searched.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._seen: set[int] = set()
        self._todo: list[Any] = []
        self.use_cases: list[type] = []

    def read(self, modules: Iterable[str]) -> None:
        """Search modules and everything reachable from them."""
        for name in modules:
            self._todo += vars(sys.modules[name]).values()
        while self._todo:
            self._visit(self._todo.pop())

    def _visit(self, value: Any) -> None:
        value = _plain(value)
        if not isinstance(value, (FunctionType, type)) or id(value) in self._seen or not self._is_own(value.__module__):
            return
        self._seen.add(id(value))
        if isinstance(value, FunctionType):
            self._read(value)
            return
        if is_use_case(value):
            self.use_cases.append(value)
        self._todo += [*value.__bases__, *vars(value).values()]

    def _read(self, function: FunctionType) -> None:
        names = frozenset(name for code in _codes(function.__code__) for name in code.co_names)
        scope = function.__globals__
        for name in names:
            value = scope.get(name)
            if value is None and self._is_own(name):
                value = _imported(name)
            if isinstance(value, ModuleType):
                self._todo += [vars(value)[other] for other in names & vars(value).keys()]
            else:
                self._todo.append(value)

    def _is_own(self, name: object) -> bool:
        return isinstance(name, str) and f"{name}.".startswith(f"{self._package}.")


def is_use_case(value: Any) -> bool:
    """Return whether a value is a concrete use case: a class with a `call`."""
    if not isinstance(value, type):
        return False
    can_run = inspect.isfunction(getattr(value, "call", None)) and not inspect.isabstract(value)
    return can_run and issubclass(value, Interactor | Mediator)


def _plain(value: Any) -> Any:
    """Return the user's function of a method, property or wrapper; other values unchanged."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # of any value
    elif isinstance(value, property):
        value = value.fget
    return inspect.unwrap(value) if isinstance(value, FunctionType) else value


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of nested functions."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _imported(name: str) -> ModuleType | None:
    """Return a module imported by a function; None if the import fails, which the function reports when it runs."""
    try:
        return import_module(name)
    except Exception:  # noqa: BLE001 - the user's module raised; discovery reports the modules of the edges
        return None
