"""`vega doctor`: report all problems of a project at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from vega.core import Application
from vega.core.extend import Finding, Project
from vega.core.introspection import line_of
from vega.core.layers import check_layers
from vega.errors import CoreError

from ._console import say, say_json
from ._features import plugin_of

app = typer.Typer()


@app.command()
def doctor(
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON list.")] = False,
) -> None:
    """Check the project: features, layers, wiring, and the checks of plugins."""
    project = Project.find()
    findings = [*_features(project), *check_layers(project), *_wiring(project), *_plugins(project)]
    if as_json:
        say_json([finding.to_json() for finding in findings])
    else:
        _print(project, findings)
    failed = any(strict or finding.severity == "error" for finding in findings)
    raise typer.Exit(1 if failed else 0)


def _print(project: Project, findings: list[Finding]) -> None:
    for finding in findings:
        say(f"{finding.severity}: [{finding.code}] {finding.what}")
        for label, text in (("where:", finding.where), ("fix:  ", finding.fix)):
            if text:
                say(f"  {label} {text}")
    errors = sum(finding.severity == "error" for finding in findings)
    say(f"{project.package}: {errors} errors, {len(findings) - errors} warnings")


def _features(project: Project) -> Iterator[Finding]:
    for feature in project.features:
        try:
            installed = plugin_of(feature) is not None
        except CoreError as error:
            yield _finding(error)
            continue
        if not installed:
            yield Finding(
                severity="error",
                code="VG104",
                what=f"the feature {feature!r} is enabled and not installed",
                where="[tool.vega] features",
                fix=f"vega add {feature}",
            )


def _wiring(project: Project) -> Iterator[Finding]:
    """Load the application as a start would, and yield failures as findings."""
    sys.path.insert(0, str(project.root))
    try:
        application = Application.load(project.root)
        yield from _unreached(application)
        found = application.found
        for kind, source in found.empty_sources() if found is not None else ():
            yield Finding(
                severity="warning",
                code="VG124",
                what=f"the modules of {source} hold no component",
                where=f"DISCOVERY_CONFIG[{kind!r}]",
                fix="write one, or take the package off the list",
            )
    except ExceptionGroup as group:
        yield from (_finding(error) for error in group.exceptions)
    except CoreError as error:
        yield _finding(error)
    finally:
        sys.path.remove(str(project.root))


def _unreached(application: Application) -> Iterator[Finding]:
    for use_case in application.unreached_use_cases():
        yield Finding(
            severity="warning",
            code="VG114",
            what=f"nothing reaches {use_case.__qualname__}, so no start proves it",
            where=line_of(vars(use_case).get("call")) or use_case.__module__,
            fix="deliver it by a route, job, handler, command, socket or resolver, or delete it",
        )


def _plugins(project: Project) -> Iterator[Finding]:
    for feature in project.features:
        try:
            plugin = plugin_of(feature)
        except CoreError:
            continue  # reported among the features
        if plugin is not None:
            yield from plugin.checks(project)


def _finding(error: Exception) -> Finding:
    return Finding(
        severity="error",
        code=getattr(error, "code", "VG100"),
        what=getattr(error, "what", "") or f"{type(error).__name__}: {error}",
        where=getattr(error, "where", ""),
        fix=getattr(error, "fix", ""),
    )
