"""The predicate language, with equal results in memory and in SQL.

The guide "Predicates" specifies the semantics. Predicates are recorded, never decompiled; a predicate whose result
would differ between stores is refused. The nodes of recorded predicates are in `vega.patterns.query.nodes`.
"""

from ._errors import (
    FilterNotAllowedError,
    InvalidCursorError,
    InvalidFilterError,
    InvalidPageError,
    InvalidPredicateError,
    InvalidValueError,
    MultipleResultsError,
    QueryError,
    UnknownFieldError,
    UnknownOperatorError,
    UnsupportedPredicateError,
)
from ._fields.case_fold import fold
from ._fields.fields import EntityFields, FieldInfo, Naive, Private
from ._fields.kinds import Kind
from ._language.helpers import (
    all_,
    any_,
    between,
    contains,
    endswith,
    ilike,
    in_,
    is_distinct,
    is_not_null,
    is_null,
    like,
    not_,
    not_in,
    some,
    startswith,
)
from ._language.ports import EntityRule
from ._language.recorder import Condition, FieldExpr, Fields, record
from ._memory.codegen import satisfies, select
from ._memory.executor import MemoryExecutor
from ._query.executor import QueryExecutor
from ._query.grouping import Grouping
from ._query.pages import CursorPage, Page, Slice
from ._query.plan import Aggregate, Aggregation, Calculation, Nulls, Order, QueryPlan, avg, count, max_, min_, sum_
from ._query.query import Query
from ._requests.filters import FilterSet
from ._requests.json import node_from_json, node_to_json

__all__ = [
    "Aggregate",
    "Aggregation",
    "Calculation",
    "Condition",
    "CursorPage",
    "EntityFields",
    "EntityRule",
    "FieldExpr",
    "FieldInfo",
    "Fields",
    "FilterNotAllowedError",
    "FilterSet",
    "Grouping",
    "InvalidCursorError",
    "InvalidFilterError",
    "InvalidPageError",
    "InvalidPredicateError",
    "InvalidValueError",
    "Kind",
    "MemoryExecutor",
    "MultipleResultsError",
    "Naive",
    "Nulls",
    "Order",
    "Page",
    "Private",
    "Query",
    "QueryError",
    "QueryExecutor",
    "QueryPlan",
    "Slice",
    "UnknownFieldError",
    "UnknownOperatorError",
    "UnsupportedPredicateError",
    "all_",
    "any_",
    "avg",
    "between",
    "contains",
    "count",
    "endswith",
    "fold",
    "ilike",
    "in_",
    "is_distinct",
    "is_not_null",
    "is_null",
    "like",
    "max_",
    "min_",
    "node_from_json",
    "node_to_json",
    "not_",
    "not_in",
    "record",
    "satisfies",
    "select",
    "some",
    "startswith",
    "sum_",
]
