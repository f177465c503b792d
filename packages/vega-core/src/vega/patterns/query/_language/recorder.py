"""The recorder: runs a predicate once on stand-ins for fields and returns the recorded condition."""

# Public names of a recorder are fields of the entity, so private attributes are shared within this module.
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
    """A recorded condition; combine conditions with `&`, `|` and `~`."""

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
        raise InvalidPredicateError("a condition is compared with a value", "a predicate", "use & | ~ to combine")

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # conditions cannot be compared


class FieldExpr(NoArithmetic):
    """A field in a predicate; comparisons and methods return conditions.

    A field with the name of a method (`like`, `any`, ...) is reached by a string:
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

    def __eq__(self, other: object) -> Condition:  # type: ignore[override] # records instead of comparing
        return Condition(build.compare(Comparison.EQ, self._field, _operand(other)))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override] # records instead of comparing
        return Condition(build.compare(Comparison.NE, self._field, _operand(other)))

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # a recorded comparison cannot serve a dict

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
            "a field cannot be formatted into a text",
            f"the predicate on {self._field}",
            "store the whole text in a field, or test each field separately",
        )

    def __str__(self) -> str:
        return self.__format__("")

    def __iter__(self) -> NoReturn:
        raise InvalidPredicateError(
            "a field cannot be iterated over", f"the predicate on {self._field}", "write any_(...) or all_(...)"
        )

    def _refuse_arithmetic(self) -> NoReturn:
        raise UnsupportedPredicateError(
            "arithmetic gives different results in different stores",
            f"the predicate on {self._field}",
            "compute the constant first, or store the computed value in a field",
        )

    def contains(self, text: str) -> Condition:
        """Return whether the text contains a substring, case-sensitive; without wildcards."""
        return Condition(build.match(Matching.CONTAINS, self._field, text))

    def startswith(self, text: str) -> Condition:
        """Return whether the text starts with a prefix, case-sensitive; without wildcards."""
        return Condition(build.match(Matching.STARTSWITH, self._field, text))

    def endswith(self, text: str) -> Condition:
        """Return whether the text ends with a suffix, case-sensitive; without wildcards."""
        return Condition(build.match(Matching.ENDSWITH, self._field, text))

    def like(self, pattern: str) -> Condition:
        r"""Return whether the text matches a pattern of `%`, `_` and `\`, case-sensitive."""
        return Condition(build.match(Matching.LIKE, self._field, pattern))

    def ilike(self, pattern: str) -> Condition:
        r"""Return whether the text matches a pattern of `%`, `_` and `\`, under the documented case folding."""
        return Condition(build.match(Matching.ILIKE, self._field, pattern))

    def in_(self, values: Iterable[Any]) -> Condition:
        """Return whether the value is among constants."""
        return Condition(build.within(self._field, values))

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Return whether the value is present and not among constants."""
        return Condition(negate(build.within(self._field, values)))

    def between(self, low: Any, high: Any) -> Condition:
        """Return whether the value lies between two constants, both included."""
        return Condition(build.between(self._field, low, high))

    def is_null(self) -> Condition:
        """Return whether the value is missing."""
        return Condition(build.is_null(self._field))

    def is_not_null(self) -> Condition:
        """Return whether the value is present."""
        return Condition(negate(build.is_null(self._field)))

    def is_distinct_from(self, other: object) -> Condition:
        """Return whether the values differ, with None as an ordinary value."""
        return Condition(build.distinct(self._field, _operand(other)))

    def any(self, predicate: Callable[[Any], Any]) -> Condition:
        """Return whether at least one member of the collection satisfies a predicate."""
        return Condition(build.any_member(self._field, _of_members(self._field, predicate)))

    def all(self, predicate: Callable[[Any], Any]) -> Condition:
        """Return whether every member of the collection satisfies a predicate."""
        return Condition(build.all_members(self._field, _of_members(self._field, predicate)))


class Fields(Generic[T]):
    """The argument of a recorded lambda: the declared fields in place of an entity.

    Names are checked when the lambda runs, not by type checkers; an unknown name raises `UnknownFieldError`.
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
    """Run a predicate on a recorder and return the recorded node.

    Raises:
        QueryError: the predicate cannot be recorded, or a condition is not supported.
    """
    refuse_identity(predicate)
    with refusals():
        return check_depth(node_of(predicate(Fields(fields))))


def field_of(choose: Callable[[Any], Any], fields: EntityFields) -> Field:
    """Run a function such as `lambda u: u.name` and return the chosen field."""
    choice = choose(Fields(fields))
    if not isinstance(choice, FieldExpr):
        raise InvalidPredicateError(f"{shown(choice)} is not a field", "a query", "return a field: lambda u: u.name")
    return choice._field


def node_of(recorded: object) -> Node:
    """Return the node of the result of a predicate; a bool field is a condition."""
    if isinstance(recorded, Condition):
        return recorded.node
    if isinstance(recorded, FieldExpr):
        return build.truth(recorded._field)
    if isinstance(recorded, bool):
        raise InvalidPredicateError(
            f"the predicate returned a plain {recorded}, so part of it was not recorded",
            "a predicate",
            "`is None` cannot be recorded: write is_null(u.field) or is_not_null(u.field)",
        )
    raise InvalidPredicateError(
        f"{shown(recorded)} is not a condition", "a predicate", "return a comparison, such as u.age > 18"
    )


def recording(value: object, helper: str) -> FieldExpr:
    """Return the recorded field passed to a helper.

    Raises:
        InvalidPredicateError: the helper was called outside a predicate.
    """
    if not isinstance(value, FieldExpr):
        raise InvalidPredicateError(
            f"{helper}(...) received {shown(value)}, which is not a field of a recorded predicate",
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
            "any_ and all_ test the members of a list of dataclasses or models",
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
