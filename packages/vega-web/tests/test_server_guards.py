"""Middleware in front of real servers: tokens that prove nothing, a store of limits that dies."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from web_faults import MAIN
from web_tokens import ATTACKS, PUBLIC, RSA, bearer, claims
from web_valkey import valkey

CONFIG = """
import os
from pathlib import Path
from vega.web import AuthenticationMiddleware, Limit, MiddlewarePipeline, RateLimitingMiddleware, RedisStore
from vega.web.security import BearerTokens

public = Path(__file__).with_name("public.pem").read_bytes()
store = RedisStore(os.environ["STORE_URL"])
pipeline = MiddlewarePipeline()
for policy in ("open", "closed"):
    pipeline.use_when(
        lambda connection, policy=policy: connection.url.path.endswith(policy),
        lambda branch, policy=policy: branch.use(
            RateLimitingMiddleware, limits=[Limit(rate=1000, per=3600)], store=store, on_failure=policy
        ),
    )
schemes = [BearerTokens(public, algorithms=["RS256"], issuer="https://issuer", audience="shop")]
pipeline.use(AuthenticationMiddleware, schemes=schemes)
"""
ROUTES = """
from fastapi import Request
from vega.web import Router

router = Router()

@router.get("/me")
async def me(request: Request) -> str:
    return request.user.subject if request.user else ""

@router.get("/{policy}")
async def limited(policy: str) -> str:
    return policy
"""
Guarded = tuple[str, Callable[[], object]]


@pytest.fixture(scope="module")
def guarded(
    projects: Any, server_kind: str, start_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    """Run a server; give the address of its routes, and what kills its Redis."""
    folder = projects()
    (folder / "webshop/config.py").write_text(CONFIG)
    (folder / "webshop/main.py").write_text(MAIN)
    (folder / "webshop/static").mkdir()
    (folder / "webshop/public.pem").write_bytes(PUBLIC)
    (folder / "webshop/presentation/web/routes/guarded.py").write_text(ROUTES)
    with valkey(tmp_path_factory.mktemp("valkey")) as (url, process), pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORE_URL", url)
        with start_server(folder, server_kind) as (port, _):
            yield f"http://127.0.0.1:{port}/guarded", process.kill


def test_tokens_that_prove_nothing_are_refused(guarded: Guarded) -> None:
    address, _ = guarded
    with httpx.Client() as client:
        forged = {name: client.get(f"{address}/me", headers=bearer(token)) for name, token in ATTACKS.items()}
        good = client.get(f"{address}/me", headers=bearer(jwt.encode(claims(), RSA, "RS256")))

    assert {name: answer.status_code for name, answer in forged.items()} == dict.fromkeys(ATTACKS, 401)
    assert {answer.headers["content-type"] for answer in forged.values()} == {"application/problem+json"}
    assert (good.status_code, good.json()) == (200, "ada")


def test_limits_whose_redis_dies_follow_the_declared_policy(guarded: Guarded) -> None:
    address, kill = guarded
    with httpx.Client() as client:

        def statuses(count: int) -> dict[str, set[int]]:
            return {
                policy: {client.get(f"{address}/{policy}").status_code for _ in range(count)}
                for policy in ("open", "closed")
            }

        before = statuses(3)
        kill()
        after = statuses(50)

    assert before == {"open": {200}, "closed": {200}}
    assert after == {"open": {200}, "closed": {503}}
