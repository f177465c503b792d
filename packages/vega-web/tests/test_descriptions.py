"""Descriptions in OpenAPI are docstrings of the user's code; those of Vega's and pydantic's classes never appear."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from vega.patterns import Interactor, Mediator
from vega.web import Router

T = TypeVar("T")


class Silent(Interactor[int]):
    async def call(self) -> int:
        return 1


class SilentMediator(Mediator[int]):
    async def call(self) -> int:
        return 1


@dataclass(frozen=True)
class SilentDataclass(Interactor[int]):
    name: str

    async def call(self) -> int:
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentSlotted(Mediator[int]):
    name: str = ":)"

    async def call(self) -> int:
        return 1


class SilentInput(Interactor[int]):
    class Input(BaseModel):
        name: str
        size: int = 0

    async def call(self) -> int:
        return 1


class SilentBase(Interactor[T], Generic[T]):
    pass


class SilentGeneric(SilentBase[int]):
    async def call(self) -> int:
        return 1


class Documented(Interactor[int]):
    """Make an order.

    It is paid later.
    """

    class Input(BaseModel):
        """An order."""

        name: str

    async def call(self) -> int:
        return 1


@dataclass(frozen=True)
class DocumentedDataclass(Interactor[int]):
    """Order(name: str) made by hand."""

    name: str

    async def call(self) -> int:
        return 1


class OwnBase(Interactor[int]):
    """The user's own words."""


class Inheriting(OwnBase):
    async def call(self) -> int:
        return 1


@dataclass(frozen=True)
class InheritingDataclass(OwnBase):
    name: str

    async def call(self) -> int:
        return 1


SILENT = [Silent, SilentMediator, SilentDataclass, SilentSlotted, SilentInput, SilentGeneric]
SPEAKING = [
    (Documented, "Make an order.\n\nIt is paid later."),
    (DocumentedDataclass, "Order(name: str) made by hand."),
    (Inheriting, "The user's own words."),
    (InheritingDataclass, "The user's own words."),
]


def document(use_case: Any, method: str, path: str, **options: Any) -> dict[str, Any]:
    router = Router()
    getattr(router, method)(path, use_case=use_case, **options)
    app = FastAPI()
    app.include_router(router)
    return app.openapi()


@pytest.mark.parametrize("options", [{}, {"without": ["cors"]}], ids=["plainly", "without a middleware"])
@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("use_case", SILENT)
def test_a_use_case_without_a_docstring_has_no_description(use_case: Any, method: str, options: dict[str, Any]) -> None:
    (operation,) = document(use_case, method, "/it", **options)["paths"]["/it"].values()

    assert "description" not in operation
    assert operation["summary"].replace(" ", "") == use_case.__name__


@pytest.mark.parametrize(("use_case", "description"), SPEAKING)
def test_a_docstring_of_the_user_describes_the_operation(use_case: Any, description: str) -> None:
    (operation,) = document(use_case, "post", "/it")["paths"]["/it"].values()

    assert operation["description"] == description


@pytest.mark.parametrize("path", ["/it", "/it/{name}"])
@pytest.mark.parametrize("use_case", [SilentInput, SilentDataclass, SilentSlotted])
def test_an_input_without_a_docstring_has_no_description(use_case: Any, path: str) -> None:
    schemas = document(use_case, "post", path).get("components", {}).get("schemas", {})

    assert "description" not in schemas.get(f"{use_case.__name__}Input", {})


def test_the_docstring_of_an_input_describes_the_body() -> None:
    schemas = document(Documented, "post", "/it")["components"]["schemas"]

    assert schemas["DocumentedInput"]["description"] == "An order."
