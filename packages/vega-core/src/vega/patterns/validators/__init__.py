"""Reusable rules for the fields of an `Input`, and the texts that tell people what was wrong.

Use a rule by `Annotated`: `phone: Annotated[str, PhoneRule(region="DE")]`, or an alias: `phone: PhoneNumber`.
Importing loads the standard library only; pydantic and the libraries of the extra `validators` load when a rule
is used.
"""

from ._codes import CountryCode, CountryRule, CurrencyCode, CurrencyRule
from ._iban import Iban, IbanRule
from ._messages import Messages
from ._money import MoneyRule
from ._password import PasswordRule
from ._phone import PhoneNumber, PhoneRule
from ._rule import Rule, failure
from ._texts import NonBlank, NonBlankRule, Slug, SlugRule

__all__ = [
    "CountryCode",
    "CountryRule",
    "CurrencyCode",
    "CurrencyRule",
    "Iban",
    "IbanRule",
    "Messages",
    "MoneyRule",
    "NonBlank",
    "NonBlankRule",
    "PasswordRule",
    "PhoneNumber",
    "PhoneRule",
    "Rule",
    "Slug",
    "SlugRule",
    "failure",
]
