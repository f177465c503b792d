"""Discovery when packages on the way are broken, excluded or odd."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.discovery import DiscoveryErrors, discover


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "warehouse"]:
        del sys.modules[name]


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in {"warehouse/__init__.py": "", **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.mark.parametrize(("text", "told"), [("import lost_module", "lost_module"), ("1 / 0", "ZeroDivision")])
def test_a_package_on_the_way_that_fails_is_named_once_and_not_called_missing(root: Path, text: str, told: str) -> None:
    write(root, {"warehouse/api/__init__.py": text, "warehouse/api/routes/a.py": ""})

    with pytest.raises(DiscoveryErrors) as caught:
        discover("warehouse", {"routes": ["api.routes"]})

    (error,) = caught.value.exceptions
    assert told in str(error)
    assert "api/__init__.py:1" in str(error)


@pytest.mark.parametrize(("patterns", "found"), [([], ["warehouse.api"]), (["api.py"], []), (["*.api"], [])])
def test_a_source_may_be_one_module(root: Path, patterns: list[str], found: list[str]) -> None:
    write(root, {"warehouse/api.py": ""})

    seen = discover("warehouse", {"routes": ["api"], "exclude_patterns": patterns, "auto_tags": False})

    assert (seen.modules("routes"), seen.config.auto_tags, seen.config.auto_prefix) == (found, False, True)


def test_only_what_can_be_imported_is_looked_into(root: Path) -> None:
    write(
        root,
        {
            "warehouse/api/__init__.py": "",
            "warehouse/api/a.py": "",
            "warehouse/api/not-a-module.py": "1 / 0",
            "warehouse/api/notes.txt": "",
            "warehouse/api/not-a-package/b.py": "1 / 0",
            "warehouse/api/__pycache__/c.py": "1 / 0",
        },
    )

    found = discover("warehouse", {"routes": ["api"]})

    assert found.modules("routes") == ["warehouse.api", "warehouse.api.a"]


def test_words_of_a_module_that_was_not_found_are_an_error(root: Path) -> None:
    write(root, {"warehouse/api/a.py": ""})
    found = discover("warehouse", {"routes": ["api"]})

    assert found.words("routes", "warehouse.api.a") == ("a",)
    with pytest.raises(KeyError):
        found.words("routes", "warehouse.api.b")


HANDLERS = "warehouse.application.handlers"


def failures(config: dict[str, list[str]] | None = None) -> DiscoveryErrors:
    with pytest.raises(DiscoveryErrors) as caught:
        discover("warehouse", config)
    return caught.value


def test_modules_beside_a_failing_one_are_kept(root: Path) -> None:
    write(root, {"warehouse/application/handlers/bad.py": "1 / 0", "warehouse/application/handlers/good.py": ""})

    error = failures()

    assert error.found is not None
    assert error.found.modules("handlers") == [f"{HANDLERS}.good"]
    assert error.found.imported == (f"{HANDLERS}.good",)
    part = error.subgroup(lambda _: True)
    assert isinstance(part, DiscoveryErrors)
    assert part.found is error.found


def test_a_missing_source_does_not_hide_the_others(root: Path) -> None:
    write(root, {"warehouse/api/a.py": "", "warehouse/api/b.py": "1 / 0"})

    error = failures({"routes": ["api", "nowhere"]})

    assert error.found is not None
    assert error.found.modules("routes") == ["warehouse.api.a"]
    assert len(error.exceptions) == 2


@pytest.mark.parametrize("folder", ["application/handlers", "application/handlers/deep"])
def test_a_package_that_fails_is_reported_once_and_not_for_each_of_its_modules(root: Path, folder: str) -> None:
    write(
        root,
        {
            f"warehouse/{folder}/__init__.py": "1 / 0",
            f"warehouse/{folder}/a.py": "",
            f"warehouse/{folder}/b.py": "",
            "warehouse/infrastructure/services/good.py": "",
        },
    )

    error = failures()

    assert [each.where.rpartition("/")[2] for each in error.exceptions] == ["__init__.py:1"]
    assert error.found is not None
    assert error.found.modules("services") == ["warehouse.infrastructure.services.good"]


def test_modules_that_import_a_failing_one_are_not_reported_beside_it(root: Path) -> None:
    write(
        root,
        {
            "warehouse/application/handlers/a.py": f"import {HANDLERS}.b",
            "warehouse/application/handlers/b.py": "1 / 0",
            "warehouse/application/handlers/c.py": "\n1 / 0",
        },
    )

    assert sorted(each.where.rpartition("/")[2] for each in failures().exceptions) == ["b.py:1", "c.py:2"]
