"""A schema from marked functions, served in a unit of work."""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from vega.core import Application, ConfigurationErrors
from vega.graphql import SchemaError, build_schema, graphql_app
from vega.graphql._plugin import GraphQLPlugin

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "graphshop"\nfeatures = []\n',
    "graphshop/__init__.py": "",
    "graphshop/settings.py": "from vega.settings import BaseSettings\nclass Settings(BaseSettings): ...\n",
    "graphshop/infrastructure/services/clock.py": """
from vega.di import Scope, injectable
@injectable(scope=Scope.SCOPED)
class Clock: ...
""",
    "graphshop/presentation/graphql/clock.py": """
import strawberry
from pydantic import BaseModel, Field
from vega.patterns import Interactor, UnitOfWork
from vega.patterns.query import UnknownFieldError
from vega.errors import ErrorKind
from vega.di import ConstructionError, Container, bind, current_scope
from vega.graphql import mutation, query
from graphshop.infrastructure.services.clock import Clock
class MemoryUnit(UnitOfWork):
    async def _begin(self, *, read_only: bool) -> None: ...
    async def _commit(self) -> None: ...
    async def _rollback(self) -> None: ...
    async def _open_savepoint(self) -> None: ...
    async def _release_savepoint(self, savepoint: object) -> None: ...
    async def _undo_savepoint(self, savepoint: object) -> None: ...
class TooLateError(Exception):
    kind = ErrorKind.CONFLICT
@strawberry.type
class Time:
    hour: int
@query
async def time(zone: str = "UTC") -> Time:
    \"\"\"What time it is.\"\"\"
    return Time(hour=len(zone))
@query
async def same_scope() -> bool:
    scope = current_scope()
    return scope.resolve(Clock) is scope.resolve(Clock)
@query
async def broken() -> str:
    raise RuntimeError("password=hunter2")
class Pay(Interactor[int]):
    class Input(BaseModel):
        amount: int = Field(ge=1)
    async def call(self) -> int:
        return self.input.amount
@query
async def pay(amount: int) -> int:
    return await Pay(amount=amount)
@query
async def timeout() -> str:
    raise TimeoutError(110, "hunter2")
@query
async def row() -> str:
    return Pay.Input.model_validate({"amount": "hunter2"}).amount
@query
async def wrong_query() -> str:
    raise UnknownFieldError("no field hunter2")
@query
async def late() -> str:
    raise TooLateError("it is too late")
class GoneError(Exception):
    kind = "missing"
@query
async def gone() -> str:
    raise ExceptionGroup("a handler of Placed failed", [GoneError("it is gone")])
class Closed:
    def __init__(self) -> None:
        raise TooLateError("closed since noon")
current_container = Container({Closed: Closed})
@query
async def closed() -> str:
    return str(current_container.resolve(Closed))
@query
async def nested() -> str:
    outer, inner = ConstructionError("no Shop", "", ""), ConstructionError("no Closed", "", "")
    inner.__cause__ = TooLateError("closed since noon")
    raise outer from inner
def fail() -> None:
    raise ValueError("hunter2")
@mutation
async def store_hour(hour: int) -> int:
    async with MemoryUnit() as unit:
        unit.after_commit(fail)
    return hour
@mutation
async def set_hour(hour: int) -> Time:
    return Time(hour=hour)
""",
}


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    yield Application.load(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "graphshop"]:
        del sys.modules[name]


def ask(application: Application, query: str, **variables: Any) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        transport = httpx.ASGITransport(graphql_app(application))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.post("/", json={"query": query, "variables": variables})
            found: dict[str, Any] = answer.json()
            return found

    return asyncio.run(main())


def test_queries_and_mutations_answer(application: Application) -> None:
    assert ask(application, '{ time(zone: "CEST") { hour } }')["data"] == {"time": {"hour": 4}}
    assert ask(application, "mutation { setHour(hour: 7) { hour } }")["data"] == {"setHour": {"hour": 7}}


