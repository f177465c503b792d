"""Finalisers: each runs, and each failure is reported, whatever else fails."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self, TypeAlias

import pytest

import vega.di
from vega.di import CloseError, ConstructionError, Container, InvalidGeneratorError, Scope, ScopeClosedError


class Thing: ...


class Again:
    """A context manager that raises what it was given."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            raise error


class AsyncAgain:
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            raise error


class Other: ...


def test_a_container_is_an_async_context_manager() -> None:
    async def main() -> Container:
        async with Container({Thing: Thing}) as container:
            container.resolve(Thing)
        return container

    with pytest.raises(vega.di.ContainerClosedError):
        asyncio.run(main()).resolve(Thing)


def test_an_error_of_the_body_reaches_an_async_context_manager() -> None:
    seen: list[Any] = []

    class Managed:
        async def __aenter__(self) -> "Managed":  # noqa: PYI034  # closed over
            return self

        async def __aexit__(self, *error: object) -> None:
            seen.append(error[0])

    container = Container()
    container.register(Managed, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(Managed)
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(main())

    assert seen == [KeyError]


def test_two_urgent_failures_leave_the_first_with_a_note_of_the_others() -> None:
    def failing(error: type[BaseException], cls: type) -> Any:
        def make() -> Iterator[Any]:
            try:
                yield cls()
            finally:
                raise error

        return make

    class Third: ...

    container = Container()
    for cls, error in ((Thing, KeyboardInterrupt), (Third, ValueError), (dict, SystemExit)):
        container.register_factory(cls, failing(error, cls), scope=Scope.SCOPED)

    with pytest.raises(SystemExit) as caught, container.scope() as scope:  # noqa: PT012  # the body of the scope
        for cls in (Thing, Third, dict):
            scope.resolve(cls)

    assert [("KeyboardInterrupt" in note, "ValueError" in note) for note in caught.value.__notes__] == [
        (True, False),
        (False, True),
    ]


def test_an_async_resource_that_needs_no_loop_is_closed_synchronously() -> None:
    log = []

    async def thing() -> AsyncIterator[Thing]:
        yield Thing()
        log.append("closed")

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SINGLETON)
    asyncio.run(container.aresolve(Thing))

    container.close()

    assert log == ["closed"]


def test_a_manager_that_raises_the_error_of_the_body_again_adds_nothing() -> None:
    container = Container()
    container.register(Again, scope=Scope.SCOPED)
    container.register(AsyncAgain, scope=Scope.SCOPED)
    error = KeyError("body")

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(AsyncAgain)
            scope.resolve(Again)
            raise error

    with pytest.raises(KeyError) as caught, container.scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Again)
        raise error
    assert caught.value is error
    with pytest.raises(KeyError) as caught:
        asyncio.run(main())
    assert caught.value is error
    assert getattr(error, "__notes__", []) == []


