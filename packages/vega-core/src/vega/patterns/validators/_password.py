"""A rule for passwords, on zxcvbn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from .._errors import ValidatorError
from ._library import library
from ._rule import Rule, failure

_LONGEST = 72  # characters, the limit of the library
_LETTER_LIKE = frozenset("!$%(+0123456789<@[{|")  # the library tries all combinations of their substitutions


@final
@dataclass(frozen=True, slots=True)
class PasswordRule(Rule[Any]):
    """A password that is hard to guess, without rules on characters; for `pydantic.SecretStr` or `str`.

    Errors: `password_weak`. pydantic keeps the input in its errors: set `hide_input_in_errors=True` on the model, and
    show users `Messages.errors`, which omits the input. Requires the extra `validators`.

    Args:
        score: strength, from 0 to 4: 3 resists 10**8 guesses, 4 resists 10**10; the first 72 characters count.

    Raises:
        ValidatorError: the score is out of range.

    A check takes up to about 0.1 s. To keep that bound, only the first 16 characters of a password count if it has
    more than six different characters that may stand for letters, such as `@`: the library tries all combinations.

    Source: Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016.
    """

    score: int = 3

    json_schema: ClassVar[Mapping[str, Any]] = {"format": "password"}

    def __post_init__(self) -> None:
        if self.score not in range(5):
            raise ValidatorError(f"there is no score {self.score}", "PasswordRule", "give 0, 1, 2, 3 or 4")

    def check(self, value: Any, /) -> Any:
        """Return the password."""
        plain: str = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        if not plain:  # the library divides by the length
            raise failure("password_weak", "Choose a password that is harder to guess{advice}", score=0, advice="")
        verdict = library("zxcvbn", self).zxcvbn(measured_part(plain))
        if verdict["score"] < self.score:
            hints = [verdict["feedback"]["warning"], *verdict["feedback"]["suggestions"]]
            advice = " ".join(hint.rstrip(".") + "." for hint in hints if hint)
            raise failure(
                "password_weak",
                "Choose a password that is harder to guess{advice}",
                score=verdict["score"],
                advice=f": {advice}" if advice else "",
            )
        return value


def measured_part(password: str) -> str:
    """Return the part of a password that can be measured in bounded time."""
    start = password[:_LONGEST]
    return start[:16] if len(_LETTER_LIKE.intersection(start)) > 6 else start
