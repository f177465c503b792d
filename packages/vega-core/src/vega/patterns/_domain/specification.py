"""Specifications: named business rules that can be combined and can select entities."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._errors import InvalidSpecificationError
from .evaluation import evaluated_by, recorded_test
from .generics import type_argument

if TYPE_CHECKING:  # used in annotations only
    from ..query import EntityFields
    from ..query.nodes import Node

T = TypeVar("T")


def _predicate_test(spec: Specification[Any]) -> Callable[[Any], bool]:
    def record(entity: type) -> Callable[[Any], bool]:
        from ..query import EntityFields
        from ..query._memory.codegen import tester

        node = spec.to_node(EntityFields.of(entity))
        if node is None:
            raise InvalidSpecificationError(
                f"{type(spec).__name__} says nothing",
                f"{type(spec).__module__}.{type(spec).__qualname__}",
                "write predicate(self, entity), or is_satisfied_by(self, entity)",
            )
        return tester(node)

    return recorded_test(spec, record)


def _and_test(spec: AndSpecification[Any]) -> Callable[[Any], bool]:
    tests = [part.is_satisfied_by for part in spec.parts]
    return lambda entity: all(test(entity) for test in tests)


def _or_test(spec: OrSpecification[Any]) -> Callable[[Any], bool]:
    tests = [part.is_satisfied_by for part in spec.parts]
    return lambda entity: any(test(entity) for test in tests)


def _not_test(spec: NotSpecification[Any]) -> Callable[[Any], bool]:
    def record(entity: type) -> Callable[[Any], bool]:
        from ..query import EntityFields
        from ..query._memory.codegen import tester

        node = spec.to_node(EntityFields.of(entity))
        if node is not None:
            return tester(node)
        satisfies = spec.part.is_satisfied_by
        return lambda candidate: not satisfies(candidate)

    return recorded_test(spec, record)


class Specification(Generic[T]):
    """A business rule that an entity satisfies or not.

    Write one of:

    - `predicate(self, user)`: recorded once, evaluated in memory or compiled to SQL, with equal results;
    - `is_satisfied_by(self, user)` alone: plain Python; databases refuse the rule rather than scan the table;
    - both `is_satisfied_by` and `to_sql_expression`: two forms that the author keeps equal.

    Combine rules with `and_`, `or_`, `not_` or `&`, `|`, `~`. Order and pages belong to queries, not to specifications.

    For a condition used in a single place write `query().where(...)` instead.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class User:
    ...     age: int | None
    >>> class Adult(Specification[User]):
    ...     def predicate(self, user):
    ...         return user.age >= 18
    >>> Adult().is_satisfied_by(User(36)), (~Adult()).is_satisfied_by(User(None))
    (True, False)
    """

    predicate: Callable[..., Any] | None = None

    @evaluated_by(_predicate_test)
    def is_satisfied_by(self, entity: T) -> bool:
        """Return whether an entity satisfies the rule; a rule on a missing value is not satisfied.

        Each access to `spec.is_satisfied_by` records the predicate once, at the first entity: for many entities write
        `filter(spec.is_satisfied_by, users)`.

        Raises:
            InvalidSpecificationError: the class has neither `predicate` nor its own `is_satisfied_by`.
            QueryError: the predicate cannot be recorded.
        """
        return _predicate_test(self)(entity)

    def to_node(self, fields: EntityFields) -> Node | None:
        """Return the recorded predicate, or None when the rule does not consist of predicates alone.

        Raises:
            QueryError: the predicate cannot be recorded.
        """
        if self.predicate is None:
            return None
        from ..query import record

        return record(_bound_predicate(self), fields)

    @classmethod
    def entity_type(cls) -> type[T] | None:
        """Return the entity from the type parameter, or None when left open."""
        return type_argument(cls, Specification)

    def and_(self, other: Specification[T]) -> Specification[T]:
        """Return the conjunction of two rules."""
        return AndSpecification(self, _checked(other))

    def or_(self, other: Specification[T]) -> Specification[T]:
        """Return the disjunction of two rules."""
        return OrSpecification(self, _checked(other))

    def not_(self) -> Specification[T]:
        """Return the negation of the rule; an unknown result of a predicate stays unknown."""
        return NotSpecification(self)

    def __and__(self, other: Specification[T]) -> Specification[T]:
        return self.and_(other)

    def __or__(self, other: Specification[T]) -> Specification[T]:
        return self.or_(other)

    def __invert__(self) -> Specification[T]:
        return self.not_()


class AndSpecification(Specification[T]):
    """The conjunction of rules.

    Args:
        parts: two rules or more.
    """

    def __init__(self, *parts: Specification[T]) -> None:
        self.parts: tuple[Specification[T], ...] = tuple(
            inner for part in parts for inner in _parts(part, AndSpecification)
        )

    @evaluated_by(_and_test)
    def is_satisfied_by(self, entity: T) -> bool:
        """Return whether an entity satisfies every part."""
        return _and_test(self)(entity)

    def to_node(self, fields: EntityFields) -> Node | None:
        """Return the predicates joined, or None when a part has none."""
        from ..query.nodes import all_of

        nodes = [part.to_node(fields) for part in self.parts]
        return None if any(node is None for node in nodes) else all_of(*(node for node in nodes if node is not None))


class OrSpecification(Specification[T]):
    """The disjunction of rules.

    Args:
        parts: two rules or more.
    """

    def __init__(self, *parts: Specification[T]) -> None:
        self.parts: tuple[Specification[T], ...] = tuple(
            inner for part in parts for inner in _parts(part, OrSpecification)
        )

    @evaluated_by(_or_test)
    def is_satisfied_by(self, entity: T) -> bool:
        """Return whether an entity satisfies any part."""
        return _or_test(self)(entity)

    def to_node(self, fields: EntityFields) -> Node | None:
        """Return the predicates joined, or None when a part has none."""
        from ..query.nodes import any_of

        nodes = [part.to_node(fields) for part in self.parts]
        return None if any(node is None for node in nodes) else any_of(*(node for node in nodes if node is not None))


class NotSpecification(Specification[T]):
    """The negation of a rule.

    Args:
        part: the rule.
    """

    def __init__(self, part: Specification[T]) -> None:
        self.part = part

    @evaluated_by(_not_test)
    def is_satisfied_by(self, entity: T) -> bool:
        """Return whether an entity satisfies the negation."""
        return _not_test(self)(entity)

    def to_node(self, fields: EntityFields) -> Node | None:
        """Return the negated predicate, or None when the rule has none."""
        from ..query.nodes import negate

        node = self.part.to_node(fields)
        return None if node is None else negate(node)


def _parts(spec: Specification[T], joined: type[Any]) -> tuple[Specification[T], ...]:
    return spec.parts if type(spec) is joined else (spec,)  # type: ignore[attr-defined] # both joined classes have parts


def _checked(other: object) -> Any:
    if not isinstance(other, Specification):
        raise InvalidSpecificationError(
            f"a specification is combined with a {type(other).__name__}", "& | and_ or_", "combine specifications only"
        )
    return other  # pyright: ignore[reportUnknownVariableType] - of any entity


def _bound_predicate(spec: Specification[Any]) -> Callable[[Any], Any]:
    """Return the predicate as a function of the entity: a method, or a lambda in the class body."""
    raw = inspect.getattr_static(spec, "predicate")
    if inspect.isfunction(raw) and raw.__code__.co_argcount == 1:
        return raw
    predicate: Any = spec.predicate
    return predicate  # type: ignore[no-any-return] # to_node has checked for None
