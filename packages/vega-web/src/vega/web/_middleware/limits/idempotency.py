"""Idempotency keys: a repeated request gets the first response, without repeated execution."""

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
    """Middleware that executes a request with an `Idempotency-Key` once, and replays the response afterwards.

    The first request claims the key in the store, runs, and stores its response before sending. During the run,
    repeated requests get 409; afterwards they get the response with `Idempotency-Replayed: true`. A key used with a
    different body, path or method gets 422. Responses from 500 on are not stored, nor those that ask to retry (408,
    409, 425, 429, or any with `Retry-After`), nor those of cancelled requests: the next attempt executes. If a process
    dies between execution and response, the key remains claimed for `lease`, because the progress is unknown. While the
    store is unavailable, nothing is executed: 503.

    A key belongs to its sender: the user found by an outer `AuthenticationMiddleware`; else the digest of
    `Authorization`, the header of `ApiKeys`, the session cookies, and the headers and cookies of FastAPI security
    schemes on the routes. An application with other credentials passes `sender`.

    Args:
        app: the next application.
        store: keeps claims and responses; in the memory of this process when None. Several processes need a shared
            store, such as a `RedisStore`.
        lifetime: seconds for which responses are stored.
        lease: seconds for which a request may run; must exceed the time limit of requests.
        methods: methods whose requests may have a key.
        paths: paths that accept keys; `*` matches any characters.
        required: whether a request without a key is refused with 400.
        max_bytes: the maximum size of a request body with a key, and of a stored response.
        sender: returns the identity of the sender, instead of the above.

    Source: draft-ietf-httpapi-idempotency-key-header-07.
    """

    reads_principal: ClassVar[bool] = True  # a pipeline refuses this class outside of authentication

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
            detail = "an Idempotency-Key of 1-255 visible characters is required"
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
        store_key = f"idempotency:{_digest(sender.encode('utf-8', 'surrogateescape'), key.encode())}"
        print_ = _digest(scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), body)
        claim = json.dumps({"print": print_, "owner": secrets.token_hex(8)}).encode()
        run, stored = _Execution(self._store, store_key, claim, print_, self._max), None
        try:
            while stored is None and not await run.claim_key(self._lease):
                stored = await self._store.get(store_key)
        except StoreUnavailableError as error:
            _log.warning("idempotency keys cannot be stored", exc_info=error)
            await problem(scope, 503, detail="try again later", headers={"retry-after": "1"})(scope, receive, send)
            return
        if stored is not None:
            await _repeat(json.loads(stored), print_, scope, receive, send)
        else:
            await self._execute(run, body, scope, receive, send)

    async def _execute(self, run: _Execution, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replaying() -> Message:
            return coming.pop() if coming else await receive()

        async def sending(message: Message) -> None:
            for outgoing in await run.take(message, self._lifetime):
                await send(outgoing)

        try:
            await self._app(scope, replaying, sending)
        finally:
            await run.give_up()


class _Execution:
    """An execution: claims the key, withholds the response until stored, and releases the key on failure."""

    def __init__(self, store: Store, store_key: str, claim: bytes, print_: str, largest: int) -> None:
        self._store, self._place, self._claim, self._print, self._max = store, store_key, claim, print_, largest
        self._held: list[Message] = []
        self._size, self._is_passing, self._is_settled = 0, False, False

    async def claim_key(self, lease: float) -> bool:
        """Claim the key, unless claimed; a claim made during a cancellation is released."""
        try:
            return await uninterrupted(self._store.add(self._place, self._claim, ttl=lease))
        except asyncio.CancelledError:
            await self.give_up()
            raise

    async def take(self, message: Message, lifetime: float) -> list[Message]:
        """Take a message of the response; return the messages to send now."""
        if self._is_passing or message["type"] not in {"http.response.start", "http.response.body"}:
            return [message]
        self._held.append(message)
        self._size += len(message.get("body", b""))
        is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not is_whole and self._size <= self._max:
            return []
        messages, self._held, self._is_passing = self._held, [], True
        if is_whole:
            await (self._keep(messages, lifetime) if _is_final(messages[0]) else self.give_up())
        return messages

    async def _keep(self, messages: list[Message], lifetime: float) -> None:
        headers = [(name, value) for name, value in messages[0].get("headers", ()) if name.lower() not in _LEFT_OUT]
        record: dict[str, Any] = {
            "print": self._print,
            "status": messages[0]["status"],
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            "body": base64.b64encode(b"".join(message.get("body", b"") for message in messages[1:])).decode("ascii"),
        }
        self._is_settled = True
        try:
            swap = self._store.swap(self._place, self._claim, json.dumps(record).encode(), ttl=lifetime)
            is_kept = await uninterrupted(swap)
        except StoreError as error:
            is_kept = False
            _log.error(
                "the response for an idempotency key was not stored: the key stays claimed until its lease ends",
                exc_info=error,
            )
        if not is_kept:
            _log.warning("a request outlived the lease of its idempotency key; its response was not stored")

    async def give_up(self) -> None:
        """Release the key after a failed request, so that the next attempt executes."""
        if self._is_settled:
            return
        self._is_settled = True
        try:
            await uninterrupted(self._store.delete(self._place, expected=self._claim))
        except StoreError as error:
            _log.error("an idempotency key was not released: it stays claimed until its lease ends", exc_info=error)


def _is_final(start: Message) -> bool:
    """Return whether a response may be replayed: neither a failure nor a request to retry."""
    status: int = start["status"]
    is_later = status in _LATER or any(name.lower() == b"retry-after" for name, _ in start.get("headers", ()))
    return status < 500 and not is_later


async def _read(receive: Receive, largest: int) -> bytes | None:
    """Return the body, truncated shortly above the limit, or None if the client has left."""
    body = bytearray()
    while len(body) <= largest:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


async def _repeat(stored: dict[str, Any], print_: str, scope: Scope, receive: Receive, send: Send) -> None:
    if stored["print"] != print_:
        detail = "the Idempotency-Key was used for another request"
        await problem(scope, 422, detail=detail)(scope, receive, send)
    elif "status" not in stored:
        detail = "the request with this Idempotency-Key is being executed"
        await problem(scope, 409, detail=detail, headers={"retry-after": "1"})(scope, receive, send)
    else:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in stored["headers"]]
        headers.append((b"idempotency-replayed", b"true"))
        await send({"type": "http.response.start", "status": stored["status"], "headers": headers})
        await send({"type": "http.response.body", "body": base64.b64decode(stored["body"]), "more_body": False})


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
