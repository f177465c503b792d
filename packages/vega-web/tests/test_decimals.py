"""Decimals in bodies, paths, queries and filters are what OpenAPI says: pattern, bounds and places."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

from vega.patterns import Interactor
from vega.patterns.query import FilterSet
from vega.testing import client_for
from vega.web import FilterParameters, Router

Shop = Callable[..., FastAPI]


class Take(Interactor[Any]):
    class Input(BaseModel):
        price: Decimal = Field(ge=Decimal("0.5"), le=100, decimal_places=2)
        fee: Decimal | None = Field(None, gt=0)
        free: Decimal | None = None
        many: list[Decimal] = []
        within: list[Annotated[Decimal, Field(ge=1)]] = []

    async def call(self) -> Any:
        return self.input.model_dump(mode="json")


class Show(Interactor[Any]):
    class Input(BaseModel):
        amount: Decimal = Field(ge=0, le=10, decimal_places=1)
        more: Decimal | None = Field(None, ge=1)

    async def call(self) -> Any:
        return self.input.model_dump(mode="json")


class Item:
    price: Decimal


PRICES = FilterParameters(FilterSet(allow={"price": ["eq", "ge"]}), Item)


def app_of(shop: Shop) -> FastAPI:
    router = Router()
    router.post("/things", use_case=Take)
    router.get("/things/{amount}", use_case=Show)

    @router.get("/filtered")
    async def filtered(asked: Annotated[list[tuple[str, str]], Depends(PRICES)]) -> list[tuple[str, str]]:
        return asked

    return shop(router)


def ask(app: FastAPI, method: str, path: str, body: Any = None) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.request(method, path, json=body)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"price": "1.50"}, 201),
        ({"price": 1.5}, 201),
        ({"price": 0.07 * 100}, 201),  # 7.000000000000001
        ({"price": "100.00"}, 201),
        ({"price": "1.505"}, 422),
        ({"price": 1.505}, 422),
        ({"price": "1e1"}, 422),
        ({"price": "+1"}, 422),
        ({"price": "01"}, 422),
        ({"price": " 1"}, 422),
        ({"price": "1\n"}, 422),
        ({"price": True}, 422),
        ({"price": "0.4"}, 422),
        ({"price": 101}, 422),
        ({"price": 1, "fee": None}, 201),
        ({"price": 1, "fee": "0.0000000001"}, 201),
        ({"price": 1, "fee": "0"}, 422),
        ({"price": 1, "free": "-5.5"}, 201),
        ({"price": 1, "free": "1e3"}, 422),
        ({"price": 1, "free": "NaN"}, 422),
        ({"price": 1, "many": ["2", 3]}, 201),
        ({"price": 1, "many": ["1e3"]}, 422),
        ({"price": 1, "within": ["1.5"]}, 201),
        ({"price": 1, "within": ["0.5"]}, 422),
        ({"price": 1, "within": ["1e3"]}, 422),
    ],
)
def test_a_decimal_of_a_body_is_what_its_document_says(shop: Shop, body: Any, status: int) -> None:
    answer = ask(app_of(shop), "POST", "/things", body)

    assert answer.status_code == status, answer.text


def test_a_value_out_of_bounds_is_reported_as_such(shop: Shop) -> None:
    (error,) = ask(app_of(shop), "POST", "/things", {"price": "0.4"}).json()["errors"]

    assert error == {
        "loc": ["body", "price"],
        "msg": "Input should be greater than or equal to 0.5",
        "type": "greater_than_equal",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/things/1.5", 200),
        ("/things/10", 200),
        ("/things/1.55", 422),
        ("/things/1e0", 422),
        ("/things/10.1", 422),
        ("/things/-1", 422),
        ("/things/5?more=1", 200),
        ("/things/5?more=0.5", 422),
        ("/things/5?more=1e1", 422),
        ("/filtered?price=1.5", 200),
        ("/filtered?price=1e5", 422),
        ("/filtered?price__ge=-1", 200),
        ("/filtered?price__ge=1_0", 422),
    ],
)
def test_a_decimal_of_a_path_or_query_is_what_its_document_says(shop: Shop, path: str, status: int) -> None:
    answer = ask(app_of(shop), "GET", path)

    assert answer.status_code == status, answer.text


def test_the_document_says_pattern_bounds_and_places(shop: Shop) -> None:
    document = app_of(shop).openapi()
    price = document["components"]["schemas"]["TakeInput"]["properties"]["price"]["anyOf"]
    (amount, more) = document["paths"]["/things/{amount}"]["get"]["parameters"]

    assert price == [
        {"type": "number", "minimum": 0.5, "maximum": 100, "multipleOf": 0.01},
        {
            "type": "string",
            "pattern": r"^(0\.([6-9]\d{0,1}|5\d{0,1})|100(\.(0{1,2}))?|([1-9]\d{0,1})(\.\d{1,2})?)$",
        },
    ]
    assert (amount["schema"]["type"], "anyOf" in amount["schema"]) == ("string", False)
    assert [choice["type"] for choice in more["schema"]["anyOf"]] == ["string", "null"]
