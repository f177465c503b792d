"""The order of a pipeline: laws, mistakes, and what `describe` tells."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import ConfigurationErrors
from vega.testing import client_for
from vega.web import MiddlewareError, MiddlewareOrderError, MiddlewarePipeline


class Noting:
    """Notes its tag when a request passes."""

    def __init__(self, app: ASGIApp, log: list[str], tag: str = "?") -> None:
        self.app, self.log, self.tag = app, log, tag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.log.append(self.tag)
        await self.app(scope, receive, send)


def inline(log: list[str], tag: str) -> Callable[..., Awaitable[Any]]:
    async def noting(request: Any, call_next: Any) -> Any:
        log.append(tag)
        return await call_next(request)

    return noting


async def home(_: Any) -> PlainTextResponse:
    return PlainTextResponse("home")


def visit(pipeline: MiddlewarePipeline, path: str = "/", app: Starlette | None = None) -> str:
    app = app or Starlette(routes=[Route("/", home), Route("/admin", home)])
    pipeline.install(app)

    async def main() -> str:
        async with client_for(app) as client:
            return (await client.get(path)).text

    return asyncio.run(main())


declared = st.lists(
    st.tuples(
        st.sampled_from([-5, 0, 0, 0, 5, 200]),  # priority
        st.booleans(),  # active
        st.booleans(),  # inline or class
        st.sets(st.integers(0, 9), max_size=2),  # before these
        st.sets(st.integers(0, 9), max_size=2),  # after these
    ),
    min_size=1,
    max_size=10,
)


def declare(rows: list[Any], log: list[str], *, acyclic: bool) -> MiddlewarePipeline:
    """Make a pipeline of the rows; an acyclic one asks only for an order that some hidden one keeps."""
    pipeline = MiddlewarePipeline()
    hidden = sorted(range(len(rows)), key=lambda index: (index * 7 + 3) % 11)
    rank = {index: place for place, index in enumerate(hidden)}
    for index, (priority, active, is_inline, before, after) in enumerate(rows):
        inner = [n for n in sorted(before) if n < len(rows) and (not acyclic or rank[n] > rank[index])]
        outer = [n for n in sorted(after) if n < len(rows) and (not acyclic or rank[n] < rank[index])]
        placing: Any = {
            "priority": priority,
            "when": active if index % 2 else lambda active=active: active,
            "name": f"m{index}",
            "before": [f"m{n}" for n in inner],
            "after": [f"m{n}" for n in outer],
        }
        if is_inline:
            pipeline.use_inline(**placing)(inline(log, f"m{index}"))
        else:
            pipeline.use(Noting, log=log, tag=f"m{index}", **placing)
    return pipeline


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(rows=declared)
def test_the_order_told_is_the_order_met_and_keeps_what_was_asked(rows: list[Any]) -> None:
    log: list[str] = []
    pipeline = declare(rows, log, acyclic=True)
    told = pipeline.describe()

    visit(pipeline)

    assert log == [step.name for step in told if step.position is not None]
    assert {step.name for step in told if step.position is None} == {
        f"m{index}" for index, row in enumerate(rows) if not row[1]
    }
    for step in told:
        for reason in step.reasons if step.position is not None else ():
            word, _, name = reason.partition(" ")
            if name in log and word in {"before", "after"}:
                assert (log.index(step.name) < log.index(name)) == (word == "before")


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(rows=declared)
def test_an_order_is_either_found_whole_or_refused(rows: list[Any]) -> None:
    pipeline = declare(rows, [], acyclic=False)

    told, refusal = [], None
    try:
        told = [step for step in pipeline.describe() if step.position]
    except MiddlewareOrderError as error:
        refusal = error

    if refusal is None:
        assert len(told) == sum(row[1] for row in rows)
    else:
        names = refusal.where.split(" before ")
        assert "cycle" in refusal.what
        assert names[0] == names[-1]


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(priorities=st.lists(st.integers(-3, 3), max_size=12))
def test_without_before_and_after_priority_counts_and_then_the_order_of_registration(priorities: list[int]) -> None:
    pipeline = MiddlewarePipeline()
    for index, priority in enumerate(priorities):
        pipeline.use(Noting, log=[], priority=priority, name=str(index))

    expected = sorted(range(len(priorities)), key=lambda index: (-priorities[index], index))
    assert [int(step.name) for step in pipeline.describe()] == expected


def test_a_cycle_is_drawn() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=[], name="a", before="b")
    pipeline.use(Noting, log=[], name="b", before="c")
    pipeline.use(Noting, log=[], name="c", before="a")
    pipeline.use(Noting, log=[], name="inside", after="a")

    with pytest.raises(MiddlewareOrderError) as caught:
        pipeline.install(Starlette())

    assert re.fullmatch(r"(\w) before (\w) before (\w) before \1", caught.value.where)
    assert "inside" not in str(caught.value)


@pytest.mark.parametrize("option", ["before", "after"])
def test_an_unknown_name_is_told_with_those_that_are_known(option: str) -> None:
    pipeline = MiddlewarePipeline()
    placing: Any = {option: "authentication"}
    pipeline.use(Noting, log=[], name="auth")
    pipeline.use(Noting, log=[], name="audit", **placing)

    with pytest.raises(MiddlewareOrderError) as caught:
        pipeline.install(Starlette())

    assert f"{option}=authentication of 'audit'" in caught.value.where
    assert "'auth'" in caught.value.fix


def test_two_of_one_name_are_both_told() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=[], name="twice")

    @pipeline.use_inline(name="twice")
    async def other(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    with pytest.raises(MiddlewareOrderError) as caught:
        pipeline.describe()

    assert "Noting" in caught.value.where
    assert "other" in caught.value.where


def test_a_reference_that_means_several_is_refused() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=[]).use(Noting, log=[]).use(Noting, log=[], name="x", before="noting")

    with pytest.raises(MiddlewareOrderError, match="is ambiguous: 2 middlewares match"):
        pipeline.describe()


def test_a_class_or_function_can_be_named_by_itself() -> None:
    log: list[str] = []
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=log, tag="class")
    pipeline.use_inline(before=Noting)(inline(log, "inline"))

    visit(pipeline)

    assert log == ["inline", "class"]


def test_what_is_left_out_may_be_referred_to() -> None:
    log: list[str] = []
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=log, tag="debug", when=False, name="debug")
    pipeline.use(Noting, log=log, tag="in", after="debug")

    visit(pipeline)

    assert log == ["in"]


def test_every_mistake_is_told_at_once() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=[], after="nothing")
    pipeline.use(Noting, log=[], before="nobody")

    with pytest.raises(ConfigurationErrors) as caught:
        pipeline.install(Starlette())
    with pytest.raises(ConfigurationErrors):
        pipeline.describe()

    assert len(caught.value.exceptions) == 2


def test_options_that_do_not_fit_are_told_at_the_start() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, lgo=[])  # type: ignore[call-overload]  # the mistake that is tested

    with pytest.raises(MiddlewareError, match=r"missing a required argument: 'log'"):
        pipeline.install(Starlette())


def test_a_class_whose_option_is_called_name_is_given_inside_a_middleware() -> None:
    log: list[str] = []

    class Named(Noting):
        def __init__(self, app: ASGIApp, name: str, priority: str) -> None:
            super().__init__(app, log, name + priority)

    visit(MiddlewarePipeline().use(Middleware(Named, "a", priority="b"), priority=3))

    assert log == ["ab"]


def test_the_condition_is_asked_at_each_install() -> None:
    log: list[str] = []
    answers = iter([True, False])
    pipeline = MiddlewarePipeline().use(Noting, log=log, tag="x", when=lambda: next(answers))

    visit(pipeline)
    visit(pipeline)

    assert log == ["x"]


def test_a_branch_is_met_by_those_that_its_predicate_picks() -> None:
    log: list[str] = []

    def way(branch: MiddlewarePipeline) -> None:
        branch.use(Noting, log=log, tag="audit")
        branch.use_when(is_admin, lambda inner: inner.use_inline(inline(log, "inner")))

    def is_admin(connection: HTTPConnection) -> bool:
        return connection.url.path.startswith("/admin")

    def make() -> MiddlewarePipeline:
        pipeline = MiddlewarePipeline().use(Noting, log=log, tag="first").use_when(is_admin, way)
        return pipeline.use(Noting, log=log, tag="last")

    assert visit(make(), "/") == visit(make(), "/admin") == "home"

    assert log == ["first", "last", "first", "audit", "inner", "last"]
    assert [(step.name, step.depth) for step in make().describe()] == [
        ("noting", 0),
        ("is_admin", 0),
        ("noting", 1),
        ("is_admin", 1),
        ("noting", 2),
        ("noting", 0),
    ]


def test_functions_in_a_row_share_a_node() -> None:
    pipeline = MiddlewarePipeline()
    for tag in "ab":
        pipeline.use_inline(inline([], tag))
    pipeline.use(Noting, log=[])
    pipeline.use_inline(inline([], "c"))

    assert [step.node for step in pipeline.describe()] == [1, 1, 2, 3]


def test_a_step_prints_its_place_and_its_reasons() -> None:
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=[], name="a")
    pipeline.use(Noting, log=[], name="b", before="a", after=[], priority=2, when=True)
    pipeline.use(Noting, log=[], name="c", when=False)

    assert [str(step) for step in pipeline.describe()] == [
        "  1  b (class): before a, priority 2, added 2nd",
        "  2  a (class): added 1st",
        "  -  c (class): left out by when",
    ]


def test_an_installed_pipeline_is_closed_its_branches_too() -> None:
    kept: list[MiddlewarePipeline] = []
    pipeline = MiddlewarePipeline().use_when(lambda _: True, kept.append)
    pipeline.install(Starlette())

    for closed in (pipeline, *kept):
        with pytest.raises(MiddlewareError, match="is added too late"):
            closed.use(Noting, log=[])


def test_an_application_that_has_started_is_refused() -> None:
    app = Starlette(routes=[Route("/", home)])
    visit(MiddlewarePipeline(), app=app)

    with pytest.raises(MiddlewareError, match="has started"):
        MiddlewarePipeline().install(app)


async def one(request: Any) -> Any: ...


def plain(request: Any, call_next: Any) -> Any: ...


@pytest.mark.parametrize("function", [one, plain, 3])
def test_what_is_no_inline_function_is_refused_where_it_is_written(function: Any) -> None:
    with pytest.raises(MiddlewareError, match=r"write: async def name\(request, call_next\)"):
        MiddlewarePipeline().use_inline(function)


@pytest.mark.parametrize("predicate", [one, plain, True])
def test_what_is_no_predicate_is_refused_where_it_is_written(predicate: Any) -> None:
    with pytest.raises(MiddlewareError, match="not a plain function of one connection"):
        MiddlewarePipeline().use_when(predicate, lambda _: None)


def test_an_instance_is_no_middleware_class() -> None:
    with pytest.raises(MiddlewareError, match="give the class"):
        MiddlewarePipeline().use(object())  # type: ignore[call-overload]  # the mistake that is tested


def test_an_object_that_is_called_as_an_async_function_is_an_inline_function() -> None:
    class Header:
        async def __call__(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.body_iterator = iter_bytes(b"from the object")
            return response

    async def iter_bytes(text: bytes) -> Any:
        yield text

    pipeline = MiddlewarePipeline()
    pipeline.use_inline(Header())

    assert [step.name for step in pipeline.describe()] == ["header"]
    assert visit(pipeline) == "from the object"


def test_a_middleware_of_the_leaking_kind_is_warned_of() -> None:
    class Leaky(BaseHTTPMiddleware): ...

    with pytest.warns(UserWarning, match="Leaky derives from BaseHTTPMiddleware"):
        MiddlewarePipeline().use(Leaky).describe()


def test_a_builtin_without_a_signature_is_left_to_its_constructor() -> None:
    factory: Any = type("Opaque", (Noting,), {"__signature__": "none"})

    assert MiddlewarePipeline().use(factory, log=[]).describe()[0].name == "opaque"
