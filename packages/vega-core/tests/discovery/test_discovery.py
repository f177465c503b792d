"""Discovery through the import system."""

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.discovery import DiscoveryErrors, InvalidDiscoveryConfigError, SourceNotFoundError, discover


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"depot", "elsewhere"}]:
        del sys.modules[name]


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_default_sources_are_found_in_order_and_imported_once(root: Path) -> None:
    write(
        root,
        {
            "depot/__init__.py": "",
            "depot/presentation/web/routes/b.py": "",
            "depot/presentation/web/routes/a.py": "",
            "depot/presentation/web/routes/admin/users.py": "",
            "depot/application/handlers/mail.py": "import sys\nsys.depot_loads = 1 + getattr(sys, 'depot_loads', 0)",
        },
    )

    found = discover("depot")
    discover("depot")

    routes = "depot.presentation.web.routes"
    assert found.modules("routes") == [f"{routes}.a", f"{routes}.admin.users", f"{routes}.b"]
    assert found.words("routes", f"{routes}.admin.users") == ("admin", "users")
    assert vars(sys)["depot_loads"] == 1


def test_excluded_modules_are_not_imported(root: Path) -> None:
    write(
        root,
        {
            "depot/presentation/web/routes/a_old.py": "raise RuntimeError",
            "depot/presentation/web/routes/test/b.py": "raise RuntimeError",
        },
    )

    found = discover("depot", {"exclude_patterns": ["*_old.*", "*.test.*"]})

    assert found.all_modules() == []


def test_every_failing_module_is_reported_with_its_line(root: Path) -> None:
    write(
        root,
        {
            "depot/__init__.py": "",
            "depot/application/handlers/one.py": "x = 1\nraise RuntimeError('first')",
            "depot/application/handlers/two.py": "def (",
            "depot/application/handlers/three.py": "import no_such_module",
            "depot/application/handlers/four.py": "",
        },
    )

    with pytest.raises(DiscoveryErrors) as caught:
        discover("depot")

    places = sorted(error.where.rpartition("/")[2] for error in caught.value.exceptions)
    assert places == ["one.py:2", "three.py:1", "two.py:1"]
    assert "depot.application.handlers.four" in sys.modules


def test_a_named_source_that_is_missing_is_an_error_and_a_default_one_is_not(root: Path) -> None:
    write(root, {"depot/__init__.py": ""})

    assert discover("depot").all_modules() == []
    with pytest.raises(DiscoveryErrors) as caught:
        discover("depot", {"routes": ["presentation.api"]})
    assert "presentation.api" in str(caught.value)


def test_a_source_may_be_another_package(root: Path) -> None:
    write(root, {"depot/__init__.py": "", "elsewhere/__init__.py": "", "elsewhere/routes/feed.py": ""})

    assert discover("depot", {"routes": ["elsewhere.routes"]}).modules("routes") == ["elsewhere.routes.feed"]


def test_no_package_at_all_is_an_error(root: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="depot"):
        discover("depot")


def test_a_package_in_a_zip_is_discovered(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("", "application/", "application/handlers/"):
            file.writestr(f"depot/{name}__init__.py", "")
        file.writestr("depot/application/handlers/mail.py", "")
    monkeypatch.syspath_prepend(str(archive))

    found = discover("depot")

    assert found.modules("handlers") == ["depot.application.handlers", "depot.application.handlers.mail"]


def test_folders_without_init_in_a_zip_are_discovered(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("depot/__init__.py", "")
        for folder in ("application/", "application/handlers/", "application/handlers/deep/"):
            file.writestr(f"depot/{folder}", "")
        for module in ("mail", "__main__", "deep/post"):
            file.writestr(f"depot/application/handlers/{module}.py", "")
    monkeypatch.syspath_prepend(str(archive))

    found = discover("depot")

    assert found.modules("handlers") == ["depot.application.handlers.deep.post", "depot.application.handlers.mail"]
    assert found.imported == ("depot.application.handlers.deep.post", "depot.application.handlers.mail")


def test_folders_without_init_in_two_places_are_one_package(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"depot/application/handlers/one.py": "", "more/depot/application/handlers/two.py": ""})
    monkeypatch.syspath_prepend(str(tmp_path / "more"))

    assert discover("depot").modules("handlers") == [
        "depot.application.handlers.one",
        "depot.application.handlers.two",
    ]


def test_programs_are_not_run(root: Path) -> None:
    write(
        root,
        {
            "depot/__init__.py": "",
            "depot/application/handlers/__main__.py": "raise RuntimeError('the program ran')",
            "depot/application/handlers/deep/__main__.py": "raise RuntimeError('the program ran')",
            "depot/application/handlers/mail.py": "",
        },
    )

    assert discover("depot").all_modules() == ["depot.application.handlers.mail"]


def test_a_folder_of_the_same_name_below_tests_does_not_hide_the_package(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"depot/__init__.py": "", "depot/application/handlers/mail.py": "", "tests/depot/test_x.py": ""})
    monkeypatch.chdir(root / "tests")

    assert discover("depot").modules("handlers") == ["depot.application.handlers.mail"]


@pytest.mark.parametrize("config", [{"route": []}, {"routes": "a"}, {"routes": [1]}, {"auto_tags": "yes"}])
def test_a_malformed_configuration_is_refused_by_its_key(root: Path, config: dict[str, object]) -> None:
    with pytest.raises(InvalidDiscoveryConfigError, match="DISCOVERY_CONFIG"):
        discover("depot", config)
