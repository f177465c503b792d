"""The predicate language as SQL, one compiler for SQLite and PostgreSQL, with the semantics of the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    DateTime,
    Numeric,
    String,
    Time,
    and_,
    any_,
    bindparam,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql import ColumnElement, operators
from sqlalchemy.types import TypeEngine

from vega.patterns import (
    AndSpecification,
    InvalidSpecificationError,
    NotSpecification,
    OrSpecification,
    Specification,
)
from vega.patterns.query import EntityFields, EntityRule, Kind, Nulls, Order, UnsupportedPredicateError
from vega.patterns.query.nodes import (
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
)
from vega.patterns.query.values import FOLD

from .._drivers.sqlite import FOLD_FUNCTION, MOMENT_COLLATION
from .column_types import DIALECTS
from .long_lists import listed
from .parameters import LISTED, Slot
from .tables import ChildTable, EntityTable
from .text_patterns import searched

_FOLD_FROM: Final = "".join(chr(point) for point in FOLD)
_FOLD_TO: Final = "".join(FOLD.values())
_OPERATORS: Final[dict[Comparison, Callable[[Any, Any], Any]]] = {
    Comparison.EQ: operators.eq,
    Comparison.NE: operators.ne,
    Comparison.LT: operators.lt,
    Comparison.LE: operators.le,
    Comparison.GT: operators.gt,
    Comparison.GE: operators.ge,
}
Clause = ColumnElement[bool]


class Compiler:
    """A compiler of nodes into SQL, for an entity and a dialect.

    Args:
        tables: the tables of the entity.
        dialect: `sqlite` or `postgresql`; `is_sqlite` is true for the former.
    """

    def __init__(self, tables: EntityTable, dialect: str) -> None:
        self._tables, self.is_sqlite = tables, dialect == "sqlite"
        self._columns: Mapping[str, ColumnElement[Any]] = {
            one.dotted: column for one, column in zip(tables.policies.layout.columns, tables.columns, strict=True)
        }
        self._children = {table.child.dotted: table for table in tables.children}
        self._key: tuple[ColumnElement[Any], ...] = (tables.identity,)

    def clause(self, node: Node) -> Clause:
        """Return the SQL of a node, with the value TRUE, FALSE or NULL for TRUE, FALSE or UNKNOWN.

        Raises:
            UnsupportedPredicateError: the result would differ from the result in memory.
        """
        return _COMPILE[type(node)](self, node)

    def order(self, key: Order) -> ColumnElement[Any]:
        """Return the SQL of a key of an order."""
        column = self.ordered(key.field)
        directed = column.desc() if key.descending else column.asc()
        if not key.field.nullable:
            return directed
        return directed.nulls_last() if key.nulls is Nulls.LAST else directed.nulls_first()

    def column(self, field: Field) -> ColumnElement[Any]:
        """Return the column of a field."""
        column = self._columns[str(field)]
        if self.is_sqlite and isinstance(column.type, Numeric) and field.info.kind is Kind.DECIMAL:
            raise UnsupportedPredicateError(
                f"SQLite keeps {field} as a float: sums and comparisons would be those of floats",
                "the given table",
                "read the entities and calculate in Python, or let Vega make the table, whose decimals are exact",
            )
        if self.is_sqlite and self._tables.is_given and isinstance(column.type, DateTime | Time):
            return _as_moments(column)
        return column

    def compare(self, node: Compare) -> Clause:
        """Compare a column with a constant or another column."""
        ordered = node.op not in {Comparison.EQ, Comparison.NE}
        left = self.ordered(node.left) if ordered else self.column(node.left)
        right = self.column(node.right) if isinstance(node.right, Field) else self._bound(node.left, node.right)
        clause: Clause = _OPERATORS[node.op](left, right)
        return clause

    def distinct(self, node: Distinct) -> Clause:
        """Compare with NULL as an ordinary value."""
        left = self.column(node.left)
        if isinstance(node.right, Field):
            return left.is_distinct_from(self.column(node.right))
        return left.is_distinct_from(null() if node.right is None else self._bound(node.left, node.right))

    def is_null(self, node: IsNull) -> Clause:
        """Test for NULL; a value object is missing when a required field inside is NULL."""
        info = node.field.info
        if info.kind is Kind.OBJECT and info.inside is not None:
            if not node.field.nullable:
                return false()
            path = node.field.path
            sure = next(field for field in info.inside.values() if not field.nullable and field.kind is not Kind.LIST)
            return self.is_null(IsNull(Field((*path, sure))))
        return self._columns[str(node.field)].is_(None)

    def within(self, node: Within) -> Clause:
        """Test membership in a list; a large list is sent as a single parameter."""
        if not node.values:
            return false()
        column = self.column(node.field)
        values = sorted(node.values, key=repr)
        if len(values) <= LISTED:
            return column.in_([self._bound(node.field, value) for value in values])
        if not self.is_sqlite:
            return column == any_(bindparam(None, values, type_=ARRAY(column.type)))
        return column.in_(listed(column.type, node.field.info.kind, values))

    def match(self, node: Match) -> Clause:
        """Look into a text."""
        subject: Any = self.column(node.field)
        text = node.text if isinstance(node.text, Slot) else searched(node.op, node.text, sqlite=self.is_sqlite)
        wanted = _parameter(text, String())
        if node.op is Matching.CONTAINS:
            place = func.instr if self.is_sqlite else func.strpos
            return place(subject, wanted) > 0
        if node.op is Matching.ILIKE:
            folded = getattr(func, FOLD_FUNCTION) if self.is_sqlite else func.translate
            subject = folded(subject) if self.is_sqlite else folded(subject, _FOLD_FROM, _FOLD_TO)
        if self.is_sqlite:
            return cast("Clause", subject.op("GLOB", is_comparison=True)(wanted))
        return cast("Clause", subject.like(wanted, escape="\\"))

    def truth(self, node: Truth) -> Clause:
        """Return a bool column as a condition."""
        return self.column(node.field) == true()

    def negation(self, node: Not) -> Clause:
        """Turn TRUE and FALSE around; NULL stays."""
        return not_(self.clause(node.part))

    def conjunction(self, node: And) -> Clause:
        """Join by AND."""
        return and_(*(self.clause(part) for part in node.parts))

    def disjunction(self, node: Or) -> Clause:
        """Join by OR."""
        return or_(*(self.clause(part) for part in node.parts))

    def any_of(self, node: AnyOf) -> Clause:
        """Test whether the part is TRUE for at least one member."""
        inner, correlated = self._inside(node.field)
        return exists(select(1).where(correlated, inner.clause(node.part)).select_from(inner._from))

    def all_of(self, node: AllOf) -> Clause:
        """Test whether the part is TRUE for every member."""
        inner, correlated = self._inside(node.field)
        fails = inner.clause(node.part).is_not(true())
        return not_(exists(select(1).where(correlated, fails).select_from(inner._from)))

    def always(self, node: Always) -> Clause:
        """Answer without looking."""
        return true() if node.value else false()

    def specification(self, spec: EntityRule[Any], fields: EntityFields) -> Clause:
        """Return the SQL of a specification with parts that are not predicates.

        Raises:
            UnsupportedPredicateError: a part has neither a predicate nor SQL.
        """
        own = getattr(spec, "to_sql_expression", None)
        if callable(own):
            return cast("Clause", own())
        node = spec.to_node(fields)
        if node is not None:
            return self.clause(node)
        if isinstance(spec, AndSpecification):
            return and_(*(self.specification(part, fields) for part in spec.parts))
        if isinstance(spec, OrSpecification):
            return or_(*(self.specification(part, fields) for part in spec.parts))
        if isinstance(spec, NotSpecification):
            return not_(self.specification(spec.part, fields))
        if not _is_specification(spec):
            raise InvalidSpecificationError(f"{type(spec).__name__} is not a specification", "a query")
        raise UnsupportedPredicateError(
            f"{type(spec).__name__} is plain Python and would have to read the whole table",
            f"{type(spec).__module__}.{type(spec).__qualname__}",
            "write predicate(self, entity), or give it to_sql_expression(self)",
        )

    def ordered(self, field: Field) -> ColumnElement[Any]:
        """Return the column of a field for ORDER BY: texts by code point."""
        column = self.column(field)
        if self.is_sqlite or field.info.kind is not Kind.TEXT:
            return column
        if getattr(column.type.dialect_impl(DIALECTS["postgresql"]), "collation", None) == "C":
            return column
        return column.collate("C")

    def _bound(self, field: Field, value: Any) -> ColumnElement[Any]:
        return _parameter(value, self._columns[str(field)].type)

    def _inside(self, field: Field) -> tuple[Compiler, Clause]:
        held = self._children[str(field)]
        table = held.table.alias()
        inner = Compiler.__new__(Compiler)
        inner._tables, inner.is_sqlite = self._tables, self.is_sqlite
        inner._columns = {
            one.dotted: table.c[column.key] for one, column in zip(held.child.layout.columns, held.columns, strict=True)
        }
        inner._children = {table.child.dotted: table for table in held.children}
        inner._key = (table.c[held.owner.name], *(table.c[position.name] for position in held.positions))
        inner._from = table
        correlated = and_(*(mine == theirs for mine, theirs in zip(inner._key, self._key, strict=False)))
        return inner, correlated

    _from: Any = None
    _children: Mapping[str, ChildTable]


def _as_moments(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column of times in comparable form: other programs write fewer digits than SQLAlchemy."""
    return type_coerce(type_coerce(column, String()).collate(MOMENT_COLLATION), column.type)


def _parameter(value: Any, kind: TypeEngine[Any]) -> BindParameter[Any]:
    if isinstance(value, Slot):
        return bindparam(str(value), type_=kind, required=True)
    return bindparam(None, value, type_=kind)


def _is_specification(spec: object) -> bool:
    return isinstance(spec, Specification)


_COMPILE: Final[dict[type, Callable[[Compiler, Any], Clause]]] = {
    Compare: Compiler.compare,
    Distinct: Compiler.distinct,
    IsNull: Compiler.is_null,
    Within: Compiler.within,
    Match: Compiler.match,
    Truth: Compiler.truth,
    Not: Compiler.negation,
    And: Compiler.conjunction,
    Or: Compiler.disjunction,
    AnyOf: Compiler.any_of,
    AllOf: Compiler.all_of,
    Always: Compiler.always,
}
