"""Random graphs: the container's verdict is that of a brute-force reference, in any order of registration."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vega.di import (
    CaptiveDependencyError,
    CircularDependencyError,
    Container,
    ContainerError,
    MissingProviderError,
    Scope,
)

SCOPES = list(Scope)


@dataclass(frozen=True)
class Plan:
    """A graph: for each node its scope and what it needs; `holes` are needed and not registered."""

    scopes: tuple[Scope, ...]
    needs: tuple[tuple[int, ...], ...]
    holes: frozenset[int]
    order: tuple[int, ...]
    waits: frozenset[int]


@st.composite
def plans(draw: st.DrawFn, *, sound: bool = False) -> Plan:
    count = draw(st.integers(1, 30))
    nodes = range(count)
    scopes = tuple(draw(st.sampled_from(SCOPES)) for _ in nodes)
    needs = []
    for node in nodes:
        below = list(range(node)) if sound else list(range(min(count, node + draw(st.sampled_from([0, 0, 0, 1, 5])))))
        if sound and scopes[node] is Scope.SINGLETON:
            below = [each for each in below if scopes[each] is Scope.SINGLETON]
        needs.append(tuple(draw(st.lists(st.sampled_from(below), max_size=3, unique=True))) if below else ())
    holes = frozenset() if sound else draw(st.frozensets(st.sampled_from(list(nodes)), max_size=2))
    waits = draw(st.frozensets(st.sampled_from(list(nodes)), max_size=3))
    return Plan(scopes, tuple(needs), holes, tuple(draw(st.permutations(list(nodes)))), waits)


def build(plan: Plan, *, asynchronous: bool = False) -> tuple[Container, list[type], Counter[int]]:
    classes = [type(f"N{number}", (), {"__slots__": ("needs",)}) for number in range(len(plan.scopes))]
    made: Counter[int] = Counter()
    container = Container()
    for number in plan.order:
        if number in plan.holes:
            continue
        names = [f"p{need}" for need in plan.needs[number]]
        space: dict[str, Any] = {"cls": classes[number], "made": made}
        head = "async def" if asynchronous and number in plan.waits else "def"
        text = f"{head} make({', '.join(names)}):\n    made[{number}] += 1\n    self = cls()\n"
        exec(f"{text}    self.needs = ({' '.join(f'{name},' for name in names)})\n    return self", space)
        space["make"].__annotations__ = {f"p{need}": classes[need] for need in plan.needs[number]}
        container.register_factory(classes[number], space["make"], scope=plan.scopes[number])
    return container, classes, made


def present(plan: Plan, node: int) -> list[int]:
    return [need for need in plan.needs[node] if need not in plan.holes]


def reaches(plan: Plan, start: int, end: int) -> bool:
    seen: set[int] = set()
    todo = present(plan, start)
    while todo:
        node = todo.pop()
        if node == end:
            return True
        if node not in seen:
            seen.add(node)
            todo += present(plan, node)
    return False


def holds_scoped(plan: Plan, node: int) -> bool:
    """Say by brute force whether a path of transients leads from a node to a scoped one."""
    seen: set[int] = set()
    todo = present(plan, node)
    while todo:
        each = todo.pop()
        if plan.scopes[each] is Scope.SCOPED:
            return True
        if plan.scopes[each] is Scope.TRANSIENT and each not in seen:
            seen.add(each)
            todo += present(plan, each)
    return False


def expected(plan: Plan) -> tuple[set[str], bool, set[int]]:
    alive = [node for node in range(len(plan.scopes)) if node not in plan.holes]
    missing = {f"N{need}" for node in alive for need in plan.needs[node] if need in plan.holes}
    cycle = any(reaches(plan, node, node) for node in alive)
    captors = {node for node in alive if plan.scopes[node] is Scope.SINGLETON and holds_scoped(plan, node)}
    return missing, cycle, captors


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(plans())
def test_the_verdict_equals_that_of_the_brute_force_reference(plan: Plan) -> None:
    container, _, _ = build(plan)
    missing, cycle, captors = expected(plan)

    try:
        container.validate()
    except ContainerError as group:
        errors = group.exceptions
    else:
        errors = ()

    told = {error.what.split()[-1] for error in errors if isinstance(error, MissingProviderError)}
    assert told == missing
    assert any(isinstance(error, CircularDependencyError) for error in errors) == cycle
    if not cycle:
        held = [error.what.split()[2] for error in errors if isinstance(error, CaptiveDependencyError)]
        assert sorted(held) == sorted(f"N{node}" for node in captors)
    assert bool(errors) == bool(missing or cycle or captors)


def check(plan: Plan, scope: Any, roots: list[Any], classes: list[type]) -> None:
    """Check every object that can be reached: its type, and who shares it."""
    shared: dict[int, Any] = {}
    for root in roots:
        todo = [root]
        while todo:
            each = todo.pop()
            number = classes.index(type(each))
            assert [classes.index(type(need)) for need in each.needs] == list(plan.needs[number])
            if plan.scopes[number] is not Scope.TRANSIENT:
                assert shared.setdefault(number, each) is each
            todo += each.needs


@settings(max_examples=3 * settings().max_examples // 2, deadline=None)
@given(plans(sound=True), st.data())
def test_a_sound_graph_gives_objects_that_are_shared_as_their_scopes_say(plan: Plan, data: st.DataObject) -> None:
    small = all(len(needs) < 3 for needs in plan.needs)
    container, classes, made = build(plan)
    asked = data.draw(st.lists(st.sampled_from(range(min(len(classes), 12 if small else 8))), min_size=1, max_size=6))

    with container.scope() as scope:
        first = [scope.resolve(classes[number]) for number in asked]
        check(plan, scope, first, classes)
    with container.scope() as scope:
        second = [scope.resolve(classes[number]) for number in asked]
        check(plan, scope, second, classes)

    for number, one, other in zip(asked, first, second, strict=True):
        assert (one is other) == (plan.scopes[number] is Scope.SINGLETON)
    assert all(made[node] <= 1 for node in made if plan.scopes[node] is Scope.SINGLETON)
    assert all(made[node] <= 2 for node in made if plan.scopes[node] is Scope.SCOPED)


@settings(max_examples=settings().max_examples, deadline=None)
@given(plans(sound=True), st.data())
def test_the_same_holds_for_async_factories(plan: Plan, data: st.DataObject) -> None:
    container, classes, made = build(plan, asynchronous=True)
    asked = data.draw(st.lists(st.sampled_from(range(min(len(classes), 8))), min_size=1, max_size=4))

    async def main() -> None:
        async with container.scope() as scope:
            found = await asyncio.gather(*(scope.aresolve(classes[number]) for number in asked))
            check(plan, scope, found, classes)

    asyncio.run(main())

    assert all(made[node] <= 1 for node in made if plan.scopes[node] is not Scope.TRANSIENT)