def test_an_async_generator_that_yields_twice_among_others_is_named() -> None:
    async def twice() -> AsyncIterator[Thing]:
        yield Thing()
        yield Thing()

    async def once() -> AsyncIterator[Other]:
        yield Other()

    container = Container()
    container.register_factory(Thing, twice, scope=Scope.SCOPED)
    container.register_factory(Other, once, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(Other)
            await scope.aresolve(Thing)

    with pytest.raises(InvalidGeneratorError, match="yielded a second value"):
        asyncio.run(main())


def test_resources_opened_before_a_constructor_fails_in_a_reserved_batch_are_closed() -> None:
    log: list[str] = []

    def opened() -> Iterator[Thing]:
        yield Thing()
        log.append("never")

    def guarded() -> Iterator[Thing]:
        try:
            yield from opened()
        finally:
            log.append("closed")

    class Broken:
        def __init__(self, thing: Thing) -> None:
            raise OSError

    container = Container()
    container.register_factory(Thing, guarded, scope=Scope.SCOPED)
    container.register(Broken, scope=Scope.SCOPED)
    with container.scope() as scope:
        for _ in range(2):
            with pytest.raises(ConstructionError):
                scope.resolve(Broken)
        assert log == []
    assert log == ["never", "closed"]


def test_a_resource_that_opens_while_its_scope_ends_is_closed_at_once() -> None:
    log: list[str] = []
    container = Container()
    scope = container.scope()

    def open_thing() -> Iterator[Thing]:
        scope.__exit__(None, None, None)
        yield Thing()
        log.append("closed")

    container.register_factory(Thing, open_thing, scope=Scope.SCOPED)
    container.register(Other, scope=Scope.SCOPED)
    scope.__enter__()
    scope.resolve(Other)
    with pytest.raises(ScopeClosedError):
        scope.resolve(Thing)

    assert log == ["closed"]


def test_the_errors_of_a_close_stay_such_when_they_are_split() -> None:
    container = Container()

    def failing(cls: type, error: Exception) -> Any:
        def resource() -> Any:
            try:
                yield cls()
            finally:
                raise error

        return resource

    container.register_factory(Thing, failing(Thing, ValueError("v")), scope=Scope.SINGLETON)
    container.register_factory(Other, failing(Other, KeyError("k")), scope=Scope.SINGLETON)
    container.resolve(Thing)
    container.resolve(Other)
    with pytest.raises(CloseError) as caught:
        container.close()

    mine, rest = caught.value.split(ValueError)

    assert type(mine) is type(rest) is CloseError


class Third: ...


Note: TypeAlias = Callable[[BaseException | None], None]


def generator(cls: type, note: Note) -> Any:
    def make() -> Iterator[Any]:
        seen: BaseException | None = None
        try:
            yield cls()
        except BaseException as error:
            seen = error
            raise
        finally:
            note(seen)

    return make


def async_generator(cls: type, note: Note) -> Any:
    async def make() -> AsyncIterator[Any]:
        seen: BaseException | None = None
        try:
            yield cls()
        except BaseException as error:
            seen = error
            raise
        finally:
            await asyncio.sleep(0)
            note(seen)

    return make


def manager(cls: type, note: Note) -> Any:
    def leave(self: object, kind: object, error: BaseException | None, trace: object) -> None:
        note(error)

    return type(cls.__name__, (cls,), {"__enter__": lambda self: self, "__exit__": leave})


def async_manager(cls: type, note: Note) -> Any:
    async def enter(self: object) -> object:
        return self

    async def leave(self: object, kind: object, error: BaseException | None, trace: object) -> None:
        note(error)

    return type(cls.__name__, (cls,), {"__aenter__": enter, "__aexit__": leave})


def with_resources(
    kind: Callable[[type, Note], Any], log: list[str], failing: BaseException, scope: Scope
) -> Container:
    """Return a container of three resources; each logs the error that it sees, and the second one fails."""
    container = Container()

    def noting(number: int) -> Note:
        def note(error: BaseException | None) -> None:
            log.append(f"{number} {type(error).__name__}")
            if number == 2:
                raise failing

        return note

    services: list[Any] = [Thing, Other, Third]
    for number, cls in enumerate(services, 1):
        provider = kind(cls, noting(number))
        register: Any = container.register if isinstance(provider, type) else container.register_factory
        register(cls, provider, scope=scope)
    return container


KINDS = [generator, async_generator, manager, async_manager]


@pytest.mark.parametrize("kind", KINDS)
def test_the_failure_of_one_finaliser_does_not_reach_the_others(kind: Any) -> None:
    log: list[str] = []

    async def in_a_scope() -> None:
        async with with_resources(kind, log, OSError("disk"), Scope.SCOPED).scope() as scope:
            for cls in (Thing, Other, Third):
                await scope.aresolve(cls)

    async def in_a_call() -> None:
        async def work(thing: Thing, other: Other, third: Third) -> None: ...

        await with_resources(kind, log, OSError("disk"), Scope.SCOPED).bind(work)()

    async def in_a_container() -> None:
        async with with_resources(kind, log, OSError("disk"), Scope.SINGLETON) as container:
            for cls in (Thing, Other, Third):
                await container.aresolve(cls)

    for body in (in_a_scope, in_a_call, in_a_container):
        log.clear()
        with pytest.raises(OSError, match="disk"):
            asyncio.run(body())
        assert log == ["3 NoneType", "2 NoneType", "1 NoneType"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_of_the_body_reaches_all_resources_whatever_a_finaliser_raises(kind: Any) -> None:
    log: list[str] = []

    async def main() -> None:
        async with with_resources(kind, log, OSError("disk"), Scope.SCOPED).scope() as scope:
            for cls in (Thing, Other, Third):
                await scope.aresolve(cls)
            raise KeyError

    with pytest.raises(KeyError) as caught:
        asyncio.run(main())

    assert log == ["3 KeyError", "2 KeyError", "1 KeyError"]
    assert len(caught.value.__notes__) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt])
def test_a_cancellation_while_closing_reaches_the_remaining_resources(kind: Any, error: type[BaseException]) -> None:
    log: list[str] = []

    async def main() -> BaseException | None:
        try:
            async with with_resources(kind, log, error(), Scope.SCOPED).scope() as scope:
                for cls in (Thing, Other, Third):
                    await scope.aresolve(cls)
        except BaseException as raised:  # noqa: BLE001 - looked at below
            return raised
        return None

    assert type(asyncio.run(main())) is error
    assert log == ["3 NoneType", "2 NoneType", f"1 {error.__name__}"]
