"""The recorder: run a predicate once on stand-ins for the fields, and it says what it asks for."""

# The names of a recorder belong to the fields it stands for, so its own begin with an underscore.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from .._errors import InvalidPredicateError, UnknownFieldError, UnsupportedPredicateError, shown
from .._fields.fields import EntityFields, FieldInfo
from .._fields.kinds import Kind
from . import builders as build
from .no_arithmetic import NoArithmetic
from .nodes import Comparison, Field, Matching, Node, all_of, any_of, check_depth, negate
from .unsupported import refusals, refuse_identity

T = TypeVar("T")


class Condition:
    """What a recorded predicate asks for; combine it with `&`, `|` and `~`."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node: Node = node

    def __and__(self, other: object) -> Condition:
        return Condition(all_of(self.node, node_of(other)))

    def __or__(self, other: object) -> Condition:
        return Condition(any_of(self.node, node_of(other)))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Condition:
        return Condition(negate(self.node))

    def __bool__(self) -> NoReturn:
        raise _no_truth()

    def __eq__(self, other: object) -> Any:
        raise InvalidPredicateError("a condition is compared with something", "a predicate", "use & | ~ to combine")

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # it cannot be compared


class FieldExpr(NoArithmetic):
    """A field in a predicate: compare it, or ask it something.

    A name that is also a method here (`like`, `any`, ...) is reached by its path in a string:
    `where("answers.like", "=", 3)`.
    """

    __slots__ = ("_field",)

    def __init__(self, field: Field) -> None:
        self._field = field

    def __getattr__(self, name: str) -> FieldExpr:
        if name.startswith("__"):
            raise AttributeError(name)
        info = self._field.info
        if info.kind is Kind.OBJECT and info.inside is not None:
            return FieldExpr(Field((*self._field.path, info.inside.find(name, private=True))))
        if info.kind is Kind.LIST:
            raise UnsupportedPredicateError(
                f"{self._field} is a collection", "a predicate", "ask its members: any_(u.lines, lambda line: ...)"
            )
        raise UnknownFieldError(
            f"{self._field} holds a {info.kind} and has no {shown(name)}",
            "a predicate",
            "values cannot be computed in a predicate; compare the field itself, with ilike(...) to ignore case",
        )

    def __eq__(self, other: object) -> Condition:  # type: ignore[override] # a recording, not an answer
        return Condition(build.compare(Comparison.EQ, self._field, _operand(other)))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override] # a recording, not an answer
        return Condition(build.compare(Comparison.NE, self._field, _operand(other)))

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # comparing gives no answer, so it cannot be a key

    def __lt__(self, other: object) -> Condition:
        return Condition(build.compare(Comparison.LT, self._field, _operand(other)))

    def __le__(self, other: object) -> Condition:
        return Condition(build.compare(Comparison.LE, self._field, _operand(other)))

    def __gt__(self, other: object) -> Condition:
        return Condition(build.compare(Comparison.GT, self._field, _operand(other)))

    def __ge__(self, other: object) -> Condition:
        return Condition(build.compare(Comparison.GE, self._field, _operand(other)))

    def __and__(self, other: object) -> Condition:
        return Condition(all_of(build.truth(self._field), node_of(other)))

    def __or__(self, other: object) -> Condition:
        return Condition(any_of(build.truth(self._field), node_of(other)))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Condition:
        return Condition(negate(build.truth(self._field)))

    def __bool__(self) -> NoReturn:
        raise _no_truth()

    def __contains__(self, item: object) -> bool:
        raise InvalidPredicateError(
            "`in` cannot be recorded", f"the predicate on {self._field}", f"write contains(u.{self._field}, ...)"
        )

    def __format__(self, spec: str, /) -> NoReturn:
        raise UnsupportedPredicateError(
            "a field cannot be written into a text",
            f"the predicate on {self._field}",
            "store the whole text in a field, or ask each field for its part",
        )

    def __str__(self) -> str:
        return self.__format__("")

    def __iter__(self) -> NoReturn:
        raise InvalidPredicateError(
            "a field cannot be looped over", f"the predicate on {self._field}", "write any_(...) or all_(...)"
        )

    def _refuse_arithmetic(self) -> NoReturn:
        raise UnsupportedPredicateError(
            "arithmetic is not answered alike everywhere",
            f"the predicate on {self._field}",
            "compute the constant first, or store the computed value in a field",
        )

    def contains(self, text: str) -> Condition:
        """Whether a text contains another, case-sensitive; nothing in it is a wildcard."""
        return Condition(build.match(Matching.CONTAINS, self._field, text))

    def startswith(self, text: str) -> Condition:
        """Whether a text starts with another, case-sensitive; nothing in it is a wildcard."""
        return Condition(build.match(Matching.STARTSWITH, self._field, text))

    def endswith(self, text: str) -> Condition:
        """Whether a text ends with another, case-sensitive; nothing in it is a wildcard."""
        return Condition(build.match(Matching.ENDSWITH, self._field, text))

    def like(self, pattern: str) -> Condition:
        r"""Whether a text fits a pattern of `%`, `_` and `\`, case-sensitive."""
        return Condition(build.match(Matching.LIKE, self._field, pattern))

    def ilike(self, pattern: str) -> Condition:
        r"""Whether a text fits a pattern of `%`, `_` and `\`, under the documented fold of case."""
        return Condition(build.match(Matching.ILIKE, self._field, pattern))

    def in_(self, values: Iterable[Any]) -> Condition:
        """Whether the value is among constants."""
        return Condition(build.within(self._field, values))

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Whether the value is known and not among constants."""
        return Condition(negate(build.within(self._field, values)))

    def between(self, low: Any, high: Any) -> Condition:
        """Whether the value lies between two constants, both included."""
        return Condition(build.between(self._field, low, high))

    def is_null(self) -> Condition:
        """Whether the value is missing."""
        return Condition(build.is_null(self._field))

    def is_not_null(self) -> Condition:
        """Whether there is a value."""
        return Condition(negate(build.is_null(self._field)))

    def is_distinct_from(self, other: object) -> Condition:
        """Whether the value differs, where None is a value like any other."""
        return Condition(build.distinct(self._field, _operand(other)))

    def any(self, predicate: Callable[[Any], Any]) -> Condition:
        """Whether at least one member of a collection satisfies a predicate."""
        return Condition(build.any_member(self._field, _of_members(self._field, predicate)))

    def all(self, predicate: Callable[[Any], Any]) -> Condition:
        """Whether every member of a collection satisfies a predicate."""
        return Condition(build.all_members(self._field, _of_members(self._field, predicate)))


class Fields(Generic[T]):
    """What a lambda gets in place of an entity: its declared fields.

    Names are checked when the lambda runs, not by type checkers; an unknown one raises `UnknownFieldError`.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: EntityFields) -> None:
        self._fields = fields

    def __getattr__(self, name: str) -> FieldExpr:
        if name.startswith("__"):
            raise AttributeError(name)
        info: FieldInfo = self._fields.find(name, private=True)
        return FieldExpr(Field((info,)))


def record(predicate: Callable[[Any], Any], fields: EntityFields) -> Node:
    """Run a predicate on a recorder and return what it asks for.

    Raises:
        QueryError: the predicate cannot be recorded, or asks for what cannot be answered.
    """
    refuse_identity(predicate)
    with refusals():
        return check_depth(node_of(predicate(Fields(fields))))


def field_of(choose: Callable[[Any], Any], fields: EntityFields) -> Field:
    """Run a function such as `lambda u: u.name` and return the field it chose."""
    chosen = choose(Fields(fields))
    if not isinstance(chosen, FieldExpr):
        raise InvalidPredicateError(f"{shown(chosen)} is no field", "a query", "return a field: lambda u: u.name")
    return chosen._field


def node_of(recorded: object) -> Node:
    """Return the node of what a predicate returned; a bool field counts by itself."""
    if isinstance(recorded, Condition):
        return recorded.node
    if isinstance(recorded, FieldExpr):
        return build.truth(recorded._field)
    if isinstance(recorded, bool):
        raise InvalidPredicateError(
            f"the predicate gave a plain {recorded}, so part of it was not recorded",
            "a predicate",
            "`is None` cannot be recorded: write is_null(u.field) or is_not_null(u.field)",
        )
    raise InvalidPredicateError(
        f"{shown(recorded)} is no condition", "a predicate", "return a comparison, such as u.age > 18"
    )


def recording(value: object, helper: str) -> FieldExpr:
    """Return a recorded field that a helper was given.

    Raises:
        InvalidPredicateError: the helper was called outside a predicate.
    """
    if not isinstance(value, FieldExpr):
        raise InvalidPredicateError(
            f"{helper}(...) was given {shown(value)}, which is no field of a recorded predicate",
            "a predicate",
            f"call {helper} with a field inside a predicate that a query or a specification runs",
        )
    return value


def _of_members(field: Field, predicate: Callable[[Any], Any]) -> Node:
    inside = field.info.inside
    if field.info.kind is not Kind.LIST or inside is None:
        raise UnsupportedPredicateError(
            f"{field} is a {field.info.kind}, not a collection of objects",
            "a predicate",
            "any_ and all_ ask the members of a list of dataclasses or models",
        )
    return record(predicate, inside)


def _operand(other: object) -> object:
    return other._field if isinstance(other, FieldExpr) else other


def _no_truth() -> InvalidPredicateError:
    return InvalidPredicateError(
        "`and`, `or`, `not`, `if` and chained comparisons cannot be recorded",
        "a predicate",
        "write (a) & (b) for and, (a) | (b) for or, ~(a) or not_(a) for not, between(u.x, 1, 5) for 1 < u.x < 5",
    )
