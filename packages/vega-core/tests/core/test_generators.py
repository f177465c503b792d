"""The generators of the domain: what they write is Python, and what the layers allow."""

import ast
import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from vega.core import InvalidFieldError
from vega.core._generators.simple import event
from vega.core._generators.use_cases import use_cases
from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile
from vega.core.layers import check_layers

OWN = sorted(entry.name for entry in entry_points(group="vega.generators") if entry.value.startswith("vega.core."))
FIELDS = tuple(
    FieldSpec.parse(text)
    for text in ("name:str:min=2", "price:decimal:min=0", "active:bool=true", "at:datetime:optional", "note:text=none")
)


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("name", ["Order", "OrderItem", "Category"])
def test_what_is_written_parses_and_keeps_the_layers(tmp_path: Path, kind: str, name: str) -> None:
    (entry,) = (e for e in entry_points(group="vega.generators") if e.name == kind)
    generator = entry.load()
    project = Project(root=tmp_path, package="shop", features=("data",))
    fields = FIELDS if generator.takes_fields else ()
    if kind == "event":
        fields = tuple(field for field in FIELDS if field.minimum is None)  # it refuses bounds

    plan = generator.plan(GenerationRequest(project=project, name=Name.parse(name), fields=fields))

    assert plan
    for operation in plan:
        assert isinstance(operation, WriteFile)
        assert ast.get_docstring(ast.parse(operation.text))
        assert max(map(len, operation.text.splitlines())) <= 120
        (tmp_path / operation.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / operation.path).write_text(operation.text)
    assert check_layers(project) == []


SECRETS = tuple(map(FieldSpec.parse, ("name:str:max=3", "pin_hash:int=0", "password:str:optional", "secret:str")))


def made(kind: str, folder: Path) -> dict[str, Any]:
    """Return the names that the generated modules define, run as they are."""
    (entry,) = (e for e in entry_points(group="vega.generators") if e.name == kind)
    project = Project(root=folder, package="shop")
    fields = SECRETS if kind != "event" else SECRETS[1:]
    names: dict[str, Any] = {"__name__": f"generated_{kind}"}
    for operation in entry.load().plan(GenerationRequest(project=project, name=Name.parse("Thing"), fields=fields)):
        exec(compile(operation.text, operation.path, "exec"), names)
    return names


@pytest.mark.parametrize("kind", ["entity", "value-object", "event", "interactor", "mediator"])
def test_private_values_are_not_in_the_repr(tmp_path: Path, kind: str) -> None:
    thing = made(kind, tmp_path)["Thing"]
    values = {"pin_hash": 4711, "password": "hunter2", "secret": "hunter2"}

    async def shown() -> str:
        value = thing(**values) if kind == "event" else thing(name="Ada", **values)
        if isinstance(value, Awaitable):
            await value  # a use case that is never awaited warns
        return repr(value)

    text = asyncio.run(shown())

    assert ("Thing(" in text, "4711" in text, "hunter2" in text) == (True, False, False)


@pytest.mark.parametrize("kind", ["entity", "value-object"])
def test_private_values_are_not_written_for_clients(tmp_path: Path, kind: str) -> None:
    thing = made(kind, tmp_path)["Thing"]
    adapter = TypeAdapter(thing)

    written = adapter.dump_python(thing(name="Ada", secret="hunter2"))
    schema = adapter.json_schema(mode="serialization")["properties"]

    assert (written["name"], schema["name"]["maxLength"]) == ("Ada", 3)
    assert not {"pin_hash", "password", "secret"} & {*written, *schema}


def test_a_value_object_checks_its_bounds_and_shows_no_private_value(tmp_path: Path) -> None:
    thing = made("value-object", tmp_path)["Thing"]

    with pytest.raises(ValidationError) as caught:
        thing(name="Grace", secret="hunter2" * 2000)

    assert caught.value.error_count() == 2
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kind", ["interactor", "mediator"])
def test_a_use_case_says_the_bounds_of_its_fields(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(made(kind, tmp_path)["Thing"]).validate_python({"name": "Grace", "secret": "x" * 10_001})

    assert [error["loc"] for error in caught.value.errors()] == [("name",), ("secret",)]


def test_an_event_refuses_bounds_that_nothing_would_check(tmp_path: Path) -> None:
    request = GenerationRequest(
        project=Project(root=tmp_path, package="shop"), name=Name.parse("Placed"), fields=SECRETS
    )

    with pytest.raises(InvalidFieldError, match="nothing would check the bounds of name"):
        event.plan(request)


def test_private_fields_cannot_be_asked_for(tmp_path: Path) -> None:
    request = GenerationRequest(
        project=Project(root=tmp_path, package="shop"), name=Name.parse("Thing"), fields=SECRETS
    )
    (text,) = (
        each.text for each in use_cases.plan(request) if isinstance(each, WriteFile) and "interactors" in each.path
    )
    before, _, after = text.partition("class Create")

    assert not [field for field in ("pin_hash", "password", "secret") if f'"{field}"' in before]
    assert "secret: str = Field(max_length=10000, repr=False)" in after


@pytest.mark.once
def test_the_command_line_can_load_the_contracts_without_third_parties() -> None:
    program = (
        "import sys, vega.core.extend, vega.core._generators.simple, vega.core._generators.use_cases; "
        "print(sorted({'pydantic', 'asyncio'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


PLUGIN = (
    "from vega.core.extend import Plugin\nclass Pay(Plugin):\n    feature = 'pay'\n"
    "    def configure(self, app):\n        app.container.register_instance(str, 'paid')\n"
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one plugin, installed as a distribution is."""
    monkeypatch.syspath_prepend(str(tmp_path))
    files = {
        "pyproject.toml": '[tool.vega]\npackage = "payshop"\nfeatures = ["pay"]\n',
        "payshop/__init__.py": "",
        "payplugin.py": PLUGIN,
        "payplugin-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: payplugin\nVersion: 1.0\n",
        "payplugin-1.0.dist-info/entry_points.txt": "[vega.plugins]\npay = payplugin:Pay\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"payshop", "payplugin"}]:
        del sys.modules[name]


@pytest.mark.parametrize(("features", "tested"), [((), False), (("data",), True)])
def test_use_cases_come_with_tests_when_there_is_a_database(features: tuple[str, ...], tested: bool) -> None:
    project = Project(root=Path("/nowhere"), package="shop", features=features)
    request = GenerationRequest(project=project, name=Name.parse("Order"), fields=(FieldSpec.parse("name:str"),))

    written = [operation.path for operation in use_cases.plan(request) if isinstance(operation, WriteFile)]

    assert ("tests/unit/test_orders.py" in written) is tested
    assert "shop/domain/repositories/order_repository.py" in written
