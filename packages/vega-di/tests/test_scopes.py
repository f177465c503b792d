"""Scopes: who shares what, for how long, and who sees the ambient one."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from vega.di import (
    ActiveScope,
    Container,
    InvalidInstanceError,
    InvalidRegistrationError,
    MissingProviderError,
    Scope,
    ScopeClosedError,
    ScopeRequiredError,
    bind,
    current_scope,
    set_container,
)


class Thing: ...


class Session: ...


class Repo:
    def __init__(self, session: Session) -> None:
        self.session = session


class Handler:
    def __init__(self, session: Session, repo: Repo) -> None:
        self.session = session
        self.repo = repo


class Request:
    def __init__(self, path: str) -> None:
        self.path = path


class View:
    def __init__(self, request: Request) -> None:
        self.request = request


def make() -> Container:
    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    container.register(Repo, scope=Scope.SCOPED)
    container.register(Handler)
    return container


def test_a_scoped_service_is_one_object_within_a_scope_and_another_in_the_next() -> None:
    container = make()

    with container.scope() as first:
        a, b = first.resolve(Handler), first.resolve(Handler)
    with container.scope() as second:
        c = second.resolve(Handler)

    assert a is not b
    assert a.session is a.repo.session is b.session
    assert c.session is not a.session


@pytest.mark.parametrize("before", [Session, Repo, Handler])
def test_the_order_in_which_a_scope_is_asked_does_not_matter(before: type) -> None:
    container = make()

    with container.scope() as scope:
        scope.resolve(before)
        handler = scope.resolve(Handler)

        assert handler.session is scope.resolve(Session) is scope.resolve(Repo).session
        assert handler.repo is scope.resolve(Repo)


def test_the_container_answers_from_the_ambient_scope() -> None:
    container = make()

    with container.scope() as scope:
        assert container.resolve(Session) is scope.resolve(Session)


def test_a_scoped_service_outside_a_scope_is_a_named_error() -> None:
    with pytest.raises(ScopeRequiredError, match="Handler lives in a scope"):
        make().resolve(Handler)


def test_a_closed_scope_refuses_every_kind_of_service() -> None:
    container = make()
    container.register(View, factory := (lambda: View(Request("/"))))
    container.register_instance(Request, Request("/"))
    assert factory
    with container.scope() as scope:
        scope.resolve(Handler)

    for key in (Handler, Session, View, Request):
        with pytest.raises(ScopeClosedError):
            scope.resolve(key)


def test_a_background_task_that_keeps_a_scope_is_refused_after_its_end() -> None:
    container = make()
    gate = asyncio.Event()

    async def late(scope: ActiveScope) -> None:
        await gate.wait()
        scope.resolve(Session)

    async def main() -> None:
        async with container.scope() as scope:
            task = asyncio.create_task(late(scope))
        gate.set()
        await task

    with pytest.raises(ScopeClosedError):
        asyncio.run(main())


def test_two_interleaved_tasks_have_private_scopes() -> None:
    container = make()
    turn = asyncio.Barrier(2)

    async def task() -> tuple[Session, Session]:
        with container.scope():
            first = container.resolve(Session)
            await turn.wait()
            second = container.resolve(Session)
            await turn.wait()
        return first, second

    async def main() -> list[tuple[Session, Session]]:
        return await asyncio.gather(task(), task())

    (a, b), (c, d) = asyncio.run(main())

    assert a is b
    assert c is d
    assert a is not c


def test_child_tasks_inherit_the_ambient_scope() -> None:
    container = make()

    async def child() -> Session:
        return container.resolve(Session)

    async def main() -> tuple[Session, list[Session]]:
        async with container.scope() as scope:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(child()) for _ in range(3)]
            return scope.resolve(Session), [task.result() for task in tasks]

    own, others = asyncio.run(main())

    assert all(other is own for other in others)


def test_scopes_nest_and_the_outer_one_is_back_afterwards() -> None:
    container = make()

    with container.scope() as outer:
        with container.scope() as inner:
            assert current_scope() is inner
            assert inner.resolve(Session) is not outer.resolve(Session)
        assert current_scope() is outer
    assert current_scope() is None


def test_scopes_of_two_containers_do_not_answer_for_each_other() -> None:
    first, second = make(), make()

    with first.scope() as outer, second.scope() as inner:
        assert first.resolve(Session) is outer.resolve(Session)
        assert second.resolve(Session) is inner.resolve(Session)


def test_a_scope_can_be_left_in_another_context_than_it_was_entered() -> None:
    container = make()
    scope = container.scope()

    copy_context().run(scope.__enter__)
    scope.__exit__(None, None, None)

    assert current_scope() is None
    with pytest.raises(ScopeClosedError):
        scope.resolve(Session)


def test_values_given_to_a_scope_are_injectable() -> None:
    container = Container({View: View})
    container.expect(Request)
    container.validate()

    with container.scope({Request: Request("/a")}) as scope:
        assert scope.resolve(View).request.path == "/a"
        assert scope.resolve(Request).path == "/a"


def test_a_value_counts_as_expected_from_the_first_scope_that_is_given_one() -> None:
    container = Container({View: View})

    with container.scope({Request: Request("/b")}) as scope:
        assert scope.resolve(View).request.path == "/b"


def test_a_value_replaces_a_scoped_service_in_its_scope_alone() -> None:
    container = make()
    own = Session()

    with container.scope({Session: own}) as scope:
        assert scope.resolve(Handler).session is own
    with container.scope() as scope:
        assert scope.resolve(Handler).session is not own


def test_a_scope_without_an_expected_value_names_it() -> None:
    container = Container({View: View})
    container.expect(Request)

    with container.scope() as scope, pytest.raises(MissingProviderError, match="given no Request"):
        scope.resolve(View)


def test_a_value_of_the_wrong_type_is_a_named_error() -> None:
    with pytest.raises(InvalidInstanceError, match="is not a Session"):
        make().scope({Session: "text"})


def test_a_value_for_a_service_that_is_not_scoped_is_a_named_error() -> None:
    container = make()
    container.register(Request, lambda: Request("/"), scope=Scope.SINGLETON)

    with pytest.raises(InvalidRegistrationError, match="Request is singleton"):
        container.scope({Request: Request("/")})


def test_a_service_may_ask_for_the_open_scope_itself() -> None:
    class Unit:
        def __init__(self, scope: ActiveScope) -> None:
            self.scope = scope

    container = Container({Unit: Unit})

    with container.scope() as scope:
        assert scope.resolve(Unit).scope is scope


def test_threads_that_share_a_scope_share_its_services() -> None:
    container = make()
    found: list[Session] = []
    ready = threading.Barrier(8)

    with container.scope() as scope:

        def run() -> None:
            ready.wait()
            found.append(scope.resolve(Handler).session)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_tasks_that_share_a_fresh_scope_build_an_async_service_once() -> None:
    built = []
    gate = asyncio.Event()

    async def session() -> Session:
        built.append(1)
        await gate.wait()
        return Session()

    container = Container()
    container.register(Session, session, scope=Scope.SCOPED)
    container.register(Handler)
    container.register(Repo, scope=Scope.SCOPED)

    async def main() -> list[Handler]:
        async with container.scope() as scope:
            tasks = [asyncio.create_task(scope.aresolve(Handler)) for _ in range(5)]
            await asyncio.sleep(0)
            gate.set()
            return await asyncio.gather(*tasks)

    handlers = asyncio.run(main())

    assert built == [1]
    assert len({id(handler.session) for handler in handlers}) == 1
    assert len({id(handler.repo) for handler in handlers}) == 1


def test_a_constructor_that_asks_the_ambient_scope_gets_the_same_objects() -> None:
    container = make()
    set_container(container)

    @bind
    def current_session(session: Session) -> Session:
        return session

    class Odd:
        def __init__(self, session: Session) -> None:
            self.given, self.asked = session, current_session()

    container.register(Odd, scope=Scope.SCOPED)

    with container.scope() as scope:
        odd = scope.resolve(Odd)
        assert odd.asked is odd.given is scope.resolve(Session)
        assert scope.resolve(Odd) is scope.resolve(Odd)


def test_the_same_holds_after_a_resource_was_opened() -> None:
    def session() -> Iterator[Session]:
        yield Session()

    container = Container()
    container.register_factory(Session, session, scope=Scope.SCOPED)
    container.register(Repo, scope=Scope.SCOPED)

    class Odd:
        def __init__(self, session: Session, repo: Repo) -> None:
            self.session, self.repo, self.asked = session, repo, container.resolve(Repo)

    container.register(Odd, scope=Scope.SCOPED)

    with container.scope() as scope:
        odd = scope.resolve(Odd)

        assert odd.asked is odd.repo is scope.resolve(Repo)
        assert odd.repo.session is odd.session


def test_an_async_scope_can_be_left_in_another_context() -> None:
    container = Container({Thing: Thing})

    async def main() -> None:
        scope = container.scope()
        task = asyncio.get_running_loop().create_task(scope.__aenter__(), context=contextvars.copy_context())
        await task
        await scope.__aexit__(None, None, None)
        with pytest.raises(ScopeClosedError):
            scope.resolve(Thing)

    asyncio.run(main())
    assert current_scope() is None


def test_a_scope_that_ends_in_a_copied_context_is_no_longer_ambient_there() -> None:
    scope = Container({Thing: Thing}).scope()

    def leave() -> object:
        scope.__exit__(None, None, None)
        return current_scope()

    def enter() -> object:
        scope.__enter__()
        return copy_context().run(leave)

    assert copy_context().run(enter) is None
