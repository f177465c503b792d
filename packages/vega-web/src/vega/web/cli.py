"""`vega routes`: the routes that an application serves, and the middleware around them."""

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
    """List the routes that the application serves: method, path, name of the endpoint."""
    project = Project.find()
    sys.path.insert(0, str(project.root))
    made = importlib.import_module(f"{project.package}.main").create_app()
    rows = _middleware(made) if middleware else _operations(made)
    if as_json:
        typer.echo(json.dumps(rows))
    elif middleware:
        for step in _steps(made):
            typer.echo(str(step))
    else:
        width = max((len(row["path"]) for row in rows), default=0)
        for row in rows:
            typer.echo(f"{row['method']:7} {row['path']:{width}}  {row['name']}")


def _operations(made: Any) -> list[dict[str, Any]]:
    rows = [
        {"method": method.upper(), "path": path, "name": operation.get("summary", "")}
        for path, operations in _paths(made).items()
        for method, operation in operations.items()
    ]
    documented = {(row["method"], row["path"]) for row in rows}
    rows += [
        {"method": method, "path": path, "name": name}
        for method, path, name in _others(made)
        if (method, path) not in documented
    ]
    return rows + [{"method": "WS", "path": path, "name": name} for path, name in _sockets(made)]


def _others(made: Any) -> Iterator[tuple[str, str, str]]:
    """Yield method, path and name of all routes: OpenAPI knows no health, no pages and no mounted applications.

    A mounted application that has an attribute `http_methods` takes those, any other one takes ANY.
    """
    from fastapi.routing import iter_route_contexts
    from starlette.routing import Route

    for route in iter_route_contexts(made.routes):
        if isinstance(route.original_route, Route):
            stated: Iterable[str] = getattr(route.endpoint, "http_methods", ("ANY",))
            methods = set(route.methods or stated)
            for method in sorted(methods - {"HEAD"} if "GET" in methods else methods):
                yield method, str(route.path_format), str(route.name)


def _sockets(made: Any) -> list[tuple[str, str]]:
    """Return path and handler of the WebSockets, which OpenAPI does not know."""
    from fastapi.routing import iter_route_contexts
    from starlette.routing import WebSocketRoute

    found = iter_route_contexts(made.routes)
    return [(str(each.path), str(each.name)) for each in found if isinstance(each.original_route, WebSocketRoute)]


def _middleware(made: Any) -> list[dict[str, Any]]:
    return [dataclasses.asdict(step) for step in _steps(made)]


def _steps(made: Any) -> tuple[Any, ...]:
    """Return the steps of the pipeline of the project's config module; nothing when there is none."""
    pipeline = getattr(made.state, "pipeline", None)
    return pipeline.describe(container=made.state.application.container) if pipeline is not None else ()


def _paths(made: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the paths of the OpenAPI document, which FastAPI documents; its tree of routes is not walked."""
    paths: dict[str, dict[str, dict[str, Any]]] = made.openapi().get("paths", {})
    return paths
