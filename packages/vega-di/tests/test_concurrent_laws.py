"""Random containers used by random tasks and threads: who shares what, what is closed and when, and nobody hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from vega.di import ScopeClosedError, set_container

from .laws_actions import Actor, drive, some_actions
from .laws_graphs import ASYNC, Kind, Spec, graphs
from .laws_worlds import BODY, Body, BoomError, HangError, World, steps

LIMIT = 3000  # more steps than any drawn history takes


@dataclass(frozen=True)
class Visit:
    """Tasks, in a scope or without one; each may be cancelled at a step, as may the visit, which may leave early."""

    scoped: bool
    tasks: tuple[tuple[Any, ...], ...]
    cancels: tuple[int | None, ...]
    cancelled: int | None
    leaves: int | None


def visits(specs: tuple[Spec, ...]) -> st.SearchStrategy[Visit]:
    tasks = st.lists(some_actions(specs), min_size=2, max_size=4).map(tuple)
    step = st.integers(0, 12)
    seldom = st.none() | st.none() | step
    return st.builds(
        Visit, st.sampled_from([True, True, False]), tasks, st.tuples(*[st.none() | step] * 4), seldom, seldom
    )


class History:
    """Visits that take place at the same time, in one container."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actor = Actor(world)
        self.tasks: list[asyncio.Task[None]] = []
        self.disturbers: list[asyncio.Task[None]] = []

    async def run(self, visits: Sequence[Visit]) -> None:
        set_container(self.world.container)
        for visit in visits:
            self.start(self.visit(visit), visit.cancelled)
        await self.finish()
        self.world.demand_closed(rooted=False)
        await self.world.container.aclose()
        self.world.demand_closed(rooted=True)

    async def visit(self, visit: Visit) -> None:
        BODY.set(body := Body())
        if not visit.scoped:
            await self.inside(visit)
            return
        async with self.world.container.scope():
            with body:
                await self.inside(visit)
                await self.actor.again()

    async def inside(self, visit: Visit) -> None:
        started = zip(visit.tasks, visit.cancels, strict=False)
        tasks = [self.start(self.work(actions), step) for actions, step in started]
        try:
            await (asyncio.wait(tasks) if visit.leaves is None else steps(visit.leaves))
        finally:
            if not all(task.done() for task in tasks):
                self.world.foreseen = (BoomError, ScopeClosedError)

    async def work(self, actions: Sequence[Any]) -> None:
        for action in actions:
            await self.actor.act(action)

    def start(self, work: Any, cancelled: int | None) -> asyncio.Task[None]:
        async def disturb() -> None:
            await steps(cancelled or 0)
            task.cancel()

        task = asyncio.create_task(work)
        self.tasks.append(task)
        if cancelled is not None:
            self.disturbers.append(asyncio.create_task(disturb()))
        return task

    async def finish(self) -> None:
        for _ in range(LIMIT):
            if all(task.done() for task in (*self.tasks, *self.disturbers)):
                break
            await asyncio.sleep(0)
        else:
            raise HangError
        for task in self.tasks:
            if not task.cancelled():
                task.result()


def waiting_for(event: Callable[[], Any]) -> Any:
    """Give sync code that waits for somebody else other events than those of threads, so that nothing hangs."""
    return mock.patch("vega.di._runtime.claims.threading", SimpleNamespace(Event=event))


class Shut:
    """An event of the only thread, which nobody else can set."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True

    def wait(self) -> None:
        if not self.is_set:
            raise HangError


@given(st.data())
def test_tasks_share_what_they_should_and_whatever_was_opened_is_closed_once_and_in_order(data: st.DataObject) -> None:
    specs = data.draw(graphs())
    drawn = data.draw(st.lists(visits(specs), min_size=1, max_size=2))
    world = World(specs)

    with waiting_for(Shut):
        asyncio.run(History(world).run(drawn))

    assert world.violations == []


PART: ContextVar[int | None] = ContextVar("part", default=None)  # the main thread has none


def at_once() -> bool:
    return True


class Stage:
    """Lets one thread run at a time, until it pauses, waits or ends; who is next was drawn."""

    def __init__(self, turns: Sequence[int]) -> None:
        self.turns = iter(turns)
        self.lights: list[threading.Semaphore] = []
        self.able: dict[int, Callable[[], bool]] = {}
        self.errors: list[BaseException] = []

    def run(self, parts: Sequence[Callable[[], None]]) -> None:
        """Play all parts to their end."""
        self.lights = [threading.Semaphore(0) for _ in parts]
        self.able = dict.fromkeys(range(len(parts)), at_once)
        threads = [
            threading.Thread(target=copy_context().run, args=(self.play, number, part), daemon=True)
            for number, part in enumerate(parts)
        ]
        for thread in threads:
            thread.start()
        self.pass_on()
        for thread in threads:
            thread.join(20)
        assert self.errors == []
        assert not any(thread.is_alive() for thread in threads)

    def play(self, number: int, part: Callable[[], None]) -> None:
        PART.set(number)
        self.lights[number].acquire()
        try:
            part()
        except BaseException as error:  # noqa: BLE001  # reported by the thread that waits for this one
            self.errors.append(error)
        self.pass_on()

    def pause(self, count: int) -> None:
        for _ in range(count):
            self.wait(at_once)

    def wait(self, able: Callable[[], bool]) -> None:
        """Let others run until it may go on."""
        number = PART.get()
        if number is None:
            return
        self.able[number] = able
        self.pass_on()
        self.lights[number].acquire()
        if self.errors:
            raise HangError

    def pass_on(self) -> None:
        """Let somebody run; if nobody can, all fail."""
        if not self.able:
            return
        able = [number for number, can_run in self.able.items() if can_run()]
        if not able:
            self.errors.append(HangError())
        choice = able or list(self.able)
        chosen = choice[next(self.turns, 0) % len(choice)]
        del self.able[chosen]
        self.lights[chosen].release()


class Cue(Shut):
    """An event on the stage."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    def wait(self) -> None:
        self.stage.wait(lambda: self.is_set)


@given(st.data())
def test_threads_share_what_they_should_and_whatever_was_opened_is_closed_once_and_in_order(
    data: st.DataObject,
) -> None:
    specs = data.draw(graphs([kind for kind in Kind if kind not in ASYNC]))
    parts = data.draw(st.lists(some_actions(specs), min_size=2, max_size=3))
    stage = Stage(data.draw(st.lists(st.integers(0, 2), max_size=40)))
    world = World(specs, stage.pause)
    actor = Actor(world)

    def play(actions: Sequence[Any]) -> None:
        for action in actions:
            drive(actor.act(action, plain=True))

    set_container(world.container)
    with waiting_for(partial(Cue, stage)):
        token = BODY.set(body := Body())
        with world.container.scope(), body:
            stage.run([partial(play, actions) for actions in parts])
            drive(actor.again(plain=True))
        BODY.reset(token)
    world.demand_closed(rooted=False)
    world.container.close()
    world.demand_closed(rooted=True)
    assert world.violations == []
