"""Predicates as JSON and back: to store the filter of a user, or to pass it to a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast, final

from .._errors import InvalidPredicateError, InvalidValueError, QueryError, shown
from .._fields.fields import EntityFields
from .._fields.kinds import Kind
from .._language import builders as build
from .._language.nodes import (
    AllOf,
    Always,
    And,
    AnyOf,
    Compare,
    Comparison,
    Distinct,
    Field,
    IsNull,
    Match,
    Matching,
    Node,
    Not,
    Or,
    Truth,
    Within,
    all_of,
    any_of,
    check_depth,
    negate,
)
from .._query.json_values import dump_value, load_value


def node_to_json(node: Node) -> dict[str, Any]:
    """Return a predicate as data for `json.dumps`; the inverse of `node_from_json`.

    Raises:
        InvalidValueError: a field of unknown type is compared with a value that JSON lacks.

    >>> from dataclasses import dataclass
    >>> from vega.patterns.query import EntityFields, node_to_json, record
    >>> @dataclass
    ... class User:
    ...     age: int
    >>> node_to_json(record(lambda u: u.age > 18, EntityFields.of(User)))
    {'is': 'compare', 'op': '>', 'field': 'age', 'value': 18}
    """
    return _WRITE[type(node)](node)


def node_from_json(data: object, fields: EntityFields, *, private: bool = False) -> Node:
    """Return the predicate written by `node_to_json`, with the checks of a recorded predicate.

    Args:
        data: the result of `json.loads`; may be untrusted.
        fields: the fields of the queried entity.
        private: whether private fields are allowed; only for data that never left the program.

    Raises:
        QueryError: the data is not from `node_to_json`, is nested too deeply, or does not fit the fields.
    """
    reader = _Reader(fields, private)
    try:
        return check_depth(reader.node(data))
    except QueryError:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidPredicateError(
            f"this is not a predicate: {type(error).__name__}", "node_from_json", "give the result of node_to_json"
        ) from None


@final
class _Reader:
    """Reads nodes about an entity; inside a collection, about its members."""

    def __init__(self, fields: EntityFields, private: bool) -> None:
        self._fields, self._private = fields, private

    def node(self, data: object) -> Node:
        if not isinstance(data, Mapping):
            raise InvalidPredicateError(f"{shown(data)} is not a predicate", "node_from_json", "give an object")
        table = cast("Mapping[str, Any]", data)
        read = _READ.get(table["is"])
        if read is None:
            raise InvalidPredicateError(f"there is no predicate {shown(table['is'])}", "node_from_json")
        return read(self, table)

    def field(self, data: Mapping[str, Any], key: str = "field") -> Field:
        return Field(self._fields.resolve(data[key], private=self._private))

    def nodes(self, data: Mapping[str, Any]) -> list[Node]:
        return [self.node(part) for part in cast("Sequence[object]", data["parts"])]

    def other(self, data: Mapping[str, Any]) -> object:
        """Return the right-hand side of a comparison: another field, or a constant."""
        return self.field(data, "other") if "other" in data else load_value(self.field(data), data["value"])

    def members(self, data: Mapping[str, Any]) -> tuple[Field, Node]:
        field = self.field(data)
        inside = field.info.inside
        if field.info.kind is not Kind.LIST or inside is None:
            raise InvalidPredicateError(f"{field} is not a collection of objects", "node_from_json")
        return field, _Reader(inside, self._private).node(data["part"])


def _side(field: Field, other: Any) -> dict[str, Any]:
    return {"other": str(other)} if isinstance(other, Field) else {"value": _plain(field, other)}


def _plain(field: Field, value: Any) -> Any:
    dumped = dump_value(field, value)
    if dumped is not None and not isinstance(dumped, (bool, int, float, str)):
        raise InvalidValueError(f"a {type(value).__name__} has no form in JSON", f"the predicate on {field}")
    return dumped


def _write_within(node: Within) -> dict[str, Any]:
    values = sorted((_plain(node.field, value) for value in node.values), key=repr)
    return {"is": "in", "field": str(node.field), "values": values}


_WRITE: Final[dict[type, Callable[[Any], dict[str, Any]]]] = {
    Compare: lambda n: {"is": "compare", "op": n.op.value, "field": str(n.left), **_side(n.left, n.right)},
    Distinct: lambda n: {"is": "distinct", "field": str(n.left), **_side(n.left, n.right)},
    IsNull: lambda n: {"is": "null", "field": str(n.field)},
    Within: _write_within,
    Match: lambda n: {"is": "match", "op": n.op.value, "field": str(n.field), "text": n.text},
    Truth: lambda n: {"is": "true", "field": str(n.field)},
    Not: lambda n: {"is": "not", "part": node_to_json(n.part)},
    And: lambda n: {"is": "and", "parts": [node_to_json(part) for part in n.parts]},
    Or: lambda n: {"is": "or", "parts": [node_to_json(part) for part in n.parts]},
    AnyOf: lambda n: {"is": "any", "field": str(n.field), "part": node_to_json(n.part)},
    AllOf: lambda n: {"is": "all", "field": str(n.field), "part": node_to_json(n.part)},
    Always: lambda n: {"is": "always", "value": n.value},
}


def _read_within(reader: _Reader, data: Mapping[str, Any]) -> Node:
    field = reader.field(data)
    return build.within(field, [load_value(field, value) for value in cast("Sequence[object]", data["values"])])


def _read_always(_: _Reader, data: Mapping[str, Any]) -> Node:
    if not isinstance(data["value"], bool):
        raise InvalidPredicateError(f"{shown(data['value'])} is neither true nor false", "node_from_json")
    return Always(value=data["value"])


_READ: Final[dict[object, Callable[[_Reader, Mapping[str, Any]], Node]]] = {
    "compare": lambda r, data: build.compare(Comparison(data["op"]), r.field(data), r.other(data)),
    "distinct": lambda r, data: build.distinct(r.field(data), r.other(data)),
    "null": lambda r, data: build.is_null(r.field(data)),
    "in": _read_within,
    "match": lambda r, data: build.match(Matching(data["op"]), r.field(data), data["text"]),
    "true": lambda r, data: build.truth(r.field(data)),
    "not": lambda r, data: negate(r.node(data["part"])),
    "and": lambda r, data: all_of(*r.nodes(data)),
    "or": lambda r, data: any_of(*r.nodes(data)),
    "any": lambda r, data: build.any_member(*r.members(data)),
    "all": lambda r, data: build.all_members(*r.members(data)),
    "always": _read_always,
}
