"""Request ids and distributed tracing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, final

from starlette.types import ASGIApp, Receive, Scope, Send

from vega.patterns import new_id

from ..._problems.problems import REQUEST_ID
from ..asgi_headers import answering, header, send_with

TRACE: Final = "vega.trace"
_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,128}\Z")
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_current: ContextVar[str] = ContextVar("vega_request_id", default="")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """The position of a request in a distributed trace (W3C Trace Context, level 1).

    Attributes:
        trace_id: 32 hexadecimal digits, common to the whole trace.
        span_id: 16 hexadecimal digits, for this request.
        parent_id: 16 hexadecimal digits, the sender's span; empty at the root of a trace.
        is_sampled: whether the sender records the trace.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    is_sampled: bool = False

    def __str__(self) -> str:
        """Return the value of `traceparent` for outgoing requests."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"

    @classmethod
    def of(cls, traceparent: str | None) -> TraceContext:
        """Return the context of a `traceparent` header; a new trace if missing or malformed.

        >>> TraceContext.of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").parent_id
        '00f067aa0ba902b7'
        """
        match = _TRACEPARENT.match(traceparent or "")
        span = secrets.token_hex(8)
        if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
            return cls(trace_id=new_id().hex, span_id=span)
        if not int(match[2], 16) or not int(match[3], 16):  # an id of zeros is invalid
            return cls(trace_id=new_id().hex, span_id=span)
        return cls(trace_id=match[2], span_id=span, parent_id=match[3], is_sampled=bool(int(match[4], 16) & 1))


def request_id() -> str:
    """Return the id of the current request; empty outside of a request."""
    return _current.get()


def new_request_id() -> str:
    """Return 32 hexadecimal digits from the current id source."""
    return new_id().hex


@final
class RequestIdMiddleware:
    """Middleware that assigns ids to requests and WebSockets, returns them, and continues the sender's trace.

    The client's id is used if well-formed (1-128 letters, digits, `.`, `_`, `-`), else a new id is generated. Handlers
    call `request_id()`; problem documents and access logs include the id. The connection scope has the `TraceContext`
    under `vega.trace`; the response has a `traceresponse` header.

    Args:
        app: the next application.
        header: the header for the id, in requests and responses.
        trust_client: whether ids of clients are accepted.
        generate: returns a new id.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        header: str = "x-request-id",
        trust_client: bool = True,
        generate: Callable[[], str] = new_request_id,
    ) -> None:
        self._app, self._name = answering(app), header.lower().encode("ascii")
        self._trust_client, self._generate = trust_client, generate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        client_id = header(scope, self._name) if self._trust_client else None
        identity = client_id if client_id is not None and _ID.match(client_id) else self._generate()
        trace = TraceContext.of(header(scope, b"traceparent"))
        scope[REQUEST_ID], scope[TRACE] = identity, trace
        token = _current.set(identity)
        try:
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
                return
            headers = ((self._name, identity.encode("ascii")), (b"traceresponse", str(trace).encode("ascii")))
            await send_with(headers, self._app, scope, receive, send)
        finally:
            _current.reset(token)
