"""Counts events and times their handling, in bounded memory."""

from __future__ import annotations

import threading
import time
from typing import TypedDict, final

from .chain import CallNext, EventContext

_OTHER = "(other)"


class EventMetrics(TypedDict):
    """The metrics of an event name; times in seconds, failed events included."""

    count: int
    errors: int
    total_seconds: float
    min_seconds: float
    max_seconds: float
    avg_seconds: float


@final
class MetricsEventMiddleware:
    """Counts events by name, with errors and times, failed events included.

    Args:
        max_names: the number of separate names, 1 or more; further names are counted together as `(other)`.
    """

    def __init__(self, *, max_names: int = 1000) -> None:
        self._max_names, self._lock = max_names, threading.Lock()
        self._rows: dict[str, EventMetrics] = {}

    async def __call__(self, context: EventContext, call_next: CallNext) -> None:
        """Pass the event on, and count the result."""
        started, failed = time.perf_counter(), True
        try:
            await call_next(context)
            failed = False
        finally:
            self._count(context.event.event_name, failed, time.perf_counter() - started)

    def get_metrics(self) -> dict[str, EventMetrics]:
        """Return a copy of the metrics, by event name."""
        with self._lock:
            return {name: row.copy() for name, row in self._rows.items()}

    def reset(self) -> None:
        """Delete all metrics."""
        with self._lock:
            self._rows.clear()

    def _count(self, name: str, failed: bool, seconds: float) -> None:
        with self._lock:
            row = self._rows.get(name) or self._new_row(name)
            row["count"] += 1
            row["errors"] += failed
            row["total_seconds"] += seconds
            row["min_seconds"] = min(row["min_seconds"], seconds) if row["count"] > 1 else seconds
            row["max_seconds"] = max(row["max_seconds"], seconds)
            row["avg_seconds"] = row["total_seconds"] / row["count"]

    def _new_row(self, name: str) -> EventMetrics:
        if len(self._rows) >= self._max_names:
            name = _OTHER
        empty = EventMetrics(count=0, errors=0, total_seconds=0.0, min_seconds=0.0, max_seconds=0.0, avg_seconds=0.0)
        return self._rows.setdefault(name, empty)
