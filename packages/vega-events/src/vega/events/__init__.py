"""Typed domain events and an in-process bus that loses nothing.

>>> from vega.events import Event, EventBus, subscribe
"""

from ._bus.bus import EventBus
from ._bus.capture import CapturedEvents
from ._bus.current import get_event_bus, set_event_bus, use_event_bus
from ._bus.decorators import event_handler, subscribe
from ._bus.delivery import ErrorHook
from ._bus.publisher import Defer, current_event
from ._errors import (
    BackoffError,
    DrainError,
    EventDataError,
    EventDefinitionError,
    EventError,
    EventTypeError,
    HandlerError,
    InvalidInstantError,
    MiddlewareError,
    SubscriptionError,
    UpcastError,
)
from ._event.event import Event
from ._event.identity import uuid7
from ._event.sources import set_event_sources
from ._handlers.backoff import Backoff
from ._handlers.failures import EventHandlerErrors, HandlerFailure
from ._handlers.subscription import Handler, Invoke, Phase
from ._middleware.chain import CallNext, EventContext, EventMiddleware, Mode
from ._middleware.enrichment import EnrichmentEventMiddleware
from ._middleware.logging import LoggingEventMiddleware
from ._middleware.metrics import EventMetrics, MetricsEventMiddleware
from ._middleware.validation import ValidationEventMiddleware

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
    "InvalidInstantError",
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
    "set_event_sources",
    "subscribe",
    "use_event_bus",
    "uuid7",
]

__version__ = "0.1.0"
