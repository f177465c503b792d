"""`vega run`: start the project's services, workers and servers in order, and stop them together."""

from __future__ import annotations

from typing import Annotated

import typer

from vega.core.extend import Plugin, Process, Project, RunOptions

from ._console import say
from ._errors import RunError, UsageError
from ._features import plugin_of
from ._supervisor import Supervisor, refuse_taken_port

app = typer.Typer()


@app.command()
def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these processes, such as web; all when left out.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address that servers listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The TCP port of the HTTP server.")] = 8000,
    reload: Annotated[bool, typer.Option("--reload", help="Restart servers when a source file changes.")] = False,
    ready_timeout: Annotated[float, typer.Option(help="Seconds that each process may take to get ready.")] = 60.0,
) -> None:
    """Start the project: embedded services, workers, the HTTP server; Ctrl-C stops all of them."""
    project = Project.find()
    options = RunOptions(host=host, port=port, reload=reload)
    plugins = _plugins(project)
    processes = _chosen(_processes(plugins, project, options), names or [])
    if any(process.name == "web" for process in processes):
        refuse_taken_port(host, port)
    for plugin in plugins:
        for notice in plugin.notices(project):
            say(f"vega: {notice}")
    status = Supervisor(project.root, processes, ready_timeout=ready_timeout).run()
    raise typer.Exit(status)


def _plugins(project: Project) -> list[Plugin]:
    plugins: list[Plugin] = []
    for feature in project.features:
        plugin = plugin_of(feature)
        if plugin is None:
            raise RunError(f"the feature {feature!r} is not installed", "[tool.vega] features", f"vega add {feature}")
        plugins.append(plugin)
    return plugins


def _processes(plugins: list[Plugin], project: Project, options: RunOptions) -> list[Process]:
    processes = [process for plugin in plugins for process in plugin.processes(project, options)]
    if not processes:
        raise UsageError("no enabled feature has anything to run", "[tool.vega] features", "run: vega add web")
    return sorted(processes, key=lambda process: process.stage)


def _chosen(processes: list[Process], names: list[str]) -> list[Process]:
    known = [process.name for process in processes]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no process {name!r}", "vega run", f"known: {', '.join(known)}")
    return [process for process in processes if not names or process.name in names]
