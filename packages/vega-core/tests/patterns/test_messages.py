"""The catalogue of texts: which one is found, what it may name, and what stays as pydantic says it."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from vega.patterns import ValidatorError
from vega.patterns.validators import Messages, NonBlank


class Line(BaseModel):
    price: int = Field(ge=0)


class Address(BaseModel):
    city: str = Field(min_length=2)


class Order(BaseModel):
    city: str = Field(min_length=2)
    address: Address
    lines: list[Line]
    note: NonBlank
    password: str = Field(min_length=8)


WRONG = {
    "city": "x",
    "address": {"city": "y"},
    "lines": [{"price": 1}, {"price": -1}],
    "note": " ",
    "password": "hunter2",
}
CATALOGUE: dict[str, Any] = {
    "en": {"string_too_short": "At least {min_length} letters.", "blank": "Say something."},
    "de": {
        "string_too_short": "Mindestens {min_length} Zeichen.",
        "address.city": {"string_too_short": "Die Stadt der Anschrift ist zu kurz."},
        "lines.*.price": {"greater_than_equal": "Der Preis ist unter {ge}."},
    },
    "de-AT": {"blank": "Bitte was schreiben."},
}


def failed() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(WRONG)
    return caught.value


def told(language: str | None, own: str = "en") -> dict[str, str]:
    return {
        ".".join(map(str, entry["loc"])): entry["msg"]
        for entry in Messages(CATALOGUE, language=own).errors(failed(), language)
    }


def test_a_text_is_found_by_type_and_by_field() -> None:
    assert told("de") == {
        "city": "Mindestens 2 Zeichen.",
        "address.city": "Die Stadt der Anschrift ist zu kurz.",
        "lines.1.price": "Der Preis ist unter 0.",
        "note": "Say something.",
        "password": "Mindestens 8 Zeichen.",
    }


def test_a_variant_of_a_language_falls_back_to_it_then_to_the_catalogue_s_own() -> None:
    assert told("de_AT")["note"] == "Bitte was schreiben."
    assert told("DE-at")["city"] == "Mindestens 2 Zeichen."
    assert told("fr")["city"] == "At least 2 letters."
    assert told(None, own="de")["city"] == "Mindestens 2 Zeichen."


def test_without_a_text_pydantic_s_own_stays() -> None:
    assert told("en")["lines.1.price"] == "Input should be greater than or equal to 0"


def test_the_longest_end_of_a_path_wins() -> None:
    messages = Messages(
        {"en": {"city": {"string_too_short": "any city"}, "address.city": {"string_too_short": "that city"}}}
    )

    texts = [entry["msg"] for entry in messages.errors(failed())]

    assert texts[:2] == ["any city", "that city"]


def test_a_place_within_a_request_does_not_hide_the_field() -> None:
    class RequestError(Exception):
        def errors(self) -> list[dict[str, Any]]:
            return [{"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {}}]

    (entry,) = Messages({"de": {"name": {"missing": "Der Name fehlt."}}}).errors(RequestError(), "de")

    assert entry == {"type": "missing", "loc": ("body", "name"), "msg": "Der Name fehlt."}


def test_the_rest_is_what_pydantic_says_without_the_input() -> None:
    error = failed()

    shown = Messages(CATALOGUE).errors(error)

    assert [(entry["type"], entry["loc"]) for entry in shown] == [(e["type"], e["loc"]) for e in error.errors()]
    assert shown[0].get("ctx") == {"min_length": 2}
    assert "hunter2" not in json.dumps(shown)


def test_a_list_of_errors_will_do() -> None:
    errors = failed().errors()

    assert Messages(CATALOGUE).errors(errors)[0]["msg"] == "At least 2 letters."
    assert errors[0]["msg"] == "String should have at least 2 characters"


@pytest.mark.parametrize("text", ["{", "{}", "{0}", "{min_length.__class__}", "{min_length[0]}", "}"])
def test_a_malformed_text_is_refused_when_it_is_declared(text: str) -> None:
    with pytest.raises(ValidatorError, match="en: name missing"):
        Messages({"en": {"name": {"missing": text}}})


def test_a_text_that_names_what_the_error_lacks_says_what_it_has() -> None:
    messages = Messages({"en": {"city": {"string_too_short": "{minimum} letters"}}})

    with pytest.raises(ValidatorError, match="it has: min_length"):
        messages.errors(failed())


def test_braces_can_be_written() -> None:
    (entry,) = Messages({"en": {"missing": "{{name}}"}}).errors([{"type": "missing", "loc": (), "msg": "", "input": 1}])

    assert entry["msg"] == "{name}"
