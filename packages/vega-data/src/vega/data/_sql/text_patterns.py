"""LIKE and GLOB patterns of the text operators, for each database."""

from __future__ import annotations

from typing import Final

from vega.patterns.query import fold
from vega.patterns.query.nodes import Matching
from vega.patterns.query.values import Pattern, Wild, escape

_GLOB: Final = {"*": "[*]", "?": "[?]", "[": "[[]"}


def glob(pattern: str) -> str:
    """Return a LIKE pattern as a GLOB pattern, which SQLite matches case-sensitively.

    >>> glob("50[%_")
    '50[[]*?'
    """
    parts: list[str] = []
    for token in Pattern.parse(pattern, "like").tokens:
        if token is Wild.ANY:
            parts.append("*")
        elif token is Wild.ONE:
            parts.append("?")
        else:
            parts.append(_GLOB.get(str(token), str(token)))
    return "".join(parts)


def searched(op: Matching, text: str, *, sqlite: bool) -> str:
    r"""Return the operand of a text operator: the text for `contains`, else a pattern of LIKE, or of GLOB on SQLite.

    >>> searched(Matching.STARTSWITH, "50%", sqlite=False)
    '50\\%%'
    """
    if op is Matching.CONTAINS:
        return text
    if op is Matching.ILIKE:
        text = fold(text)
    elif op is Matching.STARTSWITH:
        text = f"{escape(text)}%"
    elif op is Matching.ENDSWITH:
        text = f"%{escape(text)}"
    return glob(text) if sqlite else text
