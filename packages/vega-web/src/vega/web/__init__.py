"""HTTP and WebSocket delivery of use cases on FastAPI."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._app import create_app as create_app
    from ._error_map import ErrorMap as ErrorMap
    from ._errors import MiddlewareError as MiddlewareError
    from ._errors import MiddlewareOrderError as MiddlewareOrderError
    from ._errors import RouteError as RouteError
    from ._errors import WebError as WebError
    from ._errors import WebSocketDefinitionError as WebSocketDefinitionError
    from ._inline import CallNext as CallNext
    from ._order import MiddlewareStep as MiddlewareStep
    from ._pipeline import MiddlewarePipeline as MiddlewarePipeline
    from ._problems import ProblemDetails as ProblemDetails
    from ._problems import Problems as Problems
    from ._problems import problem as problem
    from ._router import Route as Route
    from ._router import Router as Router
    from ._websocket import WebSocketHandler as WebSocketHandler

__all__ = [
    "CallNext",
    "ErrorMap",
    "MiddlewareError",
    "MiddlewareOrderError",
    "MiddlewarePipeline",
    "MiddlewareStep",
    "ProblemDetails",
    "Problems",
    "Route",
    "RouteError",
    "Router",
    "WebError",
    "WebSocketDefinitionError",
    "WebSocketHandler",
    "__version__",
    "create_app",
    "problem",
]

__version__ = "0.1.0"

_WHERE = {
    "CallNext": "_inline",
    "ErrorMap": "_error_map",
    "MiddlewareError": "_errors",
    "MiddlewareOrderError": "_errors",
    "MiddlewarePipeline": "_pipeline",
    "MiddlewareStep": "_order",
    "ProblemDetails": "_problems",
    "Problems": "_problems",
    "Route": "_router",
    "RouteError": "_errors",
    "Router": "_router",
    "WebError": "_errors",
    "WebSocketDefinitionError": "_errors",
    "WebSocketHandler": "_websocket",
    "create_app": "_app",
    "problem": "_problems",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
