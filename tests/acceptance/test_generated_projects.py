"""What is generated is clean: ruff, mypy --strict, its own tests and the doctor pass untouched."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
CHECKS = [
    ["ruff", "check", "--no-cache", "."],
    ["ruff", "format", "--no-cache", "--check", "--diff", "."],
    ["mypy"],
    ["pytest", "-q", "-p", "no:cacheprovider"],
    ["vega", "doctor", "--strict"],
]
FIELDS = [
    *("code:str:unique", "name:str:min=2:max=80", "note:text:optional", "price:decimal:min=0", "weight:float=1.5"),
    *("stock:int:min=1", "active:bool=true", "born:date:optional", "seen:datetime:optional", "owner:uuid:optional"),
]
EVERYTHING = [
    "generate entity Person name:str age:int:min=0",
    "generate value-object Money cents:int currency:str",
    "generate event PriceChanged product_id:str",
    "generate interactor ChangePrice product_id:str price:decimal",
    "generate mediator CheckOut basket_id:str",
    "generate service Mailer",
    "generate specification ActiveUsers",
    "generate job clean_up",
    "generate job index_category --on CategoryCreated",
    "generate graphql-type User",
    "generate graphql-query GetUser",
    "generate graphql-mutation CreateUser",
    "generate middleware AuditTrail",
    "generate webmodel Product name:str:min=2 price:decimal:min=0 note:text:optional",
    "generate websocket-handler ChatHandler",
    "generate websocket-handler Prices --path /prices",
]
PROJECTS = {
    "bare": ("", []),
    "web": ("web", []),
    "data": ("data", [["generate", "resource", "Category", *FIELDS]]),
    "rest": ("data,web", [["generate", "resource", "Category", *FIELDS], ["generate", "resource", "Tag", "name:str"]]),
    "all": (
        "data,web,graphql,websocket,jobs",
        [["generate", "resource", "Category", *FIELDS], *(words.split() for words in EVERYTHING)],
    ),
}
PARTIAL = {"bare", "data", "rest"}  # `all` has what they have


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def types_of_third_parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have mypy read each third party once for all projects; an own project is read anew by its path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPY_CACHE_DIR", str(tmp_path_factory.mktemp("mypy")))
        yield


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.full] if kind in PARTIAL else []) for kind in PROJECTS]
)
def test_a_generated_project_is_clean(kind: str, tmp_path: Path) -> None:
    features, commands = PROJECTS[kind]
    run(["vega", "init", "shop", "--no-install", *(["--with", features] if features else [])], tmp_path)
    for command in commands:
        run(["vega", *command], tmp_path / "shop")

    told = [run(check, tmp_path / "shop") for check in CHECKS]

    assert "0 errors, 0 warnings" in told[-1]


def test_a_resource_is_small_enough_to_own(tmp_path: Path) -> None:
    run(["vega", "init", "shop", "--no-install", "--with", "data,web"], tmp_path)
    before = set((tmp_path / "shop").rglob("*.py"))
    fields = ["name:str", "price:decimal:min=0", "active:bool=true"]
    run(["vega", "generate", "resource", "Product", *fields], tmp_path / "shop")

    written = set((tmp_path / "shop").rglob("*.py")) - before
    lines = sum(bool(line.strip()) for path in written for line in path.read_text().splitlines())
    assert lines <= 320, {path.name: len(path.read_text().splitlines()) for path in written}


def test_an_import_that_breaks_the_layers_fails_doctor_and_tests(tmp_path: Path) -> None:
    run(["vega", "init", "shop", "--no-install"], tmp_path)
    run(["vega", "generate", "entity", "Person"], tmp_path / "shop")
    entity = tmp_path / "shop/shop/domain/entities/person.py"
    entity.write_text(entity.read_text().replace("from uuid import", "import sqlalchemy  # noqa\nfrom uuid import"))

    doctor, tests = (
        subprocess.run(words, check=False, cwd=tmp_path / "shop", capture_output=True, text=True, timeout=60)
        for words in ([BIN / "vega", "doctor"], [BIN / "pytest", "-q"])
    )

    assert (doctor.returncode, tests.returncode) == (1, 1)
    assert "shop/domain/entities/person.py:4" in doctor.stdout
