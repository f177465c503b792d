"""A generated project keeps what its OpenAPI document says, whatever a client sends."""

import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

from vega.core import Application
from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile
from vega.web import create_app

load_all_checks()
SEEDS = (1, 2, 3)
IS_FULL = os.environ.get("VEGA_FULL") == "1"
EXAMPLES = {GenerationMode.POSITIVE: 100 if IS_FULL else 8, GenerationMode.NEGATIVE: 100 if IS_FULL else 2}
KINDS = ("use-cases", "router")
FIELDS = (
    *(
        "name:str:min=2:max=80",
        "note:text:optional",
        "price:decimal:min=0",
        "weight:float=1.5",
        "stock:int:min=1:max=1000",
        "count:int",
        "ratio:float",
        "fee:decimal:optional",
    ),
    *("active:bool=true", "born:date:optional", "seen:datetime:optional", "owner:uuid:optional"),
)


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Generate a resource and give its application, stored in memory."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    project = Project(root=tmp_path, package="stall", features=("web",))
    fields = tuple(FieldSpec.parse(field) for field in FIELDS)
    request = GenerationRequest(project=project, name=Name.parse("Product"), fields=fields)
    generators = {point.name: point.load() for point in entry_points(group="vega.generators")}
    for kind in KINDS:
        for file in generators[kind].plan(request):
            if isinstance(file, WriteFile):
                (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / file.path).write_text(file.text)
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "stall"\nfeatures = ["web"]\n')
    (tmp_path / "stall/__init__.py").write_text("")
    (tmp_path / "stall/config.py").write_text(
        "from stall.domain.entities.product import Product\n"
        "from stall.domain.repositories.product_repository import ProductRepository\n"
        "from vega.data import InMemoryRepository\n"
        "class InMemoryProducts(InMemoryRepository[Product], ProductRepository): ...\n"
        "def configure(app):\n"
        "    app.container.register_instance(ProductRepository, InMemoryProducts())\n"
    )
    yield create_app(Application.load(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "stall"]:
        del sys.modules[name]


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_a_client_sends_is_answered_as_documented(generated: Any, seed: int, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", generated)
    failures: list[str] = []
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        def check(case: Any) -> None:
            nonlocal count
            count += 1
            case.call_and_validate()

        strategy = operation.as_strategy(generation_mode=mode)
        run = seeded(seed)(
            settings(
                max_examples=EXAMPLES[mode],
                deadline=None,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(case=strategy)(check))
        )
        try:
            run()
        except Unsatisfiable:
            pass  # nothing that is sent to this operation can be wrong
        except Exception as error:  # noqa: BLE001 - collected, to tell all at once
            failures.append(f"{operation.label}: {error}")

    assert failures == []
    assert count >= 2 * EXAMPLES[mode]
