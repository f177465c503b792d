"""The current container: of the calling context, else the default of the process."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from itertools import count, cycle
from types import FrameType
from typing import Any, TypeVar

import pytest

from vega.di import Container, InjectionError, InvalidInstanceError, bind, get_container, set_container, use_container

T = TypeVar("T")


class Clock: ...


class Utc(Clock): ...


@bind
def kind_of_clock(clock: Clock) -> type:
    return type(clock)


def fresh(function: Callable[[], T]) -> T:
    """Run a function where no container is set, and leave the default of the process as it was."""

    def run() -> T:
        default = get_container()
        try:
            return function()
        finally:
            set_container(default, process=True)

    return contextvars.Context().run(run)


def test_the_current_container_is_that_of_the_context_else_of_the_process() -> None:
    def body() -> None:
        default, own = get_container(), Container()
        set_container(own)
        assert get_container() is own
        assert contextvars.Context().run(get_container) is default

    fresh(body)


def test_the_default_of_the_process_leaves_the_calling_context_as_it_is() -> None:
    def body() -> None:
        own, default = Container({Clock: Clock}), Container({Clock: Utc})
        set_container(own)
        set_container(default, process=True)
        assert get_container() is own
        assert kind_of_clock() is Clock
        assert contextvars.Context().run(get_container) is default
        assert contextvars.Context().run(kind_of_clock) is Utc

    fresh(body)


def test_none_takes_away_the_container_of_the_context() -> None:
    def body() -> None:
        default = get_container()
        set_container(Container())
        set_container(None)
        assert get_container() is default

    fresh(body)


def test_none_takes_away_the_default_of_the_process() -> None:
    def body() -> None:
        own, default = Container(), Container({Clock: Clock})
        set_container(default, process=True)
        assert kind_of_clock() is Clock
        set_container(own)
        set_container(None, process=True)
        assert get_container() is own
        made = contextvars.Context().run(get_container)
        assert made not in {own, default}
        assert contextvars.Context().run(get_container) is made

    fresh(body)


def test_the_default_of_the_process_is_made_once() -> None:
    def body() -> None:
        set_container(None, process=True)
        barrier, found = threading.Barrier(8), list[Container]()

        def ask() -> None:
            barrier.wait()
            found.append(get_container())

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1

    fresh(body)


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("wrong", [Container, object(), "container", 0, False])
def test_anything_but_a_container_is_refused(wrong: Any, process: bool) -> None:
    before = get_container()

    with pytest.raises(InvalidInstanceError, match=r"is not a Container\n  where: set_container, called at .*\.py:\d+"):
        set_container(wrong, process=process)

    assert get_container() is before
    assert issubclass(InvalidInstanceError, InjectionError)


@pytest.mark.parametrize("wrong", [None, Container, object()])
def test_a_block_is_not_entered_with_anything_but_a_container(wrong: Any) -> None:
    with pytest.raises(InvalidInstanceError, match=f"where: use_container, called at {__file__}"):
        use_container(wrong)


def test_a_block_has_its_own_current_container() -> None:
    def body() -> None:
        default, own, inner = get_container(), Container({Clock: Utc}), Container({Clock: Clock})
        with use_container(own) as used:
            assert used is get_container() is own
            with use_container(inner):
                assert get_container() is inner
                assert kind_of_clock() is Clock
            assert get_container() is own
            assert kind_of_clock() is Utc
        assert get_container() is default

    fresh(body)


def test_a_block_that_raises_gives_the_container_from_before_back() -> None:
    before = get_container()

    with pytest.raises(KeyError), use_container(Container()):
        raise KeyError

    assert get_container() is before


def test_a_context_in_which_nothing_was_set_follows_the_process_again_after_a_block() -> None:
    def body() -> None:
        with use_container(Container()):
            pass
        later = Container()
        set_container(later, process=True)
        assert get_container() is later

    fresh(body)


def test_tasks_started_in_a_block_keep_its_container() -> None:
    async def body() -> Container:
        with use_container(own):
            task = asyncio.create_task(asyncio.to_thread(get_container))
        return await task

    own = Container()

    assert asyncio.run(body()) is own


@asynccontextmanager
async def using(container: Container) -> AsyncIterator[Container]:
    with use_container(container):
        yield container


@pytest.mark.parametrize("was_set", [False, True])
def test_a_block_left_in_another_context_gives_the_container_from_before_back(was_set: bool) -> None:
    def body() -> None:
        if was_set:
            set_container(outer)
        before = get_container()
        fixture = using(Container())
        entered = contextvars.copy_context()
        with asyncio.Runner() as runner:
            own = runner.run(fixture.__aenter__(), context=entered)
            left = entered.copy()
            assert left.run(get_container) is own
            runner.run(fixture.__aexit__(None, None, None), context=left)
        assert left.run(get_container) is before
        assert get_container() is before

    outer = Container()
    fresh(body)


def test_a_block_left_in_a_context_with_another_container_leaves_that_one() -> None:
    other, own = Container(), Container()
    block = use_container(own)
    contextvars.copy_context().run(block.__enter__)

    def leave() -> Container:
        set_container(other)
        block.__exit__(None, None, None)
        return get_container()

    assert contextvars.copy_context().run(leave) is other


class Interrupted:
    """Runs a function once per bytecode of a module: each time another thread gets its turn before another bytecode.

    Where that thread has to wait for the function, the function goes on after a moment.
    """

    def __init__(self, module: str, function: Callable[[], object], interruption: Callable[[], object]) -> None:
        self.file = f"{module}.py"
        self.function = function
        self.interruption = interruption
        self.turn = 0

    def __iter__(self) -> Iterator[None]:
        for turn in count(1):
            self.turn = turn
            with ThreadPoolExecutor(2) as threads:
                self.threads = threads
                self.interrupting: Future[object] | None = None
                self.bytecodes = 0
                threads.submit(contextvars.Context().run, self.run).result()
                if self.interrupting is None:
                    return
                self.interrupting.result()
            yield

    def run(self) -> None:
        tracing = sys.gettrace()
        sys.settrace(self.trace)
        try:
            self.function()
        finally:
            sys.settrace(tracing)

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.endswith(self.file):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.bytecodes += 1
            if self.bytecodes == self.turn:
                self.interrupting = self.threads.submit(contextvars.Context().run, self.interruption)
                wait([self.interrupting], 0.005)
        return self.trace


def test_threads_set_the_default_of_the_process_at_once() -> None:
    first, second, third = Container(), Container(), Container({Clock: Utc})

    def body() -> None:
        set_container(first, process=True)
        for _ in Interrupted(
            "current", lambda: set_container(second, process=True), lambda: set_container(first, process=True)
        ):
            assert contextvars.Context().run(get_container) in {first, second}
            set_container(third, process=True)
            assert contextvars.Context().run(kind_of_clock) is Utc
            set_container(first, process=True)

    fresh(body)


def test_a_default_that_is_set_while_another_is_made_stays() -> None:
    container = Container()

    def body() -> None:
        set_container(None, process=True)
        for _ in Interrupted("current", get_container, lambda: set_container(container, process=True)):
            assert contextvars.Context().run(get_container) is container
            set_container(None, process=True)

    fresh(body)


def test_a_call_finds_a_container_while_the_default_is_taken_away() -> None:
    @bind
    def has_clock(clock: Clock | None = None) -> bool:
        return clock is not None

    def body() -> None:
        container = Container({Clock: Clock})
        set_container(container, process=True)
        for _ in Interrupted("context", has_clock, lambda: set_container(None, process=True)):
            container = Container({Clock: Clock})
            set_container(container, process=True)

    fresh(body)


@pytest.mark.parametrize("module", ["current", "epochs"])
def test_calls_follow_a_container_that_changes_while_it_becomes_the_default(module: str) -> None:
    container = Container({Clock: Clock})
    container.validate()
    kinds = cycle([Utc, Clock])
    kind: type[Clock] = Clock

    def change() -> None:
        nonlocal kind
        kind = next(kinds)
        container.register(Clock, kind, replace=True)
        container.validate()

    def set_default() -> None:
        set_container(container, process=True)

    def body() -> None:
        set_container(None, process=True)
        for _ in (
            Interrupted("current", set_default, change)
            if module == "current"
            else Interrupted("epochs", change, set_default)
        ):
            assert contextvars.Context().run(kind_of_clock) is kind
            set_container(None, process=True)

    fresh(body)


def test_a_container_becomes_the_default_while_one_of_its_conditions_runs() -> None:
    is_set = threading.Event()

    def is_on() -> bool:
        assert is_set.wait(10)
        get_container()
        return True

    def set_default() -> None:
        set_container(container, process=True)
        is_set.set()

    container = Container()
    container.register(Clock, Utc, when=is_on)

    def body() -> None:
        with ThreadPoolExecutor(2) as threads:
            for started in (threads.submit(container.resolve, Clock), threads.submit(set_default)):
                started.result(20)
        assert contextvars.Context().run(kind_of_clock) is Utc

    fresh(body)
