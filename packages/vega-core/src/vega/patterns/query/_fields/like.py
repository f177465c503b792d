r"""LIKE patterns: `%` matches any text, `_` any character, `\` escapes the next character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from .._errors import InvalidValueError

ESCAPE = "\\"


class Wild(Enum):
    """The wildcards of a pattern."""

    ANY = "%"
    ONE = "_"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as a sequence of characters and wildcards."""

    tokens: tuple[str | Wild, ...]

    @classmethod
    def parse(cls, text: str, where: str) -> Pattern:
        """Read a pattern.

        Raises:
            InvalidValueError: the pattern ends with an escape character.
        """
        return cls(tuple(_tokens(text, where)))

    def regex(self) -> re.Pattern[str]:
        """Return a regular expression that needs time linear in the text for each part between wildcards."""
        return _compile(self.tokens)


def escape(text: str) -> str:
    r"""Return a pattern that matches only the text itself.

    >>> print(escape("50%_off"))
    50\%\_off
    """
    return text.replace(ESCAPE, ESCAPE * 2).replace("%", f"{ESCAPE}%").replace("_", f"{ESCAPE}_")


def _tokens(text: str, where: str) -> Iterator[str | Wild]:
    characters = iter(text)
    for character in characters:
        if character == ESCAPE:
            following = next(characters, None)
            if following is None:
                raise InvalidValueError(
                    "the pattern ends with a backslash that escapes nothing", where, r"write \\ for a backslash"
                )
            yield following
        elif character == Wild.ANY.value:
            yield Wild.ANY
        elif character == Wild.ONE.value:
            yield Wild.ONE
        else:
            yield character


@lru_cache(maxsize=1024)  # users repeat patterns; a miss costs one compilation
def _compile(tokens: tuple[str | Wild, ...]) -> re.Pattern[str]:
    segments: list[list[str]] = [[]]
    for token in tokens:
        if token is Wild.ANY:
            segments.append([])
        else:
            segments[-1].append("." if token is Wild.ONE else re.escape(str(token)))
    first, *rest = ["".join(segment) for segment in segments]
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    # The leftmost match of each middle part is always right: atomic groups avoid backtracking.
    middle = "".join(rf"(?>.*?{segment})" for segment in rest[:-1] if segment)
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z" if rest[-1] else rf"{first}{middle}", re.DOTALL)
