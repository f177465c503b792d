"""`vega add`: enable a feature; a failed installation changes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from vega.core.extend import AddDependency, Project

from . import _features, _installer
from ._console import say
from ._plan import carry_out

app = typer.Typer()


@app.command()
def add(
    features: Annotated[list[str], typer.Argument(help="data, web, websocket, graphql, jobs, or a plugin's.")],
    install: Annotated[bool, typer.Option(help="Install what is not installed yet.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that the installer may take.")] = _installer.LIMIT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """Enable features: install distributions, edit pyproject.toml, write files."""
    _features.check_known(features)
    project = Project.find()
    enabled = _features.with_required(features)
    lacking = _installer.missing(_features.requirements(enabled)) if install else []
    if lacking and not dry_run:
        carry_out(
            project.root,
            [AddDependency(requirement) for requirement in lacking],
            then=lambda: _installer.install(project.root, lacking, timeout=timeout),
            as_json=as_json,
        )
    carry_out(project.root, _features.operations(project, enabled), dry_run=dry_run, as_json=as_json)
    if not (dry_run or as_json):
        say(f"enabled: {', '.join(enabled)}")
        for plugin in filter(None, map(_features.plugin_of, features)):
            for notice in plugin.notices(project):
                say(f"next: {notice}")
