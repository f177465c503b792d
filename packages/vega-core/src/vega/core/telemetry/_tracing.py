"""OpenTelemetry spans, and the trace context for other processes."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, final

from . import _libraries

if TYPE_CHECKING:  # the library loads at the first span
    from opentelemetry import trace

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Value: TypeAlias = str | bool | int | float | Sequence[str] | Sequence[bool] | Sequence[int] | Sequence[float]


@final
class Span:
    """The open span; without a tracer all calls are ignored."""

    __slots__ = ("_inner",)

    def __init__(self, inner: trace.Span | None = None) -> None:
        self._inner = inner

    @property
    def is_recording(self) -> bool:
        """Whether the span is recorded: check before computing costly attributes."""
        return self._inner is not None and self._inner.is_recording()

    def set(self, name: str, value: Value) -> None:
        """Set an attribute, such as `http.route`."""
        if self._inner is not None:
            self._inner.set_attribute(name, value)

    def event(self, name: str, attributes: Mapping[str, Value] | None = None) -> None:
        """Add an event with the current time."""
        if self._inner is not None:
            self._inner.add_event(name, attributes)

    def rename(self, name: str) -> None:
        """Rename the span, such as to the route once known."""
        if self._inner is not None:
            self._inner.update_name(name)


_SILENT = Span()


def span(
    name: str,
    *,
    kind: Kind = "internal",
    attributes: Mapping[str, Value] | None = None,
    parent: Mapping[str, str] | None = None,
) -> AbstractContextManager[Span]:
    """Open a span for the duration of a `with` block; an error inside marks the span as failed and propagates.

    Without OpenTelemetry the function costs a call and does nothing.

    Args:
        name: a name of low cardinality, such as a use case's class; variable parts belong in the attributes.
        kind: the relation of the work to other processes.
        attributes: attributes known at the start, by full dotted name.
        parent: the `trace_context` of the caller; the current span when None.

    >>> with span("price the order", attributes={"order.lines": 3}) as opened:
    ...     opened.set("order.total", "12.50")
    """
    if not _libraries.has_opentelemetry():
        return nullcontext(_SILENT)
    return _open(name, kind, attributes, parent)


@contextmanager
def _open(
    name: str, kind: Kind, attributes: Mapping[str, Value] | None, parent: Mapping[str, str] | None
) -> Generator[Span]:
    from opentelemetry import propagate, trace

    context = propagate.extract(parent) if parent else None
    as_kind = trace.SpanKind[kind.upper()]
    with _tracer().start_as_current_span(name, context=context, kind=as_kind, attributes=attributes) as inner:
        yield Span(inner)


@cache
def _tracer() -> trace.Tracer:
    """Return OpenTelemetry's proxy tracer, which follows a provider set later."""
    from importlib.metadata import version  # loads a mail parser, which other uses of this module do without

    from opentelemetry import trace

    return trace.get_tracer("vega", version("vega-core"))


def trace_context() -> dict[str, str]:
    """Return the context of the open trace, to send along: `traceparent` and related headers.

    The format is W3C Trace Context, or as set by `OTEL_PROPAGATORS`. Empty if no trace is open or OpenTelemetry is not
    installed.
    """
    carrier: dict[str, str] = {}
    if _libraries.has_opentelemetry():
        from opentelemetry import propagate

        propagate.inject(carrier)
    return carrier


def current_ids() -> tuple[str, str] | None:
    """Return trace id and span id of the open span in hexadecimal digits, 32 and 16; None without a span."""
    if not _libraries.has_opentelemetry():
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None
