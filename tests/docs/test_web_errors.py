"""The page of errors of vega.web tells every code."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

from vega.web import WebError, _errors


def test_every_code_of_the_web_has_its_section() -> None:
    page = (Path(__file__).parents[2] / "docs" / "errors" / "web.md").read_text(encoding="utf-8")
    errors = [value for value in vars(_errors).values() if inspect.isclass(value) and issubclass(value, WebError)]

    assert dict(re.findall(r"^## (VG\d+) (\w+)$", page, re.MULTILINE)) == {
        error.code: error.__name__ for error in errors
    }


def test_every_error_of_the_web_pickles() -> None:
    for error in (value for value in vars(_errors).values() if inspect.isclass(value) and issubclass(value, WebError)):
        copy = pickle.loads(pickle.dumps(error("what", "where", "fix")))

        assert (type(copy), str(copy)) == (error, f"[{error.code}] what\n  where: where\n  fix:   fix")
