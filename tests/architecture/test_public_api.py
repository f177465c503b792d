"""The public surface: each change of it is a visible diff, and introspection works on all of it."""

import importlib
import importlib.util
import inspect
import pickle
import re
import typing
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("public_api", ROOT / "tools" / "public_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


API = load_tool()
PARTS = API.parts()
OF_LIBRARIES = {  # their hints name classes of a library that is loaded when they are called
    "vega.core.telemetry.metrics_page",
    "vega.patterns.validators.failure",
    "vega.testing.client_for",
    # a base class in SQLAlchemy has a hint that names what it imports for type checkers only
    *(f"vega.data.types.{name}" for name in importlib.import_module("vega.data.types").__all__),
}


def exported(part: str) -> dict[str, object]:
    """Return what a part's public modules export, by dotted name."""
    return {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in API.modules(part)
        for name in getattr(module, "__all__", ())
        if not name.startswith("_")
    }


def defined(part: str) -> dict[str, type]:
    """Return the classes and functions that a part exports and Vega defines."""
    return {
        name: value
        for name, value in exported(part).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("vega.")
    }


@pytest.mark.parametrize("part", PARTS)
def test_the_public_names_are_those_of_the_list(part: str) -> None:
    listed = (API.LISTS / f"{part}.txt").read_text(encoding="utf-8").splitlines()

    assert API.names(part) == listed, "if the change is meant: python tools/public_api.py, and commit the diff"


def test_each_list_belongs_to_a_part() -> None:
    assert sorted(path.stem for path in API.LISTS.glob("*.txt")) == PARTS


@pytest.mark.parametrize("part", PARTS)
def test_type_hints_of_public_things_can_be_read(part: str) -> None:
    for name, value in defined(part).items():
        if name not in OF_LIBRARIES:
            typing.get_type_hints(value)


@pytest.mark.parametrize("part", PARTS)
def test_the_source_of_public_things_can_be_read(part: str) -> None:
    for name, value in defined(part).items():
        try:
            source = inspect.getsource(value)
        except OSError:  # an error class, which names its facade as its module
            assert issubclass(value, BaseException), name
        else:
            assert re.search(rf"^\s*(?:async def|def|class) {value.__name__}\b", source, re.MULTILINE), name


@pytest.mark.parametrize("part", PARTS)
def test_public_classes_and_functions_pickle_by_name(part: str) -> None:
    for name, value in defined(part).items():
        assert pickle.loads(pickle.dumps(value)) is value, name
