"""Middleware: the pipeline, the classes shipped with vega-web, and their errors.

The objects are those of `vega.web`, sorted by topic.
"""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import MiddlewareError, MiddlewareOrderError
    from ._middleware.diagnostics.access_log import RequestLoggingMiddleware
    from ._middleware.diagnostics.debug import DebugMiddleware
    from ._middleware.diagnostics.metrics import MetricsMiddleware
    from ._middleware.diagnostics.request_id import RequestIdMiddleware, TraceContext, request_id
    from ._middleware.headers.compression import CompressionMiddleware
    from ._middleware.headers.cors import CORSMiddleware
    from ._middleware.headers.etag import ETagMiddleware
    from ._middleware.headers.hosts import TrustedHostMiddleware, TrustedProxyMiddleware
    from ._middleware.headers.security_headers import SecurityHeadersMiddleware
    from ._middleware.identity.authentication import AuthenticationMiddleware
    from ._middleware.identity.authorization import AuthorizationMiddleware
    from ._middleware.limits.body_limit import BodyLimitMiddleware
    from ._middleware.limits.idempotency import IdempotencyMiddleware
    from ._middleware.limits.rate_limit import RateLimitingMiddleware
    from ._middleware.limits.timeout import TimeoutMiddleware
    from ._pipeline.inline import CallNext
    from ._pipeline.order import MiddlewareStep
    from ._pipeline.pipeline import MiddlewarePipeline
    from ._problems.problems import Problems
    from ._stores.rate_limits import Limit

__all__ = [
    "AuthenticationMiddleware",
    "AuthorizationMiddleware",
    "BodyLimitMiddleware",
    "CORSMiddleware",
    "CallNext",
    "CompressionMiddleware",
    "DebugMiddleware",
    "ETagMiddleware",
    "IdempotencyMiddleware",
    "Limit",
    "MetricsMiddleware",
    "MiddlewareError",
    "MiddlewareOrderError",
    "MiddlewarePipeline",
    "MiddlewareStep",
    "Problems",
    "RateLimitingMiddleware",
    "RequestIdMiddleware",
    "RequestLoggingMiddleware",
    "SecurityHeadersMiddleware",
    "TimeoutMiddleware",
    "TraceContext",
    "TrustedHostMiddleware",
    "TrustedProxyMiddleware",
    "request_id",
]

_WHERE = {
    "AuthenticationMiddleware": "_middleware.identity.authentication",
    "AuthorizationMiddleware": "_middleware.identity.authorization",
    "BodyLimitMiddleware": "_middleware.limits.body_limit",
    "CORSMiddleware": "_middleware.headers.cors",
    "CallNext": "_pipeline.inline",
    "CompressionMiddleware": "_middleware.headers.compression",
    "DebugMiddleware": "_middleware.diagnostics.debug",
    "ETagMiddleware": "_middleware.headers.etag",
    "IdempotencyMiddleware": "_middleware.limits.idempotency",
    "Limit": "_stores.rate_limits",
    "MetricsMiddleware": "_middleware.diagnostics.metrics",
    "MiddlewareError": "_errors",
    "MiddlewareOrderError": "_errors",
    "MiddlewarePipeline": "_pipeline.pipeline",
    "MiddlewareStep": "_pipeline.order",
    "Problems": "_problems.problems",
    "RateLimitingMiddleware": "_middleware.limits.rate_limit",
    "RequestIdMiddleware": "_middleware.diagnostics.request_id",
    "RequestLoggingMiddleware": "_middleware.diagnostics.access_log",
    "SecurityHeadersMiddleware": "_middleware.headers.security_headers",
    "TimeoutMiddleware": "_middleware.limits.timeout",
    "TraceContext": "_middleware.diagnostics.request_id",
    "TrustedHostMiddleware": "_middleware.headers.hosts",
    "TrustedProxyMiddleware": "_middleware.headers.hosts",
    "request_id": "_middleware.diagnostics.request_id",
}

lazy_names(__name__, _WHERE)
