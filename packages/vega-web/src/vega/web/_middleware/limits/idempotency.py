"""A request that is sent again is answered again, and not done again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Sequence
from typing import Any, ClassVar, Final, final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vega.core import MemoryStore, Store, StoreError, StoreUnavailableError

from ..._paths import PathPatterns
from ..._problems.problems import problem
from ..._stores.uninterrupted import uninterrupted
from ..asgi_headers import header
from .senders import KeyOf, user_or_credentials

_log = logging.getLogger("vega.web")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}\Z")
_LATER: Final = frozenset({408, 409, 425, 429})
_LEFT_OUT: Final = frozenset({b"set-cookie", b"connection", b"transfer-encoding", b"date"})


@final
class IdempotencyMiddleware:
    """Executes a request with an `Idempotency-Key` once, and answers every repetition with the first answer.

    The first request claims the key in the store, runs, and keeps its answer before it is sent. While it runs,
    repetitions get 409; afterwards they get its answer with `Idempotency-Replayed: true`. The same key with another
    body, path or method gets 422. An answer from 500 on is not kept, nor one that says "later" (408, 409, 425, 429, or
    any with `Retry-After`), nor that of a request that was cancelled: nothing was done, so the next attempt executes.
    Where a process dies between execution and answer, the key stays claimed for `lease`, since it is unknown how far
    it came. Without a store that can be reached nothing is executed: 503.

    A key belongs to its sender: the user that `AuthenticationMiddleware`, outside, found; else the digest of
    `Authorization`, the header of `ApiKeys`, the cookies of sessions, and the headers and cookies that the security
    schemes of FastAPI on the routes name. An application that authenticates by other values gives `sender`.

    Args:
        app: the next application.
        store: keeps claims and answers; in the memory of this process when None. Several processes need one they all
            reach, such as a `RedisStore`.
        lifetime: seconds for which answers are kept.
        lease: seconds for which a request may run; above the time limit of requests.
        methods: whose requests may have a key.
        paths: that take keys; `*` stands for any characters.
        required: whether a request without a key is refused with 400.
        max_bytes: the largest body of a request with a key, and the largest answer that is kept.
        sender: returns who sends a request, instead.

    Source: draft-ietf-httpapi-idempotency-key-header-07.
    """

    reads_principal: ClassVar[bool] = True  # a pipeline refuses it outside of authentication

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store | None = None,
        lifetime: float = 86_400.0,
        lease: float = 300.0,
        methods: Sequence[str] = ("POST", "PATCH"),
        paths: Sequence[str] = ("*",),
        required: bool = False,
        max_bytes: int = 1024 * 1024,
        sender: KeyOf | None = None,
    ) -> None:
        self._app, self._store = app, store if store is not None else MemoryStore()
        self._lifetime, self._lease, self._max = lifetime, lease, max_bytes
        self._methods, self._paths, self._required = frozenset(methods), PathPatterns(paths), required
        self._sender = sender or user_or_credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_meant(scope):
            await self._app(scope, receive, send)
            return
        key = header(scope, b"idempotency-key")
        if key is None and not self._required:
            await self._app(scope, receive, send)
        elif key is None or not _KEY.match(key):
            detail = "an Idempotency-Key of 1-255 visible characters is needed"
            await problem(scope, 400, detail=detail)(scope, receive, send)
        else:
            await self._once(key, scope, receive, send)

    def _is_meant(self, scope: Scope) -> bool:
        return scope["method"] in self._methods and self._paths.match(scope)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive, self._max)
        if body is None:
            return
        if len(body) > self._max:
            await problem(scope, 413, detail=f"the body is larger than {self._max} bytes")(scope, receive, send)
            return
        sender = self._sender(HTTPConnection(scope))
        place = f"idempotency:{_digest(sender.encode('utf-8', 'surrogateescape'), key.encode())}"
        print_ = _digest(scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), body)
        claim = json.dumps({"print": print_, "owner": secrets.token_hex(8)}).encode()
        run, kept = _Execution(self._store, place, claim, print_, self._max), None
        try:
            while kept is None and not await run.claim_key(self._lease):
                kept = await self._store.get(place)
        except StoreUnavailableError as error:
            _log.warning("idempotency keys cannot be kept", exc_info=error)
            await problem(scope, 503, detail="try again later", headers={"retry-after": "1"})(scope, receive, send)
            return
        if kept is not None:
            await _repeat(json.loads(kept), print_, scope, receive, send)
        else:
            await self._execute(run, body, scope, receive, send)

    async def _execute(self, run: _Execution, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replaying() -> Message:
            return coming.pop() if coming else await receive()

        async def sending(message: Message) -> None:
            for each in await run.take(message, self._lifetime):
                await send(each)

        try:
            await self._app(scope, replaying, sending)
        finally:
            await run.give_up()


class _Execution:
    """One execution: claims the key, holds the answer back until it is kept, and gives the key up where none is."""

    def __init__(self, store: Store, place: str, claim: bytes, print_: str, largest: int) -> None:
        self._store, self._place, self._claim, self._print, self._max = store, place, claim, print_, largest
        self._held: list[Message] = []
        self._size, self._is_passing, self._is_settled = 0, False, False

    async def claim_key(self, lease: float) -> bool:
        """Claim the key, unless it is taken; one that was claimed while the request was cancelled is given up."""
        try:
            return await uninterrupted(self._store.add(self._place, self._claim, ttl=lease))
        except asyncio.CancelledError:
            await self.give_up()
            raise

    async def take(self, message: Message, lifetime: float) -> list[Message]:
        """Take a message of the answer; return what is to be sent now."""
        if self._is_passing or message["type"] not in {"http.response.start", "http.response.body"}:
            return [message]
        self._held.append(message)
        self._size += len(message.get("body", b""))
        is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not is_whole and self._size <= self._max:
            return []
        held, self._held, self._is_passing = self._held, [], True
        if is_whole:
            await (self._keep(held, lifetime) if _is_final(held[0]) else self.give_up())
        return held

    async def _keep(self, held: list[Message], lifetime: float) -> None:
        headers = [(name, value) for name, value in held[0].get("headers", ()) if name.lower() not in _LEFT_OUT]
        kept: dict[str, Any] = {
            "print": self._print,
            "status": held[0]["status"],
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            "body": base64.b64encode(b"".join(each.get("body", b"") for each in held[1:])).decode("ascii"),
        }
        self._is_settled = True
        try:
            swap = self._store.swap(self._place, self._claim, json.dumps(kept).encode(), ttl=lifetime)
            is_kept = await uninterrupted(swap)
        except StoreError as error:
            is_kept = False
            _log.error("the answer to an idempotency key was not kept: it stays claimed for a while", exc_info=error)
        if not is_kept:
            _log.warning("a request outlived the lease of its idempotency key; its answer was not kept")

    async def give_up(self) -> None:
        """Let the next attempt execute, where nothing was kept: the request failed."""
        if self._is_settled:
            return
        self._is_settled = True
        try:
            await uninterrupted(self._store.delete(self._place, expected=self._claim))
        except StoreError as error:
            _log.error("an idempotency key was not given up: it stays claimed for a while", exc_info=error)


def _is_final(start: Message) -> bool:
    """Return whether an answer is the one for every repetition: no failure, and no request to come again later."""
    status: int = start["status"]
    is_later = status in _LATER or any(name.lower() == b"retry-after" for name, _ in start.get("headers", ()))
    return status < 500 and not is_later


async def _read(receive: Receive, largest: int) -> bytes | None:
    """Return the body, or a little more than the largest; None where the client has gone."""
    body = bytearray()
    while len(body) <= largest:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


async def _repeat(kept: dict[str, Any], print_: str, scope: Scope, receive: Receive, send: Send) -> None:
    if kept["print"] != print_:
        detail = "the Idempotency-Key was used for another request"
        await problem(scope, 422, detail=detail)(scope, receive, send)
    elif "status" not in kept:
        detail = "the request with this Idempotency-Key is being executed"
        await problem(scope, 409, detail=detail, headers={"retry-after": "1"})(scope, receive, send)
    else:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept["headers"]]
        headers.append((b"idempotency-replayed", b"true"))
        await send({"type": "http.response.start", "status": kept["status"], "headers": headers})
        await send({"type": "http.response.body", "body": base64.b64decode(kept["body"]), "more_body": False})


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
