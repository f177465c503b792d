"""A generated project keeps what its OpenAPI document says, whatever a client sends."""

import os
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

from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile

load_all_checks()
FIRST = ("uvicorn", 1)
CASES = [
    pytest.param((kind, seed), id=f"{kind}-{seed}", marks=() if (kind, seed) == FIRST else pytest.mark.full)
    for kind in ("uvicorn", "granian")
    for seed in (1, 2, 3)
]
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
        "rate:decimal:min=0.5:max=99.9",
    ),
    *("active:bool=true", "born:date:optional", "seen:datetime:optional", "owner:uuid:optional"),
)


CONFIG = """
from webshop.domain.entities.product import Product
from webshop.domain.repositories.product_repository import ProductRepository
from vega.data import InMemoryRepository
class InMemoryProducts(InMemoryRepository[Product], ProductRepository): ...
def configure(app):
    app.container.register_instance(ProductRepository, InMemoryProducts())
"""
MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


def write_resource(root: Path) -> Path:
    """Generate a project with a resource, stored in memory."""
    project = Project(root=root, package="webshop", features=("web",))
    fields = tuple(FieldSpec.parse(field) for field in FIELDS)
    request = GenerationRequest(project=project, name=Name.parse("Product"), fields=fields)
    generators = {point.name: point.load() for point in entry_points(group="vega.generators")}
    planned = [file for kind in KINDS for file in generators[kind].plan(request)]
    files = {file.path: file.text for file in planned if isinstance(file, WriteFile)}
    files["pyproject.toml"] = '[tool.vega]\npackage = "webshop"\nfeatures = ["web"]\n'
    files |= {"webshop/__init__.py": "", "webshop/config.py": CONFIG, "webshop/main.py": MAIN}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(params=CASES)
def served(request: pytest.FixtureRequest, tmp_path: Path, start_server: Any) -> Iterator[tuple[str, int]]:
    """Serve a generated project; give the address of its document, and the seed."""
    kind, seed = request.param
    with start_server(write_resource(tmp_path), kind) as (port, _):
        yield f"http://127.0.0.1:{port}/openapi.json", seed


@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_a_client_sends_is_answered_as_documented(served: tuple[str, int], mode: GenerationMode) -> None:
    document, seed = served
    schema = schemathesis.openapi.from_url(document, wait_for_schema=10)
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
        except Exception as error:  # noqa: BLE001 - collected, to report all at once
            failures.append(f"{operation.label}: {error} {getattr(error, 'exceptions', '')}")

    assert failures == []
    assert count >= 2 * EXAMPLES[mode]
