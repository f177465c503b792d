"""Every error as a problem document (RFC 9457); nothing internal is shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vega.core.disclosure import disclose
from vega.errors import ErrorKind

from .._paths import route_path
from .answer_headers import check_headers
from .error_map import ERRORS, STATUS, ErrorMap, Mapped, names_of, phrase

_log = logging.getLogger("vega.web")
MEDIA_TYPE: Final = "application/problem+json"
_SOON: Final = "1"  # Retry-After of what is unavailable, in seconds; RFC 9110, section 10.2.3
DEBUG: Final = "vega.debug"  # keys of the connection scope
REQUEST_ID: Final = "vega.request_id"
CHALLENGE: Final = "vega.challenge"
_NO_ERRORS: Final = ErrorMap()
_GONE: Final = 499  # for the log of requests: a client that left before it was answered, as nginx counts it
_TEXTS: Final = ("type", "title", "detail", "instance", "request_id")  # members that are text; RFC 9457, section 3.1
_JSON_FREE: Final = (b"", b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data")


class ProblemDetails(BaseModel):
    """A problem document (RFC 9457, section 3.1).

    Attributes:
        type: a URI that names the sort of problem; `about:blank` when the status says it all.
        title: the sort of problem in words.
        status: the HTTP status, 400-599.
        detail: what happened here; empty for internal errors.
        errors: for invalid input, one entry a field: `loc`, `msg` and `type`.
        request_id: the id of the request, where `RequestIdMiddleware` gives one.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] = []
    request_id: str = ""


class Problems:
    """ASGI middleware (ASGI 3.0) that answers what comes out of an application, by its class and `ErrorKind`.

    The text of an error is shown as `vega.core.disclosure` says; one whose text is not shown is logged with its
    traceback. An error after the response began is raised on, so that the server breaks the connection.

    Args:
        app: the next application.
        checks_headers: whether answers are checked for headers that would break the protocol; once inside of all
            middleware and once outside is enough.
    """

    def __init__(self, app: ASGIApp, *, checks_headers: bool = True) -> None:
        self._app, self._checks_headers = app, checks_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, checks_headers = False, self._checks_headers

        def noting_start(message: Message) -> Awaitable[None]:  # which costs no coroutine of its own
            nonlocal started
            if message["type"] == "http.response.start":
                if checks_headers:
                    check_headers(message.get("headers", ()), scope)
                started = True
            return send(message)

        try:
            await self._app(scope, receive, noting_start)
        except Exception as error:
            if started:
                if isinstance(error, ClientDisconnect):  # how a stream reports it, which is not a failure
                    return
                raise
            await answer_to(error, scope)(scope, receive, send)


def install_problems(app: FastAPI, errors: ErrorMap | None = None) -> None:
    """Have an application answer every error with a problem document.

    Args:
        app: the application.
        errors: what some classes of errors become.
    """
    app.state.errors = errors or ErrorMap()
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Problems)


