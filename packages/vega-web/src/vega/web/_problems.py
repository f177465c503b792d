"""Every error as a problem document (RFC 9457); nothing internal is shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vega.core import ErrorKind

_log = logging.getLogger("vega.web")

STATUS: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 422,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.INTERNAL: 500,
}


class ProblemDetails(BaseModel):
    """A problem document (RFC 9457, section 3.1).

    Attributes:
        type: a URI that names the sort of problem; `about:blank` when the status says it all.
        title: the sort of problem in words.
        status: the HTTP status, 400-599.
        detail: what happened here; empty for internal errors.
        errors: for invalid input, one entry a field: `loc`, `msg` and `type`.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] = []


class Problems:
    """ASGI middleware (ASGI 3.0) that answers what a use case raised, by its `ErrorKind`.

    An error of kind `INTERNAL` is logged with its traceback and answered without a word of it. An error after
    the response began is raised on, so that the server breaks the connection.

    Args:
        app: the next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting_start)
        except Exception as error:
            if started:
                raise
            await _answer(error, scope)(scope, receive, send)


def install_problems(app: FastAPI) -> None:
    """Have an application answer every error with a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Problems)


def _phrase(status: int) -> str:
    """Return the words of a status; those of its class when it is none of the registered ones, such as 499."""
    registered = {known.value: known.phrase for known in HTTPStatus}
    return registered.get(status) or registered.get(status // 100 * 100, "Error")


def _response(status: int, *, detail: str = "", errors: Sequence[Any] = (), headers: Any = None) -> JSONResponse:
    problem = ProblemDetails(title=_phrase(status), status=status, detail=detail, errors=list(errors))
    body = problem.model_dump(mode="json", exclude_defaults=True)
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def _answer(error: Exception, scope: Scope) -> JSONResponse:
    kind = ErrorKind.of(error)
    if kind is ErrorKind.INTERNAL:
        _log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
        return _response(500)
    if isinstance(error, ValidationError):
        return _response(422, detail="the input is invalid", errors=_field_errors(error))
    return _response(STATUS[kind], detail=getattr(error, "what", "") or str(error))


def _field_errors(error: ValidationError | RequestValidationError) -> list[dict[str, Any]]:
    """Return each error's place, message and type: what was sent is not sent back."""
    return [{"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]} for entry in error.errors()]


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in {204, 205, 304}:  # these have no body
        return Response(status_code=error.status_code, headers=error.headers)
    detail = error.detail if error.detail != _phrase(error.status_code) else ""
    return _response(error.status_code, detail=detail, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _response(422, detail="the input is invalid", errors=_field_errors(error))
