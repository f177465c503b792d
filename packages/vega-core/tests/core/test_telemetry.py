"""Telemetry: fields on log records, spans, metrics; and nothing at all where the libraries are missing."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry

from vega.core import TelemetryError
from vega.core.telemetry import (
    Counter,
    Gauge,
    Histogram,
    JsonFormatter,
    LogContextFilter,
    TelemetryBehaviour,
    TelemetryMiddleware,
    _libraries,
    log_context,
    metrics_page,
    outcome_of,
    span,
    trace_context,
)
from vega.errors import ErrorKind
from vega.events import Event, EventBus, EventContext
from vega.patterns import Interactor, set_behaviours

_exporter = InMemorySpanExporter()


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """OpenTelemetry takes one provider for the life of a process."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(_exporter))
        trace.set_tracer_provider(provider)
    _exporter.clear()
    yield _exporter
    _exporter.clear()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "has_opentelemetry", lambda: False)
    monkeypatch.setattr(_libraries, "has_prometheus", lambda: False)


class OutOfStockError(Exception):
    kind = ErrorKind.CONFLICT


@dataclass(frozen=True)
class Ship(Interactor[str]):
    order: str

    async def call(self) -> str:
        if self.order == "gone":
            raise OutOfStockError
        return self.order


@dataclass(frozen=True)
class Shipped(Event):
    order: str


async def run_ship(order: str, registry: CollectorRegistry | None = None) -> str:
    set_behaviours([TelemetryBehaviour(registry=registry)])
    return await Ship(order)


def test_a_use_case_becomes_a_span_a_count_and_a_duration(
    spans: InMemorySpanExporter, registry: CollectorRegistry
) -> None:
    assert asyncio.run(run_ship("1", registry)) == "1"

    (finished,) = spans.get_finished_spans()
    assert finished.name == "Ship"
    assert dict(finished.attributes or {}) == {"vega.use_case": f"{__name__}.Ship", "vega.read_only": False}
    labels = {"use_case": "Ship", "outcome": "ok"}
    assert registry.get_sample_value("vega_use_cases_total", labels) == 1
    assert registry.get_sample_value("vega_use_case_seconds_count", labels) == 1


def test_a_use_case_that_fails_is_told_by_the_kind_of_its_error(
    spans: InMemorySpanExporter, registry: CollectorRegistry
) -> None:
    with pytest.raises(OutOfStockError):
        asyncio.run(run_ship("gone", registry))

    (finished,) = spans.get_finished_spans()
    assert finished.status.status_code is StatusCode.ERROR
    assert registry.get_sample_value("vega_use_cases_total", {"use_case": "Ship", "outcome": "conflict"}) == 1


def test_two_behaviours_count_in_one_metric(registry: CollectorRegistry) -> None:
    asyncio.run(run_ship("1", registry))
    asyncio.run(run_ship("2", registry))

    assert registry.get_sample_value("vega_use_cases_total", {"use_case": "Ship", "outcome": "ok"}) == 2


def test_an_event_carries_its_trace_and_continues_it_elsewhere(
    spans: InMemorySpanExporter, registry: CollectorRegistry
) -> None:
    bus = EventBus()
    bus.add_middleware(TelemetryMiddleware(registry=registry))
    event = Shipped("1")

    async def story() -> None:
        await bus.publish(event)
        await bus.publish(Shipped.from_dict(event.to_dict()))

    asyncio.run(story())

    first, second = spans.get_finished_spans()
    assert (first.name, first.kind) == ("publish Shipped", SpanKind.PRODUCER)
    assert first.context is not None
    assert second.context is not None
    assert second.parent is not None
    assert second.context.trace_id == first.context.trace_id
    assert second.parent.span_id == first.context.span_id
    assert registry.get_sample_value("vega_events_total", {"event": "Shipped", "outcome": "ok"}) == 2


def test_events_that_fail_or_are_stopped_are_told_apart(registry: CollectorRegistry) -> None:
    bus = EventBus()
    bus.add_middleware(TelemetryMiddleware(registry=registry))

    async def halt(context: EventContext, call_next: object) -> None:
        if context.event.metadata.get("draft"):
            context.stop("a draft")
        else:
            raise OutOfStockError

    bus.add_middleware(halt)
    draft = Shipped("2")
    draft.add_metadata("draft", True)

    async def story() -> None:
        with pytest.raises(OutOfStockError):
            await bus.publish(Shipped("1"))
        await bus.publish(draft)

    asyncio.run(story())

    for outcome in ("conflict", "stopped"):
        assert registry.get_sample_value("vega_events_total", {"event": "Shipped", "outcome": outcome}) == 1


def test_a_span_takes_what_becomes_known(spans: InMemorySpanExporter) -> None:
    with span("price", kind="client", attributes={"lines": 3}) as opened:
        assert opened.is_recording
        opened.set("order.total", "12.50")
        opened.event("discounted", {"percent": 5})
        opened.rename("price order")

    (finished,) = spans.get_finished_spans()
    assert (finished.name, finished.kind) == ("price order", SpanKind.CLIENT)
    assert dict(finished.attributes or {}) == {"lines": 3, "order.total": "12.50"}
    assert [event.name for event in finished.events] == ["discounted"]


def test_a_span_in_another_process_has_the_parent_that_was_sent_along(spans: InMemorySpanExporter) -> None:
    with span("enqueue", kind="producer"):
        carried = json.loads(json.dumps(trace_context()))
    with span("work", kind="consumer", parent=carried):
        pass

    enqueue, work = spans.get_finished_spans()
    assert enqueue.context is not None
    assert work.parent is not None
    assert carried["traceparent"].split("-")[1] == f"{enqueue.context.trace_id:032x}"
    assert work.parent.span_id == enqueue.context.span_id


