"""Failures after a commit: one error in the log and a count at an edge, an error in a plain Python call."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container
from vega.events import Event, EventBus
from vega.patterns import AfterCommitErrors, AggregateRoot, UnitOfWork, use_after_commit_report


class MemoryUnit(UnitOfWork):
    """A unit of work over nothing."""

    async def _begin(self, *, read_only: bool) -> None: ...
    async def _commit(self) -> None: ...
    async def _rollback(self) -> None: ...
    async def _open_savepoint(self) -> None: ...
    async def _release_savepoint(self, savepoint: object) -> None: ...
    async def _undo_savepoint(self, savepoint: object) -> None: ...


class Placed(Event):
    """A thing was placed."""


@dataclass
class Order(AggregateRoot):
    id: int


def application() -> Application:
    bus = EventBus()
    bus.subscribe(Placed, lambda _: fail())
    return Application(Project(root=Path("/nowhere"), package="nothing"), container=Container(), bus=bus)


def fail() -> None:
    raise ValueError("the mail was refused")


async def fail_later() -> None:
    await asyncio.sleep(0)
    fail()


async def by_callbacks() -> None:
    async with MemoryUnit() as unit:
        unit.after_commit(fail)
        unit.after_commit(fail_later)


async def by_events_of_an_aggregate() -> None:
    order = Order(1)
    order.record(Placed())
    order.record(Placed())
    async with MemoryUnit() as unit:
        unit.collect(order)


async def by_units_after_a_unit() -> None:
    async def again() -> None:
        async with MemoryUnit() as unit:
            unit.after_commit(fail)

    async with MemoryUnit() as unit:
        unit.after_commit(again)
        unit.after_commit(again)


async def in_a_child_task() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(by_callbacks())


def counted() -> float:
    return REGISTRY.get_sample_value("vega_after_commit_failures_total") or 0.0


@pytest.mark.parametrize("has_ambient", [False, True])
@pytest.mark.parametrize(
    ("work", "records"),
    [(by_callbacks, 1), (by_events_of_an_aggregate, 1), (by_units_after_a_unit, 2), (in_a_child_task, 1)],
)
def test_at_an_edge_what_fails_after_a_commit_is_logged_and_counted(
    work: Callable[[], Awaitable[None]], records: int, has_ambient: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app, before = application(), counted()
    if has_ambient:
        app.ambient(nullcontext)

    async def main() -> str:
        async with app.activate():
            await work()
            return "done"

    assert asyncio.run(main()) == "done"
    assert app.run(main) == "done"  # a command is an edge too

    found = [record for record in caplog.records if record.name == "vega.core"]
    assert [record.levelno for record in found] == [logging.ERROR] * records * 2
    assert all("the change is stored" in record.getMessage() for record in found)
    assert all(record.exc_info and isinstance(record.exc_info[1], AfterCommitErrors) for record in found)
    assert caplog.text.count("ValueError: the mail was refused") >= 4
    assert counted() - before == 4


@pytest.mark.parametrize("work", [by_callbacks, by_events_of_an_aggregate])
def test_in_a_plain_call_it_is_raised_and_says_that_the_change_is_stored(
    work: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with application(), application().activate():
            await by_callbacks()
        async with application():  # a script: its calls are plain ones
            await work()

    with pytest.raises(AfterCommitErrors, match="the change is stored") as caught:
        asyncio.run(main())

    assert len(caught.value.exceptions) == 2
    assert len([record for record in caplog.records if record.name == "vega.core"]) == 1


def test_an_error_of_the_work_itself_is_raised_at_an_edge(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with application().activate(), MemoryUnit() as unit:
            unit.after_commit(fail)
            raise LookupError("before the commit")

    with pytest.raises(LookupError, match="before the commit"):
        asyncio.run(main())
    assert not caplog.records


def test_a_cancellation_is_none_of_the_failures() -> None:
    async def cancel() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with application().activate(), MemoryUnit() as unit:
            unit.after_commit(cancel)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_a_report_is_in_use_for_the_length_of_a_block() -> None:
    kept: list[AfterCommitErrors] = []

    async def main() -> None:
        with use_after_commit_report(kept.append):
            await by_callbacks()
            with use_after_commit_report(None), pytest.raises(AfterCommitErrors):
                await by_callbacks()
            await by_callbacks()
        with pytest.raises(AfterCommitErrors):
            await by_callbacks()

    asyncio.run(main())
    assert [len(errors.exceptions) for errors in kept] == [2, 2]


def test_a_block_may_be_left_in_another_context_than_it_was_entered_in() -> None:
    block = use_after_commit_report(print)
    block.__enter__()

    async def leave() -> None:
        block.__exit__(None, None, None)
        with pytest.raises(AfterCommitErrors):
            await by_callbacks()

    asyncio.run(leave())
    block.__exit__(None, None, None)
