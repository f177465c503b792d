r"""LIKE patterns: `%` is any text, `_` one character, `\` takes the next character as it is."""

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
    """A pattern as its tokens: characters and wildcards."""

    tokens: tuple[str | Wild, ...]

    @classmethod
    def parse(cls, text: str, where: str) -> Pattern:
        """Read a pattern.

        Raises:
            InvalidValueError: it ends with an escape that escapes nothing.
        """
        return cls(tuple(_tokens(text, where)))

    def regex(self) -> re.Pattern[str]:
        """Return what matches the same texts in time linear in the text for each part between wildcards."""
        return _compile(self.tokens)


def escape(text: str) -> str:
    r"""Return a pattern that matches a text literally.

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


@lru_cache(maxsize=1024)  # patterns of users repeat; a miss costs one compilation
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
    # The leftmost place of each middle part is always right, so nothing needs to be tried twice: atomic groups.
    middle = "".join(rf"(?>.*?{segment})" for segment in rest[:-1] if segment)
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z" if rest[-1] else rf"{first}{middle}", re.DOTALL)
