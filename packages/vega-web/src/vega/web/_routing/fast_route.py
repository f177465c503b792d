"""Routes served without FastAPI's dependency resolution; unusual requests use FastAPI's handler.

Input is validated by FastAPI's fields. For invalid input, or input in an unusual form, FastAPI handles the request from
the beginning and reports the errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import ResponseValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._lifecycle.stream_source import own_stream
from .._pipeline.fast_request import FastRequest
from .._private_names import handling_exceptions
from .._problems.finite import check_written, read_finite
from .fast_route_plan import FastRoutePlan

_JSON: Final = (b"content-type", b"application/json")
_UNUSUAL: Final[Any] = object()


@final
class FastRoute:
    """ASGI application (ASGI 3.0) of a fast route.

    Args:
        plan: the plan of the route.
        fastapi: returns FastAPI's application of the route.
    """

    __slots__ = ("_fastapi", "_is_direct", "_plan")

    def __init__(self, plan: FastRoutePlan, fastapi: Callable[[], ASGIApp]) -> None:
        self._plan, self._fastapi = plan, fastapi
        self._is_direct = plan.is_json and is_body_allowed_for_status_code(plan.status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plan = self._plan
        request = FastRequest(scope, receive, send)
        values = _values(plan, request)
        if values is not None and plan.body is not None:
            name, validate = plan.body
            try:
                sent: Any = await _body(request)
            except Exception as error:  # noqa: BLE001 - raised again and handled within FastAPI
                await self._fastapi()(scope, _raising(error), send)
                return
            values[name], errors = (None, True) if sent is _UNUSUAL else validate(sent, {}, loc=("body",))
            if errors:
                await self._fastapi()(scope, _again(await request.body(), receive), send)
                return
        if values is None:
            await self._fastapi()(scope, receive, send)
            return
        is_started = False
        try:
            result = await plan.call(**values)
            if self._is_direct and not isinstance(result, Response):
                content = self._serialized(result, scope)
                headers = [(b"content-length", b"%d" % len(content)), _JSON]
                is_started = True
                await send({"type": "http.response.start", "status": plan.status or 200, "headers": headers})
                await send({"type": "http.response.body", "body": content})
                return
            response = result if isinstance(result, Response) else self._response(result, scope)
        except Exception as error:  # noqa: BLE001 - handled or re-raised as in FastAPI
            await _failing(error, request, is_started)(scope, receive, _nowhere if is_started else send)
            return
        await handling_exceptions(own_stream(response), request)(scope, receive, send)

    def _serialized(self, result: Any, scope: Scope) -> Any:
        """Return the content of the response for a result: bytes of JSON, or a value for the response class."""
        plan = self._plan
        field = plan.field
        if field is None:
            return jsonable_encoder(result)
        value, errors = field.validate(result, {}, loc=("response",))
        if errors:
            path = f"{scope['method']} {scope.get('root_path', '').rstrip('/')}{plan.where['path']}"
            context: Any = {**plan.where, "path": path}
            raise ResponseValidationError(errors=errors, body=result, endpoint_ctx=context)
        return (field.serialize_json if plan.is_json else field.serialize)(value, **plan.dump)

    def _response(self, result: Any, scope: Scope) -> Response:
        status: dict[str, Any] = {"status_code": self._plan.status} if self._plan.status else {}
        content = self._serialized(result, scope)
        try:
            response = self._plan.response_class(content, **status)
        except ValueError:
            check_written(b"NaN", lambda: content)  # raises a precise error for NaN and Infinity
            raise
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        return response


def _values(plan: FastRoutePlan, request: Request) -> dict[str, Any] | None:
    """Return the valid arguments from path and query, or None if an argument is missing or invalid."""
    values: dict[str, Any] = dict.fromkeys(plan.requests, request)
    if plan.path:
        path_params = request.scope["path_params"]
        for field in plan.path:
            values[field.name], errors = (
                field.validate(path_params[field.alias], values) if field.alias in path_params else (None, True)
            )
            if errors:
                return None
    if plan.query:
        query_params = request.query_params
        for field in plan.query:
            text = query_params.get(field.alias)
            if text is not None:
                values[field.name], errors = field.validate(text, values)
                if errors:
                    return None
            elif field.is_required:
                return None
            else:
                values[field.name] = field.default
    return values


async def _body(request: Request) -> Any:
    """Return the JSON of a body; `_UNUSUAL` for an empty body, another media type or malformed JSON."""
    content = await request.body()
    kind = next((value for name, value in request.scope["headers"] if name == b"content-type"), b"")
    if not content or kind.partition(b";")[0] != _JSON[1]:
        return _UNUSUAL
    try:
        return read_finite(content.decode())
    except ValueError:
        return _UNUSUAL


def _again(content: bytes, receive: Receive) -> Receive:
    """Return a `receive` that repeats a body and then continues."""
    coming: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_again() -> Message:
        return coming.pop() if coming else await receive()

    return receive_again


def _raising(error: Exception) -> Receive:
    async def receive_again() -> Message:
        raise error

    return receive_again


def _failing(error: Exception, request: Request, is_started: bool) -> ASGIApp:
    """Return an application that raises an error, so that exception handlers run as for the endpoint."""

    async def fail(_: Scope, __: Receive, send: Send) -> None:
        if is_started:
            await send({"type": "http.response.start"})
        raise error

    return handling_exceptions(fail, request)


async def _nowhere(_: Message) -> None:
    """Discard a message."""
