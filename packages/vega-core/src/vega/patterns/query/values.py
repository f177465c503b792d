"""Rules for values, patterns and enums, for stores that implement queries."""

from ._fields.case_fold import FOLD
from ._fields.constants import (
    LARGEST_INT,
    LEAST_INT,
    LONGEST_TEXT,
    MOST_DIGITS,
    check_constant,
    constant_checker,
    instant,
)
from ._fields.kinds import ORDERED
from ._fields.like import Pattern, Wild, escape
from ._memory.executor import exact_add, in_order, mean, stored_text
from ._query.cursor import describe

__all__ = [
    "FOLD",
    "LARGEST_INT",
    "LEAST_INT",
    "LONGEST_TEXT",
    "MOST_DIGITS",
    "ORDERED",
    "Pattern",
    "Wild",
    "check_constant",
    "constant_checker",
    "describe",
    "escape",
    "exact_add",
    "in_order",
    "instant",
    "mean",
    "stored_text",
]
