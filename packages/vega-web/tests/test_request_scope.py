"""Errors for use of a request's scope after its end name the request and the line of the use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import BackgroundTasks
from starlette.responses import StreamingResponse

from vega.di import Inject, ScopeClosedError, bind, current_scope
from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import Router

HERE = __file__


class Session: ...


tasks: list[asyncio.Task[Any]] = []
over: list[asyncio.Event] = []


async def resolve_late(scope: Any) -> Session:
    await over[-1].wait()
    return await scope.aresolve(Session)  # type: ignore[no-any-return]  # the scope is Any here


@bind
async def bound(session: Session) -> Session:
    return session


async def join_late(_: Any) -> Session:
    await over[-1].wait()
    return await bound()


def leave_behind() -> None:
    tasks.append(asyncio.ensure_future(late[-1](current_scope())))


async def handler(session: Inject[Session]) -> None:
    leave_behind()


class Handle(Interactor[None]):
    @bind
    async def call(self, session: Session) -> None:
        leave_behind()


late: list[Callable[[Any], Any]] = []


@pytest.mark.parametrize("use", [resolve_late, join_late])
@pytest.mark.parametrize("kind", ["function", "use case"])
def test_a_late_use_names_the_request_its_endpoint_and_the_line(
    shop: Any, use: Callable[[Any], Any], kind: str
) -> None:
    late.append(use)
    router = Router()
    if kind == "function":
        router.get("/shop")(handler)
        defined = handler.__code__.co_firstlineno
    else:
        router.get("/shop", use_case=Handle)
        defined = Handle.call.__wrapped__.__code__.co_firstlineno  # type: ignore[attr-defined]  # functools.wraps sets it

    async def main() -> str:
        over.append(asyncio.Event())
        async with client_for(shop(router, scoped=[Session])) as client:
            await client.get("/shop")
            over[-1].set()
            with pytest.raises(ScopeClosedError) as caught:
                await tasks[-1]
        return caught.value.where

    where = asyncio.run(main())

    assert where.startswith(f"the scope of GET /shop ({HERE}:{defined}); used at {HERE}:")
    assert int(where.rpartition(":")[2]) == use.__code__.co_firstlineno + 2


class Cart:
    def __init__(self) -> None:
        self.items = ["tea"]

    def total(self) -> int:
        return len(self.items)


def test_a_streamed_body_and_background_tasks_use_objects_of_the_open_scope(shop: Any) -> None:
    router, streamed = Router(), list[int]()

    async def body(cart: Cart) -> AsyncIterator[str]:
        for number in range(2):
            yield str(cart.total() + number)

    @router.get("/cart")
    async def look(cart: Inject[Cart], tasks: BackgroundTasks) -> StreamingResponse:
        tasks.add_task(lambda: streamed.append(cart.total()))
        return StreamingResponse(body(cart))

    async def main() -> str:
        async with client_for(shop(router, scoped=[Cart])) as client:
            return (await client.get("/cart")).text

    assert asyncio.run(main()) == "12"
    assert streamed == [1]
