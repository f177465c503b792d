"""Middleware around every publish: log, measure, check, enrich, and one of your own."""

import asyncio
from dataclasses import dataclass

from vega.events import (
    CallNext,
    EnrichmentEventMiddleware,
    Event,
    EventBus,
    EventContext,
    LoggingEventMiddleware,
    MetricsEventMiddleware,
    ValidationEventMiddleware,
)


@dataclass(frozen=True)
class OrderPlaced(Event):
    """An order was placed."""

    order_id: str
    total: int


def total_is_positive(event: OrderPlaced) -> None:
    """Refuse orders over nothing."""
    if event.total <= 0:
        raise ValueError(f"order {event.order_id} has the total {event.total}")


async def only_by_day(context: EventContext, call_next: CallNext) -> None:
    """Stop events of a closed shop; saying so is what makes it no mistake."""
    if context.event.metadata.get("closed"):
        context.stop("the shop is closed")
        return
    await call_next(context)


async def main() -> list[str]:
    """Publish three orders and return what happened, line by line."""
    bus, told = EventBus(), list[str]()
    metrics, validation, enrichment = MetricsEventMiddleware(), ValidationEventMiddleware(), EnrichmentEventMiddleware()
    validation.add_validator(OrderPlaced, total_is_positive)
    enrichment.add_enricher(lambda event: event.add_metadata("tenant_id", "abc123"))
    for middleware in (LoggingEventMiddleware(), metrics, validation, enrichment, only_by_day):
        bus.add_middleware(middleware)

    @bus.subscribe(OrderPlaced)
    async def confirm(event: OrderPlaced) -> None:
        told.append(f"order {event.order_id} of tenant {event.metadata['tenant_id']} confirmed")

    await bus.publish(OrderPlaced("1", total=5))
    try:
        await bus.publish(OrderPlaced("2", total=0))
    except ValueError as error:
        told.append(f"refused: {error}")
    closed = OrderPlaced("3", total=7)
    closed.add_metadata("closed", True)
    await bus.publish(closed)
    row = metrics.get_metrics()["OrderPlaced"]
    return [*told, f"counted {row['count']} events, {row['errors']} refused"]


if __name__ == "__main__":
    for line in asyncio.run(main()):
        print(line)  # noqa: T201 - an example shows what it does
