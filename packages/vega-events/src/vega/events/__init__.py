"""Typed domain events and an in-process bus that loses nothing.

>>> from vega.events import Event, EventBus, subscribe
"""

from ._backoff import Backoff
from ._bus import EventBus
from ._capture import CapturedEvents
from ._current import get_event_bus, set_event_bus, use_event_bus
from ._decorators import event_handler, subscribe
from ._delivery import ErrorHook
from ._enrichment import EnrichmentEventMiddleware
from ._errors import (
    BackoffError,
    DrainError,
    EventDataError,
    EventDefinitionError,
    EventError,
    EventTypeError,
    HandlerError,
    MiddlewareError,
    SubscriptionError,
    UpcastError,
)
from ._event import Event
from ._failures import EventHandlerErrors, HandlerFailure
from ._logging import LoggingEventMiddleware
from ._metrics import EventMetrics, MetricsEventMiddleware
from ._middleware import CallNext, EventContext, EventMiddleware, Mode
from ._publisher import Defer, current_event
from ._subscription import Handler, Invoke, Phase
from ._validation import ValidationEventMiddleware

__all__ = [
    "Backoff",
    "BackoffError",
    "CallNext",
    "CapturedEvents",
    "Defer",
    "DrainError",
    "EnrichmentEventMiddleware",
    "ErrorHook",
    "Event",
    "EventBus",
    "EventContext",
    "EventDataError",
    "EventDefinitionError",
    "EventError",
    "EventHandlerErrors",
    "EventMetrics",
    "EventMiddleware",
    "EventTypeError",
    "Handler",
    "HandlerError",
    "HandlerFailure",
    "Invoke",
    "LoggingEventMiddleware",
    "MetricsEventMiddleware",
    "MiddlewareError",
    "Mode",
    "Phase",
    "SubscriptionError",
    "UpcastError",
    "ValidationEventMiddleware",
    "__version__",
    "current_event",
    "event_handler",
    "get_event_bus",
    "set_event_bus",
    "subscribe",
    "use_event_bus",
]

__version__ = "0.1.0"
