"""HTTP and WebSocket delivery of use cases on FastAPI.

The names of a first application and every error. The modules `vega.web.middleware`, `vega.web.security` and
`vega.web.websockets` export all names of a topic, including these.
"""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._app.app import create_app as create_app
    from ._errors import BackplaneError as BackplaneError
    from ._errors import ForbiddenError as ForbiddenError
    from ._errors import KeysUnavailableError as KeysUnavailableError
    from ._errors import MessageKindError as MessageKindError
    from ._errors import MiddlewareError as MiddlewareError
    from ._errors import MiddlewareOrderError as MiddlewareOrderError
    from ._errors import NotFiniteError as NotFiniteError
    from ._errors import RouteError as RouteError
    from ._errors import UnauthenticatedError as UnauthenticatedError
    from ._errors import WebError as WebError
    from ._errors import WebSocketDefinitionError as WebSocketDefinitionError
    from ._lifecycle.health import Health as Health
    from ._middleware.diagnostics.access_log import RequestLoggingMiddleware as RequestLoggingMiddleware
    from ._middleware.headers.compression import CompressionMiddleware as CompressionMiddleware
    from ._middleware.headers.cors import CORSMiddleware as CORSMiddleware
    from ._middleware.headers.etag import ETagMiddleware as ETagMiddleware
    from ._middleware.headers.hosts import TrustedProxyMiddleware as TrustedProxyMiddleware
    from ._middleware.identity.authentication import AuthenticationMiddleware as AuthenticationMiddleware
    from ._middleware.identity.authorization import AuthorizationMiddleware as AuthorizationMiddleware
    from ._middleware.limits.body_limit import BodyLimitMiddleware as BodyLimitMiddleware
    from ._middleware.limits.idempotency import IdempotencyMiddleware as IdempotencyMiddleware
    from ._middleware.limits.rate_limit import RateLimitingMiddleware as RateLimitingMiddleware
    from ._middleware.limits.timeout import TimeoutMiddleware as TimeoutMiddleware
    from ._paths import route_path as route_path
    from ._pipeline.inline import CallNext as CallNext
    from ._pipeline.pipeline import MiddlewarePipeline as MiddlewarePipeline
    from ._problems.error_map import ErrorMap as ErrorMap
    from ._problems.problems import ProblemDetails as ProblemDetails
    from ._problems.problems import problem as problem
    from ._routing.event_stream import EventStream as EventStream
    from ._routing.event_stream import ServerSentEvent as ServerSentEvent
    from ._routing.filter_parameters import FilterParameters as FilterParameters
    from ._routing.filter_parameters import PageRequest as PageRequest
    from ._routing.filter_parameters import paging as paging
    from ._routing.route import Route as Route
    from ._routing.router import Router as Router
    from ._security.api_keys import ApiKeys as ApiKeys
    from ._security.principal import Principal as Principal
    from ._security.principal import has_role as has_role
    from ._security.principal import requires as requires
    from ._sockets.handler import WebSocketHandler as WebSocketHandler
    from ._sockets.install import add_websocket as add_websocket
    from ._sockets.redis_backplane import RedisBackplane as RedisBackplane
    from ._sockets.rooms import Rooms as Rooms
    from ._stores.rate_limits import Limit as Limit
    from ._stores.redis_store import RedisStore as RedisStore

__all__ = [
    "ApiKeys",
    "AuthenticationMiddleware",
    "AuthorizationMiddleware",
    "BackplaneError",
    "BodyLimitMiddleware",
    "CORSMiddleware",
    "CallNext",
    "CompressionMiddleware",
    "ETagMiddleware",
    "ErrorMap",
    "EventStream",
    "FilterParameters",
    "ForbiddenError",
    "Health",
    "IdempotencyMiddleware",
    "KeysUnavailableError",
    "Limit",
    "MessageKindError",
    "MiddlewareError",
    "MiddlewareOrderError",
    "MiddlewarePipeline",
    "NotFiniteError",
    "PageRequest",
    "Principal",
    "ProblemDetails",
    "RateLimitingMiddleware",
    "RedisBackplane",
    "RedisStore",
    "RequestLoggingMiddleware",
    "Rooms",
    "Route",
    "RouteError",
    "Router",
    "ServerSentEvent",
    "TimeoutMiddleware",
    "TrustedProxyMiddleware",
    "UnauthenticatedError",
    "WebError",
    "WebSocketDefinitionError",
    "WebSocketHandler",
    "__version__",
    "add_websocket",
    "create_app",
    "has_role",
    "paging",
    "problem",
    "requires",
    "route_path",
]

__version__ = "0.1.0"

_WHERE = {
    "ApiKeys": "_security.api_keys",
    "AuthenticationMiddleware": "_middleware.identity.authentication",
    "AuthorizationMiddleware": "_middleware.identity.authorization",
    "BackplaneError": "_errors",
    "BodyLimitMiddleware": "_middleware.limits.body_limit",
    "CORSMiddleware": "_middleware.headers.cors",
    "CallNext": "_pipeline.inline",
    "CompressionMiddleware": "_middleware.headers.compression",
    "ETagMiddleware": "_middleware.headers.etag",
    "ErrorMap": "_problems.error_map",
    "EventStream": "_routing.event_stream",
    "FilterParameters": "_routing.filter_parameters",
    "ForbiddenError": "_errors",
    "Health": "_lifecycle.health",
    "IdempotencyMiddleware": "_middleware.limits.idempotency",
    "KeysUnavailableError": "_errors",
    "Limit": "_stores.rate_limits",
    "MessageKindError": "_errors",
    "MiddlewareError": "_errors",
    "MiddlewareOrderError": "_errors",
    "MiddlewarePipeline": "_pipeline.pipeline",
    "NotFiniteError": "_errors",
    "PageRequest": "_routing.filter_parameters",
    "Principal": "_security.principal",
    "ProblemDetails": "_problems.problems",
    "RateLimitingMiddleware": "_middleware.limits.rate_limit",
    "RedisBackplane": "_sockets.redis_backplane",
    "RedisStore": "_stores.redis_store",
    "RequestLoggingMiddleware": "_middleware.diagnostics.access_log",
    "Rooms": "_sockets.rooms",
    "Route": "_routing.route",
    "RouteError": "_errors",
    "Router": "_routing.router",
    "ServerSentEvent": "_routing.event_stream",
    "TimeoutMiddleware": "_middleware.limits.timeout",
    "TrustedProxyMiddleware": "_middleware.headers.hosts",
    "UnauthenticatedError": "_errors",
    "WebError": "_errors",
    "WebSocketDefinitionError": "_errors",
    "WebSocketHandler": "_sockets.handler",
    "add_websocket": "_sockets.install",
    "create_app": "_app.app",
    "has_role": "_security.principal",
    "paging": "_routing.filter_parameters",
    "problem": "_problems.problems",
    "requires": "_security.principal",
    "route_path": "_paths",
}

lazy_names(__name__, _WHERE)
