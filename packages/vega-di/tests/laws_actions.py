"""What drawn tasks and threads do: resolve, and call bound functions whose bodies do the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from vega.di import AsyncRequiredError, ConstructionError, ScopeClosedError, bind, current_scope

from .laws_graphs import Spec, is_sync, needs_scope, some
from .laws_worlds import BODY, Body, BoomError, Service, World

PLAIN = "def make({names}): return body(({values}))"
ASYNC = "async def make({names}): return await abody(({values}))"


@dataclass(frozen=True)
class Ask:
    """Resolve a service."""

    key: int
    is_plain: bool
    of_container: bool


@dataclass(frozen=True)
class Call:
    """Call a bound function, whose body does further things, one by one or in tasks of its own."""

    style: str
    needs: tuple[int, ...]
    then: tuple[Any, ...]
    is_plain: bool
    spawns: bool
    raises: bool


def actions(specs: tuple[Spec, ...]) -> st.SearchStrategy[Any]:
    """Draw something to do."""
    keys = range(len(specs))
    asks = st.builds(Ask, st.sampled_from(keys), st.booleans(), st.booleans())
    styles = st.sampled_from(["private", "ambient", "bind"])

    def calls(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        then = st.lists(inner, max_size=2).map(tuple)
        return st.builds(Call, styles, some(list(keys), 3), then, st.booleans(), st.booleans(), st.booleans())

    return asks | calls(asks | calls(asks))


def some_actions(specs: tuple[Spec, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw what one task or thread does."""
    return st.lists(actions(specs), min_size=1, max_size=3).map(tuple)


def drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that awaits nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


class Actor:
    """Does what was drawn, and checks what it gets."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def act(self, action: Any, *, plain: bool = False) -> bool:
        """Do one thing, and say whether it came off; a plain one awaits nothing."""
        try:
            await (self.ask(action, plain) if isinstance(action, Ask) else self.call(action, plain))
        except (ConstructionError, BoomError, ScopeClosedError) as error:
            self.world.judge(error)
            return False
        return True

    async def ask(self, action: Ask, plain: bool) -> None:
        """Resolve a service, if it is to be had here."""
        scope, specs, key = current_scope(), self.world.specs, self.world.types[action.key]
        if scope is None and needs_scope(specs, action.key):
            return
        resolver: Any = self.world.container if scope is None or action.of_container else scope
        if not (plain or action.is_plain):
            self.world.take(await resolver.aresolve(key))
            return
        try:
            self.world.take(resolver.resolve(key))
        except AsyncRequiredError as error:
            self.world.demand(not is_sync(specs, action.key), f"unexpected {error!r}")

    async def call(self, action: Call, plain: bool) -> None:
        """Call a bound function."""
        can_be_plain = all(is_sync(self.world.specs, need) for need in action.needs)
        opens = Body() if current_scope() is None else None
        token = BODY.set(opens or BODY.get())
        try:
            if can_be_plain and (plain or action.is_plain):
                self.bound(action, PLAIN, opens)()
            elif not plain:
                await self.bound(action, ASYNC, opens)()
        finally:
            BODY.reset(token)

    def bound(self, action: Call, text: str, opens: Body | None) -> Any:
        """Make the function that is called."""

        def body(got: Sequence[Service]) -> None:
            with nullcontext() if opens is None else opens:
                drive(self.inside(action, got, plain=True))

        async def abody(got: Sequence[Service]) -> None:
            with nullcontext() if opens is None else opens:
                await self.inside(action, got, plain=False)

        function = self.world.taking(action.needs, text, body=body, abody=abody)
        if action.style == "bind":
            return bind(function)
        return self.world.container.bind(function, ambient=action.style == "ambient")

    async def inside(self, action: Call, got: Sequence[Service], *, plain: bool) -> None:
        """Be the body of a bound function."""
        self.world.take_all(got)
        if action.spawns and not plain:
            async with asyncio.TaskGroup() as group:
                for each in action.then:
                    group.create_task(self.act(each))
        else:
            for each in action.then:
                await self.act(each, plain=plain)
        self.world.take_all(got)
        if action.raises:
            raise BoomError

    async def again(self, *, plain: bool = False) -> None:
        """Check that what has failed can be tried again."""
        specs = self.world.specs
        for key in range(len(specs)):
            ask = Ask(key, plain, of_container=False)
            times = range(1 + sum(len(spec.fails) for spec in specs))
            self.world.demand(any([await self.act(ask, plain=plain) for _ in times]), f"S{key} fails for ever")
