"""Prometheus counters, gauges and histograms; without effect unless the client is installed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Final, final
from weakref import WeakKeyDictionary

from .._errors import TelemetryError
from . import _libraries

if TYPE_CHECKING:  # the library loads at the first measurement
    from prometheus_client import CollectorRegistry

# from 0.5 ms (a use case in memory) to 60 s (a long job), in seconds
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_known: WeakKeyDictionary[Any, dict[str, tuple[type, tuple[str, ...], Any]]] = WeakKeyDictionary()
_lock = Lock()


class _Instrument:
    """The base of the instruments: wraps a metric of the library, created at the first measurement.

    Args:
        name: letters, digits and underscores, with the unit, such as `shop_orders_total`.
        help: a line that describes the metric.
        labels: the names of labels; keep the number of distinct values small.
        registry: a registry of prometheus_client; the default registry when None.

    Raises:
        TelemetryError: at the first measurement, when the name is taken by a metric of another type or with other
            labels; at any measurement, when the labels differ from the declared ones.
    """

    __slots__ = ("_help", "_labels", "_metric", "_name", "_options", "_registry")

    _sort: ClassVar[str]

    def __init__(
        self, name: str, help: str, *, labels: Sequence[str] = (), registry: CollectorRegistry | None = None
    ) -> None:
        self._name, self._help, self._labels, self._registry = name, help, tuple(labels), registry
        self._options: dict[str, Any] = {}
        self._metric: Any = None

    def _measured(self, labels: Mapping[str, str]) -> Any:
        """Return the library's metric for these labels; None without the library."""
        if self._metric is None:
            if not _libraries.has_prometheus():
                return None
            self._metric = self._make()
        if not self._labels and not labels:
            return self._metric
        try:
            return self._metric.labels(**labels)
        except ValueError as error:
            raise TelemetryError(
                f"{self._name} has the labels {list(self._labels)}, not {list(labels)}",
                self._name,
                "give each declared label and no others",
            ) from error

    def _make(self) -> Any:
        import prometheus_client

        registry = self._registry if self._registry is not None else prometheus_client.REGISTRY
        signature = type(self), self._labels
        with _lock:
            metrics = _known.setdefault(registry, {})
            if self._name in metrics:
                *made_as, metric = metrics[self._name]
                if tuple(made_as) != signature:
                    raise self._taken()
                return metric
            try:
                metric = getattr(prometheus_client, self._sort)(
                    self._name, self._help, self._labels, registry=registry, **self._options
                )
            except ValueError as error:
                raise self._taken() from error
            metrics[self._name] = (*signature, metric)
            return metric

    def _taken(self) -> TelemetryError:
        return TelemetryError(
            f"the name {self._name!r} is invalid, or taken by another metric",
            self._name,
            "use letters, digits and underscores; a name has one type of metric and one set of labels",
        )


@final
class Counter(_Instrument):
    """A count that only increases; see `Gauge` for values that also decrease.

    >>> orders = Counter("shop_orders_total", "Orders placed.", labels=["channel"])
    >>> orders.add(channel="web")
    """

    __slots__ = ()

    _sort = "Counter"

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """Increase the count by an amount of at least 0."""
        metric = self._measured(labels)
        if metric is not None:
            metric.inc(amount)


@final
class Gauge(_Instrument):
    """A value that can increase and decrease, such as the number of open connections."""

    __slots__ = ()

    _sort = "Gauge"

    def set(self, value: float, /, **labels: str) -> None:
        """Set the value."""
        metric = self._measured(labels)
        if metric is not None:
            metric.set(value)

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """Change the value by an amount, possibly negative."""
        metric = self._measured(labels)
        if metric is not None:
            metric.inc(amount)


@final
class Histogram(_Instrument):
    """The distribution of a value, such as a duration.

    Args:
        name: as for every metric; with the unit, such as `shop_checkout_seconds`.
        help: a line that describes the metric.
        labels: the names of labels.
        buckets: upper bounds, ascending; by default from 0.5 ms to 60 s for values in seconds.
        registry: a registry of prometheus_client; the default registry when None.
    """

    __slots__ = ()

    _sort = "Histogram"

    def __init__(
        self,
        name: str,
        help: str,
        *,
        labels: Sequence[str] = (),
        buckets: Sequence[float] = SECONDS,
        registry: CollectorRegistry | None = None,
    ) -> None:
        super().__init__(name, help, labels=labels, registry=registry)
        self._options = {"buckets": tuple(buckets)}

    def observe(self, value: float, /, **labels: str) -> None:
        """Record a value."""
        metric = self._measured(labels)
        if metric is not None:
            metric.observe(value)


def metrics_page(registry: CollectorRegistry | None = None) -> tuple[bytes, str]:
    """Return the exposition for Prometheus, and its content type.

    With `PROMETHEUS_MULTIPROC_DIR` set, the values of all processes with that directory are summed.

    Args:
        registry: a registry of prometheus_client; the default registry when None.

    Raises:
        TelemetryError: the client is not installed.
    """
    if not _libraries.has_prometheus():
        raise TelemetryError("prometheus_client is not installed", "metrics_page", "install vega-core[prometheus]")
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

    shown = registry if registry is not None else REGISTRY
    if registry is None and os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shown = CollectorRegistry()
        multiprocess.MultiProcessCollector(shown)  # type: ignore[no-untyped-call] # untyped in the library
    return generate_latest(shown), CONTENT_TYPE_LATEST
