"""Bound functions: what is injected, what the caller gives, and which scope a call uses."""

import asyncio
import contextvars
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Annotated, Any

import pytest

from vega.di import (
    All,
    AmbiguousProviderError,
    AsyncRequiredError,
    CaptiveDependencyError,
    Container,
    ContainerClosedError,
    ContainerError,
    Inject,
    MissingProviderError,
    Named,
    Scope,
    bind,
    current_scope,
    get_container,
    set_container,
)


class Thing: ...


class Other: ...


class Session:
    closed = False


class Clock: ...


class Utc(Clock): ...


class Repo:
    def __init__(self, session: Session) -> None:
        self.session = session


@pytest.fixture
def container() -> Iterator[Container]:
    before = get_container()
    made = Container()
    made.register(Clock, scope=Scope.SINGLETON)
    made.register(Session, session, scope=Scope.SCOPED)
    made.register(Repo)
    set_container(made)
    yield made
    set_container(before)


def session() -> Iterator[Session]:
    made = Session()
    try:
        yield made
    finally:
        made.closed = True


def test_a_call_opens_a_scope_and_closes_it(container: Container) -> None:
    @bind
    def work(repo: Repo, session: Session) -> tuple[Repo, Session, bool]:
        return repo, session, session.closed

    repo, used, closed = work()

    assert repo.session is used
    assert not closed
    assert used.closed
    assert work()[1] is not used


def test_a_scope_that_a_call_opened_is_closed_when_it_raises(container: Container) -> None:
    kept: list[Session] = []

    @bind
    def work(session: Session) -> None:
        kept.append(session)
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            work()

    assert all(each.closed for each in kept)
    assert current_scope() is None


def test_nested_calls_join_the_scope_of_the_outer_one(container: Container) -> None:
    @bind
    def inner(session: Session) -> Session:
        return session

    @bind
    def outer(session: Session) -> tuple[Session, Session]:
        return session, inner()

    for _ in range(3):
        first, second = outer()
        assert first is second


def test_nested_async_calls_join_and_so_do_child_tasks(container: Container) -> None:
    @bind
    async def inner(session: Session) -> Session:
        await asyncio.sleep(0)
        return session

    @bind
    async def outer(repo: Repo) -> list[Session]:
        return [repo.session, await inner(), *await asyncio.gather(inner(), inner())]

    async def main() -> None:
        for _ in range(3):
            assert len({id(each) for each in await outer()}) == 1
        one, other = await asyncio.gather(outer(), outer())
        assert one[0] is not other[0]

    asyncio.run(main())


def test_a_call_joins_an_open_scope_and_leaves_it_open(container: Container) -> None:
    @bind
    def work(session: Session) -> Session:
        return session

    with container.scope() as scope:
        for _ in range(3):
            assert work() is scope.resolve(Session)
        assert not scope.resolve(Session).closed


def test_given_arguments_win_by_position_and_by_name(container: Container) -> None:
    given = Session()

    @bind
    def work(name: str, session: Session, /, clock: Clock, *rest: int, flag: bool = False, **more: int) -> Any:
        return name, session, clock, rest, flag, more

    clock = Clock()
    container.register(Clock, Utc, name="utc")

    assert work("a", given)[:2] == ("a", given)
    assert work("a", given, clock, 1, 2, flag=True, x=3) == ("a", given, clock, (1, 2), True, {"x": 3})
    assert work("a", clock=clock)[2] is clock
    assert work("a")[2] is container.resolve(Clock)


def test_signature_name_and_kind_stay_those_of_the_function(container: Container) -> None:
    @bind
    async def work(name: str, clock: Clock, *, flag: bool = True) -> str:
        """Docs."""
        return name

    assert inspect.iscoroutinefunction(work)
    assert work.__name__ == "work"
    assert work.__doc__ == "Docs."
    assert list(inspect.signature(work).parameters) == ["name", "clock", "flag"]
    assert asyncio.run(work("x")) == "x"
    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(work(name="y", flag=False)) == "y"


def test_parameters_may_have_the_names_that_generated_code_uses(container: Container) -> None:
    @bind
    def work(_s: Clock, _v: int, FN: Session, GET: int = 3) -> Any:  # noqa: N803  # the names are the point
        return _s, _v, FN, GET

    clock, number, used, default = work(_v=1)

    assert (type(clock), number, type(used), default) == (Clock, 1, Session, 3)
    assert work(_v=2)[1] == 2


