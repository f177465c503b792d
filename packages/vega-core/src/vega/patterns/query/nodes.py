"""The nodes of recorded predicates, and how they are joined; for a compiler or an evaluator of one's own.

A `Node` is one of a closed set of frozen classes; `all_of`, `any_of` and `negate` keep a tree flat.
"""

from ._language.nodes import (
    MAX_DEPTH,
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

__all__ = [
    "MAX_DEPTH",
    "AllOf",
    "Always",
    "And",
    "AnyOf",
    "Compare",
    "Comparison",
    "Distinct",
    "Field",
    "IsNull",
    "Match",
    "Matching",
    "Node",
    "Not",
    "Or",
    "Truth",
    "Within",
    "all_of",
    "any_of",
    "check_depth",
    "negate",
]
