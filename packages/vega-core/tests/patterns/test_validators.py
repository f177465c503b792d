"""Reusable rules: what they let through, in which form, and by which type of error they refuse."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from vega.patterns import Interactor, ValidatorError
from vega.patterns.validators import (
    CountryCode,
    CurrencyCode,
    Iban,
    IbanRule,
    MoneyRule,
    NonBlank,
    NonBlankRule,
    PasswordRule,
    PhoneNumber,
    PhoneRule,
    Rule,
    Slug,
    SlugRule,
    failure,
)
from vega.patterns.validators._password import measured_part

STRONG = "correct horse battery staple"

FINE: list[tuple[Any, Any, Any]] = [
    (Slug, "a-nice-title-2", "a-nice-title-2"),
    (Slug, "x", "x"),
    (NonBlank, "  Ada ", "Ada"),
    (Annotated[str, NonBlankRule(strip=False)], " Ada", " Ada"),
    (NonBlank, "\u00e9", "\u00e9"),
    (PhoneNumber, "+44 20 7031 3000", "+442070313000"),
    (PhoneNumber, "+1 (650) 253-0000", "+16502530000"),
    (Annotated[str, PhoneRule(region="DE")], "030 901820", "+4930901820"),
    (Iban, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    (Iban, "GB29NWBK60161331926819", "GB29NWBK60161331926819"),
    (Annotated[str, IbanRule(countries=("DE", "AT"))], "AT611904300234573201", "AT611904300234573201"),
    (CountryCode, "de", "DE"),
    (CurrencyCode, "eur", "EUR"),
    (CurrencyCode, "XOF", "XOF"),
    (Annotated[Decimal, MoneyRule("EUR")], "12.5", Decimal("12.50")),
    (Annotated[Decimal, MoneyRule("EUR")], 12.5, Decimal("12.50")),
    (Annotated[Decimal, MoneyRule("EUR")], "-0.10", Decimal("-0.10")),
    (Annotated[Decimal, MoneyRule("JPY")], "1200.0", Decimal(1200)),
    (Annotated[Decimal, MoneyRule("KWD")], "1.005", Decimal("1.005")),
    (Annotated[str, PasswordRule()], STRONG, STRONG),
    (Annotated[SecretStr, PasswordRule(score=4)], STRONG, SecretStr(STRONG)),
    (Annotated[str, PasswordRule(score=0)], "a" * 5000, "a" * 5000),
]


@pytest.mark.parametrize(("kind", "given_", "expected"), FINE)
def test_what_is_right_is_brought_into_its_usual_form(kind: Any, given_: Any, expected: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    assert adapter.validate_python(given_) == expected
    assert str(adapter.validate_python(given_)) == str(expected)


WRONG: list[tuple[Any, Any, str]] = [
    *((Slug, text, "slug") for text in ("", "A", "a--b", "-a", "a-", "a b", "a_b", "\u00e9", "a\n", "\u0661")),
    *((NonBlank, text, "blank") for text in ("", " \t\n", "\u200b\ufeff", "\u00a0\u3000", "\x00")),
    *((PhoneNumber, text, "phone_number") for text in ("", "030 901820", "+44", "+999123456789", "call me", "+" * 300)),
    (PhoneNumber, "+442070313000 ext. 5", "phone_number"),
    *((Iban, text, "iban") for text in ("", "DE", "DE88370400440532013000", "DE8937040044053201300", "XX00" * 5)),
    (Iban, "DE89370400440532013\u0660\u0660\u0660", "iban"),
    (Annotated[str, IbanRule(countries=("AT",))], "DE89370400440532013000", "iban_country"),
    *((CountryCode, text, "country_code") for text in ("", "D", "DEU", "XX", "\ufb01", "d\u0131")),
    *((CurrencyCode, text, "currency_code") for text in ("", "EU", "XXX", "XAU", "ABC", "EURO")),
    *((Annotated[Decimal, MoneyRule("EUR")], text, "money_places") for text in ("0.001", "1e-999999")),
    (Annotated[Decimal, MoneyRule("JPY")], "0.5", "money_places"),
    *((Annotated[Decimal, MoneyRule("EUR")], text, "money_too_large") for text in ("1e15", "-1e15", "1e999999")),
    (Annotated[Decimal, Field(allow_inf_nan=True), MoneyRule("EUR")], "nan", "money_finite"),
    (Annotated[Decimal, Field(allow_inf_nan=True), MoneyRule("EUR")], "-inf", "money_finite"),
    *((Annotated[str, PasswordRule()], text, "password_weak") for text in ("", "password", "12345678", "qwertyuiop")),
    (Annotated[SecretStr, PasswordRule()], "hunter2", "password_weak"),
]


@pytest.mark.parametrize(("kind", "given_", "error"), WRONG)
def test_what_is_wrong_is_refused_by_a_type_of_its_own(kind: Any, given_: Any, error: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(given_)

    (entry,) = caught.value.errors()
    assert entry["type"] == error
    assert "{" not in entry["msg"]


@given(text=st.text(max_size=60))
def test_whatever_is_let_through_is_let_through_again_unchanged(text: str) -> None:
    for rule in (SlugRule(), NonBlankRule(), PhoneRule(region="DE"), IbanRule()):
        try:
            value = rule(text)
        except PydanticCustomError:
            continue
        assert rule(value) == value


@given(text=st.text(st.sampled_from("!$%(+0123456789<@[{|aZ \u00e9"), max_size=200))
def test_a_password_is_measured_in_bounded_work(text: str) -> None:
    from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

    part = measured_part(text)

    assert text.startswith(part)
    assert len(part) <= 16 or len(enumerate_l33t_subs(relevant_l33t_subtable(part, L33T_TABLE))) <= 24
    assert len(part) >= min(len(text), 16)


@given(cents=st.integers(-(10**16), 10**16))
def test_every_whole_number_of_cents_below_the_limit_is_money(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    if abs(amount) < 10**15:
        assert MoneyRule("EUR")(amount) == amount


def test_an_interactor_refuses_with_all_that_is_wrong() -> None:
    class Pay(Interactor[str]):
        class Input(BaseModel):
            to: Iban
            amount: Annotated[Decimal, MoneyRule("EUR"), Field(gt=0)]
            title: NonBlank

        async def call(self) -> str:
            return "paid"

    with pytest.raises(ValidationError) as caught:
        asyncio.run(_awaited(Pay, to="DE", amount="0.001", title=" "))

    assert [(entry["loc"], entry["type"]) for entry in caught.value.errors()] == [
        (("to",), "iban"),
        (("amount",), "money_places"),
        (("title",), "blank"),
    ]


async def _awaited(use_case: Any, **values: Any) -> object:
    return await use_case(**values)


def test_the_json_schema_says_what_can_be_said() -> None:
    class Input(BaseModel):
        slug: Slug = Field(max_length=20)
        phone: PhoneNumber

    properties = Input.model_json_schema()["properties"]

    assert properties["slug"] == {
        "maxLength": 20,
        "pattern": "^[a-z0-9]+(?:-[a-z0-9]+)*$",
        "title": "Slug",
        "type": "string",
    }
    assert properties["phone"]["format"] == "phone"


def test_a_rule_of_one_s_own_is_one_class() -> None:
    @dataclass(frozen=True)
    class Even(Rule[int]):
        def check(self, value: int, /) -> int:
            if value % 2:
                raise failure("odd", "{value} is odd", value=value)
            return value

    adapter = TypeAdapter(Annotated[int, Even()])

    assert adapter.validate_python("4") == 4
    with pytest.raises(ValidationError, match="3 is odd"):
        adapter.validate_python(3)


@pytest.mark.parametrize(
    "declare", [lambda: MoneyRule("euro"), lambda: MoneyRule("eur"), lambda: PasswordRule(score=5)]
)
def test_a_rule_that_makes_no_sense_is_refused_where_it_stands(declare: Any) -> None:
    with pytest.raises(ValidatorError):
        declare()


@pytest.mark.parametrize("rule", [PhoneRule(), IbanRule(), PasswordRule()])
def test_a_missing_library_is_named_with_the_remedy(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("phonenumbers", "schwifty", "zxcvbn"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(ValidatorError, match=r"install vega-core\[validators\]"):
        rule("text")


def test_a_library_that_is_broken_is_not_taken_for_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "zxcvbn.py").write_text("import no_such_part_of_it\n")
    monkeypatch.delitem(sys.modules, "zxcvbn", raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="no_such_part_of_it"):
        PasswordRule()("text")
    monkeypatch.delitem(sys.modules, "zxcvbn", raising=False)


@pytest.mark.once
def test_the_import_loads_nothing_and_each_rule_its_own_library_only() -> None:
    program = (
        "import sys\nfrom vega.patterns.validators import *\n"
        "names = {'pydantic', 'pydantic_core', 'phonenumbers', 'schwifty', 'zxcvbn', 'pycountry'}\n"
        "print(sorted(names & set(sys.modules)))\n"
        "CountryRule()('DE')\nprint(sorted(names & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "['pycountry']"]
