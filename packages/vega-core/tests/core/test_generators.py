"""The generators of the domain: what they write is Python, and what the layers allow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

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

    plan = generator.plan(GenerationRequest(project=project, name=Name.parse(name), fields=fields))

    assert plan
    for operation in plan:
        assert isinstance(operation, WriteFile)
        assert ast.get_docstring(ast.parse(operation.text))
        assert max(map(len, operation.text.splitlines())) <= 120
        (tmp_path / operation.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / operation.path).write_text(operation.text)
    assert check_layers(project) == []


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
