"""Facades whose names are loaded on first use."""

import sys
import types
from collections.abc import Iterator

import pytest

from vega.core.facades import lazy_names


@pytest.fixture
def package() -> Iterator[types.ModuleType]:
    """A package `planted` with a facade over its module `planted._late`."""
    facade, late = types.ModuleType("planted"), types.ModuleType("planted._late")
    facade.__path__, facade.__package__ = [], "planted"
    late.Thing = object()  # type: ignore[attr-defined]  # a module made by hand
    sys.modules.update({"planted": facade, "planted._late": late})
    lazy_names("planted", {"Thing": "_late", "Gone": "_late", "Lost": "_lost"})
    yield facade
    for name in ("planted", "planted._late"):
        del sys.modules[name]


def test_a_name_is_loaded_once_and_kept(package: types.ModuleType) -> None:
    first = package.Thing
    del sys.modules["planted._late"].Thing

    assert package.Thing is first
    assert vars(package)["Thing"] is first


def test_the_names_of_the_table_are_listed_before_they_are_loaded(package: types.ModuleType) -> None:
    vars(package)["lazy_names"] = lazy_names

    assert {"Thing", "Gone"} <= set(dir(package))
    assert "lazy_names" not in dir(package)


def test_a_module_can_be_the_facade_of_a_topic(package: types.ModuleType) -> None:
    topic = types.ModuleType("planted.topic")
    topic.__package__ = "planted"
    sys.modules["planted.topic"] = topic
    lazy_names("planted.topic", {"Thing": "_late"})
    del sys.modules["planted.topic"]

    assert topic.Thing is package.Thing


def test_an_unknown_name_is_an_attribute_error_that_names_the_package(package: types.ModuleType) -> None:
    with pytest.raises(AttributeError, match="module 'planted' has no attribute 'Other'"):
        _ = package.Other


@pytest.mark.parametrize(("name", "error"), [("Gone", AttributeError), ("Lost", ModuleNotFoundError)])
def test_a_table_that_points_nowhere_raises_what_python_raises(
    name: str, error: type[Exception], package: types.ModuleType
) -> None:
    with pytest.raises(error):
        getattr(package, name)
