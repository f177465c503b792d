"""Typed predicate helpers, for conditions that Python's operators cannot express.

Type checkers see `user.email` as a str in a method `predicate(self, user: User) -> bool`. These functions accept the
field as a str, and record at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar, cast

from .nodes import negate
from .recorder import Condition, node_of, recording

T = TypeVar("T")


def contains(field: str | None, text: str) -> bool:
    """Return whether a text contains a substring, case-sensitive; without wildcards."""
    return recording(field, "contains").contains(text)  # type: ignore[return-value] # recorded: a condition stands for a bool


def startswith(field: str | None, text: str) -> bool:
    """Return whether a text starts with a prefix, case-sensitive; without wildcards."""
    return recording(field, "startswith").startswith(text)  # type: ignore[return-value] # recorded: a condition stands for a bool


def endswith(field: str | None, text: str) -> bool:
    """Return whether a text ends with a suffix, case-sensitive; without wildcards."""
    return recording(field, "endswith").endswith(text)  # type: ignore[return-value] # recorded: a condition stands for a bool


def like(field: str | None, pattern: str) -> bool:
    r"""Return whether a text matches a pattern of `%`, `_` and `\`, case-sensitive."""
    return recording(field, "like").like(pattern)  # type: ignore[return-value] # recorded: a condition stands for a bool


def ilike(field: str | None, pattern: str) -> bool:
    r"""Return whether a text matches a pattern of `%`, `_` and `\`, under the documented case folding."""
    return recording(field, "ilike").ilike(pattern)  # type: ignore[return-value] # recorded: a condition stands for a bool


def in_(field: T | None, values: Collection[T]) -> bool:
    """Return whether a value is among constants."""
    return recording(field, "in_").in_(values)  # type: ignore[return-value] # recorded: a condition stands for a bool


def not_in(field: T | None, values: Collection[T]) -> bool:
    """Return whether a value is present and not among constants."""
    return recording(field, "not_in").not_in(values)  # type: ignore[return-value] # recorded: a condition stands for a bool


def between(field: T | None, low: T, high: T) -> bool:
    """Return whether a value lies between two constants, both included."""
    return recording(field, "between").between(low, high)  # type: ignore[return-value] # recorded: a condition stands for a bool


def is_null(field: object) -> bool:
    """Return whether a value is missing."""
    return recording(field, "is_null").is_null()  # type: ignore[return-value] # recorded: a condition stands for a bool


def is_not_null(field: object) -> bool:
    """Return whether a value is present."""
    return recording(field, "is_not_null").is_not_null()  # type: ignore[return-value] # recorded: a condition stands for a bool


def is_distinct(field: T, other: T) -> bool:
    """Return whether two values differ, with None as an ordinary value."""
    return recording(field, "is_distinct").is_distinct_from(other)  # type: ignore[return-value] # recorded: a condition stands for a bool


def not_(condition: bool) -> bool:
    """Return the negation of a condition; an unknown result stays unknown."""
    return Condition(negate(node_of(condition)))  # type: ignore[return-value] # recorded: a condition stands for a bool


def any_(members: Iterable[T], predicate: Callable[[T], bool]) -> bool:
    """Return whether at least one member of a collection satisfies a predicate."""
    return recording(members, "any_").any(predicate)  # type: ignore[return-value] # recorded: a condition stands for a bool


def all_(members: Iterable[T], predicate: Callable[[T], bool]) -> bool:
    """Return whether every member of a collection satisfies a predicate; true for an empty collection."""
    return recording(members, "all_").all(predicate)  # type: ignore[return-value] # recorded: a condition stands for a bool


def some(field: T | None) -> T:
    """Treat an optional field as present, for type checkers: `some(user.age) > 18`. A missing value is not selected."""
    return cast("T", recording(field, "some"))  # the recorder is the same in both cases
