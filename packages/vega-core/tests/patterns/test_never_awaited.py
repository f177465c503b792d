"""A use case that is fully constructed and never awaited warns; construction is otherwise unchanged."""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from pydantic import BaseModel, Field

from vega.patterns import Interactor, NeverAwaitedWarning


async def run(use_case: Any) -> Any:
    return await use_case


class Answer(Interactor[int]):
    async def call(self) -> int:
        return 42


class WithInput(Answer):
    class Input(BaseModel):
        number: int = Field(ge=1)


@dataclass(frozen=True)
class AsDataclass(Answer):
    number: int
    others: list[int] = field(default_factory=lambda: [1 // 1])


@dataclass(frozen=True, slots=True)
class Slotted(Answer):
    number: int


@dataclass(frozen=True)
class Checked(Answer):
    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("below 1")


@dataclass(frozen=True)
class CheckedTwice(Checked):
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.number < 2:
            raise ValueError("below 2")


class OwnConstructor(Answer):
    def __init__(self, number: int) -> None:
        self.number = 1 // number


class OwnAround(OwnConstructor):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.other = 1 // (number - 1)


class OwnAroundDataclass(AsDataclass):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        object.__setattr__(self, "other", 1 // number)


class InputAndConstructor(WithInput):
    def __init__(self, **values: Any) -> None:
        self.input = self.Input(**values)


class InputAround(WithInput):
    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.other = 1 // (self.input.number - 1)


MADE: list[Callable[[], object]] = [
    Answer,
    lambda: WithInput(number=1),
    lambda: AsDataclass(1),
    lambda: Slotted(1),
    lambda: Checked(1),
    lambda: CheckedTwice(2),
    lambda: OwnConstructor(1),
    lambda: OwnAround(2),
    lambda: OwnAroundDataclass(1),
    lambda: InputAndConstructor(number=1),
    lambda: InputAround(number=2),
]


@pytest.mark.parametrize("make", MADE)
def test_one_that_was_made_and_not_awaited_warns(make: Callable[[], object]) -> None:
    for _ in range(2):
        with pytest.warns(NeverAwaitedWarning, match="never awaited"):  # noqa: PT031 - and collected
            make()
            gc.collect()


@pytest.mark.parametrize("make", MADE)
def test_one_that_was_awaited_does_not_warn(make: Callable[[], object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            assert asyncio.run(run(make())) == 42
            gc.collect()


FAILS: list[Callable[[], object]] = [
    lambda: WithInput(number=0),
    lambda: Checked(0),
    lambda: CheckedTwice(1),
    lambda: OwnConstructor(0),
    lambda: OwnAround(1),
    lambda: OwnAroundDataclass(0),
    lambda: InputAndConstructor(number=0),
    lambda: InputAround(number=1),
    lambda: InputAround(number=0),
]


@pytest.mark.parametrize("make", FAILS)
def test_one_whose_constructor_raised_does_not_warn(make: Callable[[], object]) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            with pytest.raises((ValueError, ZeroDivisionError)):
                make()
            gc.collect()

    assert [str(each.message) for each in told] == []


def test_a_constructor_keeps_its_signature_and_name() -> None:
    assert list(inspect.signature(OwnConstructor).parameters) == ["number"]
    assert OwnConstructor.__init__.__name__ == "__init__"


class Port(Protocol):
    async def call(self) -> int: ...


class Implementation(Answer, Port): ...


def test_a_use_case_may_implement_a_protocol() -> None:
    assert asyncio.run(run(Implementation())) == 42
