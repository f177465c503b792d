"""Rules for the codes of countries and currencies, on pycountry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, TypeAlias, final

from ._library import library
from ._rule import Rule, failure

# codes of ISO 4217 without prices: metals, units of account of funds, "no currency", testing
_NOT_SPENT: Final = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)


@final
@dataclass(frozen=True, slots=True)
class CountryRule(Rule[str]):
    """The code of a country, ISO 3166-1 alpha-2, in upper case.

    Errors: `country_code`. Requires the extra `validators`.

    >>> CountryRule()("de")
    'DE'
    """

    json_schema: ClassVar[Mapping[str, Any]] = {"pattern": "^[A-Za-z]{2}$"}

    def check(self, value: str, /) -> str:
        """Return the code in upper case."""
        code = value.upper() if value.isascii() else ""
        if len(code) != 2 or library("pycountry", self).countries.get(alpha_2=code) is None:
            raise failure("country_code", "Give the two letters of a country, such as DE")
        return code


@final
@dataclass(frozen=True, slots=True)
class CurrencyRule(Rule[str]):
    """The code of a currency, ISO 4217, in upper case; neither metals nor codes of funds and tests.

    Errors: `currency_code`. Requires the extra `validators`.

    >>> CurrencyRule()("eur")
    'EUR'
    """

    json_schema: ClassVar[Mapping[str, Any]] = {"pattern": "^[A-Za-z]{3}$"}

    def check(self, value: str, /) -> str:
        """Return the code in upper case."""
        code = value.upper() if value.isascii() else ""
        if len(code) != 3 or code in _NOT_SPENT or library("pycountry", self).currencies.get(alpha_3=code) is None:
            raise failure("currency_code", "Give the three letters of a currency, such as EUR")
        return code


CountryCode: TypeAlias = Annotated[str, CountryRule()]
CurrencyCode: TypeAlias = Annotated[str, CurrencyRule()]
