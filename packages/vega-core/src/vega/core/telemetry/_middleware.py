"""The telemetry of events: a span, a count and a duration per publish, and the trace context in the metadata."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, final

from vega.events import Event, EventContext

from ._metrics import Counter, Histogram
from ._outcomes import outcome_of
from ._tracing import span, trace_context

if TYPE_CHECKING:  # used in annotations only
    from prometheus_client import CollectorRegistry

_TRACE = "trace"


@final
class TelemetryMiddleware:
    """Traces, counts and times events; pass it to `bus.add_middleware`, before other middleware.

    Spans are named `publish` and the event. The trace context travels as `metadata["trace"]`: an event delivered from
    an outbox continues the trace of its publish. The metrics are `vega_events_total` and `vega_event_seconds`, by
    `event` and `outcome` (`ok`, `stopped` by a middleware, `cancelled`, or an `ErrorKind`). Fields are never recorded.

    Args:
        registry: a registry of prometheus_client; the default registry when None.
    """

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        labels = ("event", "outcome")
        self._count = Counter("vega_events_total", "Events published.", labels=labels, registry=registry)
        self._seconds = Histogram(
            "vega_event_seconds", "Time that handling events took, in seconds.", labels=labels, registry=registry
        )

    async def __call__(self, context: EventContext, call_next: Callable[[EventContext], Awaitable[None]]) -> None:
        """Pass an event on and record the outcome."""
        event = context.event
        attributes = {"messaging.operation.name": "publish", "vega.event": event.event_name}
        started, failure = time.perf_counter(), None
        try:
            with span(f"publish {event.event_name}", kind="producer", attributes=attributes, parent=_origin(event)):
                identity = trace_context()
                if identity:
                    event.add_metadata(_TRACE, identity)
                await call_next(context)
        except BaseException as error:
            failure = error
            raise
        finally:
            outcome = "stopped" if failure is None and context.stopped is not None else outcome_of(failure)
            self._count.add(event=event.event_name, outcome=outcome)
            self._seconds.observe(time.perf_counter() - started, event=event.event_name, outcome=outcome)
            failure = None  # breaks the reference cycle between the error and this frame


def _origin(event: Event) -> Mapping[str, str] | None:
    """Return the trace context of the event's earlier publish, unless a trace is open here."""
    origin: Mapping[str, str] | None = event.metadata.get(_TRACE)
    return origin if isinstance(origin, Mapping) and not trace_context() else None
