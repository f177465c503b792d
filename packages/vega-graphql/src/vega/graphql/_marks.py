"""`@query` and `@mutation`: marks on resolver functions, read when the schema is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Operation = Literal["query", "mutation"]
_MARK: Final = "__vega_graphql__"


def query(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Make an async function a field of the schema's `Query`; its name in camel case is the field's.

    The function stays as it is: parameters become arguments, the annotations decide the types (Strawberry's
    rules), the docstring is the description.
    """
    return _mark(resolver, "query")


def mutation(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Make an async function a field of the schema's `Mutation`; see `query`."""
    return _mark(resolver, "mutation")


def _mark(resolver: Callable[P, Awaitable[R]], operation: Operation) -> Callable[P, Awaitable[R]]:
    setattr(resolver, _MARK, operation)
    return resolver


def marked(values: Iterable[Any], operation: Operation) -> list[Any]:
    """Return the values that bear the mark of an operation, in order."""
    return [value for value in values if getattr(value, _MARK, None) == operation]