@pytest.mark.parametrize("ambient", [True, False])
def test_parameters_may_have_the_names_of_builtins(ambient: bool) -> None:
    closed: list[str] = []

    def opened() -> Iterator[Session]:
        yield Session()
        closed.append("closed")

    def work(session: Session, next: int, len: int, isinstance: int, Exception: int, anext: int) -> Any:  # noqa: N803  # the names are the point
        return next, len, isinstance, Exception, anext

    container = Container()
    container.register_factory(Session, opened, scope=Scope.SCOPED)
    bound = container.bind(work, ambient=ambient)

    for times in (1, 2, 3):
        assert bound(next=1, len=2, isinstance=3, Exception=4, anext=5) == (1, 2, 3, 4, 5)
        assert closed == ["closed"] * times


@pytest.mark.parametrize("ambient", [True, False])
def test_parameters_of_coroutines_may_have_the_names_of_builtins(ambient: bool) -> None:
    closed: list[str] = []

    async def opened() -> AsyncIterator[Session]:
        yield Session()
        closed.append("closed")

    async def work(session: Session, next: int, anext: int) -> Any:  # as above
        return next, anext

    container = Container()
    container.register_factory(Session, opened, scope=Scope.SCOPED)
    bound = container.bind(work, ambient=ambient)

    for times in (1, 2, 3):
        assert asyncio.run(bound(next=1, anext=2)) == (1, 2)
        assert closed == ["closed"] * times


def test_what_nobody_gives_is_a_named_error(container: Container) -> None:
    class Absent: ...

    @bind
    def work(absent: Absent) -> Absent:
        return absent

    @bind
    def plain(number: int) -> int:
        return number

    given = Absent()
    assert work(given) is given
    with pytest.raises(MissingProviderError, match="'absent'"):
        work()
    with pytest.raises(TypeError, match="'number'"):
        plain()
    assert plain(3) == 3


def test_marked_parameters_must_be_provided(container: Container) -> None:
    class Absent: ...

    @bind
    def work(absent: Inject[Absent]) -> None: ...

    with pytest.raises(MissingProviderError, match="nothing provides Absent"):
        work()


def test_an_ambiguous_parameter_is_a_named_error(container: Container) -> None:
    @bind
    def work(clock: Clock) -> None: ...

    container.register(Clock, Utc)

    with pytest.raises(AmbiguousProviderError):
        work()


def test_a_name_applies_where_there_is_a_service_of_that_name(container: Container) -> None:
    container.register_named(Clock, "utc", Utc)

    @bind(name="utc")
    def work(clock: Clock, session: Session) -> tuple[Clock, Session]:
        return clock, session

    @bind(name="nowhere")
    def fails(clock: Clock) -> None: ...

    assert [type(each) for each in work()] == [Utc, Session]
    with pytest.raises(MissingProviderError, match="has a service named 'nowhere'"):
        fails()


def test_annotated_names_collections_and_defaults_are_filled(container: Container) -> None:
    container.register_named(Clock, "utc", Utc)

    @bind
    def work(utc: Annotated[Clock, Named("utc")], clocks: All[Clock], count: int = 2, other: int | None = None) -> Any:
        return type(utc), len(clocks), count, other

    assert work() == (Utc, 2, 2, None)
    assert work(count=5) == (Utc, 2, 5, None)


def test_scope_scoped_opens_a_scope_even_if_no_parameter_needs_one(container: Container) -> None:
    @bind(scope=Scope.SCOPED)
    def work(clock: Clock) -> object:
        return current_scope()

    @bind(ambient=False)
    def lean(clock: Clock) -> object:
        return current_scope()

    assert work() is not None
    assert work() is not None
    assert lean() is None


def test_scope_transient_always_opens_its_own(container: Container) -> None:
    @bind(scope=Scope.TRANSIENT)
    def work(session: Session) -> Session:
        return session

    with container.scope() as scope:
        assert work() is not scope.resolve(Session)
        assert work().closed


def test_scope_singleton_refuses_what_lives_in_a_scope(container: Container) -> None:
    @bind(scope=Scope.SINGLETON)
    def work(session: Session) -> None: ...

    with pytest.raises(CaptiveDependencyError):
        work()


