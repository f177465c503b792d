"""`vega migrate` and `vega outbox`: the schema of a project's database, and the pending outbox rows."""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from vega.core.extend import Project
from vega.discovery import discover

from ._project.location import DataSettings, database_of_project, make_importable, migrations_folder
from ._project.models import with_models
from .migrations import Migrations
from .outbox import Outbox, OutboxEntry

__all__: list[str] = []  # the commands are entry points

app: typer.Typer = typer.Typer(help="Change the schema of the database, step by step.", no_args_is_help=True)
outbox: typer.Typer = typer.Typer(help="List pending outbox rows, and retry dead rows.", no_args_is_help=True)

Timeout = Annotated[float, typer.Option(help="How long to wait for locks, in seconds.", min=0.001)]
Deadline = Annotated[float | None, typer.Option(help="How long it may take in all, in seconds.", min=0.001)]
Allow = Annotated[bool, typer.Option("--allow-destructive", help="Run steps that drop or narrow something.")]
_KINDS = ("handlers", "jobs", "routes", "websocket", "graphql", "commands")


@app.command()
def init() -> None:
    """Make the folder of migrations."""
    folder = migrations_folder(Project.find())
    folder.mkdir(parents=True, exist_ok=True)
    typer.echo(f"migrations lie in {folder}")


@app.command()
def create(
    message: Annotated[str, typer.Option("--message", "-m", help="The change, in words.")],
    empty: Annotated[bool, typer.Option("--empty", help="Leave it empty, to be written by hand.")] = False,
    default: Annotated[
        list[str] | None, typer.Option(help="A value for rows that lack one: table.column=value; again for more.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="A rename: table.column=new or table=new; again for more.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="A drop that is not a rename: table.column or table; again for more.")
    ] = None,
    timeout: Timeout = 30.0,
) -> None:
    """Write a migration that brings the database to the tables of the entities."""
    project = Project.find()
    _import_entities(project)
    defaults, renames = (dict(map(_pair, pairs or [])) for pairs in (default, rename))
    migrations = _of(project, timeout, compares=True)
    file = asyncio.run(migrations.create(message, empty=empty, defaults=defaults, renames=renames, drops=drop or []))
    typer.echo(f"wrote {file}")


@app.command()
def merge(
    message: Annotated[str, typer.Option("--message", "-m", help="The change, in words.")] = "merge",
) -> None:
    """Join several heads: write a migration that follows them."""
    typer.echo(f"wrote {_of(Project.find(), 30.0).merge(message)}")


@app.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="Where to; the last one when left out.")] = "head",
    allow_destructive: Allow = False,
    timeout: Timeout = 30.0,
    deadline: Deadline = None,
) -> None:
    """Run the pending migrations."""
    migrations = _of(Project.find(), timeout, deadline)
    _report("ran", asyncio.run(migrations.upgrade(revision, allow_destructive=allow_destructive)))


@app.command(context_settings={"ignore_unknown_options": True})
def downgrade(
    revision: Annotated[str, typer.Argument(help="Until which one; -1 takes the last back, base all of them.")] = "-1",
    allow_destructive: Allow = False,
    timeout: Timeout = 30.0,
    deadline: Deadline = None,
) -> None:
    """Take migrations back."""
    migrations = _of(Project.find(), timeout, deadline)
    _report("took back", asyncio.run(migrations.downgrade(revision, allow_destructive=allow_destructive)))


@app.command()
def history() -> None:
    """List the migrations, latest first."""
    for revision in _of(Project.find(), 30.0).history():
        typer.echo(f"{revision.id:32}  {revision.message}")


@app.command()
def current(timeout: Timeout = 30.0) -> None:
    """Say where the database stands."""
    status = asyncio.run(_of(Project.find(), timeout).status())
    typer.echo(", ".join(status.current) or "at no migration")
    for revision in status.pending:
        typer.echo(f"pending: {revision.id}")


@app.command()
def check(timeout: Timeout = 30.0) -> None:
    """Compare migrations, database and entities; exit with status 1 for differences."""
    project = Project.find()
    _import_entities(project)
    report = asyncio.run(_of(project, timeout, compares=True).check())
    for name in report.pending:
        typer.echo(f"pending: {name}")
    for line in report.destructive:
        typer.echo(f"destructive: {line}")
    for line in report.drift:
        typer.echo(f"the database differs: {line}")
    if not report.ok:
        raise typer.Exit(1)
    typer.echo("the database is at the head, and fits the entities")


@app.command()
def sql(
    revision: Annotated[str, typer.Argument(help="Where to; the last one when left out.")] = "head",
    start: Annotated[str, typer.Option(help="Where from.")] = "base",
) -> None:
    """Print the statements of an upgrade, without a database."""
    typer.echo(_of(Project.find(), 30.0).sql(revision, start=start), nl=False)


@outbox.command("list")
def list_entries(
    dead: Annotated[bool, typer.Option("--dead", help="Those that are not tried again, with their errors.")] = False,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 100,
) -> None:
    """List pending rows, or dead rows, in the order of writing."""

    async def ask() -> list[OutboxEntry]:
        async with database_of_project(Project.find()) as database:
            return await Outbox.of(database).entries(dead=dead, limit=limit)

    found = asyncio.run(ask())
    for one in found:
        typer.echo(f"{one.id}  {one.event_name} for {one.listener}, {one.attempts} attempts  {one.error}".rstrip())
    if not found:
        typer.echo("no row is dead" if dead else "no row waits")


@outbox.command()
def resubmit(
    ids: Annotated[list[str] | None, typer.Argument(help="The rows, as `list --dead` names them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead row.")] = False,
) -> None:
    """Retry dead rows with all attempts."""
    if bool(ids) == everything:
        raise typer.BadParameter("name rows, or give --all")

    async def again() -> int:
        async with database_of_project(Project.find()) as database:
            return await Outbox.of(database).resubmit(None if everything else ids or [])

    typer.echo(f"{asyncio.run(again())} rows will be delivered again")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"write {name}=VALUE")
    return name, value


def _of(project: Project, timeout: float, deadline: float | None = None, *, compares: bool = False) -> Migrations:
    database, folder = database_of_project(project), migrations_folder(project)
    metadata = with_models(project.package, database.metadata()) if compares else None
    ignore = DataSettings.load(project.root).migrations_ignore
    return Migrations(database, folder, metadata=metadata, ignore=ignore, timeout=timeout, deadline=deadline)


def _import_entities(project: Project) -> None:
    """Import the project's repositories, so that the tables are known."""
    make_importable(project)
    name = f"{project.package}.config"
    config: Any = getattr(import_module(name), "DISCOVERY_CONFIG", {}) if find_spec(name) is not None else {}
    discover(project.package, {**config, **{kind: [] for kind in _KINDS}})


def _report(verb: str, names: list[str]) -> None:
    for name in names:
        typer.echo(f"{verb} {name}")
    if not names:
        typer.echo("nothing to do")
