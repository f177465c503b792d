"""The generators of GraphQL types, queries and mutations."""

import ast
from pathlib import Path

import pytest

from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile
from vega.graphql import _generators as generators

FIELDS = tuple(
    FieldSpec.parse(text) for text in ("name:str", "price:decimal:min=0", "born:date:optional", "password:str")
)


@pytest.mark.parametrize("kind", ["graphql_type", "graphql_query", "graphql_mutation", "graphql_resource"])
@pytest.mark.parametrize("known", [True, False], ids=["entity", "no-entity"])
def test_what_is_generated_is_documented_python(tmp_path: Path, kind: str, known: bool) -> None:
    entity = tmp_path / "shop/domain/entities/order_item.py"
    if known:
        entity.parent.mkdir(parents=True)
        entity.touch()
    project = Project(root=tmp_path, package="shop", features=("graphql",))
    request = GenerationRequest(project=project, name=Name.parse("OrderItem"), fields=FIELDS)

    plan = getattr(generators, kind).plan(request)

    texts = [operation.text for operation in plan if isinstance(operation, WriteFile)]
    assert len(texts) == len(plan) > 0
    assert all(ast.get_docstring(ast.parse(text)) for text in texts)
    for text in texts:
        assert ("password" in text) is (kind == "graphql_resource" and "class" not in text)  # taken, never shown
    if kind == "graphql_type":
        assert ("def of(cls" in texts[0]) is known
