"""OpenAPI lists the credentials of operations, and the refusals that can happen; nothing else."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any

import jwt
import pytest
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from vega.core import MemoryStore
from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    MiddlewarePipeline,
    Principal,
    RateLimitingMiddleware,
    Router,
    has_role,
    requires,
    route_path,
)
from vega.web.middleware import Limit
from vega.web.security import AuthenticationScheme, BearerTokens, SessionCookies, anybody, authenticated

Shop = Callable[..., FastAPI]
SECRET = "at least thirty-two bytes, from the tests"
REFUSALS = {"401", "403", "429"}


class Basic(AuthenticationScheme):
    challenge = 'Basic realm="shop"'

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        return None


class Silent(AuthenticationScheme):
    """A scheme that OpenAPI has no word for."""

    challenge = ""

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        return None


class Item(BaseModel):
    name: str


def routes() -> Router:
    router = Router()

    @router.get("/open")
    async def open_to_all() -> None: ...

    @router.get("/mine")
    async def mine() -> None: ...

    @router.post("/mine")
    async def make(item: Item) -> None: ...

    @router.get("/admin/users/{id}")
    async def users(id: int) -> None: ...

    @router.get("/reports", dependencies=[requires(has_role("reader"))])
    async def reports() -> None: ...

    @router.get("/free", without=["authentication", "authorization", "rate_limiting"])
    async def free() -> None: ...

    return router


def pipeline() -> MiddlewarePipeline:
    schemes = [
        BearerTokens(SECRET, algorithms=["HS256"]),
        ApiKeys({}),
        SessionCookies(MemoryStore()),
        Basic(),
        Silent(),
    ]
    return (
        MiddlewarePipeline()
        .use(RateLimitingMiddleware, limits=[Limit(rate=1000, per=60.0)], skip=["/open"])
        .use(AuthenticationMiddleware, schemes=schemes)
        .use(AuthorizationMiddleware, public=["/open", "/reports"], rules={"/admin/*": has_role("admin")})
    )


def refusals(document: Any) -> dict[str, set[str]]:
    return {
        f"{method} {path}": REFUSALS & operation["responses"].keys()
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_schemes_of_the_pipeline_are_security_schemes(shop: Shop) -> None:
    document = shop(routes(), pipeline=pipeline()).openapi()

    assert document["components"]["securitySchemes"] == {
        "BearerTokens": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "ApiKeys": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "SessionCookies": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
        "Basic": {"type": "http", "scheme": "basic"},
    }


def test_operations_that_need_a_user_list_security(shop: Shop) -> None:
    document = shop(routes(), pipeline=pipeline()).openapi()

    every = [{name: []} for name in ("BearerTokens", "ApiKeys", "SessionCookies", "Basic")]
    assert {path: item["get"].get("security") for path, item in document["paths"].items()} == {
        "/open": None,
        "/mine": every,
        "/admin/users/{id}": every,
        "/reports": every,
        "/free": None,
    }
    assert document["paths"]["/mine"]["post"]["security"] == every


def test_refusals_are_listed_where_they_can_happen_and_nowhere_else(shop: Shop) -> None:
    document = shop(routes(), pipeline=pipeline()).openapi()

    assert refusals(document) == {
        "get /open": {"401"},  # wrong credentials are refused there too
        "get /mine": {"401", "429"},
        "post /mine": {"401", "429"},
        "get /admin/users/{id}": {"401", "403", "429"},
        "get /reports": {"401", "403", "429"},
        "get /free": set(),
    }
    assert {
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method in item
        if "422" in item[method]["responses"]
    } == {"post /mine", "get /admin/users/{id}"}
    for item in document["paths"].values():
        for operation in item.values():
            for status in ("401", "403", "422", "429"):
                content = operation["responses"].get(status, {}).get("content")
                assert content in (
                    None,
                    {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
                )


def test_listed_refusals_are_those_that_are_answered(shop: Shop) -> None:
    app = shop(routes(), pipeline=pipeline())
    token = jwt.encode({"sub": "ada", "exp": time.time() + 60}, SECRET)
    senders: tuple[dict[str, str], ...] = (
        {},
        {"authorization": "Bearer wrong"},
        {"x-api-key": "wrong"},
        {"authorization": f"Bearer {token}"},
    )

    async def main() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        async with client_for(app) as client:
            for path in ("/open", "/mine", "/admin/users/1", "/reports", "/free"):
                answers = [await client.get(path, headers=headers) for headers in senders]
                found[path] = {str(answer.status_code) for answer in answers} & REFUSALS
        return found

    answered = asyncio.run(main())

    listed = refusals(app.openapi())
    assert answered == {path: listed[f"get {path.replace('/1', '/{id}')}"] - {"429"} for path in answered}


def test_without_middleware_no_refusal_is_listed(shop: Shop) -> None:
    document = shop(routes()).openapi()

    assert refusals(document)["get /reports"] == {"401", "403"}
    assert (
        set().union(*(statuses for place, statuses in refusals(document).items() if place != "get /reports")) == set()
    )
    assert "securitySchemes" not in document["components"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(anybody, set[str]()), (authenticated, {"401"}), (has_role("x"), {"401", "403"}), (~anybody, {"401", "403"})],
)
def test_the_policy_of_all_paths_decides(shop: Shop, policy: Any, expected: set[str]) -> None:
    guarded = MiddlewarePipeline().use(AuthorizationMiddleware, policy=policy)

    assert refusals(shop(routes(), pipeline=guarded).openapi())["get /mine"] == expected


def test_middleware_of_branches_routers_and_routes_is_listed_where_it_stands(shop: Shop) -> None:
    def is_admin(connection: HTTPConnection) -> bool:
        return route_path(connection).startswith("/admin/")

    def limit(branch: MiddlewarePipeline) -> None:
        branch.use(RateLimitingMiddleware)

    limited = Router(middleware=[RateLimitingMiddleware])
    limited.get("/limited")(open_route)
    single = Router()
    single.get("/single", middleware=[RateLimitingMiddleware])(open_route)
    single.get("/other")(open_route)
    branched = MiddlewarePipeline().use_when(is_admin, limit)

    found = refusals(shop(routes(), limited, single, pipeline=branched).openapi())

    assert {place for place, statuses in found.items() if "429" in statuses} == {
        "get /admin/users/{id}",
        "get /limited",
        "get /single",
    }


async def open_route() -> None: ...


def test_security_that_a_route_states_itself_is_kept(shop: Shop) -> None:
    router = Router()

    @router.get("/mine")
    async def mine(token: Annotated[Any, Depends(HTTPBearer())]) -> None: ...

    document = shop(router, pipeline=pipeline()).openapi()

    assert document["paths"]["/mine"]["get"]["security"] == [{"HTTPBearer": []}]
    assert "HTTPBearer" in document["components"]["securitySchemes"]


def test_two_schemes_of_one_class_have_two_names(shop: Shop) -> None:
    keys = [ApiKeys({}), ApiKeys({}, header="x-other")]
    guarded = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=keys).use(AuthorizationMiddleware)

    document = shop(routes(), pipeline=guarded).openapi()

    assert document["paths"]["/mine"]["get"]["security"] == [{"ApiKeys": []}, {"ApiKeys2": []}]
    assert document["components"]["securitySchemes"]["ApiKeys2"]["name"] == "x-other"


def test_an_answer_that_a_route_documents_is_kept(shop: Shop) -> None:
    router = Router()
    router.get("/mine", responses={401: {"description": "my own"}})(open_route)

    document = shop(router, pipeline=pipeline()).openapi()

    assert document["paths"]["/mine"]["get"]["responses"]["401"] == {"description": "my own"}
