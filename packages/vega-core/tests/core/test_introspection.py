"""Lines, names and kinds of functions, as Vega reads them from a user's code."""

import functools
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

from vega.core.introspection import description_of, is_async, line_of, snake_case, user_line
from vega.patterns import Interactor


def work() -> None: ...


async def awork() -> None: ...


class Called:
    async def __call__(self) -> None: ...

    def method(self) -> None: ...


class CalledPlainly:
    def __call__(self) -> None: ...


@functools.wraps(work)
def wrapper() -> None: ...


def here(function: Callable[..., Any]) -> str:
    return f"{__file__}:{inspect.getsourcelines(function)[1]}"


@pytest.mark.parametrize(
    ("function", "inside"),
    [
        (work, work),
        (functools.partial(work), work),
        (functools.partial(functools.partial(wrapper)), work),
        (wrapper, work),
        (Called().method, Called.method),
    ],
)
def test_the_line_of_a_function_is_where_its_source_begins(
    function: Callable[..., Any], inside: Callable[..., Any]
) -> None:
    assert line_of(function) == here(inside)


@pytest.mark.parametrize("function", [len, 1, None, CalledPlainly])
def test_without_python_source_there_is_no_line(function: Any) -> None:
    assert line_of(function) == ""


def test_the_users_line_is_the_nearest_one_outside_vega() -> None:
    name = f"{__name__}.{user_line.__name__}"
    within = types.ModuleType("vega.planted")
    code = compile("def ask():\n    return user_line()\n", "planted.py", "exec")
    exec(code, vars(within) | {"user_line": user_line, "__name__": "vega.planted"}, space := {})

    line = sys._getframe().f_lineno + 1
    assert space["ask"]() == f"{__file__}:{line}", name


@pytest.mark.parametrize(
    ("names", "is_of_vega"),
    [
        ({"__name__": "vegan.shop"}, False),
        ({"__name__": "contextlib_tools"}, False),
        ({"__name__": "__main__"}, False),
        ({"__name__": "contextlib"}, True),
        ({"__name__": "__main__", "__package__": "vega.jobs"}, True),
        ({"__name__": "shop.orders", "__vega_nodes__": {}}, True),
        ({"__name__": "shop.orders", "__vega_call__": None}, True),
    ],
)
def test_vegas_lines_are_those_of_its_packages_and_of_generated_code(names: dict[str, Any], is_of_vega: bool) -> None:
    code = compile("def ask():\n    return user_line()\n", "asked.py", "exec")
    exec(code, {"user_line": user_line, **names}, space := {})

    assert (space["ask"]() != "asked.py:2") is is_of_vega


@pytest.mark.parametrize(
    ("function", "answer"), [(awork, True), (Called(), True), (work, False), (CalledPlainly(), False), (3, False)]
)
def test_async_is_what_returns_a_coroutine(function: Any, answer: bool) -> None:
    assert is_async(function) is answer


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Order", "order"),
        ("OrderItem", "order_item"),
        ("HTTPServer", "http_server"),
        ("OrderURL", "order_url"),
        ("Order2Item", "order2_item"),
        ("order_item", "order_item"),
        ("ÜberGröße", "über_größe"),
        ("", ""),
    ],
)
def test_snake_case(name: str, answer: str) -> None:
    assert snake_case(name) == answer


T = TypeVar("T")


class Documented:
    """A class of the user.

    With details.
    """


class Silent(Documented): ...


class OfTheLibrary(dict[str, int], Generic[T]): ...


class OfVega(Interactor[int]):
    async def call(self) -> int:
        return 1


class OfPydantic(BaseModel): ...


class Choice(Enum):
    A = 1


@dataclass
class Empty: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    smile: str = ":)"


@dataclass(frozen=True)
class Inheriting(Documented):
    name: str


@dataclass
class LikeASignature:
    """LikeASignature(name) of a customer (see the page)"""

    name: str


def documented() -> None:
    """Work,
    and rest.
    """


TEXT = "A class of the user.\n\nWith details."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Documented, TEXT),
        (Silent, TEXT),
        (Inheriting, TEXT),
        (LikeASignature, "LikeASignature(name) of a customer (see the page)"),
        (documented, "Work,\nand rest."),
        (functools.partial(functools.partial(documented)), "Work,\nand rest."),
        (work, ""),
        (OfTheLibrary, ""),
        (OfVega, ""),
        (OfPydantic, ""),
        (Choice, ""),
        (Empty, ""),
        (Values, ""),
        (type("Blank", (), {"__doc__": " \n "}), ""),
    ],
)
def test_a_description_is_a_docstring_of_the_user(value: Any, text: str) -> None:
    assert description_of(value) == text


@pytest.mark.parametrize("default", ["1", "'('", "')'", "[(1, 2)]", "None"])
def test_the_signature_that_dataclass_writes_is_not_a_description(default: str) -> None:
    space: dict[str, Any] = {}
    exec(f"class Made:\n    name: object = {default}\n    size: int = 0", space)
    if default.startswith("["):
        space["Made"].name = field(default_factory=list)

    made = dataclass(space["Made"])

    assert made.__doc__ is not None
    assert made.__doc__.startswith("Made(name: object = ")
    assert description_of(made) == ""
