"""The facade: every name, nothing loaded before it is used."""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import vega.data
import vega.data.migrations
import vega.data.outbox
from vega.data import DataError, DuplicateEntityError
from vega.data import _errors as errors

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, DataError)]
DEFINED = [
    value
    for module in (vega.data, vega.data.outbox, vega.data.migrations)
    for value in (getattr(module, name) for name in module.__all__)
    if inspect.isroutine(value) or (inspect.isclass(value) and value not in CLASSES)
]


def test_every_name_is_there_and_in_order() -> None:
    assert sorted(vega.data.__all__) == vega.data.__all__
    assert all(getattr(vega.data, name) is not None for name in vega.data.__all__)
    assert set(vega.data.__all__) <= set(dir(vega.data))
    with pytest.raises(AttributeError):
        _ = vega.data.nope  # type: ignore[attr-defined] # that it is missing is the point


@pytest.mark.once
@pytest.mark.parametrize(
    "code",
    [
        "import vega.data",
        "from vega.data import InMemoryRepository, EntityMapping, DuplicateEntityError, use_tenant",
        "import vega.data._project.plugin, vega.data._project.generators",
    ],
)
def test_no_sqlalchemy_before_a_name_that_needs_it(code: str) -> None:
    check = f"{code}; import sys; print([m for m in ('sqlalchemy', 'alembic', 'aiosqlite') if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("thing", DEFINED, ids=lambda thing: thing.__name__)
def test_the_source_of_a_public_name_is_found(thing: Any) -> None:
    assert re.search(rf"^(class|def) {thing.__name__}\b", inspect.getsource(thing), re.MULTILINE)


def test_every_error_is_public() -> None:
    assert {kind.__name__ for kind in CLASSES} <= set(vega.data.__all__)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_annotations_of_an_error_are_types(kind: type[DataError]) -> None:
    hints = get_type_hints(kind)

    assert {"code", "kind", "retryable"} <= set(hints)
    assert not [hint for hint in hints.values() if isinstance(hint, str)]


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_survive_pickling_and_have_codes_of_their_own(kind: type[DataError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("what", "where", "fix")))

    assert (type(copy), copy.what, copy.where, copy.fix) == (kind, "what", "where", "fix")
    assert [other for other in CLASSES if other.code == kind.code] == [kind]


def test_the_fields_of_a_duplicate_survive_pickling() -> None:
    assert pickle.loads(pickle.dumps(DuplicateEntityError.of("User", ["email"]))).fields == ("email",)


def test_the_page_of_errors_tells_every_code() -> None:
    page = next(
        (
            parent / "docs/errors/data.md"
            for parent in Path(__file__).parents
            if (parent / "docs/errors/data.md").is_file()
        ),
        None,
    )
    if page is None:
        pytest.skip("the documentation is not beside this package")

    assert set(re.findall(r"^## (VG\d+)", page.read_text(encoding="utf-8"), re.MULTILINE)) == {k.code for k in CLASSES}
