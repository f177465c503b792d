"""Errors as problem documents (RFC 9457), without internal details."""

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
_SOON: Final = "1"  # Retry-After of unavailable services, in seconds; RFC 9110, section 10.2.3
DEBUG: Final = "vega.debug"  # keys of the connection scope
REQUEST_ID: Final = "vega.request_id"
CHALLENGE: Final = "vega.challenge"
_NO_ERRORS: Final = ErrorMap()
_GONE: Final = 499  # for the log of requests: the client closed the connection before the response, as in nginx
_TEXTS: Final = ("type", "title", "detail", "instance", "request_id")  # string members; RFC 9457, section 3.1
_JSON_FREE: Final = (b"", b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data")


class ProblemDetails(BaseModel):
    """A problem document (RFC 9457, section 3.1).

    Attributes:
        type: a URI for the problem type; `about:blank` if the status says enough.
        title: a short summary of the problem type.
        status: the HTTP status, 400-599.
        detail: an explanation of this occurrence; empty for internal errors.
        errors: for invalid input, an entry per field: `loc`, `msg` and `type`.
        request_id: the id of the request, if `RequestIdMiddleware` is installed.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] = []
    request_id: str = ""


class Problems:
    """ASGI middleware (ASGI 3.0) that turns errors into problem documents, by class and `ErrorKind`.

    `vega.core.disclosure` decides whether the text of an error is shown; a hidden error is logged with its traceback.
    An error after the start of the response is re-raised, so that the server aborts the connection.

    Args:
        app: the next application.
        checks_headers: whether response headers are checked against response splitting; once inside all middleware
            and once outside is enough.
    """

    def __init__(self, app: ASGIApp, *, checks_headers: bool = True) -> None:
        self._app, self._checks_headers = app, checks_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, checks_headers = False, self._checks_headers

        def noting_start(message: Message) -> Awaitable[None]:  # not async, which saves a coroutine per message
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
                if isinstance(error, ClientDisconnect):  # a stream whose client has left: not a failure
                    return
                raise
            await answer_to(error, scope)(scope, receive, send)


def install_problems(app: FastAPI, errors: ErrorMap | None = None) -> None:
    """Respond to every error of an application with a problem document.

    Args:
        app: the application.
        errors: the mapping of error classes.
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
    """Return a problem document as a response, for middleware that responds itself.

    Args:
        scope: the connection scope, with the id of the request.
        status: 400-599.
        detail: an explanation of this occurrence, shown to the client.
        type: a URI for the problem type.
        title: a short summary of the problem type; the reason phrase when empty.
        errors: an entry per invalid field.
        headers: of the response.
        members: further members of the document, and defaults for those above: any serialisable values.
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


def _members(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return members as JSON; members with a type other than documented move below `details`."""
    members: dict[str, Any] = to_jsonable_python(dict(extra), inf_nan_mode="constants")
    members.pop("status", None)  # the status of the response applies
    odd = {name for name in _TEXTS if not isinstance(members.get(name, ""), str)}
    errors = members.get("errors", [])
    if not isinstance(errors, list) or not all(isinstance(entry, dict) for entry in cast("list[object]", errors)):
        odd.add("errors")
    if odd:
        members.setdefault("details", {name: members[name] for name in sorted(odd)})
    return {name: value for name, value in members.items() if name not in odd}


def answer_to(error: Exception, scope: Scope) -> Response:
    """Return the response for an error; an error raised by a factory is treated as raised by the route."""
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
    """Return whether the `errors` of the matched route include a class of an error."""
    declared: Any = getattr(scope.get("route"), "openapi_extra", None) or {}
    names = set(names_of(type(error))[1:])
    return any(entry[1] in names for entry in declared.get(ERRORS, ()))


def _headers(status: int, scope: Scope) -> Mapping[str, str] | None:
    """Return the headers required by a status. Source: RFC 9110, sections 10.2.3 and 11.6.1."""
    if status == 401:
        return {"www-authenticate": scope.get(CHALLENGE) or "Bearer"}
    return {"retry-after": _SOON} if status == 503 else None


def _traceback(error: Exception, scope: Scope) -> Mapping[str, Any] | None:
    return {"traceback": traceback.format_exception(error)} if scope.get(DEBUG) else None


def _of_http(error: HTTPException, scope: Scope) -> Response:
    if error.status_code in {204, 205, 304}:  # responses without a body
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


def _allowed(allowed: str, scope: Scope) -> str:
    """Return the methods of all routes with the path (RFC 9110, 15.5.6); Starlette reports those of one route."""
    path = route_path(scope)
    methods: set[str] = set()
    for context in iter_route_contexts(scope["app"].routes if "app" in scope else ()):
        pattern = getattr(context, "path_regex", None)
        if context.methods and pattern is not None and pattern.match(path):
            methods |= context.methods
    if not methods or scope["method"] in methods:  # raised by an endpoint for this method, which knows its reasons
        return allowed
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


def _of_request(error: RequestValidationError, scope: Scope) -> Response:
    if isinstance(error.body, bytes) and _is_other_media_type(scope):
        return problem(scope, 415, detail="the body must be JSON", headers={"accept": "application/json"})
    return problem(scope, 422, detail="the input is invalid", errors=_field_errors(error))


def _is_other_media_type(scope: Scope) -> bool:
    content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    media_type: bytes = content_type.partition(b";")[0].strip().lower()
    return media_type not in _JSON_FREE and not media_type.endswith(b"+json")


def _field_errors(error: RequestValidationError) -> list[dict[str, Any]]:
    """Return place, message and type of each error, without the input."""
    return [{"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]} for entry in error.errors()]


async def _http(request: Request, error: Exception) -> Response:
    return answer_to(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    return answer_to(error, request.scope)
