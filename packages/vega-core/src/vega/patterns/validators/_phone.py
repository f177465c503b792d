"""A rule for telephone numbers, on Google's libphonenumber."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias, final

from ._library import library
from ._rule import Rule, failure


@final
@dataclass(frozen=True, slots=True)
class PhoneRule(Rule[str]):
    """A telephone number that may exist, brought into the form of E.164: `+`, country code, number.

    Errors: `phone_number`. The extra `validators` brings the library.

    Args:
        region: where numbers without a country code belong, ISO 3166-1 alpha-2 such as `DE`; None refuses them.

    Source: ITU-T E.164; the numbering plans are those of libphonenumber.

    >>> PhoneRule(region="GB")("020 7031 3000")
    '+442070313000'
    """

    region: str | None = None

    json_schema: ClassVar[Mapping[str, Any]] = {"format": "phone"}

    def check(self, value: str, /) -> str:
        """Return the number in the form of E.164."""
        phonenumbers = library("phonenumbers", self)
        try:
            number = phonenumbers.parse(value, self.region)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or number.extension or not phonenumbers.is_valid_number(number):
            raise failure("phone_number", "Write a telephone number with its country code, such as +442070313000")
        e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return e164


PhoneNumber: TypeAlias = Annotated[str, PhoneRule()]
