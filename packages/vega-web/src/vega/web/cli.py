"""`vega routes`: list the routes of an application, and the middleware around them."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from vega.core.extend import Project

__all__: list[str] = []  # the commands are entry points

app: typer.Typer = typer.Typer(help="List the routes that the application serves.")


@app.callback(invoke_without_command=True)
def routes(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    middleware: Annotated[
        bool, typer.Option("--middleware", help="List the middleware instead, outermost first.")
    ] = False,
) -> None:
    """List the routes of the application: method, path, name of the endpoint."""
    project = Project.find()
    sys.path.insert(0, str(project.root))
    application = importlib.import_module(f"{project.package}.main").create_app()
    rows = _middleware(application) if middleware else _operations(application)
    if as_json:
        typer.echo(json.dumps(rows))
    elif middleware:
        for step in _steps(application):
            typer.echo(str(step))
    else:
        width = max((len(row["path"]) for row in rows), default=0)
        for row in rows:
            typer.echo(f"{row['method']:7} {row['path']:{width}}  {row['name']}")


def _operations(application: Any) -> list[dict[str, Any]]:
    rows = [
        {"method": method.upper(), "path": path, "name": operation.get("summary", "")}
        for path, operations in _paths(application).items()
        for method, operation in operations.items()
    ]
    documented = {(row["method"], row["path"]) for row in rows}
    rows += [
        {"method": method, "path": path, "name": name}
        for method, path, name in _others(application)
        if (method, path) not in documented
    ]
    return rows + [{"method": "WS", "path": path, "name": name} for path, name in _sockets(application)]


def _others(application: Any) -> Iterator[tuple[str, str, str]]:
    """Yield method, path and name of all routes, including those missing in OpenAPI: health, pages, mounts.

    A mounted application may list its methods in an attribute `http_methods`; without the attribute, the method is ANY.
    """
    from fastapi.routing import iter_route_contexts
    from starlette.routing import Route

    for route in iter_route_contexts(application.routes):
        if isinstance(route.original_route, Route):
            stated: Iterable[str] = getattr(route.endpoint, "http_methods", ("ANY",))
            methods = set(route.methods or stated)
            for method in sorted(methods - {"HEAD"} if "GET" in methods else methods):
                yield method, str(route.path_format), str(route.name)


def _sockets(application: Any) -> list[tuple[str, str]]:
    """Return path and handler of the WebSockets, which OpenAPI omits."""
    from fastapi.routing import iter_route_contexts
    from starlette.routing import WebSocketRoute

    contexts = iter_route_contexts(application.routes)
    return [
        (str(context.path), str(context.name))
        for context in contexts
        if isinstance(context.original_route, WebSocketRoute)
    ]


def _middleware(application: Any) -> list[dict[str, Any]]:
    return [dataclasses.asdict(step) for step in _steps(application)]


def _steps(application: Any) -> tuple[Any, ...]:
    """Return the steps of the application's pipeline; empty without a pipeline."""
    pipeline = getattr(application.state, "pipeline", None)
    return pipeline.describe(container=application.state.application.container) if pipeline is not None else ()


def _paths(application: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the paths of the OpenAPI document."""
    paths: dict[str, dict[str, dict[str, Any]]] = application.openapi().get("paths", {})
    return paths
