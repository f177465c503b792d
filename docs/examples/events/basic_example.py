"""Events from definition to delivery: subscribe, order, retry, inherit, and read what failed."""

import asyncio
from dataclasses import dataclass

from vega.events import Backoff, Event, EventBus, EventHandlerErrors, event_handler


@dataclass(frozen=True)
class UserCreated(Event):
    """A user was created."""

    user_id: str
    email: str


@dataclass(frozen=True)
class AdminCreated(UserCreated):
    """A user was created who may do everything."""


class Audit:
    """Handlers that share state are methods of an object."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @event_handler(Event)
    async def on_any(self, event: Event) -> None:
        """See every event, whatever its class."""
        self.lines.append(event.event_name)


async def main() -> list[str]:
    """Publish two events and return what happened, line by line."""
    bus, told, attempts = EventBus(), list[str](), list[int]()
    audit = Audit()
    bus.register(audit)

    @bus.subscribe(UserCreated)
    async def send_welcome_email(event: UserCreated) -> None:
        told.append(f"welcome mail to {event.email}")

    @bus.subscribe(UserCreated, priority=10, retry_on_error=True, max_retries=2, backoff=Backoff(base=0.001))
    async def open_account(event: UserCreated) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError("the account service is away")
        told.append(f"account of {event.user_id} opened at attempt {len(attempts)}")

    @bus.subscribe(AdminCreated)
    def warn(event: AdminCreated) -> None:
        raise PermissionError(f"{event.user_id} needs a second approval")

    await bus.publish(UserCreated("1", "ada@example.org"))
    try:
        await bus.publish(AdminCreated("2", "grace@example.org"))
    except EventHandlerErrors as errors:
        told.extend(f"failed: {failure.error}" for failure in errors.failures)
    return [*told, f"audited: {', '.join(audit.lines)}"]


if __name__ == "__main__":
    for line in asyncio.run(main()):
        print(line)  # noqa: T201 - an example shows what it does
