"""The package as a whole: its public modules, and its errors."""

import importlib
import inspect
import pickle
import subprocess
import sys
import typing
from types import ModuleType

import pytest

import vega.web
from vega.errors import CoreError
from vega.web import WebError, _errors

TOPICS = [importlib.import_module(f"vega.web.{topic}") for topic in ("middleware", "security", "websockets")]
FACADES = [vega.web, *TOPICS]
FIRST_HOUR = {"MiddlewarePipeline", "Principal", "Router", "WebSocketHandler", "create_app"}
ERRORS = [value for value in vars(_errors).values() if isinstance(value, type) and issubclass(value, WebError)]
facades = pytest.mark.parametrize("facade", FACADES, ids=lambda facade: facade.__name__)


def loaded(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.mark.once
@facades
def test_the_import_loads_no_third_party(facade: ModuleType) -> None:
    program = (
        f"import sys, {facade.__name__};"
        "print(sorted({'fastapi', 'starlette', 'pydantic', 'uvicorn'} & set(sys.modules)));"
        f"[getattr({facade.__name__}, name) for name in {facade.__name__}.__all__];"
        "print('starlette' in sys.modules)"
    )

    assert loaded(program).splitlines() == ["[]", "True"]


@pytest.mark.once
def test_the_generators_and_plugins_load_no_third_party() -> None:
    program = (
        "import sys, vega.web._app.plugins, vega.web._app.generators;"
        "print(sorted({'fastapi', 'starlette', 'pydantic'} & set(sys.modules)))"
    )

    assert loaded(program) == "[]"


@facades
def test_every_public_name_is_there(facade: ModuleType) -> None:
    assert [name for name in facade.__all__ if not hasattr(facade, name)] == []
    assert sorted(facade.__all__) == list(facade.__all__)
    assert set(facade.__all__) <= set(dir(facade))


@facades
def test_a_name_that_is_not_there_is_an_attribute_error(facade: ModuleType) -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = facade.nothing


def test_names_of_a_topic_are_the_same_objects_in_the_facade() -> None:
    shared = [(topic, name) for topic in TOPICS for name in topic.__all__ if name in vega.web.__all__]

    assert len(shared) > 25
    assert [name for topic, name in shared if getattr(topic, name) is not getattr(vega.web, name)] == []


def test_the_facade_holds_the_names_of_the_first_hour_and_every_error() -> None:
    assert len(vega.web.__all__) < 50
    assert set(vega.web.__all__) >= FIRST_HOUR | {error.__name__ for error in ERRORS}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_travels_and_its_hints_can_be_read(error: type[WebError]) -> None:
    made = error("it broke", "here", "repair it")

    assert getattr(vega.web, error.__name__) is error
    assert str(pickle.loads(pickle.dumps(made))) == str(made)
    assert set(typing.get_type_hints(error)) >= set(typing.get_type_hints(CoreError))


@facades
def test_the_source_of_classes_and_functions_can_be_read(facade: ModuleType) -> None:
    values = [getattr(facade, name) for name in facade.__all__]
    owned = [value for value in values if isinstance(value, type) or inspect.isfunction(value)]
    others = [value for value in owned if not (isinstance(value, type) and issubclass(value, CoreError))]

    assert len(others) > 5
    assert [value for value in others if value.__name__ not in inspect.getsource(value)] == []
