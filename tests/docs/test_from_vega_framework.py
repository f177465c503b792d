"""The page "From vega-framework 0.3" maps every old public name, and each new name is there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "from-vega-framework.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<old>`[^|]*`) \| (?P<new>[^|]*?) ?\| ?(?P<note>.*)\|$", re.MULTILINE)
SECTION = re.compile(r"^## (?P<title>.*?)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)

# `__all__` of each part of 0.3.27, and the commands of its command line
OLD = {
    "vega and vega.patterns": "Interactor Mediator Repository Service AggregateRoot CommandHandler QueryHandler",
    "vega.di": "Scope scope_context clear_singletons clear_scoped get_singleton_instance bind injectable bean is_bean "
    "get_bean_metadata DependencyInjectionError Container get_container set_container resolve Summon",
    "vega.events": "Event PublishableEventMeta EventBus get_event_bus set_event_bus subscribe event_handler trigger "
    "EventMiddleware LoggingEventMiddleware MetricsEventMiddleware ValidationEventMiddleware EnrichmentEventMiddleware",
    "vega.settings and vega.discovery": "BaseSettings discover_routers discover_routers_ddd discover_commands "
    "discover_commands_ddd discover_event_handlers discover_beans discover_beans_in_module list_registered_beans "
    "discover_listeners",
    "vega.listeners": "JobListener QueueDriver Message MessageContext ListenerManager Job job_listener "
    "register_listener get_listener_registry clear_listener_registry",
    "vega.web": "VegaApp Router Request Response JSONResponse HTMLResponse PlainTextResponse RedirectResponse "
    "StreamingResponse FileResponse HTTPException ValidationError NotFoundError UnauthorizedError ForbiddenError "
    "BadRequestError status VegaMiddleware CORSMiddleware RequestLoggingMiddleware RouteMiddleware MiddlewarePhase "
    "middleware Query get_openapi_schema get_swagger_ui_html get_redoc_html create_health_router",
}
KINDS = (  # of `vega generate`
    "context aggregate value-object entity repository service interactor mediator router middleware webmodel model "
    "command query cli-command event event-handler subscriber"
)
COMMANDS = ("init", "doctor", "update", "add", "web run", "listener run", "listener list", "migrate init")
MIGRATE = ("create", "upgrade", "downgrade", "current", "history")


def section(title: str) -> str:
    return next(match["text"] for match in SECTION.finditer(PAGE) if match["title"] == title)


def old_names(title: str) -> set[str]:
    return {name for match in ROW.finditer(section(title)) for name in re.findall(r"`([^`]+)`", match["old"])}


@pytest.mark.parametrize("title", OLD)
def test_every_old_name_has_a_row(title: str) -> None:
    assert set(OLD[title].split()) - old_names(title) == set()


def test_every_old_command_has_a_row() -> None:
    told = " ".join(old_names("The command line"))
    words = [f"vega {command}" for command in COMMANDS] + [f"vega migrate {command}" for command in MIGRATE]

    assert [command for command in words if command not in told] == []
    assert [kind for kind in KINDS.split() if not re.search(rf"\b{kind}\b", told)] == []


NEW = sorted(
    {
        name
        for match in ROW.finditer(PAGE)
        for column in ("new", "note")
        for name in re.findall(r"`((?:vega\.|fastapi|starlette\.)[\w.]+)`", match[column])
    }
)


@pytest.mark.parametrize("name", NEW)
def test_every_new_name_is_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")

    assert hasattr(import_module(module), attribute)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        ("vega.di.Container", "provides explain include graph scope aclose resolve aresolve register_factory validate"),
        ("vega.events.EventBus", "register subscribe publish"),
        ("vega.events.MetricsEventMiddleware", "reset"),
        ("vega.patterns.AggregateRoot", "record pull_events"),
        ("vega.settings.BaseSettings", "load"),
        ("vega.core.ErrorKind", "MISSING UNAUTHENTICATED FORBIDDEN INVALID"),
    ],
)
def test_what_the_notes_name_is_there(owner: str, names: str) -> None:
    module, _, attribute = owner.rpartition(".")

    assert [name for name in names.split() if not hasattr(getattr(import_module(module), attribute), name)] == []


def test_the_page_was_read() -> None:
    assert len(NEW) > 40
