"""Telemetry of an application: log fields, OpenTelemetry spans, Prometheus metrics.

Spans and metrics do nothing unless `vega-core[otel]` and `vega-core[prometheus]` are installed; both libraries are
imported on first use.
"""

from ._behaviour import TelemetryBehaviour
from ._logs import JsonFormatter, LogContextFilter, log_context
from ._metrics import Counter, Gauge, Histogram, metrics_page
from ._middleware import TelemetryMiddleware
from ._outcomes import outcome_of
from ._setup import TextFormatter, configure_logging
from ._tracing import Span, span, trace_context

__all__ = [
    "Counter",
    "Gauge",
    "Histogram",
    "JsonFormatter",
    "LogContextFilter",
    "Span",
    "TelemetryBehaviour",
    "TelemetryMiddleware",
    "TextFormatter",
    "configure_logging",
    "log_context",
    "metrics_page",
    "outcome_of",
    "span",
    "trace_context",
]
