"""The facade, and the generators of the package."""

import ast
import pickle
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import vega.graphql
from vega.core import CoreError
from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile
from vega.graphql import _generators as generators
from vega.graphql._plugin import GraphQLPlugin

FIELDS = tuple(FieldSpec.parse(text) for text in ("name:str", "price:decimal:min=0", "born:date:optional"))


def test_the_import_loads_no_third_party() -> None:
    program = "import sys, vega.graphql; print(sorted({'strawberry', 'graphql', 'starlette'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_the_facade_has_every_public_name_and_no_other() -> None:
    assert all(hasattr(vega.graphql, name) for name in vega.graphql.__all__)
    assert set(vega.graphql.__all__) <= set(dir(vega.graphql))
    assert not hasattr(vega.graphql, "NoSuchName")


@pytest.mark.parametrize("error", [vega.graphql.GraphQLError, vega.graphql.SchemaError])
def test_an_error_travels_and_its_hints_can_be_read(error: type[CoreError]) -> None:
    made = error("it broke", "here", "repair it")

    assert getattr(vega.graphql, error.__name__) is error
    assert str(pickle.loads(pickle.dumps(made))) == str(made)
    assert set(typing.get_type_hints(error)) >= set(typing.get_type_hints(CoreError))


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
    if kind == "graphql_type":
        assert ("def of(cls" in texts[0]) is known


def test_the_feature_needs_the_web() -> None:
    assert GraphQLPlugin().requires == ("web",)