def test_methods_class_methods_and_static_methods_can_be_bound(container: Container) -> None:
    class Work:
        @bind
        def method(self, clock: Clock) -> Any:
            return self, clock

        @bind
        @classmethod
        def of_class(cls, clock: Clock) -> Any:
            return cls, clock

        @bind
        @staticmethod
        def static(clock: Clock) -> Any:
            return clock

    work, clock = Work(), container.resolve(Clock)

    assert work.method() == (work, clock)
    assert Work.of_class() == (Work, clock)
    assert Work.static() is clock


def test_sync_functions_cannot_need_what_has_to_be_awaited(container: Container) -> None:
    async def repo() -> Repo:
        return Repo(Session())

    container.register_factory(Repo, repo, replace=True)

    @bind
    def work(repo: Repo) -> None: ...

    with pytest.raises(AsyncRequiredError, match="Repo has to be awaited"):
        work()


def test_a_bound_function_follows_the_current_container(container: Container) -> None:
    @bind
    def work(clock: Clock) -> Clock:
        return clock

    first = work()
    other = Container({Clock: Utc})

    def elsewhere() -> Clock:
        set_container(other)
        return work()

    assert type(contextvars.copy_context().run(elsewhere)) is Utc
    assert work() is first


def test_a_bound_function_follows_the_process_default(container: Container) -> None:
    @bind
    def work(clock: Clock) -> Clock:
        return clock

    def elsewhere() -> list[type]:
        before = get_container()
        set_container(Container({Clock: Clock}), process=True)
        found = [type(work())]
        set_container(Container({Clock: Utc}), process=True)
        found.append(type(work()))
        set_container(before, process=True)
        return found

    assert contextvars.Context().run(elsewhere) == [Clock, Utc]


def test_a_bound_function_of_a_closed_container_is_refused() -> None:
    made = Container({Clock: Clock})

    def work(clock: Clock) -> Clock:
        return clock

    bound = made.bind(work)
    bound()
    made.close()

    with pytest.raises(ContainerClosedError):
        bound()


def test_a_bound_generator_keeps_its_scope_for_the_iteration_and_hides_it_from_the_consumer(
    container: Container,
) -> None:
    @bind
    def work(repo: Repo, count: int) -> Generator[Any, str, str]:
        assert current_scope() is not None
        for _ in range(count):
            yield repo.session
        return "done"

    generator = work(count=2)
    first = next(generator)
    assert current_scope() is None
    assert first is next(generator)
    assert not first.closed
    with pytest.raises(StopIteration, match="done"):
        next(generator)
    assert first.closed
    assert inspect.isgeneratorfunction(work)


def test_a_bound_generator_takes_what_is_sent_and_thrown(container: Container) -> None:
    @bind
    def echo(session: Session) -> Generator[Any, Any, None]:
        got: Any = session
        while True:
            try:
                got = yield got
            except KeyError as error:
                got = error

    generator = echo()
    used = next(generator)

    assert generator.send("a") == "a"
    assert isinstance(generator.throw(KeyError()), KeyError)
    generator.close()
    assert used.closed


def test_a_bound_async_generator_keeps_its_scope_for_the_iteration(container: Container) -> None:
    async def repo(session: Session) -> Repo:
        return Repo(session)

    container.register_factory(Repo, repo, replace=True)

    @bind
    async def work(repo: Repo) -> AsyncGenerator[Any, Any]:
        got: Any = repo.session
        while got != "stop":
            try:
                got = yield got
            except KeyError as error:
                got = error

    async def main() -> None:
        generator = work()
        first = await anext(generator)
        assert current_scope() is None
        assert await generator.asend("a") == "a"
        assert isinstance(await generator.athrow(KeyError()), KeyError)
        assert not first.closed
        with pytest.raises(StopAsyncIteration):
            await generator.asend("stop")
        assert first.closed
        generator = work()
        second = await anext(generator)
        await generator.aclose()
        assert second.closed

    asyncio.run(main())
    assert inspect.isasyncgenfunction(work)


def test_a_bound_generator_that_is_closed_early_ends_within_its_scope(container: Container) -> None:
    found: list[Any] = []

    @bind
    def work(session: Session) -> Iterator[Session]:
        try:
            yield session
        finally:
            found.append(container.resolve(Session))

    @bind
    async def awork(session: Session) -> AsyncIterator[Session]:
        try:
            yield session
        finally:
            found.append(container.resolve(Session))

    async def main() -> Session:
        generator: Any = awork()
        first: Session = await anext(generator)
        await generator.aclose()
        return first

    generator: Any = work()
    first = next(generator)
    generator.close()

    second = asyncio.run(main())

    assert found == [first, second]


