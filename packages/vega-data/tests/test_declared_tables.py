"""Repository classes that count as declared: those that an imported module holds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from vega.data import Database, MappingError, metadata

MODULE = """
from dataclasses import dataclass

from vega.data import EntityMapping, SQLAlchemyRepository


@dataclass
class {name}:
    id: str


class Repository(SQLAlchemyRepository[{name}]):
    mapping = EntityMapping(table="things")


class Folder:
    class Inner(SQLAlchemyRepository[{name}]):
        mapping = EntityMapping(table="inner_things")




class Open(SQLAlchemyRepository):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("declared_here", "declared_there"):
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type] # restored, and so removed, at the end
        del sys.modules[name]
    return tmp_path


def tables(package: str) -> set[str]:
    return set(metadata(package).tables)


def test_what_a_module_declares_counts_while_it_is_imported(folder: Path) -> None:
    (folder / "declared_here.py").write_text(MODULE.format(name="Thing"))
    module = importlib.import_module("declared_here")

    assert tables("declared_here") == {"things", "inner_things"}
    del sys.modules["declared_here"]
    assert tables("declared_here") == set()
    assert module.Repository.declared_table() is not None


def test_a_reloaded_module_declares_its_new_classes_only(folder: Path) -> None:
    file = folder / "declared_here.py"
    file.write_text(MODULE.format(name="Thing"))
    first = importlib.import_module("declared_here")
    old = (first.Repository, first.Folder)
    file.write_text(MODULE.format(name="OtherThing").replace("id: str", "id: str\n    more: int = 0"))
    importlib.invalidate_caches()
    again = importlib.reload(first)

    assert set(metadata("declared_here").tables["things"].c.keys()) == {"id", "more"}
    assert old[0] is not again.Repository


def test_two_imported_modules_that_map_to_one_table_are_refused_unless_one_package_is_asked_for(folder: Path) -> None:
    for name in ("declared_here", "declared_there"):
        (folder / f"{name}.py").write_text(MODULE.format(name="Thing"))
        importlib.import_module(name)

    with pytest.raises(MappingError, match=r"declared_here\.Thing and declared_there\.Thing are both mapped"):
        metadata()
    assert "things" in Database("sqlite:///:memory:", package="declared_here").metadata().tables


def test_a_package_without_repositories_has_no_tables() -> None:
    assert metadata("package_without_repositories").tables == {}
