"""What vega-web brings to the command line: `vega routes`, generators, the features `web` and `websocket`."""

import ast
import asyncio
import json
import socket
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from typer.testing import CliRunner

from vega.core.extend import EnableFeature, FieldSpec, GenerationRequest, Name, Project, RunOptions, WriteFile
from vega.testing import client_for
from vega.web import MiddlewarePipeline
from vega.web._app.generators import middleware, router, webmodel, websocket_handler
from vega.web._app.plugins import WebPlugin, WebSocketPlugin
from vega.web.cli import app as routes

MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""
CONFIG = """
from vega.web import MiddlewarePipeline
pipeline = MiddlewarePipeline()
@pipeline.use_inline(priority=5)
async def first(request, call_next):
    return await call_next(request)
"""


@pytest.fixture
def runnable(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (project / "webshop/main.py").write_text(MAIN)
    monkeypatch.chdir(project / "webshop")
    return project


def run(*arguments: str) -> str:
    done = CliRunner().invoke(routes, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_routes_are_listed_in_columns(runnable: Path) -> None:
    lines = run().splitlines()

    rows = [line.split() for line in lines]
    assert ["GET", "/items", "Look"] in rows
    assert ["GET", "/admin/user-groups", "Groups"] in rows
    assert ["WS", "/ws/echo", "EchoHandler"] in rows
    columns = {line.index(name) for line in lines for name in ("Look", "Groups", "EchoHandler") if name in line}
    assert len(columns) == 1


def test_routes_that_openapi_does_not_know_are_listed_once(runnable: Path) -> None:
    (runnable / "webshop/presentation/web/routes/hidden.py").write_text(
        "from fastapi import APIRouter\nrouter = APIRouter()\n"
        "@router.api_route('', methods=['GET', 'POST'], include_in_schema=False)\nasync def hidden() -> None: ...\n"
    )
    rows = [line.split()[:2] for line in run().splitlines()]

    assert [row for row in rows if row[1] in {"/health/ready", "/hidden"}] == [
        ["GET", "/health/ready"],
        ["GET", "/hidden"],
        ["POST", "/hidden"],
    ]
    assert len(rows) == len(set(map(tuple, rows)))
    assert rows.count(["GET", "/items"]) == 1


def test_a_mounted_application_is_listed_with_its_methods(runnable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def anything(*_: Any) -> None: ...

    class Some:
        http_methods = ("GET", "POST")

        async def __call__(self, *_: Any) -> None: ...

    monkeypatch.setattr(WebPlugin, "mounts", lambda *_: {"/graphql": Some(), "/other": anything})
    rows = [line.split()[:2] for line in run().splitlines()]

    assert [row for row in rows if row[1] in {"/graphql", "/other"}] == [
        ["GET", "/graphql"],
        ["POST", "/graphql"],
        ["ANY", "/other"],
        ["WS", "/graphql"],
        ["WS", "/other"],
    ]


def test_the_routes_are_listed_as_json(runnable: Path) -> None:
    assert {"method": "GET", "path": "/mine/x", "name": "Mine"} in json.loads(run("--json"))


def test_the_middleware_is_listed_with_its_reasons(runnable: Path) -> None:
    (runnable / "webshop/config.py").write_text(CONFIG)

    assert run("--middleware") == "  1  first (inline): priority 5, added 1st\n"
    assert json.loads(run("--middleware", "--json"))[0]["reasons"] == ["priority 5", "added 1st"]


def test_constructors_of_listed_middleware_are_filled_by_the_container(runnable: Path) -> None:
    config = runnable / "webshop/config.py"
    config.write_text(
        "from vega.web import MiddlewarePipeline\npipeline = MiddlewarePipeline()\nclass Keys: ...\n"
        "class Guard:\n    def __init__(self, app, keys: Keys): self.app = app\n"
        "    async def __call__(self, scope, receive, send): await self.app(scope, receive, send)\n"
        "pipeline.use(Guard)\ndef configure(app): app.container.register(Keys)\n"
    )

    assert "guard" in run("--middleware")


def test_a_project_without_a_pipeline_has_no_middleware_to_list(runnable: Path) -> None:
    assert run("--middleware") == ""


def made_by(generator: object, request: GenerationRequest) -> dict[str, str]:
    files = generator.plan(request)  # type: ignore[attr-defined]  # both generators have it
    assert all(isinstance(file, WriteFile) for file in files)
    return {file.path: file.text for file in files}


def request_for(
    name: str, *fields: str, features: tuple[str, ...] = ("web", "data"), **options: str
) -> GenerationRequest:
    project = Project(root=Path("/nowhere"), package="shop", features=features)
    specs = tuple(FieldSpec.parse(field) for field in fields)
    return GenerationRequest(project=project, name=Name.parse(name), fields=specs, options=options)


def test_a_router_comes_with_tests_when_the_project_stores_data() -> None:
    files = made_by(router, request_for("OrderItem", "title:str", "is_paid:bool=false"))

    assert sorted(files) == [
        "shop/presentation/web/routes/order_items.py",
        "tests/integration/test_order_items_routes.py",
    ]
    assert all(ast.parse(text) for text in files.values())
    assert "CreateOrderItem" in files["shop/presentation/web/routes/order_items.py"]
    assert '"loc"][-1], "title"' in files["tests/integration/test_order_items_routes.py"]


@pytest.mark.parametrize("fields", [(), ("title:str",)])
def test_a_router_without_stored_data_comes_alone(fields: tuple[str, ...]) -> None:
    features = ("web",) if fields else ("web", "data")

    assert list(made_by(router, request_for("Order", *fields, features=features))) == [
        "shop/presentation/web/routes/orders.py"
    ]


def test_a_web_socket_handler_is_mounted_under_its_name() -> None:
    ((path, text),) = made_by(websocket_handler, request_for("LiveChatHandler")).items()

    assert path == "shop/presentation/websocket/live_chat.py"
    assert 'path = "/ws/live-chat"' in text
    assert "class LiveChatHandler(WebSocketHandler)" in text


@pytest.mark.parametrize(("given", "written"), [("/live", "/live"), ('/a"b\\', "/ab")])
def test_a_web_socket_handler_can_be_mounted_elsewhere(given: str, written: str) -> None:
    ((_, text),) = made_by(websocket_handler, request_for("Chat", path=given)).items()

    assert f'path = "{written}"' in text
    assert ast.parse(text)


def test_the_feature_web_adds_the_module_that_servers_start() -> None:
    enable, *files = WebPlugin().add(Project(root=Path("/nowhere"), package="shop"))

    assert getattr(enable, "feature", None) == "web"
    written = {file.path: file.text for file in files if isinstance(file, WriteFile)}
    assert list(written) == ["shop/main.py", "shop/presentation/web/pipeline.py"]
    assert all(ast.parse(text) for text in written.values())


def test_files_of_an_enabled_feature_belong_to_the_project() -> None:
    project = Project(root=Path("/nowhere"), package="shop", features=("web",))

    assert WebPlugin().add(project) == [EnableFeature("web")]


def test_the_server_restarts_on_changes_when_asked() -> None:
    project = Project(root=Path("/nowhere"), package="shop")

    (process,) = WebPlugin().processes(project, RunOptions(reload=True))

    assert process.command[-2:] == ("--reload-dir", "/nowhere/shop")


def test_the_server_is_ready_when_its_port_takes_connections() -> None:
    project = Project(root=Path("/nowhere"), package="shop")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (process,) = WebPlugin().processes(project, RunOptions(port=port))
        assert process.ready is not None
        assert process.ready()

    assert not process.ready()


def test_web_sockets_need_the_web() -> None:
    assert WebSocketPlugin().requires == ("web",)


def test_a_middleware_is_a_class_that_stands_around_an_application() -> None:
    (text,) = made_by(middleware, request_for("AuditTrailMiddleware")).values()

    assert list(made_by(middleware, request_for("AuditTrail"))) == ["shop/presentation/web/middleware/audit_trail.py"]
    names: dict[str, Any] = {}
    exec(compile(text, "audit_trail.py", "exec"), names)
    app = FastAPI()
    MiddlewarePipeline().use(names["AuditTrailMiddleware"], value="yes").install(app)

    async def main() -> str:
        async with client_for(app) as client:
            return (await client.get("/")).headers["x-audit-trail"]

    assert asyncio.run(main()) == "yes"


def test_models_take_what_they_declare_and_show_any_object() -> None:
    fields = ("name:str:min=2", "price:decimal=1.5", "note:text:optional")
    files = made_by(webmodel, request_for("ProductModel", *fields))
    (text,) = files.values()

    assert list(files) == ["shop/presentation/web/models/product.py"]
    names: dict[str, Any] = {}
    exec(compile(text, "product.py", "exec"), names)
    made = names["ProductIn"](name="Tea")
    assert made.model_dump() == {"name": "Tea", "price": Decimal("1.5"), "note": None}
    with pytest.raises(ValidationError):
        names["ProductIn"](name="T", colour="red")
    shown = names["ProductOut"].model_validate(SimpleNamespace(id="1", name="Tea", price=2, note=None))
    assert shown.name == "Tea"


def test_models_take_private_fields_and_show_none() -> None:
    (text,) = made_by(webmodel, request_for("User", "name:str", "pin_hash:int")).values()
    names: dict[str, Any] = {}
    exec(compile(text, "user.py", "exec"), names)

    assert repr(names["UserIn"](name="Ada", pin_hash=4711)) == "UserIn(name='Ada')"
    assert "pin_hash" not in names["UserOut"].model_fields
    with pytest.raises(ValidationError) as caught:
        names["UserIn"](name="x" * 10_001, pin_hash="hunter2")
    assert (caught.value.error_count(), "hunter2" in str(caught.value)) == (2, False)


def test_models_without_fields_and_bounds_are_plain() -> None:
    (text,) = made_by(webmodel, request_for("Ping")).values()

    assert "Field" not in text
    ast.parse(text)
