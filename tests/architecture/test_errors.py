"""Every error of Vega: a code of its own, a page, three parts, a public place, and it travels between processes."""

import copy
import importlib
import pickle
import pkgutil
import re
import typing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from vega.errors import CoreError
from vega.events import EventError

ROOT = Path(__file__).resolve().parents[2]
PARTS = [
    "di",
    "events",
    "errors",
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
ROOTS = {
    "di": "vega.di.InjectionError",
    "events": "vega.events.EventError",
    **dict.fromkeys(("errors", "core", "patterns", "settings", "discovery"), "vega.errors.CoreError"),
    "data": "vega.data.DataError",
    "web": "vega.web.WebError",
    "graphql": "vega.graphql.GraphQLError",
    "jobs": "vega.jobs.JobsError",
    "testing": "vega.testing.TestingError",
    "cli": "vega.cli.CliError",
}
PRIVATE = {
    "vega.data:_NoForm": "caught in its module: a value that no statement is compiled for",
    "vega.data:_LostLease": "caught in its module: another worker took the lease",
    "vega.events:GaveUp": "carries an error and its attempts from the retries to the delivery",
    "vega.web:_ClosedError": "caught in its module: the task of a stream is asked to end",
    "vega.web:_RefusedError": "caught in its module: a number that JSON does not have",
    "vega.web:_TooLargeError": "caught in its module: the body passed its limit",
}
HEADING = re.compile(r"^## (VG\d{3})\b(.*)$", re.MULTILINE)


def modules(part: str) -> Iterator[object]:
    package = importlib.import_module(f"vega.{part}")
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"vega.{part}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def exceptions() -> list[type[Exception]]:
    """Return each exception class that Vega defines, private ones included."""
    found = {
        value
        for part in PARTS
        for module in modules(part)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__.startswith("vega.")
    }
    return sorted(found, key=lambda error: (str(vars(error).get("code")), short_name(error)))


def short_name(error: type) -> str:
    """Return part and class, whichever private module it is in."""
    return f"{'.'.join(error.__module__.split('.')[:2])}:{error.__qualname__}"


def instance(error: type[Exception]) -> Exception:
    if issubclass(error, ExceptionGroup):
        return error("it broke", [ValueError("one"), ValueError("two")])
    return error("it broke", "here", "fix it")


EXCEPTIONS = exceptions()
ERRORS = [error for error in EXCEPTIONS if hasattr(error, "code")]
PUBLIC = [error for error in EXCEPTIONS if short_name(error) not in PRIVATE]


def same(error: Exception) -> Exception:
    """Come back from another process."""
    return error


def test_there_are_errors_of_every_part() -> None:
    assert len(ERRORS) > 50


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_says_three_things_and_can_be_copied(error: type[Exception]) -> None:
    made = error("it broke", "here", "fix it")

    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(other) is error
        assert str(other) == str(made)
    assert all(word in str(made) for word in ("it broke", "here", "fix it", f"[{vars(error)['code']}]"))


def test_errors_come_back_from_another_process() -> None:
    made = [error("it broke", "here", "fix it") for error in ERRORS]

    with ProcessPoolExecutor(1) as pool:
        back = list(pool.map(same, made))

    assert [str(error) for error in back] == [str(error) for error in made]


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_the_module_of_an_error_is_where_it_is_public(error: type[Exception]) -> None:
    assert not [word for word in error.__module__.split(".") if word.startswith("_")]
    assert getattr(importlib.import_module(error.__module__), error.__name__) is error


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_an_error_pickles_under_its_public_name(error: type[Exception]) -> None:
    made = instance(error)

    assert error.__module__.encode() in pickle.dumps(made)
    assert (type(pickle.loads(pickle.dumps(made))), str(pickle.loads(pickle.dumps(made)))) == (error, str(made))


@pytest.mark.parametrize("error", EXCEPTIONS, ids=lambda error: error.__name__)
def test_the_annotations_of_an_error_can_be_resolved(error: type[Exception]) -> None:
    typing.get_type_hints(error)


def test_no_class_is_called_private_that_is_gone() -> None:
    assert {short_name(error) for error in EXCEPTIONS} >= set(PRIVATE)


@pytest.mark.parametrize(
    "error", [error for error in PUBLIC if not issubclass(error, ExceptionGroup | Warning)], ids=lambda e: e.__name__
)
def test_each_error_of_a_distribution_derives_from_its_one_root(error: type[Exception]) -> None:
    module, _, name = ROOTS[error.__module__.split(".")[1]].rpartition(".")

    assert issubclass(error, getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("root", [CoreError, EventError])
def test_the_module_of_an_error_of_a_user_is_left_alone(root: type[Exception]) -> None:
    for module in ("shop._errors", "vegan._errors", __name__):
        assert type("OutOfStockError", (root,), {"__module__": module}).__module__ == module


def test_each_class_has_a_code_of_its_own() -> None:
    codes = [vars(error).get("code") for error in ERRORS]

    assert None not in codes
    assert len(set(codes)) == len(codes)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "errors").glob("*.md")))
    headed = [code for code, rest in HEADING.findall(pages) if "(finding)" not in rest]

    assert sorted(headed) == sorted(str(vars(error)["code"]) for error in ERRORS)


@pytest.mark.parametrize(
    "group", [error for error in PUBLIC if issubclass(error, ExceptionGroup)], ids=lambda group: group.__name__
)
def test_a_group_keeps_its_class_when_it_is_split(group: type[ExceptionGroup[Exception]]) -> None:
    made = instance(group)
    assert isinstance(made, ExceptionGroup)

    parts = made.split(lambda error: str(error) == "one")

    assert [type(part) for part in parts] == [group, group]
