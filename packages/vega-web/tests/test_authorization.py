"""Who may come in: policies, and what is closed unless it is opened."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from web_tokens import Shop, ask, routes

from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    ForbiddenError,
    MiddlewarePipeline,
    Principal,
    UnauthenticatedError,
    has_role,
)
from vega.web.security import Policy, anybody, authenticated, authorize, has_scope, nobody


def test_policies_join() -> None:
    ada = Principal(subject="ada", roles=frozenset({"admin"}), scopes=frozenset({"a", "b"}))

    async def of_her_own(principal: Principal | None, resource: Any) -> bool:
        return principal is not None and principal.subject == resource

    async def main() -> list[bool]:
        return [
            await (has_role("admin", "x") & has_scope("a", "b")).allows(ada),
            await (has_role("x") | anybody).allows(None),
            await (~has_role("admin")).allows(ada),
            await has_scope("a", "c").allows(ada),
            await Policy(of_her_own).allows(ada, "ada"),
            await Policy(of_her_own).allows(ada, "eve"),
            await nobody.allows(ada),
            await authenticated.allows(None),
            await Policy(lambda *_: "yes").allows(ada),  # type: ignore[arg-type,return-value]  # only True is yes
        ]

    assert asyncio.run(main()) == [True, True, False, False, True, False, False, False, False]
    assert repr(has_role("a") & ~has_scope("b")) == "<policy (role a and not scope b)>"


def test_what_a_policy_refuses_says_why() -> None:
    with pytest.raises(UnauthenticatedError):
        asyncio.run(authorize(authenticated, None))
    with pytest.raises(ForbiddenError) as caught:
        asyncio.run(authorize(has_role("admin"), Principal(subject="eve")))
    assert caught.value.where == "role admin"


KEYS = {
    ApiKeys.digest("ada"): Principal(subject="ada", roles=frozenset({"admin"})),
    ApiKeys.digest("eve"): Principal(subject="eve"),
}


def guarded(shop: Shop, **options: Any) -> FastAPI:
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(KEYS)])
    return shop(routes(), pipeline=pipeline.use(AuthorizationMiddleware, **options))


def test_everything_is_closed_unless_it_is_opened(shop: Shop) -> None:
    app = guarded(shop, rules={"/admin/*": has_role("admin")})

    async def main() -> dict[str, list[int]]:
        async with client_for(app) as client:
            return {
                path: [
                    (await client.get(path, headers=headers)).status_code
                    for headers in ({}, {"x-api-key": "eve"}, {"x-api-key": "ada"})
                ]
                for path in ("/me", "/admin/x", "/health/live", "/nowhere")
            }

    assert asyncio.run(main()) == {
        "/me": [401, 200, 200],
        "/admin/x": [401, 403, 200],
        "/health/live": [200, 200, 200],
        "/nowhere": [401, 404, 404],
    }


def test_the_roadmap_s_form_lets_nobody_in(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware).use(AuthorizationMiddleware)

    (answer,) = ask(shop(routes(), pipeline=pipeline), {})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_route_may_require_more(shop: Shop) -> None:
    app = guarded(shop, policy=anybody)

    answers = ask(app, {}, {"x-api-key": "eve"}, {"x-api-key": "ada"}, path="/admin/x")

    assert [answer.status_code for answer in answers] == [401, 403, 200]
    assert answers[0].headers["www-authenticate"] == "ApiKey"
