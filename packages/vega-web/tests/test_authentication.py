"""Who sends a request: tokens and the attacks on them, API keys, sessions."""

import asyncio
from typing import Any

import jwt
import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response
from web_tokens import ATTACKS, PUBLIC, RSA, SECRET, Shop, ask, bearer, claims, routes, with_tokens

from vega.core import MemoryStore
from vega.testing import client_for
from vega.web import ApiKeys, AuthenticationMiddleware, MiddlewarePipeline, Principal, WebError
from vega.web.security import BearerTokens, JwkSet, SessionCookies


def test_a_good_token_says_who_and_what(shop: Shop) -> None:
    token = jwt.encode(claims(roles=["admin"], scope="a b"), SECRET, "HS256")
    listed = jwt.encode(claims(roles="admin", scope=["a", "b"]), SECRET, "HS256")

    first, second, none = ask(with_tokens(shop), bearer(token), bearer(listed), {})

    assert first.json() == second.json() == ["ada", ["admin"], ["a", "b"]]
    assert none.json() == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_proves_nothing_is_refused(shop: Shop, attack: str) -> None:
    app = with_tokens(shop, PUBLIC, ["RS256"])

    (answer,) = ask(app, bearer(ATTACKS[attack]))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the token is not valid"


def test_the_same_token_that_is_right_is_taken(shop: Shop) -> None:
    assert ask(with_tokens(shop, PUBLIC, ["RS256"]), bearer(jwt.encode(claims(), RSA, "RS256")))[0].status_code == 200


@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256", "RS256"], ["NONE", "HS256"]])
def test_algorithms_that_cannot_be_checked_are_refused_at_the_start(algorithms: list[str]) -> None:
    with pytest.raises(WebError, match="cannot be checked"):
        BearerTokens(SECRET, algorithms=algorithms)


def test_a_set_of_public_keys_takes_no_shared_secrets() -> None:
    with pytest.raises(WebError, match="cannot be checked"):
        BearerTokens(JwkSet("https://issuer/keys"), algorithms=["HS256"])


def test_an_api_key_is_found_by_its_digest(shop: Shop) -> None:
    ada = Principal(subject="ada", scheme="key")

    async def lookup(digest: str) -> Principal | None:
        return ada if digest == ApiKeys.digest("right") else None

    for scheme in (ApiKeys({ApiKeys.digest("right"): ada}), ApiKeys(lookup)):
        app = shop(routes(), pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[scheme]))
        right, wrong, none = ask(app, {"x-api-key": "right"}, {"x-api-key": "wrong"}, {})
        assert (right.json()[0], wrong.status_code, none.json()) == ("ada", 401, [])


def session_app(shop: Shop, sessions: SessionCookies) -> FastAPI:
    router = routes()

    @router.post("/login")
    async def login() -> Response:
        response = PlainTextResponse("in")
        await sessions.begin(response, Principal(subject="ada", roles=frozenset({"admin"}), claims={"a": 1}))
        return response

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        response = PlainTextResponse("out")
        await sessions.end(request, response)
        return response

    return shop(router, pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[sessions]))


def test_a_session_begins_is_known_and_ends(shop: Shop) -> None:
    sessions = SessionCookies(MemoryStore(), cookie="session", secure=False)

    async def main() -> list[Any]:
        async with client_for(session_app(shop, sessions)) as client:
            begun = await client.post("/login")
            cookie = begun.headers["set-cookie"].partition(";")[0]
            known = await client.get("/me")
            await client.post("/logout")
            after = await client.get("/me", headers={"cookie": cookie})
            return [begun.headers["set-cookie"], known.json(), after.json()]

    cookie, known, after = asyncio.run(main())
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert known == ["ada", ["admin"], []]
    assert after == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://evil.example"}, 401),
        ({"origin": "null"}, 401),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, 401),
        ({"sec-fetch-site": "same-site"}, 401),
    ],
)
def test_another_site_cannot_use_the_cookie(shop: Shop, headers: dict[str, str], status: int) -> None:
    sessions = SessionCookies(MemoryStore(), cookie="session", secure=False)

    async def main() -> int:
        async with client_for(session_app(shop, sessions)) as client:
            await client.post("/login")
            assert (await client.get("/me", headers=headers)).status_code == 200
            return (await client.post("/me", headers=headers)).status_code

    assert asyncio.run(main()) == status
