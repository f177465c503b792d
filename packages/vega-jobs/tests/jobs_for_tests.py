"""Jobs for the tests; each run is recorded in `done`."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from vega.events import Backoff
from vega.jobs import JobQueue, background_job

SOON = Backoff(base=0.01, cap=0.02)
done: list[object] = []
started = asyncio.Event()
release = asyncio.Event()


@dataclass
class Mailer:
    name: str


@background_job
async def remember(value: object) -> object:
    done.append(value)
    return value


@background_job(queue="emails", retry=2, backoff=SOON)
async def fail(times: int) -> str:
    done.append("attempt")
    if len(done) <= times:
        raise ConnectionError("away")
    return "at last"


@background_job(timeout=0.05)
async def sleep_for_ever() -> None:
    await asyncio.Event().wait()


@background_job
async def wait_for_release(key: str) -> None:
    done.append(("started", key))
    started.set()
    await release.wait()
    done.append(("finished", key))


@background_job
async def greet(name: str, mailer: Mailer) -> None:
    done.append((mailer.name, name))


@background_job
async def chain(times: int) -> None:
    done.append(times)
    if times:
        await JobQueue.enqueue(chain, times=times - 1)


@background_job(name="tests.unstorable")
async def return_what_json_cannot_hold() -> object:
    done.append("ran")
    return object()


@background_job
async def price(amount: Decimal) -> Decimal:
    return amount * 2
