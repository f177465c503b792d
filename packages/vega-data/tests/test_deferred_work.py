"""Deferred work: one contract for the outbox of each database, and for the fake of vega-testing."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from vega.core import CoreError
from vega.core.extend import DeferredWork
from vega.data import Database
from vega.data.outbox import Outbox
from vega.patterns import UnitOfWork, UnitOfWorkError, get_clock
from vega.testing import FakeDeferredWork

KIND = "mail"


@dataclass
class World:
    """Deferred work, a way to open units, and what a relay does."""

    work: Any
    unit: Callable[[], UnitOfWork]
    relay: Callable[[], Awaitable[int]]
    heard: list[tuple[str, str]]
    failures: int = 0

    async def hear(self, identifier: str, payload: str) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the broker is away")
        self.heard.append((identifier, payload))


@asynccontextmanager
async def world(url: str | None) -> AsyncGenerator[World]:
    later = timedelta()
    if url is None:
        fake = FakeDeferredWork()
        async with Database("sqlite:///:memory:", package="-") as database:
            yield World(fake, database.unit, fake.hand_over, [])
        return

    async def relay() -> int:
        nonlocal later
        later += timedelta(hours=2)
        return await outbox.relay_once()

    async with Database(url, package="-") as database:
        outbox = Outbox(database, clock=lambda: get_clock().now() + later)
        await database.create_all()
        yield World(outbox, database.unit, relay, [])


@pytest.fixture(params=["sqlite", "postgresql", "fake"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[[World], Awaitable[None]]], None]:
    url = {"sqlite": f"sqlite:///{tmp_path / 'test.db'}"}.get(request.param)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    def run_in(body: Callable[[World], Awaitable[None]]) -> None:
        async def main() -> None:
            async with world(url) as made:
                assert isinstance(made.work, DeferredWork)
                made.work.handle(KIND, made.hear)
                await body(made)

        asyncio.run(main())

    return run_in


def test_committed_work_is_handed_over_once_under_the_identifier_it_was_given(run: Any) -> None:
    async def body(world: World) -> None:
        async with world.unit():
            identifier = await world.work.defer(KIND, '{"to": "ä"}')
            assert await world.relay() == 0 or world.heard == []

        assert await world.relay() == 1
        assert await world.relay() == 0
        assert world.heard == [(identifier, '{"to": "ä"}')]

    run(body)


def test_work_of_a_unit_that_rolls_back_is_gone(run: Any) -> None:
    async def body(world: World) -> None:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
            async with world.unit():
                await world.work.defer(KIND, "x")
                raise ZeroDivisionError

        assert await world.relay() == 0
        assert world.heard == []

    run(body)


def test_nothing_is_stored_outside_of_a_unit(run: Any) -> None:
    async def body(world: World) -> None:
        assert await world.work.defer(KIND, "x") is None
        assert await world.relay() == 0

    run(body)


def test_a_handler_that_raises_is_called_again_with_the_same_identifier(run: Any) -> None:
    async def body(world: World) -> None:
        world.failures = 1
        async with world.unit():
            identifier = await world.work.defer(KIND, "x")

        assert await world.relay() == 0
        assert await world.relay() == 1
        assert world.heard == [(identifier, "x")]

    run(body)


def test_work_is_never_given_up(run: Any) -> None:
    async def body(world: World) -> None:
        world.failures = 12
        async with world.unit():
            await world.work.defer(KIND, "x")

        assert [await world.relay() for _ in range(13)] == [0] * 12 + [1]

    run(body)


def test_work_of_one_key_keeps_its_order_over_failures(run: Any) -> None:
    async def body(world: World) -> None:
        world.failures = 1
        for number in range(3):
            async with world.unit():
                await world.work.defer(KIND, str(number), key="a")
        for _ in range(6):
            await world.relay()

        assert [payload for _, payload in world.heard] == ["0", "1", "2"]

    run(body)


def test_identifiers_differ(run: Any) -> None:
    async def body(world: World) -> None:
        async with world.unit():
            made = {await world.work.defer(KIND, "x") for _ in range(20)}

        assert len(made) == 20
        assert await world.relay() == 20

    run(body)


@pytest.mark.parametrize(
    ("kind", "payload", "key"), [("other", "x", ""), (KIND, "a\0b", ""), (KIND, "x", "a\0"), (KIND, "x", "k" * 201)]
)
def test_work_that_cannot_be_stored_is_refused(run: Any, kind: str, payload: str, key: str) -> None:
    async def body(world: World) -> None:
        async with world.unit():
            with pytest.raises(CoreError):
                await world.work.defer(kind, payload, key=key)

        assert await world.relay() == 0

    run(body)


def test_a_read_only_unit_defers_nothing(run: Any) -> None:
    async def body(world: World) -> None:
        async with world.unit().begin(read_only=True):
            with pytest.raises(UnitOfWorkError):
                await world.work.defer(KIND, "x")

    run(body)


def test_a_kind_has_one_handler(run: Any) -> None:
    async def body(world: World) -> None:
        async def other(identifier: str, payload: str) -> None: ...

        world.work.handle(KIND, world.hear)
        for kind in (KIND, "", "k" * 201):
            with pytest.raises(CoreError):
                world.work.handle(kind, other)

    run(body)
