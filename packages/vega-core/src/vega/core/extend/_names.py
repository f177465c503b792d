"""Names typed by a user, in the forms of classes, modules and tables."""

from __future__ import annotations

import keyword
import sys
import unicodedata
from dataclasses import dataclass

from .._errors import InvalidNameError
from ..introspection import snake_case

_LONGEST = 60
_RESERVED = frozenset({"vega", "app", "main", "settings", "config", "tests", "test"})
_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women", "datum": "data"}


@dataclass(frozen=True, slots=True)
class Name:
    """A checked name: `OrderItem`, `order_item` and `order-item` are equal.

    Args:
        words: the words in lower case, at least one, each `[a-z0-9]+`; the first does not start with a digit.
    """

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Name:
        """Parse a name.

        Raises:
            InvalidNameError: the text is not an ASCII identifier, is too long (60 characters), or is a keyword or a
                name of the standard library or of Vega.

        >>> Name.parse("OrderItem").snake
        'order_item'
        """
        plain = text.replace("-", "_")
        if unicodedata.normalize("NFKC", text) != text or not plain.isascii() or not plain.isidentifier():
            raise InvalidNameError(
                f"{text!r} is not a name",
                "the name given on the command line",
                "use letters, digits and underscores, starting with a letter, such as OrderItem",
            )
        if len(plain) > _LONGEST:
            raise InvalidNameError(f"the name has {len(plain)} characters", text, f"use {_LONGEST} characters at most")
        words = tuple(filter(None, snake_case(plain).split("_")))
        if not words or words[0][0].isdigit():
            raise InvalidNameError(f"{text!r} has no word that starts with a letter", text, "use a name such as Order")
        name = cls(words)
        name._refuse_reserved(text)
        return name

    def _refuse_reserved(self, text: str) -> None:
        if any(map(keyword.iskeyword, (self.snake, self.pascal))) or keyword.issoftkeyword(self.snake):
            raise InvalidNameError(f"{text!r} is a word of the Python language", text, "choose another name")
        if self.snake in _RESERVED:
            raise InvalidNameError(f"{text!r} would hide a module of every Vega project", text, "choose another name")
        if self.snake in sys.stdlib_module_names:
            raise InvalidNameError(
                f"{text!r} would hide the standard library's module {self.snake}", text, "choose another name"
            )

    @property
    def pascal(self) -> str:
        """The name as a class: `OrderItem`."""
        return "".join(word.capitalize() for word in self.words)

    @property
    def snake(self) -> str:
        """The name as a module: `order_item`."""
        return "_".join(self.words)

    @property
    def kebab(self) -> str:
        """The name in a URL: `order-item`."""
        return "-".join(self.words)

    @property
    def title(self) -> str:
        """The name in a sentence: `order item`."""
        return " ".join(self.words)

    @property
    def plural(self) -> Name:
        """The plural, by the regular rules of English and a few common exceptions."""
        return Name((*self.words[:-1], _plural(self.words[-1])))

    def without(self, suffix: str) -> Name:
        """Return the name without a suffix; unchanged if the suffix is the whole name.

        >>> Name.parse("ChatHandler").without("handler").pascal
        'Chat'
        """
        if len(self.words) > 1 and self.words[-1] == suffix:
            return Name(self.words[:-1])
        return self

    def __str__(self) -> str:
        return self.pascal


def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and len(word) > 1 and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word}s"
