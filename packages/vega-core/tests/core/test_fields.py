"""Fields of `vega generate`."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.core import InvalidFieldError
from vega.core.extend import FIELD_TYPES, FieldSpec

NAMESPACE = {"Decimal": Decimal, "date": date, "datetime": datetime, "UUID": UUID}


def value_of(literal: str) -> object:
    return eval(literal, dict(NAMESPACE))


def test_a_field_says_its_type_default_and_bounds() -> None:
    field = FieldSpec.parse("price:decimal=9.50:optional:unique:min=0:max=99.5")

    assert (field.name, field.annotation, field.initial) == ("price", "Decimal | None", 'Decimal("9.50")')
    assert field.rules == ("ge=0", 'le=Decimal("99.5")')
    assert field.unique


@pytest.mark.parametrize(
    "text",
    [
        "price",
        "price:money",
        "price:decimal:min=a",
        "price:decimal:min=NaN",
        "active:bool:min=0",
        "name:str:min=-1",
        "name:str:min=1.5",
        "age:int:min=5:max=4",
        "age:int=x",
        "active:bool=maybe",
        "at:datetime=2026-01-01",
        "id:str",
        "class:str",
        "Name:str",
        "x y:str",
        "name:str:requierd",
        "name:str:min=10001",
        "name:str:private:public",
        "",
        ":str",
    ],
)
def test_what_cannot_be_read_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        FieldSpec.parse(text)

    assert caught.value.fix


@pytest.mark.parametrize(("text", "longest"), [("name:str", 10000), ("note:text:optional", 10000), ("a:str:max=7", 7)])
def test_a_text_has_a_length(text: str, longest: int) -> None:
    assert FieldSpec.parse(text).rules == (f"max_length={longest}",)


@pytest.mark.parametrize(
    ("text", "is_private"),
    [
        *((f"{name}:str", True) for name in ("password", "secret", "api_key", "private_key", "token", "hash")),
        *((f"{name}:str", True) for name in ("user_password", "stripe_api_key", "password_hash", "reset_token")),
        *((f"{name}:str", False) for name in ("passwords", "tokens", "hashed", "key", "secretary", "token_count")),
        ("commit_hash:str:public", False),
        ("diagnosis:text:optional:private", True),
    ],
)
def test_a_field_is_private_by_its_name_unless_it_says_otherwise(text: str, is_private: bool) -> None:
    assert FieldSpec.parse(text).private is is_private


@pytest.mark.parametrize("kind", sorted(FIELD_TYPES))
def test_samples_are_literals_of_the_type(kind: str) -> None:
    field = FieldSpec.parse(f"value:{kind}")

    first, second = value_of(field.sample(0)), value_of(field.sample(1))

    assert type(first) is type(second)
    assert first != second
    assert field.sample(0, json=True)


@given(st.integers(0, 50), st.integers(0, 50))
def test_samples_of_texts_keep_the_bounds(least: int, more: int) -> None:
    field = FieldSpec.parse(f"name:str:min={least}:max={least + more + 1}")

    lengths = {len(str(value_of(field.sample(number)))) for number in (0, 1)}

    assert all(least <= length <= least + more + 1 for length in lengths)


@given(st.integers(-1000, 1000), st.integers(0, 50), st.sampled_from(["int", "decimal", "float"]))
def test_samples_of_numbers_keep_the_bounds(least: int, more: int, kind: str) -> None:
    field = FieldSpec.parse(f"age:{kind}:min={least}:max={least + more}")

    values = [value_of(field.sample(number)) for number in (0, 1)]

    assert all(least <= value <= least + more for value in values)  # type: ignore[operator]  # numbers by construction


@given(st.text(st.characters(blacklist_characters=":", blacklist_categories=("Cs",)), min_size=1))
def test_a_default_text_comes_back_as_it_was_given(text: str) -> None:
    field = FieldSpec.parse(f"name:str={text}")

    assert field.default is not None
    assert value_of(field.default) == text
