"""A rule for passwords, on zxcvbn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from .._errors import ValidatorError
from ._library import library
from ._rule import Rule, failure

_LONGEST = 72  # characters: what the library takes at most
_LETTER_LIKE = frozenset("!$%(+0123456789<@[{|")  # what the library tries as letters, in every combination


@final
@dataclass(frozen=True, slots=True)
class PasswordRule(Rule[Any]):
    """A password that is hard to guess, whatever it is made of; best on `pydantic.SecretStr`, or on `str`.

    Errors: `password_weak`. pydantic keeps the input with its errors, so set `hide_input_in_errors=True` on the
    model, and show people `Messages.errors`, which leaves it out. The extra `validators` brings the library.

    Args:
        score: how hard, from 0 to 4: 3 resists 10**8 guesses, 4 resists 10**10; the first 72 characters count.

    Raises:
        ValidatorError: the score is out of range.

    It takes up to about 0.1 s. To keep it so, only the first 16 characters count when a longer password has more
    than six different ones of those that may stand for letters, such as `@`: the library tries all combinations.

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
        if not plain:  # the library divides by its length
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
    """Return what of a password is measured: as much as can be in bounded time."""
    start = password[:_LONGEST]
    return start[:16] if len(_LETTER_LIKE.intersection(start)) > 6 else start
