"""Who sends a request: tokens and the attacks on them, rotating keys, API keys, sessions; and who may come in."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from vega.core import MemoryStore
from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    BearerTokens,
    ForbiddenError,
    JwkSet,
    KeysUnavailableError,
    MiddlewarePipeline,
    Policy,
    Principal,
    Router,
    SessionCookies,
    UnauthenticatedError,
    WebError,
    anybody,
    authenticated,
    authorize,
    current_principal,
    has_role,
    has_scope,
    nobody,
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


def test_a_good_token_says_who_and_what(shop: Shop) -> None:
    token = jwt.encode(claims(roles=["admin"], scope="a b"), SECRET, "HS256")
    listed = jwt.encode(claims(roles="admin", scope=["a", "b"]), SECRET, "HS256")

    first, second, none = ask(with_tokens(shop), bearer(token), bearer(listed), {})

    assert first.json() == second.json() == ["ada", ["admin"], ["a", "b"]]
    assert none.json() == []


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


class Issuer:
    """An issuer whose keys change."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        self.is_broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = b"{" if issuer.is_broken else issuer.document()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def document(self) -> bytes:
        from jwt.algorithms import RSAAlgorithm

        keys = [
            {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.keys["one"] = RSA
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def token_of(kid: str | None, key: Any = RSA) -> str:
    return jwt.encode(claims(), key, "RS256", headers={"kid": kid} if kid else {})


def test_keys_are_fetched_once_and_anew_when_they_change(shop: Shop, issuer: Issuer) -> None:
    app = with_tokens(shop, JwkSet(issuer.url, cooldown=0.0), ["RS256"])
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    async def main() -> list[int]:
        async with client_for(app) as client:
            codes = [(await client.get("/me", headers=bearer(token_of("one")))).status_code for _ in range(3)]
            assert issuer.asked == 1
            issuer.keys = {"two": new}
            codes.append((await client.get("/me", headers=bearer(token_of("two", new)))).status_code)
            codes.append((await client.get("/me", headers=bearer(token_of("one")))).status_code)
            return codes

    assert asyncio.run(main()) == [200, 200, 200, 200, 401]


def test_unknown_keys_do_not_make_everybody_ask_the_issuer(shop: Shop, issuer: Issuer) -> None:
    app = with_tokens(shop, JwkSet(issuer.url), ["RS256"])

    async def main() -> list[int]:
        async with client_for(app) as client:
            asked = [client.get("/me", headers=bearer(token_of(f"evil-{number}"))) for number in range(30)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert set(asyncio.run(main())) == {401}
    assert issuer.asked == 1


def test_known_keys_stay_good_while_the_issuer_is_away(issuer: Issuer) -> None:
    async def main() -> None:
        keys = JwkSet(issuer.url, lifetime=0.0, cooldown=0.0)
        first = await keys.find("one")
        issuer.is_broken = True
        assert await keys.find("one") is first
        with pytest.raises(UnauthenticatedError):
            await keys.find("two")
        with pytest.raises(KeysUnavailableError):
            await JwkSet(issuer.url).find("one")

    asyncio.run(main())


def test_keys_come_over_a_safe_way_only() -> None:
    with pytest.raises(WebError, match="not safe"):
        JwkSet("http://issuer.example/keys")


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
