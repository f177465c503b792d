"""Source lines, docstrings and names of a user's functions and classes."""

from __future__ import annotations

import inspect
import re
import sys
from functools import partial
from types import FrameType
from typing import Any

__all__ = ["description_of", "is_async", "line_of", "snake_case", "user_line"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LIBRARIES = frozenset({"vega", "pydantic", *sys.stdlib_module_names})
_FIRST_PARAMETER = re.compile(r"\((\*, )?\w+: ")


def line_of(function: Any) -> str:
    """Return where a callable is defined, as `file:line`; empty when it has no Python source.

    Partials, bound methods and wrappers that set `__wrapped__` are followed to the function inside.
    """
    while isinstance(function, partial):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def user_line() -> str:
    """Return the nearest line of the stack outside Vega, as `file:line`; empty when there is none."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to one's callers
    while frame is not None and _is_of_vega(frame):
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def description_of(documented: Any) -> str:
    """Return the docstring that a user gave a class or function, cleaned; empty when there is none.

    A class inherits the docstring of a base class of the user's, but none of Vega, pydantic or the standard library.
    The signature that `dataclass` puts in place of a docstring describes nothing.

    >>> class Greet:
    ...     '''Say hello.'''
    >>> description_of(Greet), description_of(type("Silent", (dict,), {}))
    ('Say hello.', '')
    """
    while isinstance(documented, partial):
        documented = documented.func
    if not isinstance(documented, type):
        return inspect.cleandoc(documented.__doc__ or "").strip()
    for cls in documented.__mro__:
        if cls is not documented and cls.__module__.partition(".")[0] in _LIBRARIES:
            continue
        text = inspect.cleandoc(cls.__doc__ or "").strip()
        if text and not _is_signature(cls, text):
            return text
    return ""


def _is_signature(cls: type, text: str) -> bool:
    """Return whether a docstring is the one that `dataclass` generates, such as `CreateUser(name: str)`."""
    rest = text.removeprefix(cls.__name__)
    if "__dataclass_fields__" not in vars(cls) or rest == text or "\n" in text:
        return False
    return rest in {"", "()"} or (rest.endswith(")") and _FIRST_PARAMETER.match(rest) is not None)


def _is_of_vega(frame: FrameType) -> bool:
    """Return whether a frame runs Vega's code, code that Vega generated, or the context manager around such code."""
    names = frame.f_globals
    package = names.get("__package__") or names.get("__name__")
    is_generated = "__vega_nodes__" in names or "__vega_call__" in names
    return is_generated or f"{package}.".startswith("vega.") or names.get("__name__") == "contextlib"


def is_async(function: Any) -> bool:
    """Return whether calling a function, or an object with an async `__call__`, gives a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - an object may be called as an async function


def snake_case(name: str) -> str:
    """Return an identifier in snake case; an acronym is one word.

    >>> snake_case("OrderItem"), snake_case("HTTPServer"), snake_case("order_item")
    ('order_item', 'http_server', 'order_item')
    """
    return _HUMP.sub("_", name).lower()
