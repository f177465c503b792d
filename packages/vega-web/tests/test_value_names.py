"""Values of use cases and endpoints may have any name."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import make_dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import create_model
from web_requests import ask

from vega.di import Inject
from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import RouteError, Router

Shop = Callable[..., FastAPI]
NAMES = (
    *("body", "body_1", "request", "response", "scope", "self", "cls", "values", "name", "given", "made", "use_case"),
    *("path", "model", "input", "kind", "args", "kwargs", "data", "websocket", "background_tasks", "key", "value"),
    *("default", "type", "id", "cause", "json", "copy", "schema", "dict", "validate", "body_name"),
)


class Session: ...


def of_model(name: str) -> Any:
    class Weigh(Interactor[list[Any]]):
        with warnings.catch_warnings():  # pydantic warns of a field that hides a method of models
            warnings.simplefilter("ignore", UserWarning)
            Input = create_model("Input", **{name: (str, ...), "grams": (int, ...)})  # type: ignore[call-overload]  # names of the test

        async def call(self) -> list[Any]:
            return [vars(self.input)[name], self.input.grams]

    return Weigh


def of_dataclass(name: str) -> Any:
    async def call(self: Any) -> list[Any]:
        return [getattr(self, name), self.grams]

    return make_dataclass(
        "Weigh", [(name, str), ("grams", int)], bases=(Interactor[list[Any]],), namespace={"call": call}
    )


def put(app: FastAPI, path: str, body: dict[str, Any]) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.put(path, json=body)

    return asyncio.run(main())


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("kind", [of_model, of_dataclass])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_a_use_case_may_have_any_name(shop: Shop, kind: Callable[[str], Any], name: str) -> None:
    use_case, router = kind(name), Router()
    router.put(f"/of/{{{name}}}", use_case=use_case, operation_id="a")
    router.get(f"/of/{{{name}}}", use_case=use_case, operation_id="b")
    router.put("/grams/{grams}", use_case=use_case, operation_id="c")
    router.get("/grams/{grams}", use_case=use_case, operation_id="d")

    async def main() -> list[Any]:
        async with client_for(shop(router)) as client:
            return [
                (await client.request(method, path, **{place: rest})).json()
                for method, place in (("PUT", "json"), ("GET", "params"))
                for path, rest in (("/of/moon", {"grams": 3}), ("/grams/3", {name: "moon"}))
            ]

    assert asyncio.run(main()) == [["moon", 3]] * 4


def test_all_names_of_the_body_may_be_in_the_path(shop: Shop) -> None:
    use_case = make_dataclass(
        "Weigh",
        [("body", str), ("body_1", str), ("grams", int)],
        bases=(Interactor[str],),
        namespace={"call": _joined},
    )
    router = Router()
    router.put("/bodies/{body}/{body_1}", use_case=use_case)

    answer = put(shop(router), "/bodies/moon/io", {"grams": 3})

    assert answer.json() == "moon io 3"


async def _joined(self: Any) -> str:
    return f"{self.body} {self.body_1} {self.grams}"


def test_an_invalid_body_is_reported_as_the_body_whatever_the_path_names(shop: Shop) -> None:
    router = Router()
    router.put("/bodies/{body}", use_case=of_dataclass("body"))

    answer = put(shop(router), "/bodies/moon", {"grams": "x"})

    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "grams"])


def test_a_value_beside_an_injected_one_may_have_any_name(shop: Shop) -> None:
    router = Router()

    @router.get("/{self}/{request}/{body}/{container}")
    async def read(self: str, request: str, body: str, container: str, scope: Inject[Session]) -> list[str]:
        return [self, request, body, container, type(scope).__name__]

    (answer,) = ask(shop(router, scoped=[Session]), "/a/b/c/d")

    assert answer.json() == ["a", "b", "c", "d", "Session"]


@pytest.mark.parametrize("name", ["model_config", "_secret"])
def test_a_name_that_no_model_can_hold_is_refused_where_the_route_is_declared(name: str) -> None:
    use_case: Any = make_dataclass("Weigh", [(name, str)], bases=(Interactor,), namespace={"call": call}, frozen=True)

    with pytest.raises(RouteError, match=f"a body cannot contain {name} of"):
        Router().post("/", use_case=use_case)
    Router().post("/{" + name + "}", use_case=use_case)


async def call(self: Any) -> int:
    return 1
