"""Builders of nodes, with the rules for which operator suits which kind of field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from .._errors import InvalidValueError, UnknownOperatorError, UnsupportedPredicateError, did_you_mean, shown
from .._fields.constants import check_constant, refuse
from .._fields.kinds import COMPARED, ORDERED, Kind
from .._fields.like import Pattern
from .nodes import (
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Distinct,
    Field,
    IsNull,
    Match,
    Matching,
    Node,
    Truth,
    Within,
    all_of,
    negate,
)

_EQUALITY: Final = (Comparison.EQ, Comparison.NE)
_TEXTS: Final = (Kind.TEXT, Kind.ANY)


def compare(op: Comparison, field: Field, other: object) -> Node:
    """Compare a field with a constant or another field; `==` and `!=` with None test for a missing value."""
    if other is None and op in _EQUALITY:
        return is_null(field) if op is Comparison.EQ else negate(is_null(field))
    _require_comparable(field, ordered=op not in _EQUALITY)
    return Compare(op, field, _other_side(field, other))


def distinct(field: Field, other: object) -> Node:
    """Test whether a field differs from a value, None included."""
    _require_comparable(field, ordered=False)
    return Distinct(field, None if other is None else _other_side(field, other))


def is_null(field: Field) -> Node:
    """Test whether a value is missing."""
    if field.info.kind is Kind.LIST:
        raise UnsupportedPredicateError(
            f"{field} is a collection, which is empty but never missing", _where(field), "write ~any_(...)"
        )
    return IsNull(field)


def within(field: Field, values: Iterable[Any]) -> Node:
    """Test whether a value is among constants."""
    _require_comparable(field, ordered=False)
    iterable: Any = values  # callers may not use a type checker
    if isinstance(iterable, str | bytes | Mapping) or not isinstance(iterable, Iterable):
        raise refuse(values, "a list of values", _where(field))
    items = list(values)
    if any(value is None for value in items):
        raise InvalidValueError(
            "None among the values makes the result unknown", _where(field), "write is_null(...) | in_(...)"
        )
    try:
        return Within(field, frozenset(_constant(field, value) for value in items))
    except TypeError as error:
        raise InvalidValueError(f"a value cannot be hashed: {error}", _where(field)) from error


def between(field: Field, low: object, high: object) -> Node:
    """Test whether a value lies between two constants, both included."""
    return all_of(compare(Comparison.GE, field, low), compare(Comparison.LE, field, high))


def match(op: Matching, field: Field, text: object) -> Node:
    """Test a text against a pattern or a part."""
    if field.info.kind not in _TEXTS:
        raise UnsupportedPredicateError(f"{field} is not text but {field.info.kind}", _where(field), _HINT_TEXT)
    if hasattr(text, "_field"):
        raise UnsupportedPredicateError(f"{op} takes a constant, not another field", _where(field))
    checked: str = check_constant(Kind.TEXT, str, text, _where(field))
    if op in {Matching.LIKE, Matching.ILIKE}:
        Pattern.parse(checked, _where(field))
    return Match(op, field, checked)


def truth(field: Field) -> Node:
    """Use a bool field as a condition."""
    if field.info.kind not in {Kind.BOOL, Kind.ANY}:
        raise UnsupportedPredicateError(
            f"{field} alone is not a condition: it is a {field.info.kind}",
            _where(field),
            f"compare it: u.{field} == ...",
        )
    return Truth(field)


def any_member(field: Field, part: Node) -> Node:
    """Test whether any member of a collection satisfies a part."""
    return AnyOf(field, part)


def all_members(field: Field, part: Node) -> Node:
    """Test whether every member of a collection satisfies a part."""
    return AllOf(field, part)


def from_words(field: Field, op: object, value: Any) -> Node:
    """Build the node of `where(field, op, value)`.

    Raises:
        UnknownOperatorError: the operator is unknown.
    """
    word = " ".join(op.lower().split()) if isinstance(op, str) and len(op) < _LONGEST_OPERATOR else ""
    builder = _WORDS.get(word)
    if builder is None:
        raise UnknownOperatorError(
            f"there is no operator {shown(op)}", _where(field), did_you_mean(op, OPERATORS) or f"use one of {_LISTED}"
        )
    return builder(field, value)


def _between_pair(field: Field, value: object) -> Node:
    is_list = isinstance(value, list | tuple)
    pair = list(cast("Iterable[object]", value)) if is_list else []
    if len(pair) != 2:
        raise refuse(value, "a pair (low, high)", _where(field))
    return between(field, pair[0], pair[1])


def _no_value(field: Field, value: object) -> Field:
    if value is not None:
        raise InvalidValueError("this operator takes no value", _where(field), "leave the value out")
    return field


def _comparing(op: Comparison) -> Callable[[Field, Any], Node]:
    return lambda field, value: compare(op, field, value)


def _matching(op: Matching) -> Callable[[Field, Any], Node]:
    return lambda field, value: match(op, field, value)


def _not_matching(op: Matching) -> Callable[[Field, Any], Node]:
    return lambda field, value: negate(match(op, field, value))


_WORDS: Final[dict[str, Callable[[Field, Any], Node]]] = {
    **{op.value: _comparing(op) for op in Comparison},
    "==": _comparing(Comparison.EQ),
    "<>": _comparing(Comparison.NE),
    **{op.value: _matching(op) for op in Matching},
    **{f"not {op.value}": _not_matching(op) for op in Matching},
    "in": within,
    "not in": lambda field, value: negate(within(field, value)),
    "between": _between_pair,
    "is null": lambda field, value: is_null(_no_value(field, value)),
    "is not null": lambda field, value: negate(is_null(_no_value(field, value))),
}
OPERATORS: Final = tuple(_WORDS)
_LISTED: Final = ", ".join(OPERATORS)
_LONGEST_OPERATOR: Final = 20
_HINT_TEXT: Final = "compare it with =, <, in_ and the like"


def _require_comparable(field: Field, *, ordered: bool) -> None:
    kind = field.info.kind
    if kind not in COMPARED:
        raise UnsupportedPredicateError(
            f"{field} is a {kind} and cannot be compared as a whole",
            _where(field),
            "compare one of its fields"
            if kind is Kind.OBJECT
            else "use is_null(...), or store the queried part in a field",
        )
    if ordered and kind not in ORDERED:
        raise UnsupportedPredicateError(f"a {kind} has no order", _where(field), "use ==, != or in_")


def _other_side(field: Field, other: object) -> Any:
    if not isinstance(other, Field):
        return _constant(field, other)
    if other.info.kind is not field.info.kind and Kind.ANY not in {other.info.kind, field.info.kind}:
        raise InvalidValueError(
            f"{field} is a {field.info.kind} and {other} is a {other.info.kind}",
            _where(field),
            "compare fields of the same kind",
        )
    return other


def _constant(field: Field, value: object) -> Any:
    return check_constant(field.info.kind, field.info.type, value, _where(field))


def _where(field: Field) -> str:
    return f"the predicate on {field}"
