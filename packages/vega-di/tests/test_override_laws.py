"""Random graphs under random overrides: the innermost counts, what is made of it is made anew, all else is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega.di import ActiveScope, Container, Scope

Objects = dict[int, Any]


class Graph:
    """A container of numbered classes, each made of some of those before it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.needs: list[list[int]] = []
        self.scopes: list[Scope] = []
        self.scoped: list[bool] = []  # whether making one takes a scope
        self.classes: list[type[Any]] = []
        self.container = Container()
        for number in range(draw(st.integers(2, 8))):
            needs = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
            scope = draw(st.sampled_from(Scope))
            takes_scope = any(self.scoped[need] for need in needs)
            self._add(needs, Scope.SCOPED if takes_scope and scope is Scope.SINGLETON else scope, takes_scope)

    def _add(self, needs: list[int], scope: Scope, takes_scope: bool) -> None:
        made = type(f"N{len(self.classes)}", (), {"needs": ()})
        names = ", ".join(f"p{need}" for need in needs)
        space: dict[str, Any] = {"cls": made}
        exec(f"def make({names}):\n    self = cls()\n    self.needs = [{names}]\n    return self", space)
        space["make"].__annotations__ = {f"p{need}": self.classes[need] for need in needs}
        self.container.register_factory(made, space["make"], scope=scope)
        self.needs.append(needs)
        self.scopes.append(scope)
        self.scoped.append(takes_scope or scope is Scope.SCOPED)
        self.classes.append(made)

    def shares(self, number: int) -> bool:
        return self.scopes[number] is not Scope.TRANSIENT

    def made_of(self, changed: Mapping[int, Any], fixed: Mapping[int, Any]) -> set[int]:
        """Give what has to be made anew when some are changed, and others stand fixed anyway."""
        found = set(changed)
        for number, needs in enumerate(self.needs):
            if number not in fixed and not found.isdisjoint(needs):
                found.add(number)
        return found

    def ask(self, scope: ActiveScope | None, fixed: Objects) -> Objects:
        """Resolve all that can be, and check each object that it is made of."""
        source = scope or self.container
        asked = [number for number in range(len(self.classes)) if scope is not None or not self.scoped[number]]
        found = {number: source.resolve(self.classes[number]) for number in asked}
        todo = list(found.items())
        while todo:
            number, each = todo.pop()
            expected = fixed.get(number) or (found[number] if self.shares(number) and number in found else each)
            assert each is expected
            assert type(each) is self.classes[number]
            todo += [] if number in fixed else zip(self.needs[number], each.needs, strict=True)
        return found


class Walk:
    """Blocks of overrides and scopes within one another, drawn as it goes."""

    def __init__(self, graph: Graph, data: st.DataObject) -> None:
        self.graph, self.draw = graph, data.draw

    def block(self, scope: ActiveScope | None, fixed: Objects, depth: int = 0) -> Objects:
        before = self.graph.ask(scope, fixed)
        if depth < 3 and self.draw(st.booleans()):
            self.override(scope, fixed, before, depth)
        if depth < 2 and self.draw(st.booleans()):
            with self.graph.container.scope() as inner:
                self.block(inner, fixed, depth + 1)
        after = self.graph.ask(scope, fixed)
        assert all(after[number] is each for number, each in before.items() if self.graph.shares(number))
        return after

    def override(self, scope: ActiveScope | None, fixed: Objects, before: Objects, depth: int) -> None:
        graph = self.graph
        keys = self.draw(st.lists(st.integers(0, len(graph.classes) - 1), min_size=1, max_size=2, unique=True))
        given = {number: graph.classes[number]() for number in keys}
        values = {graph.classes[number]: each for number, each in given.items()}
        with graph.container.override(values, local=self.draw(st.booleans())):
            inside = self.block(scope, {**fixed, **given}, depth + 1)
            made_anew = graph.made_of(given, fixed)
            for number in inside.keys() & before.keys():
                if graph.shares(number):
                    assert (inside[number] is not before[number]) == (number in made_anew)


@settings(max_examples=settings().max_examples, deadline=None)
@given(st.composite(Graph)(), st.data(), st.booleans())
def test_the_innermost_override_counts_and_ends_with_its_block(graph: Graph, data: st.DataObject, scoped: bool) -> None:
    walk = Walk(graph, data)
    if scoped:
        with graph.container.scope() as scope:
            walk.block(scope, {})
    else:
        walk.block(None, {})


class Clock: ...


@pytest.mark.parametrize("local", [[True, False], [False, True], [True, False, True], [False, True, False]])
def test_shared_and_local_blocks_nest_in_the_order_of_the_code(local: list[bool]) -> None:
    container = Container({Clock: Clock})

    def nest(rest: list[bool]) -> None:
        if rest:
            clock = Clock()
            with container.override({Clock: clock}, local=rest[0]):
                assert container.resolve(Clock) is clock
                nest(rest[1:])
                assert container.resolve(Clock) is clock

    nest(local)


def test_a_shared_block_of_another_task_counts_less_than_the_own_local_one() -> None:
    container = Container({Clock: Clock})
    mine, others = Clock(), Clock()

    async def own(entered: asyncio.Event, go_on: asyncio.Event) -> None:
        with container.override({Clock: mine}, local=True):
            entered.set()
            await go_on.wait()
            assert container.resolve(Clock) is mine

    async def main() -> None:
        entered, go_on = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(own(entered, go_on))
        await entered.wait()
        with container.override({Clock: others}):
            go_on.set()
            await task
            assert container.resolve(Clock) is others

    asyncio.run(main())
