"""Rules for plain texts: slugs and non-blank texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias, final
from unicodedata import category

from ._rule import Rule, failure

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@final
@dataclass(frozen=True, slots=True)
class SlugRule(Rule[str]):
    """A name for a URL: lower-case ASCII letters and digits in words joined by single hyphens.

    Errors: `slug`.

    >>> SlugRule()("a-nice-title-2")
    'a-nice-title-2'
    """

    json_schema: ClassVar[Mapping[str, Any]] = {"pattern": f"^{_SLUG.pattern}$"}

    def check(self, value: str, /) -> str:
        """Return the slug."""
        if _SLUG.fullmatch(value) is None:
            raise failure("slug", "Use lower-case letters and digits, in words joined by single hyphens")
        return value


@final
@dataclass(frozen=True, slots=True)
class NonBlankRule(Rule[str]):
    """A text with visible characters: not only white space, control or zero-width characters.

    Errors: `blank`.

    Args:
        strip: whether to remove white space around the text.

    >>> NonBlankRule()("  Ada ")
    'Ada'
    """

    strip: bool = True

    def check(self, value: str, /) -> str:
        """Return the text."""
        if all(category(letter)[0] in "ZC" for letter in value):  # separators, and control and format characters
            raise failure("blank", "Write something")
        return value.strip() if self.strip else value


Slug: TypeAlias = Annotated[str, SlugRule()]
NonBlank: TypeAlias = Annotated[str, NonBlankRule()]
