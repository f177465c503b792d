"""Every error of Vega: a code of its own, a page, three parts, and it travels between processes."""

import copy
import importlib
import pickle
import pkgutil
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = [
    "di",
    "events",
    "core",
    "patterns",
    "settings",
    "discovery",
    "data",
    "web",
    "graphql",
    "jobs",
    "testing",
    "cli",
]
HEADING = re.compile(r"^## (VG\d{3})\b(.*)$", re.MULTILINE)


def modules(part: str) -> Iterator[object]:
    package = importlib.import_module(f"vega.{part}")
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"vega.{part}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def errors() -> list[type[Exception]]:
    found = {
        value
        for part in PARTS
        for module in modules(part)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__.startswith("vega.")
    }
    return sorted((error for error in found if hasattr(error, "code")), key=lambda error: str(vars(error).get("code")))


ERRORS = errors()


def same(error: Exception) -> Exception:
    """Come back from another process."""
    return error


def test_there_are_errors_of_every_part() -> None:
    assert len(ERRORS) > 50


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_says_three_things_and_can_be_copied(error: type[Exception]) -> None:
    made = error("it broke", "here", "mend it")

    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(other) is error
        assert str(other) == str(made)
    assert all(word in str(made) for word in ("it broke", "here", "mend it", f"[{vars(error)['code']}]"))


def test_errors_come_back_from_another_process() -> None:
    made = [error("it broke", "here", "mend it") for error in ERRORS]

    with ProcessPoolExecutor(1) as pool:
        back = list(pool.map(same, made))

    assert [str(error) for error in back] == [str(error) for error in made]


def test_each_class_has_a_code_of_its_own() -> None:
    codes = [vars(error).get("code") for error in ERRORS]

    assert None not in codes
    assert len(set(codes)) == len(codes)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "errors").glob("*.md")))
    headed = [code for code, rest in HEADING.findall(pages) if "(finding)" not in rest]

    assert sorted(headed) == sorted(str(vars(error)["code"]) for error in ERRORS)
