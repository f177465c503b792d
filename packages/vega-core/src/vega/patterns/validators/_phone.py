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
    """A valid telephone number, in E.164 format: `+`, country code, number.

    Errors: `phone_number`. Requires the extra `validators`.

    Args:
        region: the region of numbers without a country code, ISO 3166-1 alpha-2 such as `DE`; None refuses them.

    Source: ITU-T E.164, with the numbering plans of libphonenumber.

    >>> PhoneRule(region="GB")("020 7031 3000")
    '+442070313000'
    """

    region: str | None = None

    json_schema: ClassVar[Mapping[str, Any]] = {"format": "phone"}

    def check(self, value: str, /) -> str:
        """Return the number in E.164 format."""
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