def test_a_stored_change_is_answered_whatever_fails_after_its_commit(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(application, "mutation { storeHour(hour: 7) }") == {"data": {"storeHour": 7}}
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["vega.core"]


def test_an_operation_is_one_scope(application: Application) -> None:
    assert ask(application, "{ sameScope }")["data"] == {"sameScope": True}


@pytest.mark.parametrize("field", ["broken", "timeout", "row", "wrongQuery"])
def test_an_internal_error_shows_nothing(application: Application, field: str) -> None:
    answer = ask(application, f"{{ {field} }}")

    assert answer["errors"][0]["message"] == "Unexpected error."
    assert "hunter2" not in str(answer)


def test_invalid_input_of_a_use_case_shows_its_fields(application: Application) -> None:
    (error,) = ask(application, "{ pay(amount: 0) }")["errors"]

    assert (error["message"], error["extensions"]["kind"]) == ("the input is invalid", "invalid")
    assert error["extensions"]["errors"] == [
        {"loc": ["amount"], "msg": "Input should be greater than or equal to 1", "type": "greater_than_equal"}
    ]


def test_an_error_of_the_business_shows_its_message_and_kind(application: Application) -> None:
    (error,) = ask(application, "{ late }")["errors"]

    assert (error["message"], error["extensions"]["kind"]) == ("it is too late", "conflict")


def test_an_error_of_the_business_shows_out_of_a_group(application: Application) -> None:
    error = ask(application, "{ gone }")["errors"][0]

    assert (error["message"], error["extensions"]["kind"]) == ("it is gone", "missing")


@pytest.mark.parametrize("field", ["closed", "nested"])
def test_an_error_of_the_business_shows_through_the_construction_it_broke(application: Application, field: str) -> None:
    (error,) = ask(application, f"{{ {field} }}")["errors"]

    assert (error["message"], error["extensions"]["kind"]) == ("closed since noon", "conflict")


def test_a_wrong_document_is_explained(application: Application) -> None:
    assert "nothing" in ask(application, "{ nothing }")["errors"][0]["message"]


def test_no_query_at_all_is_an_error_that_says_how_to_make_one() -> None:
    with pytest.raises(SchemaError, match="graphql-query"):
        build_schema([])


def test_graphiql_is_closed_in_production(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    async def page() -> int:
        transport = httpx.ASGITransport(graphql_app(application))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return (await client.get("/", headers={"accept": "text/html"})).status_code

    open_to_browsers = asyncio.run(page())
    monkeypatch.setattr(application.settings, "profile", "production")

    assert (open_to_browsers, asyncio.run(page())) == (200, 404)


def test_two_resolvers_of_one_name_are_an_error(application: Application, tmp_path: Path) -> None:
    copy = tmp_path / "graphshop/presentation/graphql/copy.py"
    copy.write_text("from vega.graphql import query\n@query\nasync def time() -> int:\n    return 1\n")
    loaded = Application.load(tmp_path)

    with pytest.raises(SchemaError, match="two resolvers are named time"):
        graphql_app(loaded)


def test_a_module_that_fails_is_reported_at_the_start(application: Application, tmp_path: Path) -> None:
    (tmp_path / "graphshop/presentation/graphql/bad.py").write_text("raise RuntimeError('boom')\n")

    with pytest.raises(ConfigurationErrors, match="1 mistakes"):
        Application.load(tmp_path)


def test_a_type_that_graphql_cannot_say_is_an_error_with_its_module(application: Application, tmp_path: Path) -> None:
    bad = tmp_path / "graphshop/presentation/graphql/bad.py"
    bad.write_text("from vega.graphql import query\n@query\nasync def bad() -> complex:\n    return 1j\n")
    loaded = Application.load(tmp_path)

    with pytest.raises(SchemaError, match="do not form a schema"):
        graphql_app(loaded)


def test_an_operation_joins_the_unit_of_work_that_is_open(application: Application) -> None:
    opened: list[object] = []
    application.ambient(lambda: opened.append(1) or nullcontext())  # type: ignore[func-returns-value]  # append gives None

    async def main() -> dict[str, Any]:
        async with application.activate():
            transport = httpx.ASGITransport(graphql_app(application))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                answer = await client.post("/", json={"query": "{ sameScope }"})
                found: dict[str, Any] = answer.json()
                return found

    assert asyncio.run(main())["data"] == {"sameScope": True}
    assert len(opened) == 1


def test_the_plugin_mounts_the_schema_once_there_is_a_resolver(application: Application, tmp_path: Path) -> None:
    with_resolvers = GraphQLPlugin().mounts(application)
    for name in [name for name in sys.modules if name.startswith("graphshop.presentation")]:
        del sys.modules[name]
    (tmp_path / "graphshop/presentation/graphql/clock.py").unlink()
    importlib.invalidate_caches()

    assert list(with_resolvers) == ["/graphql"]
    assert GraphQLPlugin().mounts(Application.load(tmp_path)) == {}


def test_a_resolver_that_another_module_imports_counts_once(application: Application, tmp_path: Path) -> None:
    (tmp_path / "graphshop/presentation/graphql/again.py").write_text(
        "from graphshop.presentation.graphql.clock import time\n"
    )

    assert "time(zone" in build_schema(Application.load(tmp_path).found.modules("graphql")).as_str()  # type: ignore[union-attr]  # it has one


def test_a_field_is_described_by_the_docstring_of_its_resolver_alone(application: Application, tmp_path: Path) -> None:
    (tmp_path / "graphshop/presentation/graphql/described.py").write_text(
        "from dataclasses import dataclass\n"
        "from vega.graphql import mutation, query\n"
        "from vega.patterns import Interactor, Mediator\n"
        "class Count(Interactor[int]):\n"
        "    async def call(self) -> int:\n        return 1\n"
        "@dataclass(frozen=True)\n"
        "class Add(Mediator[int]):\n"
        "    name: str\n"
        "    async def call(self) -> int:\n        return 1\n"
        "@query\n"
        "async def silent() -> int:\n    return await Count()\n"
        "@query\n"
        'async def spoken() -> int:\n    """Count the orders."""\n    return await Count()\n'
        "@mutation\n"
        "async def add_silently(name: str) -> int:\n    return await Add(name)\n"
    )
    found = Application.load(tmp_path).found

    schema = build_schema(found.modules("graphql") if found is not None else []).as_str()

    assert schema.count('"""') == 4  # that of `time` and that of `spoken`
    assert "\n  silent: Int!\n" in schema
    assert '"""Count the orders."""\n  spoken: Int!' in schema