def problem(
    scope: Scope,
    status: int,
    *,
    detail: str = "",
    type: str = "about:blank",
    title: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """Return a problem document as a response, for middleware that answers by itself.

    Args:
        scope: the connection scope, which knows the id of the request.
        status: 400-599.
        detail: what happened here; is shown to the client.
        type: a URI that names the sort of problem.
        title: the sort of problem in words; empty for the words of the status.
        errors: one entry a field that is invalid.
        headers: of the response.
        members: further members of the document, and those above where they are not given: anything that becomes JSON.
    """
    further = _members(members or {})
    document = ProblemDetails(
        type=type,
        title=title or further.get("title") or phrase(status),
        status=status,
        detail=detail,
        errors=[dict(error) for error in errors],
        request_id=scope.get(REQUEST_ID, ""),
    ).model_dump(mode="json", exclude_defaults=True)
    return JSONResponse({**further, **document}, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _members(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return members as JSON; those of another type than documented are below `details`."""
    members: dict[str, Any] = to_jsonable_python(dict(given), inf_nan_mode="constants")
    members.pop("status", None)  # that of the response
    odd = {name for name in _TEXTS if not isinstance(members.get(name, ""), str)}
    errors = members.get("errors", [])
    if not isinstance(errors, list) or not all(isinstance(entry, dict) for entry in cast("list[object]", errors)):
        odd.add("errors")
    if odd:
        members.setdefault("details", {name: members[name] for name in sorted(odd)})
    return {name: value for name, value in members.items() if name not in odd}


def answer_to(error: Exception, scope: Scope) -> Response:
    """Return the response that an error becomes; what a factory raised is answered as if the route had raised it."""
    errors = _errors_of(scope)
    mapped, cause = errors.find(error), errors.cause_of(error)
    if cause is not error and isinstance(cause, Exception):
        cause.add_note(str(error))  # for the log
        error = cause
    if mapped is None:
        if isinstance(error, HTTPException):
            return _of_http(error, scope)
        if isinstance(error, RequestValidationError):
            return _of_request(error, scope)
        if isinstance(error, ClientDisconnect):
            return problem(scope, _GONE)
    is_mapped = mapped is not None and mapped.status < 500
    seen = disclose(error, is_named=is_mapped or _is_named_by_route(error, scope))
    mapped = mapped or Mapped(status=STATUS[seen.kind])
    if mapped.status >= 500 and (seen.detail is None or seen.kind is ErrorKind.INTERNAL):
        extra = {"request_id": scope.get(REQUEST_ID, "")}
        _log.error("%s %s failed", scope.get("method", "WebSocket"), scope["path"], exc_info=error, extra=extra)
    return problem(
        scope,
        mapped.status,
        detail=seen.detail or "",
        type=mapped.type,
        title=mapped.title,
        errors=seen.fields,
        headers=_headers(mapped.status, scope),
        members=_traceback(error, scope) if mapped.status >= 500 else None,
    )


def _errors_of(scope: Scope) -> ErrorMap:
    app = scope.get("app")
    errors = getattr(app.state, "errors", None) if app is not None else None
    return errors if isinstance(errors, ErrorMap) else _NO_ERRORS


def _is_named_by_route(error: Exception, scope: Scope) -> bool:
    """Return whether the `errors` of the route that was taken name a class of an error."""
    declared: Any = getattr(scope.get("route"), "openapi_extra", None) or {}
    names = set(names_of(type(error))[1:])
    return any(entry[1] in names for entry in declared.get(ERRORS, ()))


def _headers(status: int, scope: Scope) -> Mapping[str, str] | None:
    """Return the headers that go with a status. Source: RFC 9110, sections 10.2.3 and 11.6.1."""
    if status == 401:
        return {"www-authenticate": scope.get(CHALLENGE) or "Bearer"}
    return {"retry-after": _SOON} if status == 503 else None


def _traceback(error: Exception, scope: Scope) -> Mapping[str, Any] | None:
    return {"traceback": traceback.format_exception(error)} if scope.get(DEBUG) else None


def _of_http(error: HTTPException, scope: Scope) -> Response:
    if error.status_code in {204, 205, 304}:  # these have no body
        return Response(status_code=error.status_code, headers=error.headers)
    detail: Any = error.detail
    headers = error.headers
    if error.status_code == 405 and headers and "Allow" in headers:
        headers = {**headers, "Allow": _allowed(headers["Allow"], scope)}
    if hasattr(detail, "keys"):
        return problem(scope, error.status_code, headers=headers, members=detail)
    if isinstance(detail, list):
        return problem(scope, error.status_code, headers=headers, members={"details": detail})
    text = str(detail) if detail != phrase(error.status_code) else ""
    return problem(scope, error.status_code, detail=text, headers=headers)


def _allowed(known: str, scope: Scope) -> str:
    """Return the methods of every route that shares the path (RFC 9110, 15.5.6); routing names those of one."""
    path = route_path(scope)
    methods: set[str] = set()
    for context in iter_route_contexts(scope["app"].routes if "app" in scope else ()):
        pattern = getattr(context, "path_regex", None)
        if context.methods and pattern is not None and pattern.match(path):
            methods |= context.methods
    if not methods or scope["method"] in methods:  # an endpoint of this very method refused it, and knows why
        return known
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


def _of_request(error: RequestValidationError, scope: Scope) -> Response:
    if isinstance(error.body, bytes) and _is_other_media_type(scope):
        return problem(scope, 415, detail="the body must be JSON", headers={"accept": "application/json"})
    return problem(scope, 422, detail="the input is invalid", errors=_field_errors(error))


def _is_other_media_type(scope: Scope) -> bool:
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    media_type: bytes = given.partition(b";")[0].strip().lower()
    return media_type not in _JSON_FREE and not media_type.endswith(b"+json")


def _field_errors(error: RequestValidationError) -> list[dict[str, Any]]:
    """Return each error's place, message and type: what was sent is not sent back."""
    return [{"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]} for entry in error.errors()]


async def _http(request: Request, error: Exception) -> Response:
    return answer_to(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    return answer_to(error, request.scope)
