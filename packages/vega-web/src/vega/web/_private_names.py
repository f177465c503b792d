"""All private names of FastAPI and Starlette used by vega.web.

| name | use | if missing |
|---|---|---|
| `fastapi.routing._effective_route_context_var` | the settings of a route included by a router | no fast routes |
| `effective_route_context`, `fastapi.telemetry`: keys of the scope | the same, for a request | FastAPI serves |
| `get_request_handler.<locals>.app`, the name of a handler | detects unwrapped handlers | no fast routes |
| `starlette._exception_handler.wrap_app_handling_exceptions` | the errors of a fast route | no fast routes |
| `ModelField._type_adapter` | refuses NaN in the response of a model | NaN is written as null |
| `starlette.datastructures.Headers._list` | response headers that are fast to set | `MutableHeaders` |
| the attributes that `starlette.requests.Request` sets | requests created with one call | the constructor |

An application warns at start if names are missing.
"""

from __future__ import annotations

import importlib
import logging
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, Final

from fastapi import routing
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Scope, Send

_REQUEST: Final = {"scope", "_receive", "_send", "_stream_consumed", "_is_disconnected", "_form"}
_logger: Final = logging.getLogger("vega.web")


def _exception_wrapper() -> Any:
    try:
        return importlib.import_module("starlette._exception_handler").wrap_app_handling_exceptions
    except (ImportError, AttributeError):
        return None


_INCLUDED: Final[ContextVar[Any] | None] = getattr(routing, "_effective_route_context_var", None)
_WRAPPER: Final[Any] = _exception_wrapper()


def handling_exceptions(app: ASGIApp, request: Request) -> ASGIApp:
    """Return an ASGI application that handles errors with the exception handlers of the surrounding application."""
    return _WRAPPER(app, request)  # type: ignore[no-any-return]  # a private name is untyped


def included_route() -> Any:
    """Return the route as included by the router being built, or None."""
    return None if _INCLUDED is None else _INCLUDED.get()


def requested_route(scope: Scope) -> Any:
    """Return the route of a request as included by a router, or None."""
    return scope.get("fastapi", {}).get("effective_route_context")


def is_observed(scope: Scope) -> bool:
    """Return whether FastAPI's telemetry observes a request."""
    return scope.get("fastapi.telemetry") is not None


def is_usual_handler(handler: Any) -> bool:
    """Return whether a handler is FastAPI's own, unwrapped."""
    name = f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', '')}"
    return name == f"{routing.__name__}.get_request_handler.<locals>.app"


def type_adapter(field: Any) -> Any:
    """Return the pydantic adapter of a FastAPI field, or None."""
    return getattr(field, "_type_adapter", None)


def sender(request: Request) -> Send:
    """Return the ASGI `send` of a request."""
    return request._send  # pyright: ignore[reportPrivateUsage]


def sets_usual_attributes() -> bool:
    """Return whether the constructor of a request sets only the known attributes."""
    return vars(Request({"type": "http"})).keys() == _REQUEST


def keeps_list() -> bool:
    """Return whether headers keep their list in the known attribute."""
    return "_list" in vars(Headers(raw=[]))


def can_serve_fast() -> bool:
    """Return whether routes may be served without FastAPI's dependency resolution."""
    return _INCLUDED is not None and _WRAPPER is not None


def missing_names() -> list[str]:
    """Return the names of the table above that are missing in the installed versions."""
    route = APIRoute("/", _probe)
    is_there = {
        "fastapi.routing._effective_route_context_var": _INCLUDED is not None,
        "fastapi.routing.get_request_handler.<locals>.app": is_usual_handler(APIRoute.get_route_handler(route)),
        "starlette._exception_handler.wrap_app_handling_exceptions": _WRAPPER is not None,
        "fastapi._compat.ModelField._type_adapter": type_adapter(route.response_field) is not None,
        "starlette.datastructures.Headers._list": keeps_list(),
        "starlette.requests.Request._receive and others": sets_usual_attributes(),
    }
    return [name for name, is_present in is_there.items() if not is_present]


def warn_of_missing_names() -> None:
    """Log one warning about names missing in the installed versions."""
    missing = missing_names()
    if missing:
        _logger.warning(
            "FastAPI %s and Starlette %s lack %s: requests are served more slowly, and NaN in a response may be written"
            " as null; install a version of vega-web that supports them",
            version("fastapi"),
            version("starlette"),
            ", ".join(missing),
        )


async def _probe() -> float:
    return 0.0
