"""HTTP and WebSocket delivery of use cases on FastAPI."""

from typing import TYPE_CHECKING

from vega.core.facades import lazy_names

if TYPE_CHECKING:
    from ._app.app import create_app as create_app
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
    from ._lifecycle.health import Health as Health
    from ._middleware.diagnostics.access_log import RequestLoggingMiddleware as RequestLoggingMiddleware
    from ._middleware.diagnostics.debug import DebugMiddleware as DebugMiddleware
    from ._middleware.diagnostics.metrics import MetricsMiddleware as MetricsMiddleware
    from ._middleware.diagnostics.request_id import RequestIdMiddleware as RequestIdMiddleware
    from ._middleware.diagnostics.request_id import TraceContext as TraceContext
    from ._middleware.diagnostics.request_id import request_id as request_id
    from ._middleware.headers.compression import CompressionMiddleware as CompressionMiddleware
    from ._middleware.headers.cors import CORSMiddleware as CORSMiddleware
    from ._middleware.headers.etag import ETagMiddleware as ETagMiddleware
    from ._middleware.headers.hosts import TrustedHostMiddleware as TrustedHostMiddleware
    from ._middleware.headers.hosts import TrustedProxyMiddleware as TrustedProxyMiddleware
    from ._middleware.headers.security_headers import SecurityHeadersMiddleware as SecurityHeadersMiddleware
    from ._middleware.identity.authentication import AuthenticationMiddleware as AuthenticationMiddleware
    from ._middleware.identity.authentication import AuthenticationScheme as AuthenticationScheme
    from ._middleware.identity.authorization import AuthorizationMiddleware as AuthorizationMiddleware
    from ._middleware.limits.body_limit import BodyLimitMiddleware as BodyLimitMiddleware
    from ._middleware.limits.idempotency import IdempotencyMiddleware as IdempotencyMiddleware
    from ._middleware.limits.rate_limit import RateLimitingMiddleware as RateLimitingMiddleware
    from ._middleware.limits.timeout import TimeoutMiddleware as TimeoutMiddleware
    from ._pipeline.inline import CallNext as CallNext
    from ._pipeline.order import MiddlewareStep as MiddlewareStep
    from ._pipeline.pipeline import MiddlewarePipeline as MiddlewarePipeline
    from ._problems.error_map import ErrorMap as ErrorMap
    from ._problems.problems import ProblemDetails as ProblemDetails
    from ._problems.problems import Problems as Problems
    from ._problems.problems import problem as problem
    from ._routing.event_stream import EventStream as EventStream
    from ._routing.event_stream import ServerSentEvent as ServerSentEvent
    from ._routing.filter_parameters import FilterParameters as FilterParameters
    from ._routing.filter_parameters import PageRequest as PageRequest
    from ._routing.filter_parameters import paging as paging
    from ._routing.route import Route as Route
    from ._routing.router import Router as Router
    from ._security.api_keys import ApiKeys as ApiKeys
    from ._security.bearer import BearerTokens as BearerTokens
    from ._security.jwks import JwkSet as JwkSet
    from ._security.principal import Policy as Policy
    from ._security.principal import Principal as Principal
    from ._security.principal import anybody as anybody
    from ._security.principal import authenticated as authenticated
    from ._security.principal import authorize as authorize
    from ._security.principal import current_principal as current_principal
    from ._security.principal import has_role as has_role
    from ._security.principal import has_scope as has_scope
    from ._security.principal import nobody as nobody
    from ._security.principal import requires as requires
    from ._security.sessions import SessionCookies as SessionCookies
    from ._sockets.coalescing import coalesce as coalesce
    from ._sockets.handler import WebSocketHandler as WebSocketHandler
    from ._sockets.install import add_websocket as add_websocket
    from ._sockets.redis_backplane import RedisBackplane as RedisBackplane
    from ._sockets.rooms import Backplane as Backplane
    from ._sockets.rooms import MemoryBackplane as MemoryBackplane
    from ._sockets.rooms import Rooms as Rooms
    from ._stores.rate_limits import Limit as Limit
    from ._stores.redis_store import RedisStore as RedisStore

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
    "ApiKeys": "_security.api_keys",
    "AuthenticationMiddleware": "_middleware.identity.authentication",
    "AuthenticationScheme": "_middleware.identity.authentication",
    "AuthorizationMiddleware": "_middleware.identity.authorization",
    "Backplane": "_sockets.rooms",
    "BackplaneError": "_errors",
    "BearerTokens": "_security.bearer",
    "BodyLimitMiddleware": "_middleware.limits.body_limit",
    "CORSMiddleware": "_middleware.headers.cors",
    "CallNext": "_pipeline.inline",
    "CompressionMiddleware": "_middleware.headers.compression",
    "DebugMiddleware": "_middleware.diagnostics.debug",
    "ETagMiddleware": "_middleware.headers.etag",
    "ErrorMap": "_problems.error_map",
    "EventStream": "_routing.event_stream",
    "FilterParameters": "_routing.filter_parameters",
    "ForbiddenError": "_errors",
    "Health": "_lifecycle.health",
    "IdempotencyMiddleware": "_middleware.limits.idempotency",
    "JwkSet": "_security.jwks",
    "KeysUnavailableError": "_errors",
    "Limit": "_stores.rate_limits",
    "MemoryBackplane": "_sockets.rooms",
    "MessageKindError": "_errors",
    "MetricsMiddleware": "_middleware.diagnostics.metrics",
    "MiddlewareError": "_errors",
    "MiddlewareOrderError": "_errors",
    "MiddlewarePipeline": "_pipeline.pipeline",
    "MiddlewareStep": "_pipeline.order",
    "PageRequest": "_routing.filter_parameters",
    "Policy": "_security.principal",
    "Principal": "_security.principal",
    "ProblemDetails": "_problems.problems",
    "Problems": "_problems.problems",
    "RateLimitingMiddleware": "_middleware.limits.rate_limit",
    "RedisBackplane": "_sockets.redis_backplane",
    "RedisStore": "_stores.redis_store",
    "RequestIdMiddleware": "_middleware.diagnostics.request_id",
    "RequestLoggingMiddleware": "_middleware.diagnostics.access_log",
    "Rooms": "_sockets.rooms",
    "Route": "_routing.route",
    "RouteError": "_errors",
    "Router": "_routing.router",
    "SecurityHeadersMiddleware": "_middleware.headers.security_headers",
    "ServerSentEvent": "_routing.event_stream",
    "SessionCookies": "_security.sessions",
    "TimeoutMiddleware": "_middleware.limits.timeout",
    "TraceContext": "_middleware.diagnostics.request_id",
    "TrustedHostMiddleware": "_middleware.headers.hosts",
    "TrustedProxyMiddleware": "_middleware.headers.hosts",
    "UnauthenticatedError": "_errors",
    "WebError": "_errors",
    "WebSocketDefinitionError": "_errors",
    "WebSocketHandler": "_sockets.handler",
    "add_websocket": "_sockets.install",
    "anybody": "_security.principal",
    "authenticated": "_security.principal",
    "authorize": "_security.principal",
    "coalesce": "_sockets.coalescing",
    "create_app": "_app.app",
    "current_principal": "_security.principal",
    "has_role": "_security.principal",
    "has_scope": "_security.principal",
    "nobody": "_security.principal",
    "paging": "_routing.filter_parameters",
    "problem": "_problems.problems",
    "request_id": "_middleware.diagnostics.request_id",
    "requires": "_security.principal",
}

lazy_names(__name__, _WHERE)
