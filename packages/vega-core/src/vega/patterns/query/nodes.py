"""The nodes of recorded predicates and their combinators, for custom compilers and evaluators.

A `Node` is an instance of a closed set of frozen classes; `all_of`, `any_of` and `negate` keep a tree flat.
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
