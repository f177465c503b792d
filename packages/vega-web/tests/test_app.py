"""The HTTP application of a project."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from vega.core import Application, ConfigurationErrors
from vega.core.extend import Plugin, Project
from vega.di import Container
from vega.events import EventBus
from vega.testing import client_for
from vega.web import create_app


def ask(project: Path, method: str, path: str, **options: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(create_app(Application.load(project))) as client:
            return await client.request(method, path, **options)

    return asyncio.run(main())


def test_a_module_gives_its_routes_prefix_and_tag(project: Path) -> None:
    document = ask(project, "GET", "/openapi.json").json()

    assert document["paths"]["/items"]["get"]["tags"] == ["items"]
    assert document["paths"]["/admin/user-groups"]["get"]["tags"] == ["user-groups"]


def test_a_router_keeps_a_prefix_and_tags_of_its_own(project: Path) -> None:
    document = ask(project, "GET", "/openapi.json").json()

    assert document["paths"]["/mine/x"]["get"]["tags"] == ["theirs"]


def test_prefix_and_tags_can_be_switched_off(project: Path) -> None:
    for name in ("items", "own"):
        (project / f"webshop/presentation/web/routes/{name}.py").unlink()
    (project / "webshop/config.py").write_text('DISCOVERY_CONFIG = {"auto_tags": False, "auto_prefix": False}\n')
    routes = project / "webshop/presentation/web/routes/admin/user_groups.py"
    routes.write_text(routes.read_text().replace('get("")', 'get("/all")'))

    document = ask(project, "GET", "/openapi.json").json()

    assert "tags" not in document["paths"]["/all"]["get"]


def test_a_request_is_one_scope_that_closes_at_its_end(project: Path) -> None:
    async def main() -> tuple[list[int], list[int]]:
        async with client_for(create_app(Application.load(project))) as client:
            return (await client.get("/items")).json(), (await client.get("/items")).json()

    first, second = asyncio.run(main())

    log = sys.modules["webshop.infrastructure.services.session"].log
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert [word for word, _ in log] == ["open", "close", "open", "close"]


def test_the_scope_is_open_until_the_last_byte(project: Path) -> None:
    answer = ask(project, "GET", "/items/stream")

    log = sys.modules["webshop.infrastructure.services.session"].log
    assert answer.text == "open"
    assert [word for word, _ in log] == ["open", "close"]


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/items/sold-out", 409, "no tea is left"),
        ("GET", "/items/broken", 500, ""),
        ("GET", "/items/model", 500, ""),
        ("GET", "/nowhere", 404, ""),
        ("DELETE", "/items", 405, ""),
    ],
)
def test_every_error_is_a_problem_document(project: Path, method: str, path: str, status: int, detail: str) -> None:
    answer = ask(project, method, path)

    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.get("detail", "") == detail
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("body", ['{"name": 1}', "{", "[]", ""])
def test_invalid_input_is_a_problem_with_its_fields_and_without_what_was_sent(project: Path, body: str) -> None:
    answer = ask(project, "POST", "/items", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["errors"][0]) == {"loc", "msg", "type"}


def test_a_module_without_a_router_is_a_mistake_at_the_start(project: Path) -> None:
    (project / "webshop/presentation/web/routes/empty.py").write_text("x = 1\n")

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    assert "defines no router" in str(caught.value)


def test_the_documentation_pages_are_closed_in_production(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEGA_PROFILE", "production")

    assert ask(project, "GET", "/docs").status_code == 404
    assert ask(project, "GET", "/openapi.json").status_code == 404


class Mounting(Plugin):
    feature = "mounting"

    def mounts(self, app: Any) -> dict[str, Any]:
        async def function(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse("a function")(scope, receive, send)

        return {"/echo": PlainTextResponse("mounted"), "/function": function}


def test_an_application_made_by_hand_is_served_with_what_its_plugins_mount(tmp_path: Path) -> None:
    project = Project(root=tmp_path, package="by_hand")
    application = Application(project, container=Container(), bus=EventBus(), plugins=(Mounting(),))

    async def main() -> list[str]:
        async with client_for(create_app(application, debug=True, title="By hand")) as client:
            paths = ("/echo", "/echo/below", "/function", "/function/below")
            texts = [(await client.get(path)).text for path in paths]
            return [*texts, (await client.get("/openapi.json")).json()["info"]["title"]]

    assert asyncio.run(main()) == ["mounted", "mounted", "a function", "a function", "By hand"]


def test_a_router_that_two_modules_hold_is_included_once(project: Path) -> None:
    text = "from webshop.presentation.web.routes.own import router\n"
    (project / "webshop/presentation/web/routes/zzz.py").write_text(text)

    paths = list(ask(project, "GET", "/openapi.json").json()["paths"])

    assert paths.count("/mine/x") == 1
    assert not [path for path in paths if "zzz" in path]
