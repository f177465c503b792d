"""Threads that share a scope build each scoped service once, whatever way its plan is written."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context

import pytest

from vega.di import CircularDependencyError, ConstructionError, Container, Scope, ScopeClosedError, current_scope


class Thing: ...


class Session: ...


class Gate:
    """Holds the first builder until the others have come, and counts all."""

    def __init__(self) -> None:
        self.entered, self.release = threading.Event(), threading.Event()
        self.built: list[str] = []

    def pass_by(self, what: str) -> None:
        self.built.append(what)
        self.entered.set()
        assert self.release.wait(10)

    def race(self, first: Callable[[], object], *others: Callable[[], object]) -> list[object]:
        """Call `first`, and the others while it is building; give what they return, errors too."""
        found: list[object] = []

        def run(ask: Callable[[], object]) -> None:
            try:
                found.append(ask())
            except (ConstructionError, ScopeClosedError) as error:
                found.append(error)

        threads = [threading.Thread(target=run, args=(ask,)) for ask in (first, *others)]
        threads[0].start()
        assert self.entered.wait(10)
        for thread in threads[1:]:
            thread.start()
        timer = threading.Timer(0.05, self.release.set)
        timer.start()
        for thread in (*threads, timer):
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
        return found


@pytest.fixture
def gate() -> Gate:
    return Gate()


class Repo:
    gate: Gate

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gate.pass_by("repo")


class Unit:
    def __init__(self, session: Session, repo: Repo) -> None:
        self.repo = repo


class Handler:
    def __init__(self, unit: Unit, repo: Repo) -> None:
        assert unit.repo is repo
        self.repo = repo


def make(gate: Gate, session: Callable[..., object] = Session) -> Container:
    container = Container({Handler: Handler})
    container.register(Session, session, scope=Scope.SCOPED)
    for cls in (Repo, Unit):
        container.register(cls, scope=Scope.SCOPED)
    Repo.gate = gate
    container.validate()
    return container


def opened() -> Iterator[Session]:
    yield Session()


async def aopened() -> AsyncIterator[Session]:
    yield Session()


@pytest.mark.parametrize("session", [Session, opened])
@pytest.mark.parametrize("second", [Handler, Repo, Unit, Session])
def test_a_second_thread_waits_for_the_first(gate: Gate, session: Callable[..., object], second: type) -> None:
    container = make(gate, session)

    with container.scope() as scope:
        found = gate.race(lambda: scope.resolve(Handler), *[lambda: scope.resolve(second)] * 3)
        repo, unit = scope.resolve(Repo), scope.resolve(Unit)

    assert gate.built == ["repo"]
    assert len(found) == 4
    expected = {Handler: 0, Repo: found.count(repo), Unit: found.count(unit), Session: found.count(repo.session)}
    assert second is Handler or expected[second] == 3


def test_a_second_thread_with_its_own_event_loop_waits_too(gate: Gate) -> None:
    container = make(gate, aopened)

    async def main() -> list[object]:
        async with container.scope() as scope:
            return await asyncio.to_thread(gate.race, *[lambda: asyncio.run(ask(scope)) for _ in range(3)])

    async def ask(scope: object) -> Repo:
        handler: Handler = await scope.aresolve(Handler)  # type: ignore[attr-defined]  # the scope of main
        return handler.repo

    assert len(set(map(id, asyncio.run(main())))) == 1
    assert gate.built == ["repo"]


def test_who_waited_builds_when_the_first_one_failed(gate: Gate) -> None:
    class Broken:
        def __init__(self, repo: Repo) -> None:
            raise OSError

    container = make(gate)
    container.register(Broken, scope=Scope.SCOPED)
    with container.scope() as scope:
        failed, found = sorted(
            gate.race(lambda: scope.resolve(Broken), lambda: scope.resolve(Repo)),
            key=lambda each: isinstance(each, Repo),
        )
        again = scope.resolve(Repo)

    assert isinstance(failed, ConstructionError)
    assert found is again
    assert gate.built == ["repo"] * 2


def test_a_constructor_that_asks_its_own_scope_gets_what_the_plan_would_build_later(gate: Gate) -> None:
    gate.release.set()
    seen: list[Repo] = []

    class Curious:
        def __init__(self, session: Session) -> None:
            scope = current_scope()
            assert scope is not None
            seen.append(scope.resolve(Repo))

    class Both:
        def __init__(self, curious: Curious, repo: Repo) -> None:
            self.repo = repo

    for session in (Session, opened):
        container = make(gate, session)
        container.register(Curious, scope=Scope.SCOPED)
        container.register(Both)
        with container.scope() as scope:
            assert scope.resolve(Both).repo is seen[-1] is scope.resolve(Repo)


def test_a_task_that_builds_while_another_opens_is_not_overruled(gate: Gate) -> None:
    gate.release.set()
    opening, go_on = asyncio.Event(), asyncio.Event()

    class Plain:
        def __init__(self) -> None:
            gate.built.append("plain")

    class Both:
        def __init__(self, session: Session, plain: Plain) -> None:
            self.plain = plain

    async def slow() -> AsyncIterator[Session]:
        opening.set()
        await go_on.wait()
        yield Session()

    container = Container({Both: Both})
    container.register_factory(Session, slow, scope=Scope.SCOPED)
    container.register(Plain, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            first = asyncio.create_task(scope.aresolve(Both))
            await opening.wait()
            plain = scope.resolve(Plain)
            go_on.set()
            assert (await first).plain is plain

    asyncio.run(main())

    assert gate.built == ["plain"]


class Late: ...


class Early: ...


def of_both(late: Callable[[], object], early: Callable[[], object]) -> Container:
    container = Container()
    container.register_factory(Late, late, scope=Scope.SCOPED)
    container.register_factory(Early, early, scope=Scope.SCOPED)
    return container


def test_what_another_task_opens_meanwhile_stays_open_until_the_end() -> None:
    log: list[str] = []
    others = asyncio.Event()

    async def late() -> AsyncIterator[Late]:
        await others.wait()
        yield Late()
        log.append("late closes")

    async def early() -> AsyncIterator[Early]:
        yield Early()
        log.append("early closes")

    container = of_both(late, early)

    async def main() -> None:
        async with container.scope() as scope:
            first = asyncio.create_task(scope.aresolve(Late))
            await asyncio.sleep(0)
            await scope.aresolve(Early)
            others.set()
            await first
            log.append("body")

    asyncio.run(main())

    assert log == ["body", "late closes", "early closes"]


@pytest.mark.parametrize("ambient", [True, False])
def test_what_a_generator_opens_in_its_own_scope_outlives_it(ambient: bool) -> None:
    log: list[str] = []

    def late() -> Iterator[Late]:
        scope = current_scope()
        assert scope is not None
        scope.resolve(Early)
        yield Late()
        log.append("late closes")

    def early() -> Iterator[Early]:
        yield Early()
        log.append("early closes")

    container = of_both(late, early)

    def body(late: Late) -> None:
        log.append("body")

    bound = container.bind(body, ambient=True)
    for _ in range(3):
        log.clear()
        if ambient:
            bound()
        else:
            with container.scope() as scope:
                scope.resolve(Late)
                log.append("body")

        assert log == ["body", "late closes", "early closes"]


def test_what_a_thread_opens_after_the_end_of_its_scope_is_closed_and_refused(gate: Gate) -> None:
    log: list[str] = []

    def late() -> Iterator[Late]:
        gate.pass_by("late")
        try:
            yield Late()
        finally:
            log.append("late closes")

    container = Container()
    container.register_factory(Late, late, scope=Scope.SCOPED)
    scope = container.scope()

    def end() -> None:
        with scope:
            pass
        gate.release.set()

    (refused,) = [each for each in gate.race(lambda: scope.resolve(Late), end) if each is not None]

    assert isinstance(refused, ScopeClosedError)
    assert log == ["late closes"]


def test_who_fails_before_the_resource_of_a_plan_leaves_it_to_the_next_one() -> None:
    attempts: list[int] = []
    found: list[Session] = []

    def early() -> Early:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError
        return Early()

    class Both:
        def __init__(self, early: Early, session: Session) -> None: ...

    container = Container({Both: Both})
    container.register_factory(Early, early)
    container.register_factory(Session, opened, scope=Scope.SCOPED)

    with container.scope() as scope:
        with pytest.raises(ConstructionError):
            scope.resolve(Both)
        asked = threading.Thread(target=lambda: found.append(scope.resolve(Session)), daemon=True)
        asked.start()
        asked.join(10)

    assert len(found) == 1


def test_a_factory_may_ask_for_what_its_plan_opens_after_it() -> None:
    seen: list[Session] = []

    def early() -> Early:
        scope = current_scope()
        assert scope is not None
        seen.append(scope.resolve(Session))
        return Early()

    class Both:
        def __init__(self, early: Early, session: Session) -> None:
            self.session = session

    container = Container({Both: Both})
    container.register_factory(Early, early)
    container.register_factory(Session, opened, scope=Scope.SCOPED)

    with container.scope() as scope:
        assert scope.resolve(Both).session is seen[0]


def test_a_constructor_that_waits_for_another_thread_does_not_keep_that_one_waiting() -> None:
    asking, needed = threading.Event(), threading.Event()

    class Curious:
        def __init__(self) -> None:
            asking.set()
            assert needed.wait(10)
            scope = current_scope()
            assert scope is not None
            scope.resolve(Needy)

    class Needy:
        def __init__(self, first: Early, late: Late) -> None: ...

    class Both:
        def __init__(self, curious: Curious, late: Late) -> None: ...

    def early() -> Early:
        threading.Timer(0.05, needed.set).start()
        return Early()

    container = Container({Both: Both})
    container.register_factory(Early, early, scope=Scope.SCOPED)
    for cls in (Late, Curious, Needy):
        container.register(cls, scope=Scope.SCOPED)
    found: list[object] = []

    with container.scope() as scope:
        first = threading.Thread(
            target=copy_context().run, args=(lambda: found.append(scope.resolve(Both)),), daemon=True
        )
        second = threading.Thread(target=lambda: found.append(scope.resolve(Needy)), daemon=True)
        first.start()
        assert asking.wait(10)
        second.start()
        first.join(10)
        second.join(10)

    assert {type(each) for each in found} == {Both, Needy}


def in_a_circle(ask: Callable[[type], object]) -> Container:
    """Make a container of two services, each of which asks for the other while it is being opened."""

    def late() -> Iterator[Late]:
        ask(Early)
        yield Late()

    def early() -> Iterator[Early]:
        ask(Late)
        yield Early()

    return of_both(late, early)


def test_two_threads_that_wait_for_each_other_are_told_the_circle() -> None:
    both = threading.Barrier(2)

    def ask(key: type) -> object:
        both.wait(10)
        return scope.resolve(key)

    def run(key: type) -> None:
        try:
            scope.resolve(key)
        except CircularDependencyError as error:
            told.append(error.where)

    told: list[str] = []
    scope = in_a_circle(ask).scope()
    threads = [threading.Thread(target=run, args=(key,), daemon=True) for key in (Late, Early)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert not any(thread.is_alive() for thread in threads)
    assert len(told) == 2
    assert {where.partition(",")[0] for where in told} <= {"Late -> Early -> Late", "Early -> Late -> Early"}


@pytest.mark.parametrize("first", [Late, Early])
def test_two_tasks_that_wait_for_each_other_are_told_the_circle(first: type) -> None:
    met = {Late: asyncio.Event(), Early: asyncio.Event()}

    async def ask(key: type) -> None:
        scope = current_scope()
        assert scope is not None
        met[Early if key is Late else Late].set()
        await met[key].wait()
        await scope.aresolve(key)

    async def late() -> AsyncIterator[Late]:
        await ask(Early)
        yield Late()

    async def early() -> AsyncIterator[Early]:
        await ask(Late)
        yield Early()

    container = of_both(late, early)

    async def main() -> list[object]:
        async with container.scope() as scope:
            asked = (scope.aresolve(each) for each in (first, Early if first is Late else Late))
            return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 10)

    assert [type(each) for each in asyncio.run(main())] == [CircularDependencyError] * 2


def test_waiting_threads_get_the_error_of_a_fresh_scope_and_the_next_call_builds() -> None:
    started, release = threading.Event(), threading.Event()
    calls: list[int] = []
    outcomes: list[str] = []

    def thing() -> Iterator[Thing]:
        calls.append(1)
        if len(calls) == 1:
            started.set()
            release.wait(5)
            raise OSError
        yield Thing()

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SCOPED)
    container.validate()

    with container.scope() as scope:

        def first() -> None:
            with pytest.raises(ConstructionError) as caught:
                scope.resolve(Thing)
            outcomes.append(type(caught.value.__cause__).__name__)

        def second() -> None:
            started.wait(5)
            threading.Timer(0.05, release.set).start()
            try:
                scope.resolve(Thing)
            except ConstructionError as error:
                outcomes.append(type(error.__cause__).__name__)
            else:
                outcomes.append("OSError or built")

        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert isinstance(scope.resolve(Thing), Thing)

    assert len(outcomes) == 2
    assert all("OSError" in each for each in outcomes)
