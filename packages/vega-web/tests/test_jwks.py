"""The public keys of an issuer: fetched once, again when they change, kept while it is away."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from web_tokens import RSA, Shop, bearer, claims, with_tokens

from vega.testing import client_for
from vega.web import KeysUnavailableError, UnauthenticatedError, WebError
from vega.web.security import JwkSet


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
