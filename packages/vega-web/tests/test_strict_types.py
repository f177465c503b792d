"""Strict types accept what the document says: no texts for numbers, no numbers for dates, nothing unstorable."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field, Strict, TypeAdapter, ValidationError, field_validator

from vega.patterns import Interactor
from vega.patterns.query import FilterSet
from vega.testing import client_for
from vega.web import FilterParameters, Router
from vega.web._routing.strict_types import json_typed, text_typed

Shop = Callable[..., FastAPI]


class Take(Interactor[dict[str, Any]]):
    class Input(BaseModel):
        name: str = "x"
        code: str = Field(default="a", pattern="^[a-z]$")
        count: int = 0
        few: int | None = Field(default=None, ge=1, le=1000)
        many: list[int] = []
        ratio: float = 0.0
        active: bool = True
        fee: Decimal | None = None
        born: date | None = None
        seen: datetime | None = None
        loose: Annotated[int, Strict(False)] = 0
        own: int = 0
        declared: int = Field(default=0, strict=False)

        @field_validator("own", mode="before")
        @classmethod
        def without_unit(cls, value: Any) -> Any:
            return str(value).removesuffix(" EUR")

    async def call(self) -> dict[str, Any]:
        return dict(self.input)


@dataclass(frozen=True)
class Plain(Interactor[Any]):
    id: str
    count: int
    seen: datetime | None = None
    names: list[str] = field(default_factory=list)

    async def call(self) -> Any:
        return [self.id, self.count, self.seen, self.names]


@dataclass(frozen=True)
class Since(Interactor[Any]):
    when: Annotated[date, Field(ge=date(2000, 1, 1))]
    on: bool = True
    at: datetime | None = None

    async def call(self) -> Any:
        return [self.when, self.on, self.at]


@dataclass
class Thing:
    active: bool
    seen: datetime
    weight: float
    name: str


def routes() -> Router:
    router = Router(prefix="/things")
    router.post("", use_case=Take)
    router.put("/{id}", use_case=Plain)
    router.get("/since", use_case=Since)
    allow = {"active": {"eq"}, "seen": {"eq"}, "weight": {"eq"}, "name": {"ilike", "like"}}
    asks = FilterParameters(FilterSet(allow=allow, sort={"weight"}), Thing)

    @router.get("")
    async def things(asked: Annotated[list[tuple[str, str]], Depends(asks)]) -> dict[str, str]:
        return dict(asked)

    return router


def ask(app: FastAPI, method: str, path: str, body: Any = None) -> Any:
    async def main() -> Any:
        async with client_for(app) as client:
            headers = {"content-type": "application/json"}
            answer = await client.request(method, path, content=json.dumps(body), headers=headers)
            return answer.status_code, answer.json()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "a\0b"}, "name"),
        ({"code": "A"}, "code"),
        ({"count": "1"}, "count"),
        ({"count": True}, "count"),
        ({"count": 2**63}, "count"),
        ({"count": -(2**63) - 1}, "count"),
        ({"few": 1001}, "few"),
        ({"few": 0}, "few"),
        ({"few": "3"}, "few"),
        ({"many": ["1"]}, "many"),
        ({"ratio": True}, "ratio"),
        ({"ratio": "1"}, "ratio"),
        ({"ratio": 1e999}, "ratio"),
        ({"active": 1}, "active"),
        ({"active": "yes"}, "active"),
        ({"born": 0}, "born"),
        ({"born": "00"}, "born"),
        ({"seen": 12}, "seen"),
        ({"seen": -1.5}, "seen"),
        ({"seen": "12.5"}, "seen"),
    ],
)
def test_a_body_is_what_its_document_says(shop: Shop, body: Any, where: str) -> None:
    status, problem = ask(shop(routes()), "POST", "/things", body)

    assert (status, problem["errors"][0]["loc"][:2]) == (422, ["body", where])


def test_what_the_document_says_is_taken(shop: Shop) -> None:
    body = {"count": 5.0, "few": 3, "many": [1], "ratio": 2, "active": False, "fee": "1.50", "born": "2026-01-02"}
    body |= {"seen": "2026-01-02T03:04:05Z", "loose": "7", "own": "8 EUR", "declared": "9", "name": "Zażółć"}

    status, taken = ask(shop(routes()), "POST", "/things", body)

    assert status == 201
    assert taken == {**body, "code": "a", "count": 5, "ratio": 2.0, "loose": 7, "own": 8, "declared": 9}


def test_use_cases_without_a_model_are_no_laxer(shop: Shop) -> None:
    assert ask(shop(routes()), "PUT", "/things/a", {"count": 1, "names": ["x"]}) == (200, ["a", 1, None, ["x"]])
    for path, body in (("a", {"count": "1"}), ("a", {"count": 1, "seen": 5}), ("%00", {"count": 1})):
        assert ask(shop(routes()), "PUT", f"/things/{path}", body)[0] == 422
    assert ask(shop(routes()), "PUT", "/things/a", {"count": 1, "names": ["a\0"]})[0] == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("active=true&weight=1.5&seen=2026-01-02T03:04:05Z", 200),
        ("active=1", 422),
        ("active=yes", 422),
        ("seen=12", 422),
        (r"name__ilike=a\\&name__like=a\%25", 200),
        ("name__ilike=a\\", 422),
        ("name__like=%00", 422),
        ("weight=nan", 422),
        ("weight=1&weight=2", 422),
        ("sort=weight&sort=-weight", 422),
    ],
)
def test_a_query_is_what_its_document_says(shop: Shop, query: str, status: int) -> None:
    assert ask(shop(routes()), "GET", f"/things?{query}")[0] == status


@pytest.mark.parametrize(
    ("query", "status"),
    [("when=2026-01-02", 200), ("when=1999-01-02", 422), ("when=2026-01-02&on=1", 422), ("when=2026-01-02&at=3", 422)],
)
def test_the_query_of_a_use_case_is_too(shop: Shop, query: str, status: int) -> None:
    assert ask(shop(routes()), "GET", f"/things/since?{query}")[0] == status


def test_the_document_tells_the_bounds(shop: Shop) -> None:
    schema = shop(routes()).openapi()["components"]["schemas"]["TakeInput"]["properties"]

    assert f"{schema['count']['minimum']} {schema['count']['exclusiveMaximum']}" == f"{-(2**63)} {2**63}"
    assert (schema["few"]["anyOf"][0]["minimum"], schema["few"]["anyOf"][0]["maximum"]) == (1, 1000)
    assert schema["name"]["pattern"] == r"^[^\x00]*$"
    assert schema["code"]["pattern"] == "^[a-z]$"
    assert schema["fee"]["anyOf"][1] == {"type": "string", "pattern": r"^[+-]?\d{1,15}(\.\d{1,10})?$"}


@pytest.mark.parametrize("typed", [json_typed, text_typed])
def test_types_that_nothing_is_asked_of_stay(typed: Any) -> None:
    for hint in (Thing, list[Thing], Thing | None, Any, Callable[[int], str]):
        assert typed(hint) == hint


@pytest.mark.parametrize("text", ["1" * 16_000, "1" * 50_000 + "." + "1" * 50_000, " " * 100_000 + "x", "1_" * 50_000])
def test_a_long_text_is_no_date(text: str) -> None:
    with pytest.raises(ValidationError, match="Input should be"):
        TypeAdapter(text_typed(datetime)).validate_python(text)
