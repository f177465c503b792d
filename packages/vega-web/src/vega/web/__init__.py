"""HTTP and WebSocket delivery of use cases on FastAPI."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._app import create_app as create_app
    from ._error_map import ErrorMap as ErrorMap
    from ._errors import BackplaneError as BackplaneError
    from ._errors import ForbiddenError as ForbiddenError
    from ._errors import KeysUnavailableError as KeysUnavailableError
    from ._errors import MessageKindError as MessageKindError
    from ._errors import MiddlewareError as MiddlewareError
    from ._errors import MiddlewareOrderError as MiddlewareOrderError
    from ._errors import RouteError as RouteError
    from ._errors import UnauthenticatedError as UnauthenticatedError
    from ._errors import WebError as WebError
    from ._errors import WebSocketDefinitionError as WebSocketDefinitionError
    from ._filtering import FilterParameters as FilterParameters
    from ._filtering import PageRequest as PageRequest
    from ._filtering import paging as paging
    from ._health import Health as Health
    from ._inline import CallNext as CallNext
    from ._limits import Limit as Limit
    from ._middleware._access_log import RequestLoggingMiddleware as RequestLoggingMiddleware
    from ._middleware._authentication import AuthenticationMiddleware as AuthenticationMiddleware
    from ._middleware._authentication import AuthenticationScheme as AuthenticationScheme
    from ._middleware._authorization import AuthorizationMiddleware as AuthorizationMiddleware
    from ._middleware._body_limit import BodyLimitMiddleware as BodyLimitMiddleware
    from ._middleware._compression import CompressionMiddleware as CompressionMiddleware
    from ._middleware._cors import CORSMiddleware as CORSMiddleware
    from ._middleware._debug import DebugMiddleware as DebugMiddleware
    from ._middleware._etag import ETagMiddleware as ETagMiddleware
    from ._middleware._hosts import TrustedHostMiddleware as TrustedHostMiddleware
    from ._middleware._hosts import TrustedProxyMiddleware as TrustedProxyMiddleware
    from ._middleware._idempotency import IdempotencyMiddleware as IdempotencyMiddleware
    from ._middleware._metrics import MetricsMiddleware as MetricsMiddleware
    from ._middleware._rate_limit import RateLimitingMiddleware as RateLimitingMiddleware
    from ._middleware._request_id import RequestIdMiddleware as RequestIdMiddleware
    from ._middleware._request_id import TraceContext as TraceContext
    from ._middleware._request_id import request_id as request_id
    from ._middleware._security_headers import SecurityHeadersMiddleware as SecurityHeadersMiddleware
    from ._middleware._timeout import TimeoutMiddleware as TimeoutMiddleware
    from ._order import MiddlewareStep as MiddlewareStep
    from ._pipeline import MiddlewarePipeline as MiddlewarePipeline
    from ._principal import Policy as Policy
    from ._principal import Principal as Principal
    from ._principal import anybody as anybody
    from ._principal import authenticated as authenticated
    from ._principal import authorize as authorize
    from ._principal import current_principal as current_principal
    from ._principal import has_role as has_role
    from ._principal import has_scope as has_scope
    from ._principal import nobody as nobody
    from ._principal import requires as requires
    from ._problems import ProblemDetails as ProblemDetails
    from ._problems import Problems as Problems
    from ._problems import problem as problem
    from ._redis_store import RedisStore as RedisStore
    from ._route import Route as Route
    from ._router import Router as Router
    from ._schemes._api_keys import ApiKeys as ApiKeys
    from ._schemes._bearer import BearerTokens as BearerTokens
    from ._schemes._jwks import JwkSet as JwkSet
    from ._schemes._sessions import SessionCookies as SessionCookies
    from ._sockets._coalescing import coalesce as coalesce
    from ._sockets._handler import WebSocketHandler as WebSocketHandler
    from ._sockets._install import add_websocket as add_websocket
    from ._sockets._redis_backplane import RedisBackplane as RedisBackplane
    from ._sockets._rooms import Backplane as Backplane
    from ._sockets._rooms import MemoryBackplane as MemoryBackplane
    from ._sockets._rooms import Rooms as Rooms
    from ._sse import EventStream as EventStream
    from ._sse import ServerSentEvent as ServerSentEvent

__all__ = [
    "ApiKeys",
    "AuthenticationMiddleware",
    "AuthenticationScheme",
    "AuthorizationMiddleware",
    "Backplane",
    "BackplaneError",
    "BearerTokens",
    "BodyLimitMiddleware",
    "CORSMiddleware",
    "CallNext",
    "CompressionMiddleware",
    "DebugMiddleware",
    "ETagMiddleware",
    "ErrorMap",
    "EventStream",
    "FilterParameters",
    "ForbiddenError",
    "Health",
    "IdempotencyMiddleware",
    "JwkSet",
    "KeysUnavailableError",
    "Limit",
    "MemoryBackplane",
    "MessageKindError",
    "MetricsMiddleware",
    "MiddlewareError",
    "MiddlewareOrderError",
    "MiddlewarePipeline",
    "MiddlewareStep",
    "PageRequest",
    "Policy",
    "Principal",
    "ProblemDetails",
    "Problems",
    "RateLimitingMiddleware",
    "RedisBackplane",
    "RedisStore",
    "RequestIdMiddleware",
    "RequestLoggingMiddleware",
    "Rooms",
    "Route",
    "RouteError",
    "Router",
    "SecurityHeadersMiddleware",
    "ServerSentEvent",
    "SessionCookies",
    "TimeoutMiddleware",
    "TraceContext",
    "TrustedHostMiddleware",
    "TrustedProxyMiddleware",
    "UnauthenticatedError",
    "WebError",
    "WebSocketDefinitionError",
    "WebSocketHandler",
    "__version__",
    "add_websocket",
    "anybody",
    "authenticated",
    "authorize",
    "coalesce",
    "create_app",
    "current_principal",
    "has_role",
    "has_scope",
    "nobody",
    "paging",
    "problem",
    "request_id",
    "requires",
]

__version__ = "0.1.0"

_WHERE = {
    "ApiKeys": "_schemes._api_keys",
    "AuthenticationMiddleware": "_middleware._authentication",
    "AuthenticationScheme": "_middleware._authentication",
    "AuthorizationMiddleware": "_middleware._authorization",
    "Backplane": "_sockets._rooms",
    "BackplaneError": "_errors",
    "BearerTokens": "_schemes._bearer",
    "BodyLimitMiddleware": "_middleware._body_limit",
    "CORSMiddleware": "_middleware._cors",
    "CallNext": "_inline",
    "CompressionMiddleware": "_middleware._compression",
    "DebugMiddleware": "_middleware._debug",
    "ETagMiddleware": "_middleware._etag",
    "ErrorMap": "_error_map",
    "EventStream": "_sse",
    "FilterParameters": "_filtering",
    "ForbiddenError": "_errors",
    "Health": "_health",
    "IdempotencyMiddleware": "_middleware._idempotency",
    "JwkSet": "_schemes._jwks",
    "KeysUnavailableError": "_errors",
    "Limit": "_limits",
    "MemoryBackplane": "_sockets._rooms",
    "MessageKindError": "_errors",
    "MetricsMiddleware": "_middleware._metrics",
    "MiddlewareError": "_errors",
    "MiddlewareOrderError": "_errors",
    "MiddlewarePipeline": "_pipeline",
    "MiddlewareStep": "_order",
    "PageRequest": "_filtering",
    "Policy": "_principal",
    "Principal": "_principal",
    "ProblemDetails": "_problems",
    "Problems": "_problems",
    "RateLimitingMiddleware": "_middleware._rate_limit",
    "RedisBackplane": "_sockets._redis_backplane",
    "RedisStore": "_redis_store",
    "RequestIdMiddleware": "_middleware._request_id",
    "RequestLoggingMiddleware": "_middleware._access_log",
    "Rooms": "_sockets._rooms",
    "Route": "_route",
    "RouteError": "_errors",
    "Router": "_router",
    "SecurityHeadersMiddleware": "_middleware._security_headers",
    "ServerSentEvent": "_sse",
    "SessionCookies": "_schemes._sessions",
    "TimeoutMiddleware": "_middleware._timeout",
    "TraceContext": "_middleware._request_id",
    "TrustedHostMiddleware": "_middleware._hosts",
    "TrustedProxyMiddleware": "_middleware._hosts",
    "UnauthenticatedError": "_errors",
    "WebError": "_errors",
    "WebSocketDefinitionError": "_errors",
    "WebSocketHandler": "_sockets._handler",
    "add_websocket": "_sockets._install",
    "anybody": "_principal",
    "authenticated": "_principal",
    "authorize": "_principal",
    "coalesce": "_sockets._coalescing",
    "create_app": "_app",
    "current_principal": "_principal",
    "has_role": "_principal",
    "has_scope": "_principal",
    "nobody": "_principal",
    "paging": "_filtering",
    "problem": "_problems",
    "request_id": "_middleware._request_id",
    "requires": "_principal",
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
