"""Detection of the optional libraries."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec


@cache
def has_opentelemetry() -> bool:
    """Return whether OpenTelemetry's API can be imported; other distributions share its namespace."""
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.trace") is not None


@cache
def has_prometheus() -> bool:
    """Return whether Prometheus's client can be imported."""
    return find_spec("prometheus_client") is not None
