"""An id for each request, and its place in a distributed trace."""

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
    """Where a request stands in a distributed trace (W3C Trace Context, level 1).

    Attributes:
        trace_id: 32 hexadecimal digits, the same for the whole trace.
        span_id: 16 digits, of this request.
        parent_id: 16 digits, of whoever sent the request; empty where the trace begins here.
        is_sampled: whether the sender records the trace.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    is_sampled: bool = False

    def __str__(self) -> str:
        """Return the `traceparent` to send on."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"

    @classmethod
    def of(cls, traceparent: str | None) -> TraceContext:
        """Return the place that a header gives; a new trace when there is none, or it is malformed.

        >>> TraceContext.of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").parent_id
        '00f067aa0ba902b7'
        """
        found = _TRACEPARENT.match(traceparent or "")
        span = secrets.token_hex(8)
        if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
            return cls(trace_id=new_id().hex, span_id=span)
        if not int(found[2], 16) or not int(found[3], 16):  # all zero is no id
            return cls(trace_id=new_id().hex, span_id=span)
        return cls(trace_id=found[2], span_id=span, parent_id=found[3], is_sampled=bool(int(found[4], 16) & 1))


def request_id() -> str:
    """Return the id of the request that this task serves; empty outside of one."""
    return _current.get()


def new_request_id() -> str:
    """Return 32 hexadecimal digits: an identifier of the current id source."""
    return new_id().hex


@final
class RequestIdMiddleware:
    """Gives each request and WebSocket an id, tells it in the answer, and continues the sender's trace.

    The id is that of the client's header where it is well-formed (1-128 letters, digits, `.`, `_`, `-`), else a new
    one. Handlers read it with `request_id()`; problem documents and access logs carry it. The `TraceContext` stands in
    the connection scope under `vega.trace`; the answer has a `traceresponse` header with it.

    Args:
        app: the next application.
        header: the header that brings and tells the id.
        trust_client: whether the client's id is taken over.
        generate: makes a new id.
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
        given = header(scope, self._name) if self._trust_client else None
        identity = given if given is not None and _ID.match(given) else self._generate()
        trace = TraceContext.of(header(scope, b"traceparent"))
        scope[REQUEST_ID], scope[TRACE] = identity, trace
        token = _current.set(identity)
        try:
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
                return
            told = ((self._name, identity.encode("ascii")), (b"traceresponse", str(trace).encode("ascii")))
            await send_with(told, self._app, scope, receive, send)
        finally:
            _current.reset(token)
