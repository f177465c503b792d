"""A cache of the statements of an entity's queries, by the form of conditions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import ColumnElement

from vega.patterns.query.nodes import Node

from .compiler import Compiler
from .parameters import form_of, with_slots

S = TypeVar("S")
Clauses: TypeAlias = Sequence[ColumnElement[bool]]
_MOST: Final = 1_000


class StatementCache:
    """Statements of an entity, compiled at the first use of each form.

    Args:
        compiler: turns conditions into SQL.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._known: dict[Hashable, Any] = {}

    def of(self, nodes: Sequence[Node], key: Hashable, make: Callable[[Clauses], S]) -> tuple[S, dict[str, Any]]:
        """Return a statement and its parameters.

        Args:
            nodes: the conditions.
            key: distinguishes statements with conditions of equal form.
            make: builds the statement from the conditions in SQL.

        Raises:
            UnsupportedPredicateError: a condition would not be answered as in memory.
        """
        form = form_of(nodes, sqlite=self._compiler.is_sqlite)
        if form is None:
            return make([self._compiler.clause(node) for node in nodes]), {}
        whole = (key, form.key)
        found: S | None = self._known.get(whole)
        if found is None:
            found = make([self._compiler.clause(node) for node in with_slots(nodes)])
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]  # the oldest
            self._known[whole] = found
        return found, form.parameters
