"""What SIGTERM sets off in a process, before its server handles it."""

import asyncio
import gc
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from vega.testing import client_for
from vega.web._lifecycle import drain as _drain
from vega.web._lifecycle.drain import Drain, drain_of


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Handle SIGTERM as a server does, and note when."""
    noted: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: noted.append("server"))
    yield noted
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("delay", [0.0, 0.01])
def test_connections_are_told_first_and_the_server_after_the_delay(log: list[str], delay: float) -> None:
    async def main() -> None:
        drain = Drain(delay)
        drain.add(lambda: log.append("connection"))
        async with drain.on_sigterm(), asyncio.timeout(10):
            signal.raise_signal(signal.SIGTERM)
            while len(log) < 2:  # noqa: ASYNC110 - the signal handler of a server cannot set an event of the loop
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert sorted(log) == ["connection", "server"]
    assert delay == 0 or log == ["connection", "server"]


@pytest.fixture
def no_signals() -> Iterator[None]:
    """Leave SIGINT and SIGTERM as they were."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.usefixtures("no_signals")
@pytest.mark.parametrize("delay", [0.0, 0.06])
def test_a_server_whose_loop_handles_signals_ends_when_nobody_is_left(delay: float) -> None:
    async def main() -> list[str]:
        log, ended, loop = list[str](), asyncio.Event(), asyncio.get_running_loop()

        def end() -> None:
            log.append("server")
            ended.set()

        def leave() -> None:
            log.append("connection")
            forget()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        drain = Drain(delay)
        forget = drain.add(lambda: loop.call_later(0.1, leave))
        async with drain.on_sigterm():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(ended.wait(), 10)
        ended.clear()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(ended.wait(), 10)
        return log

    assert asyncio.run(main()) == ["connection", "server", "server"]


@pytest.mark.usefixtures("no_signals")
def test_a_connection_that_stays_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_drain, "_PATIENCE", 0.1)

    async def main() -> bool:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        drain = Drain()
        drain.add(lambda: None)
        async with drain.on_sigterm():
            signal.raise_signal(signal.SIGTERM)
            return await asyncio.wait_for(ended.wait(), 10)

    assert asyncio.run(main())


@pytest.mark.usefixtures("no_signals")
def test_a_loop_that_handles_sigterm_alone_keeps_it() -> None:
    async def main() -> list[str]:
        log, ended = list[str](), asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        drain = Drain(60)
        drain.add(lambda: log.append("connection"))
        async with drain.on_sigterm():
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(ended.wait(), 10)
            await asyncio.sleep(0)
        return log

    assert asyncio.run(main()) == ["connection"]


@pytest.mark.usefixtures("no_signals")
def test_a_loop_without_signals_is_left_alone(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))

    async def main() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def refuse(_: int) -> bool:
            raise NotImplementedError

        monkeypatch.setattr(loop, "remove_signal_handler", refuse)
        async with Drain(0.01).on_sigterm():
            signal.raise_signal(signal.SIGTERM)
            loop.call_later(0.05, ended.set)
            await ended.wait()

    asyncio.run(main())
    assert log == ["server"]


def test_after_the_block_the_signal_is_the_server_s_again(log: list[str]) -> None:
    async def main() -> None:
        drain = Drain()
        drain.add(lambda: log.append("connection"))
        async with drain.on_sigterm():
            pass
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert log == ["server"]


def test_another_handler_that_came_later_stays(log: list[str]) -> None:
    def later(*_: Any) -> None: ...

    async def main() -> None:
        async with Drain().on_sigterm():
            signal.signal(signal.SIGTERM, later)

    asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) is later


def test_where_nobody_handles_the_signal_it_stays_as_it_is() -> None:
    async def main() -> Any:
        async with Drain().on_sigterm():
            return signal.getsignal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert asyncio.run(main()) is signal.SIG_DFL


def test_a_thread_that_is_not_the_main_one_leaves_signals_alone() -> None:
    async def main() -> None:
        async with Drain().on_sigterm():
            noted.append("in")

    noted: list[str] = []
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()

    assert noted == ["in"]


def test_everybody_is_told_once_and_whoever_comes_late_at_once() -> None:
    drain, told = Drain(), list[str]()
    forget = drain.add(lambda: told.append("forgotten"))
    drain.add(lambda: told.append("kept"))
    forget()

    drain.begin()
    drain.begin()
    drain.add(lambda: told.append("late"))

    assert told == ["kept", "late"]


def test_an_application_without_a_drain_never_ends() -> None:
    assert not drain_of({}).is_begun


async def frozen(shop: Any) -> tuple[int, int, int]:
    """Return how many objects the garbage collector leaves alone before, during and after an application's life."""
    before = gc.get_freeze_count()
    async with client_for(shop()):
        during = gc.get_freeze_count()
    return before, during, gc.get_freeze_count()


@pytest.mark.usefixtures("log")
def test_what_the_start_made_is_left_alone_by_the_garbage_collector_of_a_server(shop: Any) -> None:
    before, during, after = asyncio.run(frozen(shop))

    assert (during > before + 10_000, after) == (True, 0)


def test_without_a_server_the_garbage_collector_is_left_as_it_is(shop: Any) -> None:
    before, during, after = asyncio.run(frozen(shop))

    assert before == during == after
