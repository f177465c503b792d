"""What stores that implement queries need beside the public language: the rules for values, patterns and enums."""

from ._fields.case_fold import FOLD
from ._fields.kinds import LARGEST_INT, LEAST_INT, ORDERED, check_constant, constant_checker
from ._fields.like import Pattern, Wild, escape
from ._memory.executor import exact_add, in_order, mean, stored_text
from ._query.cursor import describe

__all__ = [
    "FOLD",
    "LARGEST_INT",
    "LEAST_INT",
    "ORDERED",
    "Pattern",
    "Wild",
    "check_constant",
    "constant_checker",
    "describe",
    "escape",
    "exact_add",
    "in_order",
    "mean",
    "stored_text",
]