def test_a_bound_generator_joins_an_open_scope(container: Container) -> None:
    @bind
    def work(session: Session) -> Iterator[Session]:
        yield session

    @bind
    async def awork(session: Session) -> AsyncIterator[Session]:
        yield session

    async def main() -> list[Session]:
        return [each async for each in awork()]

    with container.scope() as scope:
        assert list(work()) == [scope.resolve(Session)]
        assert asyncio.run(main()) == [scope.resolve(Session)]
        assert not scope.resolve(Session).closed


def test_generators_that_need_no_scope_open_none(container: Container) -> None:
    @bind(ambient=False)
    def work(clock: Clock) -> Iterator[object]:
        yield current_scope()

    assert list(work()) == [None]


def test_a_container_binds_for_edges_and_tells_what_it_injects(container: Container) -> None:
    async def endpoint(request: str, repo: Repo, clock: Inject[Clock]) -> Any:
        return request, repo, clock, current_scope()

    bound = container.bind(endpoint, given=["request"])
    container.validate()

    async def main() -> None:
        for _ in range(2):
            request, repo, clock, scope = await bound("r")
            assert (request, scope) == ("r", None)
            assert repo.session.closed
            assert clock is container.resolve(Clock)
        async with container.scope() as opened:
            assert (await bound(request="r"))[1].session is opened.resolve(Session)

    asyncio.run(main())
    assert set(container.injected(endpoint, given=["request"])) == {"repo", "clock"}


def test_a_container_can_make_the_scope_of_an_edge_ambient(container: Container) -> None:
    def endpoint(session: Session) -> Any:
        return session, container.resolve(Session)

    bound = container.bind(endpoint, ambient=True)

    for _ in range(2):
        first, second = bound()
        assert first is second


def test_validate_checks_what_was_bound_with_given(container: Container) -> None:
    class Absent: ...

    def endpoint(request: str, absent: Absent) -> None: ...

    container.bind(endpoint, given=["request"])

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "endpoint(absent: Absent)" in str(caught.value)
    assert "test_bind.py" in str(caught.value)


def test_no_signature_is_read_after_the_build(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    @bind
    async def work(repo: Repo, clock: Clock) -> Repo:
        return repo

    edge = container.bind(work)

    async def main() -> Repo:
        await work()
        await edge()
        with container.scope() as scope:
            scope.resolve(Repo)
            await work()
        monkeypatch.setattr("inspect.signature", refuse)
        monkeypatch.setattr("typing.get_type_hints", refuse)
        await work()
        await edge()
        with container.scope() as scope:
            found = scope.resolve(Repo)
            assert type(await work()) is type(found)
            container.resolve(Clock)
        return found

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a signature was read at a call")

    assert isinstance(asyncio.run(main()), Repo)


def test_what_a_call_opens_can_be_kept_from_what_the_function_calls(container: Container) -> None:
    @bind
    def inner(session: Session) -> Session:
        return session

    @bind(ambient=False)
    def outer(session: Session) -> tuple[Session, Session, object]:
        return session, inner(), current_scope()

    for _ in range(3):
        first, second, scope = outer()
        assert first is not second
        assert scope is None
        assert first.closed
    with container.scope() as opened:
        first, second, scope = outer()
        assert first is second
        assert scope is opened


def test_a_bound_function_may_fail_in_more_than_one_way() -> None:
    class A: ...

    class B: ...

    def work(a: Inject[A], b: Inject[B]) -> None: ...

    bound = Container().bind(work)

    with pytest.raises(ContainerError) as caught:
        bound()

    assert len(caught.value.exceptions) == 2


def test_bound_functions_whose_callers_give_what_has_no_type_are_valid() -> None:
    container = Container({Thing: Thing})

    def work(given, thing: Thing) -> Any:  # type: ignore[no-untyped-def]  # that is the case
        return given, thing

    bound = container.bind(work)
    container.validate()

    assert bound(3)[0] == 3
    assert dict(container.injected(lambda number, thing: None)) == {}


def test_parameters_that_nothing_provides_are_not_reported_as_injected() -> None:
    def work(thing: Thing, other: Other, count: int) -> None: ...

    assert dict(Container({Thing: Thing}).injected(work)) == {"thing": Thing}
