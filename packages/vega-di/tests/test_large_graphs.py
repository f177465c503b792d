"""Large and deep graphs: inlined up to a point, then in parts, never at the cost of the stack."""

import asyncio
from typing import Any

import pytest

from vega.di import Container, Scope


class Thing: ...


def chain(length: int, scope: Scope, *, waits: bool = False) -> tuple[Container, list[type]]:
    classes: list[type] = [type("N0", (), {})]
    container = Container()

    async def first() -> Any:
        return classes[0]()

    if waits:
        container.register_factory(classes[0], first, scope=scope)
    else:
        container.register(classes[0], scope=scope)
    for number in range(1, length):
        space: dict[str, Any] = {}
        exec("def __init__(self, below): self.below = below", space)
        space["__init__"].__annotations__ = {"below": classes[-1]}
        classes.append(type(f"N{number}", (), {"__init__": space["__init__"]}))
        container.register(classes[-1], scope=scope)
    return container, classes


def depth(found: Any) -> int:
    count = 1
    while hasattr(found, "below"):
        found, count = found.below, count + 1
    return count


@pytest.mark.parametrize("scope", list(Scope))
def test_a_chain_of_three_thousand_resolves(scope: Scope) -> None:
    container, classes = chain(3000, scope)

    with container.scope() as opened:
        assert depth(opened.resolve(classes[-1])) == 3000
        assert depth(opened.resolve(classes[-2])) == 2999


@pytest.mark.parametrize("scope", list(Scope))
def test_an_async_chain_of_a_thousand_resolves(scope: Scope) -> None:
    container, classes = chain(1000, scope, waits=True)

    async def main() -> None:
        async with container.scope() as opened:
            assert depth(await opened.aresolve(classes[-1])) == 1000
            assert depth(await opened.aresolve(classes[-2])) == 999

    asyncio.run(main())


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("scope", list(Scope))
def test_functions_are_injected_with_a_deep_chain(scope: Scope, waits: bool) -> None:
    container, classes = chain(300, scope, waits=waits)

    async def function(top: Any) -> int:
        return depth(top)

    function.__annotations__["top"] = classes[-1]
    bound, ambient = container.bind(function), container.bind(function, ambient=True)

    async def main() -> list[int]:
        found = [await bound(), await ambient(), await bound(), await ambient()]
        async with container.scope():
            return [*found, await bound(), await bound()]

    assert asyncio.run(main()) == [300] * 6


@pytest.mark.parametrize("ambient", [False, True])
@pytest.mark.parametrize("scope", [Scope.TRANSIENT, Scope.SCOPED])
def test_a_function_may_take_more_than_fits_into_one_plan(ambient: bool, scope: Scope) -> None:
    class Session: ...

    def taking(name: str, below: list[type], scope: Scope = Scope.TRANSIENT) -> Any:
        space: dict[str, Any] = {}
        exec(f"def __init__(self, {', '.join(f'p{number}' for number in range(len(below)))}): self.last = p0", space)
        space["__init__"].__annotations__ = {f"p{number}": each for number, each in enumerate(below)}
        made = type(name, (), {"__init__": space["__init__"]})
        container.register(made, scope=scope)
        return made

    def function(a: Any, b: Any, c: Any) -> list[Any]:
        return [each.last.last for each in (a, b, c)]

    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    leaf = taking("Leaf", [Session])
    function.__annotations__ = {name: taking(name, [leaf] * 60, scope) for name in "abc"}

    found = container.bind(function, ambient=ambient)()

    assert len({id(each) for each in found}) == 1


def test_a_wide_graph_of_transients_is_made_in_parts() -> None:
    class Leaf: ...

    def level(below: type) -> type:
        space: dict[str, Any] = {}
        exec("def __init__(self, a, b, c): self.parts = a, b, c", space)
        space["__init__"].__annotations__ = dict.fromkeys("abc", below)
        return type("Level", (), {"__init__": space["__init__"]})

    container, classes = Container({Leaf: Leaf}), [Leaf]
    for _ in range(6):
        classes.append(level(classes[-1]))
        container.register(classes[-1])

    def leaves(found: Any) -> list[Any]:
        return [leaf for part in found.parts for leaf in leaves(part)] if hasattr(found, "parts") else [found]

    found = leaves(container.resolve(classes[-1]))

    assert len({id(leaf) for leaf in found}) == 3**6
    with container.scope() as scope:
        assert len(leaves(scope.resolve(classes[-1]))) == 3**6


def test_five_thousand_registrations_build() -> None:
    container, classes = chain(5000, Scope.SINGLETON)

    assert depth(container.resolve(classes[-1])) == 5000


def test_a_large_async_plan_takes_what_the_scope_has_already() -> None:
    async def first() -> Thing:
        await asyncio.sleep(0)
        return Thing()

    container = Container()
    container.register_factory(Thing, first, scope=Scope.SCOPED)
    classes: list[type] = [Thing]
    for number in range(200):

        def start(self: Any, below: Any) -> None:
            self.below = below

        start.__annotations__ = {"below": classes[-1]}
        classes.append(type(f"Link{number}", (), {"__init__": start}))
        container.register(classes[-1], scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            low = await scope.aresolve(classes[100])
            each = await scope.aresolve(classes[-1])
            for _ in range(100):
                each = each.below
            assert each is low

    asyncio.run(main())
