"""The predicate language: a closed set of frozen nodes, checked at construction.

A node is TRUE, FALSE or UNKNOWN for an entity; only TRUE selects. A comparison with a missing value (None) is
UNKNOWN; `And`, `Or` and `Not` follow Kleene's three-valued logic, as SQL does; `IsNull`, `Distinct`, `AnyOf`,
`AllOf` and `Always` are never UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from .._errors import InvalidPredicateError
from .._fields.fields import FieldInfo

MAX_DEPTH: Final = 64


class Comparison(StrEnum):
    """The operators between a field and a constant or another field."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Matching(StrEnum):
    """The operators on texts; all are case-sensitive except `ilike`."""

    LIKE = "like"
    ILIKE = "ilike"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the entity, or of a nested value object.

    Args:
        path: the declared fields from the entity to the value; not empty.
    """

    path: tuple[FieldInfo, ...]

    @property
    def info(self) -> FieldInfo:
        """The last field of the path."""
        return self.path[-1]

    @property
    def nullable(self) -> bool:
        """Whether the value can be missing."""
        return any(info.nullable for info in self.path)

    def __str__(self) -> str:
        return ".".join(info.name for info in self.path)


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of a field with a constant or another field."""

    op: Comparison
    left: Field
    right: Any  # a constant, or a Field


@dataclass(frozen=True, slots=True)
class Distinct:
    """Whether a field differs from a constant or another field, with None as an ordinary value."""

    left: Field
    right: Any  # a constant, None included, or a Field


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is missing."""

    field: Field


@dataclass(frozen=True, slots=True)
class Within:
    """Whether a value is among constants; FALSE for every entity if there are none."""

    field: Field
    values: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a text matches."""

    op: Matching
    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """A bool field as a condition."""

    field: Field


@dataclass(frozen=True, slots=True)
class Not:
    """The negation; UNKNOWN stays UNKNOWN."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """The conjunction of two or more parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The disjunction of two or more parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whether the part is TRUE for at least one member of a collection."""

    field: Field
    part: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """Whether the part is TRUE for every member of a collection; TRUE for an empty collection."""

    field: Field
    part: Node


@dataclass(frozen=True, slots=True)
class Always:
    """TRUE or FALSE for every entity."""

    value: bool


Node: TypeAlias = Compare | Distinct | IsNull | Within | Match | Truth | Not | And | Or | AnyOf | AllOf | Always


def all_of(*nodes: Node) -> Node:
    """Join nodes by And, flat; TRUE without nodes."""
    parts = tuple(_flat(nodes, And))
    if not parts:
        return Always(value=True)
    return parts[0] if len(parts) == 1 else And(parts)


def any_of(*nodes: Node) -> Node:
    """Join nodes by Or, flat; FALSE without nodes."""
    parts = tuple(_flat(nodes, Or))
    if not parts:
        return Always(value=False)
    return parts[0] if len(parts) == 1 else Or(parts)


def negate(node: Node) -> Node:
    """Return the negation of a node; two negations cancel."""
    return node.part if isinstance(node, Not) else Not(node)


def _flat(nodes: tuple[Node, ...], joined: type[And | Or]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, And | Or) and type(node) is joined:
            yield from node.parts
        else:
            yield node


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node; none for a leaf."""
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, Not | AnyOf | AllOf):
        return (node.part,)
    return ()


def check_depth(node: Node) -> Node:
    """Return the node unless nested too deeply to compile.

    Raises:
        InvalidPredicateError: more than `MAX_DEPTH` levels.
    """
    level: list[Node] = [node]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in children(parent)]
        if not level:
            return node
    raise InvalidPredicateError(
        f"the predicate is nested more than {MAX_DEPTH} levels deep",
        "a query",
        "merge repeated conditions: in_(...) for values, & for conditions",
    )