def test_the_outcomes_are_a_closed_list() -> None:
    assert {outcome_of(error) for error in (None, asyncio.CancelledError(), TimeoutError(), ValueError())} == {
        *("ok", "cancelled", "timeout", "internal")
    }


def test_counters_gauges_and_histograms_measure(registry: CollectorRegistry) -> None:
    orders = Counter("orders_total", "Orders.", labels=["channel"], registry=registry)
    stock = Gauge("stock", "Stock.", registry=registry)
    seconds = Histogram("pack_seconds", "Packing.", buckets=[1, 2], registry=registry)

    orders.add(channel="web")
    orders.add(2, channel="web")
    stock.set(5)
    stock.add(-2)
    seconds.observe(1.5)

    page, content_type = metrics_page(registry)
    assert content_type.startswith("text/plain")
    for line in ('orders_total{channel="web"} 3.0', "stock 3.0", 'pack_seconds_bucket{le="2.0"} 1.0'):
        assert line in page.decode().splitlines()


@pytest.mark.parametrize(
    "second",
    [
        lambda registry: Gauge("taken", "As another sort.", registry=registry).set(1),
        lambda registry: Counter("taken", "By other labels.", labels=["a"], registry=registry).add(a="1"),
        lambda registry: Counter("more", "Labels.", labels=["a"], registry=registry).add(b="1"),
        lambda registry: Counter("less", "Labels.", labels=["a"], registry=registry).add(),
        lambda registry: Counter("none", "Labels.", registry=registry).add(b="1"),
    ],
)
def test_a_name_is_one_metric_with_its_labels(second: object, registry: CollectorRegistry) -> None:
    Counter("taken", "The first.", registry=registry).add()

    with pytest.raises(TelemetryError):
        second(registry)  # type: ignore[operator] # one of the lambdas above


@pytest.mark.once
def test_several_processes_are_added_up(tmp_path: object) -> None:
    program = (
        "import sys; from vega.core.telemetry import Counter, metrics_page\n"
        "Counter('hits_total', 'Hits.').add(int(sys.argv[1])) if sys.argv[1] != '0' else print(metrics_page()[0])"
    )
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    shown = ""
    for number in ("2", "3", "0"):
        shown = subprocess.run(
            [sys.executable, "-c", program, number], env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert "hits_total 5.0" in shown


@pytest.mark.usefixtures("without_libraries")
def test_without_the_libraries_all_goes_on_and_nothing_is_told() -> None:
    with span("quiet", parent={"traceparent": "x"}) as opened:
        opened.set("a", 1)
        opened.event("b")
        opened.rename("c")
        assert not opened.is_recording
        assert trace_context() == {}
    Counter("quiet_total", "Quiet.").add()
    Gauge("quiet", "Quiet.").set(1)
    Gauge("quiet", "Quiet.").add(1)

    assert asyncio.run(run_ship("1")) == "1"
    assert asyncio.run(_publish_quietly()) == {}
    with pytest.raises(TelemetryError, match="install"):
        metrics_page()


async def _publish_quietly() -> dict[str, object]:
    bus, event = EventBus(), Shipped("1")
    bus.add_middleware(TelemetryMiddleware())
    await bus.publish(event)
    return {key: value for key, value in event.metadata.items() if key == "trace"}


@pytest.mark.once
def test_the_import_loads_neither_library() -> None:
    program = (
        "import sys, vega.core.telemetry as t; t.TelemetryBehaviour(); t.TelemetryMiddleware()\n"
        "print([name for name in sys.modules if name.partition('.')[0] in {'opentelemetry', 'prometheus_client'}])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


_numbers = count()


def records(formatter: logging.Formatter | None = None) -> tuple[logging.Logger, list[str]]:
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    logger = logging.getLogger(f"shop.{next(_numbers)}")
    handler = Lines()
    handler.addFilter(LogContextFilter())
    handler.setFormatter(formatter or JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger, lines


def test_records_carry_the_fields_around_them(spans: InMemorySpanExporter) -> None:
    logger, lines = records()

    with log_context(request_id="42"), log_context(tenant="acme"), span("work"):
        logger.info("%s placed", "order", extra={"order": 7, "tenant": "own"})
    logger.info("later")

    (finished,) = spans.get_finished_spans()
    assert finished.context is not None
    placed, later = map(json.loads, lines)
    assert placed.pop("time").endswith("+00:00")
    assert placed == {
        "level": "info",
        "logger": logger.name,
        "message": "order placed",
        "order": 7,
        "tenant": "own",
        "request_id": "42",
        "trace_id": f"{finished.context.trace_id:032x}",
        "span_id": f"{finished.context.span_id:016x}",
    }
    assert set(later) == {"time", "level", "logger", "message"}


def test_the_fields_go_along_into_tasks_and_not_beside_them() -> None:
    logger, lines = records()

    async def work(name: str) -> None:
        with log_context(job=name):
            await asyncio.sleep(0)
            await asyncio.create_task(say())

    async def say() -> None:
        logger.info("at work")

    async def story() -> None:
        await asyncio.gather(work("a"), work("b"))
        await say()

    asyncio.run(story())

    assert [json.loads(line).get("job") for line in lines] == ["a", "b", None]


def test_errors_and_odd_values_are_one_line_of_json() -> None:
    logger, lines = records()

    try:
        raise OutOfStockError("line one\nline two")
    except OutOfStockError:
        logger.exception("failed", extra={"odd": {1, 2}}, stack_info=True)

    (line,) = lines
    assert "\n" not in line
    read = json.loads(line)
    assert "OutOfStockError: line one" in read["error"]
    assert read["odd"] == "{1, 2}"
    assert "test_telemetry" in read["stack"]
