"""Conditional requests: unchanged responses are not sent again."""

from __future__ import annotations

import hashlib
import re
from typing import Final, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..asgi_headers import header

_TAG: Final = re.compile(r'"[^"]*"')


@final
class ETagMiddleware:
    """Middleware that adds an `ETag` to GET responses, and responds 304 if `If-None-Match` contains the tag.

    A response in one piece without an `ETag` gets a weak tag computed from its bytes. Streams pass unchanged; an `ETag`
    set by the application is compared in any case.

    Args:
        app: the next application.

    Source: RFC 9110, sections 8.8.3 and 13.1.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, _Tagging(header(scope, b"if-none-match"), send))
        else:
            await self._app(scope, receive, send)


class _Tagging:
    """The `send` of one request."""

    def __init__(self, if_none_match: str | None, send: Send) -> None:
        self._known = _tags(if_none_match) if if_none_match is not None else frozenset[str]()
        self._send = send
        self._start: Message | None = None
        self._is_unchanged = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
        elif self._is_unchanged:
            return
        elif self._start is None:
            await self._send(message)
        else:
            start, self._start = self._start, None
            await self._decide(start, message)

    async def _decide(self, start: Message, first: Message) -> None:
        headers = list(start.get("headers", ()))
        own = next((value.decode("latin-1") for name, value in headers if name.lower() == b"etag"), None)
        if own is None and first["type"] == "http.response.body" and not first.get("more_body", False):
            body = first.get("body", b"")
            if body:
                own = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
                headers.append((b"etag", own.encode("ascii")))
        if own is not None and ("*" in self._known or _weak(own) in self._known):
            self._is_unchanged = True
            left_out = {b"content-length", b"content-type", b"content-encoding"}
            remaining = [pair for pair in headers if pair[0].lower() not in left_out]
            await self._send({"type": "http.response.start", "status": 304, "headers": remaining})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await self._send({**start, "headers": headers})
        await self._send(first)


def _tags(text: str) -> frozenset[str]:
    """Return the tags of a list; a tag may contain commas. Source: RFC 9110, section 8.8.3."""
    return frozenset({"*"}) if text.strip() == "*" else frozenset(_TAG.findall(text))


def _weak(tag: str) -> str:
    return tag.removeprefix("W/")
