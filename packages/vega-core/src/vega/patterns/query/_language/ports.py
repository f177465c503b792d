"""The protocol of specifications, as far as queries use it; the class is in a higher layer."""

from __future__ import annotations

from typing import Protocol, TypeVar

from .._fields.fields import EntityFields
from .nodes import Node

T_contra = TypeVar("T_contra", contravariant=True)


class EntityRule(Protocol[T_contra]):
    """A rule on entities, such as a `vega.patterns.Specification`."""

    def is_satisfied_by(self, entity: T_contra, /) -> bool:
        """Return whether an entity satisfies the rule."""
        ...

    def to_node(self, fields: EntityFields, /) -> Node | None:
        """Return the rule as a predicate, or None when it does not consist of predicates alone."""
        ...
