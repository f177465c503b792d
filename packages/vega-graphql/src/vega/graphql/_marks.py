"""`@query` and `@mutation`: marks on resolver functions, read when the schema is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Operation = Literal["query", "mutation"]
_MARK: Final = "__vega_graphql__"


def query(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Make an async function a field of the schema's `Query`, named after the function in camel case.

    The function itself is unchanged: parameters become arguments, annotations determine the types (by Strawberry's
    rules), and the docstring becomes the description.
    """
    return _mark(resolver, "query")


def mutation(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Make an async function a field of the schema's `Mutation`; see `query`."""
    return _mark(resolver, "mutation")


def _mark(resolver: Callable[P, Awaitable[R]], operation: Operation) -> Callable[P, Awaitable[R]]:
    setattr(resolver, _MARK, operation)
    return resolver


def marked(values: Iterable[Any], operation: Operation) -> list[Any]:
    """Return the values marked with an operation, in order."""
    return [value for value in values if getattr(value, _MARK, None) == operation]
