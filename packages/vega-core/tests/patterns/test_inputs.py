"""The input of a use case is checked by its own class."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, Field, RootModel, ValidationError

from vega.patterns import Interactor


async def run(use_case: Any) -> Any:
    return await use_case


class Answer(Interactor[int]):
    async def call(self) -> int:
        return 42


class WithInput(Answer):
    class Input(BaseModel):
        number: int = Field(ge=1)


def test_a_subclass_has_an_input_of_its_own_whatever_its_base_has_done() -> None:
    class Narrow(WithInput):
        class Input(BaseModel):
            name: str

    assert asyncio.run(run(WithInput(number=1))) == 42
    narrow = Narrow(name="x")

    assert narrow.input.name == "x"
    assert asyncio.run(run(narrow)) == 42
    with pytest.raises(ValidationError):
        asyncio.run(run(WithInput(name="x")))
    assert asyncio.run(run(WithInput(number=2))) == 42


def test_an_input_with_a_constructor_of_its_own_or_a_root_is_made_by_it() -> None:
    class Custom(Answer):
        class Input(BaseModel):
            number: int

            def __init__(self, **values: Any) -> None:
                super().__init__(number=values["text"])

    class Rooted(Answer):
        class Input(RootModel[dict[str, int]]): ...

    custom, rooted = Custom(text="7"), Rooted(a="1")

    assert (custom.input.number, rooted.input.root) == (7, {"a": 1})
    assert [asyncio.run(run(made)) for made in (custom, rooted)] == [42, 42]


def test_an_input_need_not_be_pydantic_s() -> None:
    class Plain(Answer):
        @dataclass
        class Input:
            number: int

    made = Plain(number=3)

    assert made.input.number == 3
    assert asyncio.run(run(made)) == 42
