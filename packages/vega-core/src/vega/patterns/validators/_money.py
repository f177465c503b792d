"""A rule for amounts of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, final

from .._errors import ValidatorError
from ._rule import Rule, failure

# decimal places of currencies with other than 2; source: ISO 4217, list one, of 2024
_NONE = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_PLACES: Final = {**dict.fromkeys(_NONE, 0), **dict.fromkeys(_THREE, 3), "CLF": 4, "UYW": 4}
_CODE = re.compile("[A-Z]{3}")
_EXACT = Context(prec=28)  # room for 15 digits and 4 decimal places, independent of the program's context
_LARGEST: Final = Decimal(10) ** 15


@final
@dataclass(frozen=True, slots=True)
class MoneyRule(Rule[Decimal]):
    """An amount payable in a currency: finite, below 10**15, no fractions of the smallest unit.

    The amount is padded to the decimal places of the currency. Use on `Decimal`; set bounds with `Field(ge=0)`.
    Errors: `money_finite`, `money_too_large`, `money_places`.

    Args:
        currency: three letters, ISO 4217; determines the number of decimal places.

    Raises:
        ValidatorError: the currency is not three upper-case letters.

    Source: ISO 4217 for the decimal places of each currency.

    >>> MoneyRule("EUR")(Decimal("12.5"))
    Decimal('12.50')
    """

    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not (
            self.currency.isascii() and self.currency.isalpha() and self.currency.isupper()
        ):
            raise ValidatorError(f"{self.currency!r} is not a currency", "MoneyRule", 'write MoneyRule("EUR")')

    @property
    def places(self) -> int:
        """The number of decimal places."""
        return _PLACES.get(self.currency, 2)

    def check(self, value: Decimal, /) -> Decimal:
        """Return the amount with all decimal places."""
        if not value.is_finite():
            raise failure("money_finite", "Give an amount")
        if abs(value) >= _LARGEST:
            raise failure("money_too_large", "Give an amount below {limit}", limit=str(_LARGEST))
        exact = value.quantize(Decimal(1).scaleb(-self.places), context=_EXACT)
        if exact != value:
            raise failure(
                "money_places",
                "An amount in {currency} has at most {places} digits after the point",
                currency=self.currency,
                places=self.places,
            )
        return exact
