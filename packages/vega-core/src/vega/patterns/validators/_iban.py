"""A rule for international bank account numbers, on schwifty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias, final

from ._library import library
from ._rule import Rule, failure


@final
@dataclass(frozen=True, slots=True)
class IbanRule(Rule[str]):
    """An IBAN, checked by length, structure and check digits of the country; without spaces, upper case.

    Errors: `iban`, and `iban_country` with `countries`. Requires the extra `validators`.

    Args:
        countries: the countries allowed, ISO 3166-1 alpha-2; all when empty.

    Source: ISO 13616-1, with the structures of SWIFT's IBAN Registry.

    >>> IbanRule()("de89 3704 0044 0532 0130 00")
    'DE89370400440532013000'
    """

    countries: tuple[str, ...] = ()

    def check(self, value: str, /) -> str:
        """Return the number without spaces."""
        schwifty = library("schwifty", self)
        try:
            iban = schwifty.IBAN(value.upper())
        except schwifty.exceptions.SchwiftyException:
            raise failure("iban", "This is not a valid IBAN: check its letters and digits") from None
        if self.countries and iban.country_code not in self.countries:
            listed = ", ".join(self.countries)
            raise failure("iban_country", "Give an account in one of these countries: {countries}", countries=listed)
        compact: str = iban.compact
        return compact


Iban: TypeAlias = Annotated[str, IbanRule()]
