"""Names that an `Input` does not take are refused, with the one that was meant."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as checked_dataclass
from pydantic_core import PydanticCustomError

from vega.patterns import Interactor, InvalidUseCaseError, Mediator


class Echo(Interactor[Any]):
    input: Any

    async def call(self) -> Any:
        return self.input


class Register(Echo):
    class Input(BaseModel):
        name: str
        email: str = ""


class Story(Mediator[str]):
    class Input(BaseModel):
        name: str = ""

    async def call(self) -> str:
        return "told"


@checked_dataclass
class CheckedInput:
    name: str = ""


class WithDataclass(Echo):
    Input = CheckedInput


def taken(use_case: Any, **values: Any) -> Any:
    async def run() -> Any:
        return await use_case(**values)

    return asyncio.run(run())


def refused(use_case: Any, **values: Any) -> list[tuple[str, Any, str]]:
    with pytest.raises(ValidationError) as caught:
        use_case(**values)
    return [(mistake["type"], mistake["loc"], mistake["msg"]) for mistake in caught.value.errors()]


def test_a_misspelt_name_is_refused_with_the_one_that_was_meant() -> None:
    assert refused(Register, name="Ada", emial="a@x") == [
        ("extra_forbidden", ("emial",), "Register has no input 'emial'; did you mean 'email'?")
    ]


def test_a_surplus_name_is_refused_with_those_there_are() -> None:
    assert refused(Register, name="Ada", zzz=1) == [
        ("extra_forbidden", ("zzz",), "Register has no input 'zzz'; it takes email, name")
    ]


@pytest.mark.parametrize("use_case", [Story, WithDataclass])
def test_mediators_and_checked_dataclasses_refuse_alike(use_case: Any) -> None:
    assert "did you mean 'name'" in refused(use_case, nmae="Ada")[0][2]


def test_a_misspelt_name_is_reported_together_with_the_missing_one() -> None:
    assert [mistake[:2] for mistake in refused(Register, nmae="Ada")] == [
        ("extra_forbidden", ("nmae",)),
        ("missing", ("name",)),
    ]


def test_every_other_mistake_is_reported_as_without_the_surplus_name() -> None:
    class Strict(Echo):
        class Input(BaseModel):
            number: int = Field(ge=1)
            text: str
            custom: str

            @field_validator("text")
            @classmethod
            def never(cls, text: str) -> str:
                raise ValueError(f"{{{text}}} will not do")

            @field_validator("custom")
            @classmethod
            def own(cls, custom: str) -> str:
                raise PydanticCustomError("own_kind", "at most {most}", {"most": 3})

    plain = refused(Strict, number=0, text="x", custom="y")

    assert refused(Strict, number=0, text="x", custom="y", zzz=1)[1:] == plain
    assert {kind for kind, _, _ in plain} == {"greater_than_equal", "value_error", "own_kind"}


def test_values_that_an_input_hides_stay_hidden() -> None:
    class Hidden(Echo):
        class Input(BaseModel, hide_input_in_errors=True):
            password: str = ""

    with pytest.raises(ValidationError) as caught:
        Hidden(passwrod="sesame")

    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("extra", ["ignore", "allow"])
def test_an_input_that_states_extra_takes_other_names(extra: Any) -> None:
    class Wide(Echo):
        class Input(BaseModel):
            model_config = ConfigDict(extra=extra)
            name: str

    class Inherited(Echo):
        class Input(Wide.Input): ...

    assert taken(Wide, name="Ada", other=1).model_extra == ({"other": 1} if extra == "allow" else None)
    assert taken(Inherited, name="Ada", other=1).name == "Ada"


def test_an_input_that_reads_the_whole_first_takes_other_names() -> None:
    class Renamed(Echo):
        class Input(BaseModel):
            email: str

            @model_validator(mode="before")
            @classmethod
            def old_name(cls, values: dict[str, Any]) -> dict[str, Any]:
                return {"email": values["mail"]}

    assert taken(Renamed, mail="a@x").email == "a@x"


@pytest.mark.parametrize(
    ("options", "names"),
    [({}, {"one": 1, "two": 2, "three": 3, "four": {"x": 4}, "five": 5})]
    + [
        ({option: True}, {"a": 1, "b": 2, "third": 3, "d": 4, "e": 5})
        for option in ("populate_by_name", "validate_by_name")
    ],
)
def test_aliases_are_names_and_fields_too_where_the_input_says_so(options: ConfigDict, names: dict[str, Any]) -> None:
    class Aliased(Echo):
        class Input(BaseModel):
            model_config = options
            a: int = Field(default=0, alias="one")
            b: int = Field(default=0, validation_alias="two")
            c: int = Field(default=0, validation_alias=AliasChoices("third", "three"))
            d: int = Field(default=0, validation_alias=AliasPath("four", "x"))
            e: int = Field(default=0, validation_alias=AliasChoices("five", "fifth"))

    assert list(taken(Aliased, **names).model_dump().values()) == [1, 2, 3, 4, 5]
    if not options:
        assert [mistake[1] for mistake in refused(Aliased, a=1, b=2)] == [("a",), ("b",)]


def test_positional_values_are_refused() -> None:
    positional: Any = Register
    with pytest.raises(TypeError):
        positional("Ada")


def test_a_subclass_refuses_by_its_own_input() -> None:
    class Narrow(Register):
        class Input(BaseModel):
            city: str

    assert refused(Narrow, city="Rome", name="Ada")[0][1] == ("name",)
    assert taken(Narrow, city="Rome").city == "Rome"
    assert taken(Register, name="Ada").name == "Ada"


@checked_dataclass
class Configured:
    name: str
    model_config: str = "plain"


class WithConfigField(Echo):
    Input = Configured


def test_a_checked_dataclass_may_have_a_field_called_model_config() -> None:
    assert taken(WithConfigField, name="tea", model_config="strict") == Configured("tea", "strict")


class WithPlainInput(Echo):
    class Input:
        name: str
        model_config: ClassVar[dict[str, str]] = {"extra": "forbid"}


def test_an_input_that_takes_no_values_is_reported_with_the_remedy() -> None:
    with pytest.raises(InvalidUseCaseError, match=r"Input of WithPlainInput takes no values(.|\n)*pydantic.BaseModel"):
        taken(WithPlainInput, name="tea")
