"""Typed helpers for predicates over the entity's own type: what Python's operators cannot say.

In a method `predicate(self, user: User) -> bool` checkers see `user.email` as a str. These functions take it as
such, and record at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar, cast

from .nodes import negate
from .recorder import Condition, node_of, recording

T = TypeVar("T")


def contains(field: str | None, text: str) -> bool:
    """Whether a text contains another, case-sensitive; nothing in it is a wildcard."""
    return recording(field, "contains").contains(text)  # type: ignore[return-value] # recorded: a condition stands for its truth


def startswith(field: str | None, text: str) -> bool:
    """Whether a text starts with another, case-sensitive; nothing in it is a wildcard."""
    return recording(field, "startswith").startswith(text)  # type: ignore[return-value] # recorded: a condition stands for its truth


def endswith(field: str | None, text: str) -> bool:
    """Whether a text ends with another, case-sensitive; nothing in it is a wildcard."""
    return recording(field, "endswith").endswith(text)  # type: ignore[return-value] # recorded: a condition stands for its truth


def like(field: str | None, pattern: str) -> bool:
    r"""Whether a text fits a pattern of `%`, `_` and `\`, case-sensitive."""
    return recording(field, "like").like(pattern)  # type: ignore[return-value] # recorded: a condition stands for its truth


def ilike(field: str | None, pattern: str) -> bool:
    r"""Whether a text fits a pattern of `%`, `_` and `\`, under the documented fold of case."""
    return recording(field, "ilike").ilike(pattern)  # type: ignore[return-value] # recorded: a condition stands for its truth


def in_(field: T | None, values: Collection[T]) -> bool:
    """Whether a value is among constants."""
    return recording(field, "in_").in_(values)  # type: ignore[return-value] # recorded: a condition stands for its truth


def not_in(field: T | None, values: Collection[T]) -> bool:
    """Whether a value is known and not among constants."""
    return recording(field, "not_in").not_in(values)  # type: ignore[return-value] # recorded: a condition stands for its truth


def between(field: T | None, low: T, high: T) -> bool:
    """Whether a value lies between two constants, both included."""
    return recording(field, "between").between(low, high)  # type: ignore[return-value] # recorded: a condition stands for its truth


def is_null(field: object) -> bool:
    """Whether a value is missing."""
    return recording(field, "is_null").is_null()  # type: ignore[return-value] # recorded: a condition stands for its truth


def is_not_null(field: object) -> bool:
    """Whether there is a value."""
    return recording(field, "is_not_null").is_not_null()  # type: ignore[return-value] # recorded: a condition stands for its truth


def is_distinct(field: T, other: T) -> bool:
    """Whether a value differs, where None is a value like any other."""
    return recording(field, "is_distinct").is_distinct_from(other)  # type: ignore[return-value] # recorded: a condition stands for its truth


def not_(condition: bool) -> bool:
    """The opposite of a condition; what is unknown stays unknown."""
    return Condition(negate(node_of(condition)))  # type: ignore[return-value] # recorded: a condition stands for its truth


def any_(members: Iterable[T], predicate: Callable[[T], bool]) -> bool:
    """Whether at least one member of a collection satisfies a predicate."""
    return recording(members, "any_").any(predicate)  # type: ignore[return-value] # recorded: a condition stands for its truth


def all_(members: Iterable[T], predicate: Callable[[T], bool]) -> bool:
    """Whether every member of a collection satisfies a predicate; true for an empty one."""
    return recording(members, "all_").all(predicate)  # type: ignore[return-value] # recorded: a condition stands for its truth


def some(field: T | None) -> T:
    """Take an optional field as present, for checkers: `some(user.age) > 18`. A missing value is not selected."""
    return cast("T", recording(field, "some"))  # a recorder stands for the value in either case
