"""Every example in a docstring runs and says what it shows."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

PARTS = ("vega.core", "vega.errors", "vega.patterns", "vega.settings", "vega.discovery")
MODULES = sorted(
    {
        module.name
        for part in PARTS
        for module in pkgutil.walk_packages(import_module(part).__path__, f"{part}.")
        if not module.name.endswith("__main__")
    }
    | set(PARTS)
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name), raise_on_error=False)

    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(import_module(name)) if test.examples]

    assert len(found) >= 20
