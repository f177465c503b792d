"""The page of errors of vega.patterns tells every code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from vega.patterns import PatternError
from vega.patterns import _errors as patterns
from vega.patterns.query import _errors as query


def test_every_code_of_the_patterns_has_its_section() -> None:
    page = (Path(__file__).parents[2] / "docs" / "errors" / "patterns.md").read_text(encoding="utf-8")
    told = re.findall(r"^## (VG\d+) (\w+)", page, re.MULTILINE)
    found = {
        (value.code, value.__name__)
        for module in (patterns, query)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, PatternError)
    }

    assert set(told) == found
    assert len({code for code, _ in told}) == len(told)
