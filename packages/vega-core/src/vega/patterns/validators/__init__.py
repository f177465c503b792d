"""Reusable rules for the fields of an `Input`, and localised messages for validation errors.

Attach a rule through `Annotated`, `phone: Annotated[str, PhoneRule(region="DE")]`, or use an alias,
`phone: PhoneNumber`. The import loads the standard library only; pydantic and the libraries of the extra `validators`
load at the first use of a rule.
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
