"""Tokens and the routes that ask for them, for the tests of authentication."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI, Request

from vega.testing import client_for
from vega.web import AuthenticationMiddleware, MiddlewarePipeline, Router, has_role, requires
from vega.web.security import BearerTokens, current_principal

Shop = Callable[..., FastAPI]


SECRET = "a secret of more than thirty-two bytes, for HS256"


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


PUBLIC = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def claims(**changed: Any) -> dict[str, Any]:
    made = {"sub": "ada", "exp": time.time() + 3600, "iss": "https://issuer", "aud": "shop", **changed}
    return {name: value for name, value in made.items() if value is not None}


def unsigned(**header: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'typ': 'JWT', **header})}.{part(claims())}."


def signed_with_the_public_key() -> str:
    head = unsigned(alg="HS256").rstrip(".")
    signature = hmac.new(PUBLIC, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


ATTACKS = {
    "alg none": unsigned(alg="none"),
    "alg None": unsigned(alg="None"),
    "no alg": unsigned(),
    "public key as secret": signed_with_the_public_key(),
    "another key": jwt.encode(claims(), rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
    "another algorithm": jwt.encode(claims(), RSA, "RS512"),
    "another kind of key": jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "expired": jwt.encode(claims(exp=time.time() - 60), RSA, "RS256"),
    "without end": jwt.encode(claims(exp=None), RSA, "RS256"),
    "not yet": jwt.encode(claims(nbf=time.time() + 3600), RSA, "RS256"),
    "another issuer": jwt.encode(claims(iss="https://evil"), RSA, "RS256"),
    "another audience": jwt.encode(claims(aud="bank"), RSA, "RS256"),
    "no audience": jwt.encode(claims(aud=None), RSA, "RS256"),
    "nobody": jwt.encode(claims(sub=None), RSA, "RS256"),
    "no text": "x",
    "no parts": "..",
    "not base64": "%.!.?",
    "huge": "x" * 20_000,
    "changed": jwt.encode(claims(), RSA, "RS256")[:-6] + "AAAAAA",
}


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
