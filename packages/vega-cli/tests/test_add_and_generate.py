"""`vega add` and `vega generate`."""

import hashlib
import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

Vega = Callable[..., subprocess.CompletedProcess[str]]


def fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("add grafql", 2, "did you mean: graphql"),
        ("generate entitty User", 2, "did you mean: entity"),
        ("generate entity class", 2, "Python"),
        ("generate entity ../evil", 2, "not a name"),
        ("generate entity User name", 2, "no type"),
        ("generate entity User name:str name:int", 2, "two fields"),
        ("generate service Mailer name:str", 2, "takes no fields"),
        ("generate entity User --shape round", 2, "no option --shape"),
        ("generate entity", 2, "not a name"),
        ("add", 2, "argument"),
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(vega: Vega, project: Path, words: str, status: int, told: str) -> None:
    before = fingerprint(project)

    done = vega(*words.split(), cwd=project)

    assert (done.returncode, told in (done.stderr + done.stdout).replace("\n", " ")) == (status, True), done.stderr
    assert fingerprint(project) == before


@pytest.mark.parametrize("words", ["add data", "generate entity User", "run", "doctor"])
def test_outside_a_project_every_command_says_so(vega: Vega, tmp_path: Path, words: str) -> None:
    done = vega(*words.split())

    assert done.returncode == 2
    assert "there is no Vega project here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_generated_entity_has_its_fields_and_a_second_run_changes_nothing(vega: Vega, project: Path) -> None:
    first = vega("generate", "entity", "OrderItem", "price:decimal:min=0", "note:str:optional", cwd=project)
    before = fingerprint(project)
    second = vega("generate", "entity", "OrderItem", "price:decimal:min=0", "note:str:optional", cwd=project)

    text = (project / "shop/domain/entities/order_item.py").read_text()
    assert first.returncode == second.returncode == 0
    assert "price: Annotated[Decimal, Field(ge=0)]" in text
    assert "note: Annotated[str | None, Field(max_length=10000)] = None" in text
    assert "identical" in second.stdout
    assert fingerprint(project) == before


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--json"]])
def test_the_output_names_the_private_fields(vega: Vega, project: Path, more: list[str]) -> None:
    done = vega(
        "generate", "entity", "User", "name:str", "password_hash:str", "commit_hash:str:public", *more, cwd=project
    )

    assert done.returncode == 0
    assert "private: password_hash (left out of responses" in done.stdout


def test_an_edited_file_is_a_conflict_unless_forced(vega: Vega, project: Path) -> None:
    file = project / "shop/domain/entities/user.py"
    vega("generate", "entity", "User", cwd=project)
    file.write_text("# mine\n")

    refused = vega("generate", "entity", "User", cwd=project)
    kept = file.read_text()
    forced = vega("generate", "entity", "User", "--force", cwd=project)

    assert (refused.returncode, kept, forced.returncode) == (3, "# mine\n", 0)
    assert "class User" in file.read_text()


def test_a_dry_run_writes_nothing_and_its_plan_is_what_then_happens(vega: Vega, project: Path) -> None:
    before = fingerprint(project)
    plan = json.loads(vega("generate", "use-cases", "User", "name:str", "--dry-run", "--json", cwd=project).stdout)
    untouched = fingerprint(project) == before
    done = json.loads(vega("generate", "use-cases", "User", "name:str", "--json", cwd=project).stdout)

    assert untouched
    assert plan["changes"] == done["changes"]
    assert all((project / change["path"]).is_file() for change in done["changes"])


def test_the_kinds_are_listed(vega: Vega, project: Path) -> None:
    done = vega("generate", "list", cwd=project)

    assert done.returncode == 0
    assert "entity" in done.stdout
    assert "resource" in done.stdout


def test_a_symbolic_link_out_of_the_project_is_not_followed(vega: Vega, project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "shop" / "domain").symlink_to(outside)

    done = vega("generate", "entity", "User", cwd=project)

    assert done.returncode == 2
    assert list(outside.iterdir()) == []


PYPROJECTS = {
    "inline": b'[project]\nname = "a"\ndependencies = ["x>=1"] # keep\n[tool.vega]\npackage = "shop"\nfeatures = []\n',
    "lines": b'[project]\nname = "a"\ndependencies = [\n    "x",  # y\n    "y",\n]\n\n[tool.vega]\npackage = "shop"\n',
    "crlf": b'[project]\r\nname = "a"\r\ndependencies = [\r\n  "x",\r\n]\r\n[tool.vega]\r\npackage = "shop"\r\n',
    "none": b'[project]\nname = "a"\n\n# the end\n[tool.vega]\npackage = "shop"\nfeatures = ["data"]\n',
}


@pytest.mark.parametrize("style", sorted(PYPROJECTS))
def test_an_edit_of_pyproject_leaves_the_other_lines_as_they_were(vega: Vega, project: Path, style: str) -> None:
    file = project / "pyproject.toml"
    file.write_bytes(PYPROJECTS[style])

    done = vega("add", "data", "--no-install", cwd=project)
    after = file.read_bytes()
    vega("add", "data", "--no-install", cwd=project)

    settings = tomllib.loads(after.decode())
    assert done.returncode == 0, done.stderr
    assert any(text.startswith("vega-data") for text in settings["project"]["dependencies"])
    assert settings["tool"]["vega"]["features"] == ["data"]
    assert file.read_bytes() == after
    kept = [
        line for line in PYPROJECTS[style].splitlines(keepends=True) if b"depend" not in line and b"feat" not in line
    ]
    assert all(line in after.splitlines(keepends=True) for line in kept)


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "a"\ndynamic = ["dependencies"]\n[tool.vega]\npackage = "shop"\n',
        '[tool.vega]\npackage = "shop"\n',
        '[project]\ndependencies = "x"\n[tool.vega]\npackage = "shop"\n',
    ],
)
def test_a_pyproject_that_cannot_be_edited_is_left_alone(vega: Vega, project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)

    done = vega("add", "data", "--no-install", cwd=project)

    assert done.returncode == 2
    assert (project / "pyproject.toml").read_text() == text
