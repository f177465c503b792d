"""The current container: of the calling context, else the default of the process."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
