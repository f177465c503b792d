"""Tokens and the routes that ask for them, for the tests of authentication."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request

from vega.testing import client_for
from vega.web import (
    AuthenticationMiddleware,
    BearerTokens,
    MiddlewarePipeline,
    Router,
    current_principal,
    has_role,
    requires,
)

Shop = Callable[..., FastAPI]


SECRET = "a secret of more than thirty-two bytes, for HS256"


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


PUBLIC = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def claims(**changed: Any) -> dict[str, Any]:
    made = {"sub": "ada", "exp": time.time() + 3600, "iss": "https://issuer", "aud": "shop", **changed}
    return {name: value for name, value in made.items() if value is not None}


def routes() -> Router:
    router = Router()

    @router.get("/me")
    async def me(request: Request) -> list[Any]:
        principal = request.user
        assert current_principal() is principal
        return [principal.subject, sorted(principal.roles), sorted(principal.scopes)] if principal else []

    @router.post("/me")
    async def change() -> str:
        return "changed"

    @router.get("/admin/x", dependencies=[requires(has_role("admin"))])
    async def admin() -> str:
        return "admin"

    @router.get("/health/live")
    async def live() -> str:
        return "live"

    return router


def ask(app: FastAPI, *headers: dict[str, str], path: str = "/me", method: str = "GET") -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.request(method, path, headers=each) for each in headers]

    return asyncio.run(main())


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def with_tokens(shop: Shop, key: Any = SECRET, algorithms: Any = ("HS256",), **options: Any) -> FastAPI:
    scheme = BearerTokens(key, algorithms=algorithms, **{"issuer": "https://issuer", "audience": "shop", **options})
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[scheme])
    return shop(routes(), pipeline=pipeline)
