"""Close resources in reverse order; a failing finaliser does not skip the rest."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from contextlib import suppress
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from .._errors import AsyncRequiredError, CloseError, InvalidGeneratorError
from .._keys.key import label
from .owners import CLOSED

_DONE: Any = object()


class Exit:
    """An entered context manager."""

    __slots__ = ("manager",)

    def __init__(self, manager: Any) -> None:
        self.manager = manager


class AsyncExit(Exit):
    """An entered async context manager."""

    __slots__ = ()


def keep(owner: Any, resource: Any) -> None:
    """Let an owner close a resource; a closed owner closes at once.

    Raises:
        ScopeClosedError: the scope ended while the resource was opened.
    """
    if owner._store is CLOSED:
        finish([resource], None)
        CLOSED.get()
    if owner._resources is None:
        owner._resources = [resource]
    else:
        owner._resources.append(resource)


async def close_opened_late(resource: Any) -> None:
    """Close a resource opened during the end of the scope.

    Raises:
        ScopeClosedError: always.
    """
    await afinish([resource], None)
    CLOSED.get()


def finish(opened: list[Any], error: BaseException | None) -> None:
    """Close resources, last opened first.

    Args:
        opened: generators after their first value, and entered context managers.
        error: the error of the block, thrown into all resources, and raised by the caller. The failure of a finaliser
            is not thrown into further resources; a cancellation, or the end of the program, is.

    Raises:
        BaseException: the failure of a finaliser, when `error` is None or less urgent.
        CloseError: several finalisers failed.
    """
    failures: list[BaseException] = []
    pending = error
    while opened:
        resource = opened.pop()
        try:
            if isinstance(resource, (AsyncGeneratorType, AsyncExit)):
                _drive(resource, _aend(resource, pending))
            else:
                _end(resource, pending)
        except BaseException as raised:  # noqa: BLE001  # the rest must end too; raised below
            if raised is not pending:
                failures.append(raised)
                pending = pending if isinstance(raised, Exception) else raised
    if failures:
        _raise_failures(error, failures)


async def afinish(opened: list[Any], error: BaseException | None) -> None:
    """Do the same as `finish`, awaiting async finalisers."""
    failures: list[BaseException] = []
    pending = error
    while opened:
        resource = opened.pop()
        try:
            if isinstance(resource, (AsyncGeneratorType, AsyncExit)):
                await _aend(resource, pending)
            else:
                _end(resource, pending)
        except BaseException as raised:  # noqa: BLE001  # the rest must end too; raised below
            if raised is not pending:
                failures.append(raised)
                pending = pending if isinstance(raised, Exception) else raised
    if failures:
        _raise_failures(error, failures)


def _raise_failures(error: BaseException | None, failures: Sequence[BaseException]) -> None:
    """Raise the most urgent failure, or add notes to the error of the body."""
    urgent = [each for each in failures if not isinstance(each, Exception)]
    ordinary = [each for each in failures if isinstance(each, Exception)]
    if urgent:
        for each in (*urgent[1:], *ordinary):
            urgent[0].add_note(f"while closing, a finaliser also raised {each!r}")
        if error is not None:
            urgent[0].__context__ = error
        raise urgent[0]
    if error is not None:
        for each in ordinary:
            error.add_note(f"while closing, a finaliser also raised {each!r}")
        return
    if len(ordinary) == 1:
        raise ordinary[0]
    raise CloseError(f"{len(ordinary)} finalisers failed", ordinary)


def _end(resource: Any, error: BaseException | None) -> None:
    kind: type = resource.__class__
    if kind is GeneratorType:
        _end_generator(resource, error)
    else:
        resource.manager.__exit__(*_details(error))


def _end_generator(generator: GeneratorType[Any, Any, Any], error: BaseException | None) -> None:
    if error is None:
        if next(generator, _DONE) is _DONE:
            return
    else:
        trace = error.__traceback__
        try:
            generator.throw(error)
        except StopIteration:
            return
        except BaseException as raised:
            if raised is error or _is_converted(raised, error):
                return
            raise
        finally:
            error.__traceback__ = trace
    generator.close()
    raise yielded_twice(generator)


async def _aend(resource: Any, error: BaseException | None) -> None:
    kind: type = resource.__class__
    if kind is AsyncGeneratorType:
        await _aend_generator(resource, error)
    else:
        await resource.manager.__aexit__(*_details(error))


def _details(error: BaseException | None) -> tuple[Any, Any, Any]:
    return (None, None, None) if error is None else (type(error), error, error.__traceback__)


async def _aend_generator(generator: AsyncGeneratorType[Any, Any], error: BaseException | None) -> None:
    trace = None if error is None else error.__traceback__
    try:
        if error is None:
            await generator.__anext__()
        else:
            await generator.athrow(error)
    except StopAsyncIteration:
        return
    except BaseException as raised:
        if raised is error or _is_converted(raised, error):
            return
        raise
    finally:
        if error is not None:
            error.__traceback__ = trace
    await generator.aclose()
    raise yielded_twice(generator)


def _is_converted(raised: BaseException, error: BaseException | None) -> bool:
    """Return whether Python converted a StopIteration inside a generator to a RuntimeError (PEP 479)."""
    stops = isinstance(error, (StopIteration, StopAsyncIteration))
    return stops and isinstance(raised, RuntimeError) and raised.__cause__ is error


def _drive(resource: Any, ending: Coroutine[Any, Any, None]) -> None:
    """Run an async finaliser from sync code, up to its first wait for the event loop."""
    steps = ending
    try:
        steps.send(None)
    except StopIteration:
        return
    with suppress(RuntimeError):  # the finaliser may await again during its end
        steps.close()
    title = label(type(resource.manager) if isinstance(resource, Exit) else resource)
    raise AsyncRequiredError(
        f"{title} has to be awaited to be closed, and its scope was left synchronously",
        "the end of a `with` block, or close()",
        "use `async with`, or `await container.aclose()`",
    )


def yielded_twice(generator: Any) -> InvalidGeneratorError:
    """Return the error of a second value."""
    return InvalidGeneratorError(
        f"{label(generator)} yielded a second value",
        f"the end of the scope in which {label(generator)} was opened",
        "a generator factory yields exactly once; what follows the yield closes the resource",
    )
