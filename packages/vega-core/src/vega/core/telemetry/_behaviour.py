"""The telemetry of use cases: a span, a count and a duration each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, final

from ._metrics import Counter, Histogram
from ._outcomes import outcome_of
from ._tracing import Value, span

if TYPE_CHECKING:  # used in annotations only
    from prometheus_client import CollectorRegistry


@final
class TelemetryBehaviour:
    """Traces, counts and times use cases; pass it to `set_behaviours`, or to a class's `behaviours`.

    Spans are named after the class. The metrics are `vega_use_cases_total` and `vega_use_case_seconds`, by `use_case`
    (the class) and `outcome` (`ok`, `cancelled`, or an `ErrorKind`). Input and result are never recorded.

    Args:
        registry: a registry of prometheus_client; the default registry when None.
    """

    order = -100

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        labels = ("use_case", "outcome")
        self._count = Counter("vega_use_cases_total", "Use cases run.", labels=labels, registry=registry)
        self._seconds = Histogram(
            "vega_use_case_seconds", "Time that use cases took, in seconds.", labels=labels, registry=registry
        )

    async def __call__(self, use_case: Any, call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run a use case and record the outcome."""
        kind: Any = use_case.__class__
        attributes: dict[str, Value] = {
            "vega.use_case": f"{kind.__module__}.{kind.__qualname__}",
            "vega.read_only": kind.read_only,
        }
        started, failure = time.perf_counter(), None
        try:
            with span(kind.__qualname__, attributes=attributes):
                return await call_next()
        except BaseException as error:
            failure = error
            raise
        finally:
            labels = {"use_case": kind.__qualname__, "outcome": outcome_of(failure)}
            self._count.add(**labels)
            self._seconds.observe(time.perf_counter() - started, **labels)
            failure = None  # breaks the reference cycle between the error and this frame
