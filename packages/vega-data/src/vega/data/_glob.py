"""LIKE patterns as SQLite's GLOB, which matches with regard to case; its LIKE does not."""

from __future__ import annotations

from typing import Final

from vega.patterns.query.values import Pattern, Wild

_GLOB: Final = {"*": "[*]", "?": "[?]", "[": "[[]"}


def glob(pattern: str) -> str:
    """Return a LIKE pattern as one for GLOB, which SQLite matches with regard to case.

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
