"""The package as a whole: what it exports, imports, weighs and promises."""

import ast
import copy
import doctest
import gc
import importlib
import inspect
import os
import pickle
import subprocess
import sys
import tracemalloc
import typing
import weakref
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import pytest

import vega.di
from vega.di import Container, ContainerError, Inject, InjectionError, MissingProviderError, Scope


class Thing: ...


SOURCE = Path(vega.di.__file__).parent
MODULES = [
    ".".join(("vega.di", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
]
ERRORS = sorted(
    (each for each in vars(vega.di).values() if isinstance(each, type) and issubclass(each, InjectionError)),
    key=lambda each: each.code,
)


def test_a_name_that_is_loaded_on_demand_is_kept() -> None:
    for name in ("GraphView", "ServiceView"):
        vars(vega.di).pop(name, None)
        assert getattr(vega.di, name) is vars(vega.di)[name]


def test_the_facade_exports_a_sorted_list_and_nothing_else() -> None:
    assert vega.di.__all__ == sorted(vega.di.__all__)
    public = {name for name in dir(vega.di) if not name.startswith("_")}
    assert public == {name for name in vega.di.__all__ if not name.startswith("_")}


@pytest.mark.parametrize("error", ERRORS)
def test_errors_say_what_where_and_fix_and_survive_pickle_and_copy(error: type[InjectionError]) -> None:
    made = error("what", "where", "fix")

    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(again) is error
        assert str(again) == f"[{error.code}] what\n  where: where\n  fix:   fix"


GROUPS = [vega.di.ContainerError, vega.di.CloseError]


@pytest.mark.parametrize("error", [*ERRORS, *GROUPS])
def test_an_error_names_the_package_that_it_is_imported_from(error: type[Exception]) -> None:
    assert (error.__module__, error.__qualname__) == ("vega.di", error.__name__)
    assert getattr(vega.di, error.__name__) is error


@pytest.mark.parametrize("error", [*ERRORS, *GROUPS])
def test_the_annotations_of_an_error_can_be_read(error: type[Exception]) -> None:
    assert typing.get_type_hints(error).get("code", ClassVar[str]) == ClassVar[str]


@pytest.mark.parametrize("group", GROUPS)
def test_groups_survive_pickle_and_copy(group: Any) -> None:
    made = group("two", [MissingProviderError("what", "where", "fix"), MissingProviderError("a", "b", "c")])

    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert type(again) is group
        assert str(again) == str(made)
        assert [type(each) for each in again.exceptions] == [MissingProviderError] * 2


def test_an_error_that_is_derived_elsewhere_keeps_its_own_module() -> None:
    class AbsentRateError(MissingProviderError): ...

    assert AbsentRateError.__module__ == __name__


def test_the_cause_of_a_construction_error_counts_as_the_error() -> None:
    assert [error for error in ERRORS if getattr(error, "transparent", False)] == [vega.di.ConstructionError]


SHOWN = [
    name
    for name in vega.di.__all__
    if isinstance(value := getattr(vega.di, name), (type, FunctionType))
    and not (isinstance(value, type) and issubclass(value, Exception))
]


@pytest.mark.parametrize("name", SHOWN)
def test_the_source_of_what_is_public_can_be_shown(name: str) -> None:
    first, _, _ = inspect.getsource(getattr(vega.di, name)).partition(":")

    assert f" {name}" in first


def test_each_example_of_a_docstring_is_collected_once() -> None:
    collected = [
        example.source
        for name in MODULES
        for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
        for example in test.examples
    ]
    written = sum(path.read_text(encoding="utf-8").count(">>> ") for path in SOURCE.rglob("*.py"))

    assert written == len(collected) > 0


def test_codes_are_unique() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)


@pytest.mark.once
def test_importing_it_loads_only_a_little_of_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import vega.di; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = run.stdout.split()

    roots = {name.partition(".")[0] for name in loaded}
    assert roots - {"vega"} <= set(sys.stdlib_module_names)
    assert roots.isdisjoint({"asyncio", "logging", "pydantic", "fastapi", "concurrent"})
    assert "inspect" not in roots
    assert len(loaded) <= 64


@pytest.mark.once
def test_importing_it_costs_little_more_than_the_typing_it_is_made_of() -> None:
    """Imports are compared by the instructions they run, which no load of the machine changes."""
    code = (
        "import sys; n = 0\ndef count(*_):\n global n; n += 1; return count\nsys.settrace(count)\nimport {}; print(n)"
    )

    def lines(module: str) -> int:
        command = [sys.executable, "-c", code.format(module)]
        return int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=alone).stdout)

    alone = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it would import first
    assert lines("inspect, typing") > 1_000
    assert lines("vega.di") <= 1.5 * lines("inspect, typing")


def test_files_and_functions_are_small() -> None:
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, path.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert vega.di.__version__ == version("vega-di")


class Session: ...


class Handler:
    def __init__(self, session: Session) -> None:
        self.session = session


def scoped() -> Container:
    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    container.register(Handler)
    return container


def test_scopes_leave_nothing_behind() -> None:
    container = scoped()

    def work(count: int) -> None:
        for _ in range(count):
            with container.scope() as scope:
                scope.resolve(Handler)

    work(1000)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        work(1_000_000 if os.environ.get("VEGA_FULL") else 20_000)
        grown = sum(each.size_diff for each in tracemalloc.take_snapshot().compare_to(before, "filename"))
    finally:
        tracemalloc.stop()
    assert grown < 64 * 1024


def test_scopes_leave_no_reference_cycles() -> None:
    container = scoped()
    gc.collect()
    gc.disable()
    try:
        for _ in range(1000):
            with container.scope() as scope:
                scope.resolve(Handler)
        del scope
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_dropped_container_frees_its_classes() -> None:
    def use() -> weakref.ref[type]:
        class Local: ...

        container = Container()
        container.register(Local, scope=Scope.SINGLETON)
        container.resolve(Local)
        bound = container.bind(lambda: 0)
        bound()
        with container.override({Local: Local()}):
            container.resolve(Local)
        return weakref.ref(Local)

    ref = use()
    gc.collect()

    assert ref() is None


def test_a_closed_container_is_let_go_by_functions_that_were_bound_to_it() -> None:
    from vega.di import bind, get_container, set_container

    @bind
    def work(handler: Handler) -> Handler:
        return handler

    def use() -> weakref.ref[Container]:
        container = scoped()
        set_container(container)
        work()
        set_container(before)
        container.close()
        return weakref.ref(container)

    before = get_container()
    ref = use()
    gc.collect()

    assert ref() is None
    set_container(scoped())
    assert isinstance(work(), Handler)
    set_container(before)


@pytest.mark.once
def test_optimised_python_finds_the_same_mistakes() -> None:
    code = (
        "from vega.di import Container\n"
        "class A: ...\n"
        "class B:\n    def __init__(self, a: A) -> None: ...\n"
        "try: Container({B: B}).validate()\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    run = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert run.stdout.strip() == ContainerError.__name__


def test_every_module_imports_alone() -> None:
    for name in MODULES:
        assert importlib.import_module(name).__name__ == name
    assert MissingProviderError.code == "VG201"


def test_names_of_the_lazy_facade_are_real() -> None:
    assert vega.di.GraphView.__name__ == "GraphView"
    with pytest.raises(AttributeError, match="nothing_such"):
        vega.di.nothing_such  # noqa: B018  # the point


def test_markers_are_readable() -> None:
    assert repr(Inject[Thing]).endswith("Inject]")
    assert repr(Container().scope()).startswith("<scope of <vega.di")
