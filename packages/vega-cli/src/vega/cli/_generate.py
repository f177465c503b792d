"""`vega generate KIND NAME [FIELD...]`: kinds come from the entry points of `vega.generators`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Final, cast

import typer

from _vega_cli import entry_points
from vega.core import PluginError
from vega.core.extend import FieldSpec, GenerationRequest, Generator, Name, Operation, Project

from ._console import complain, say, table
from ._errors import UsageError
from ._features import load
from ._plan import carry_out

GROUP: Final = "vega.generators"
COMPOUND: Final = {"resource": "the whole slice: entity, repository, use cases, routes, migration, tests"}

app = typer.Typer(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})


@app.command()
def generate(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind of component; `vega generate list` shows all kinds.")],
    name: Annotated[str, typer.Argument(help="Its name, such as OrderItem.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that have another content.")] = False,
) -> None:
    """Write a component, or the whole slice of a resource.

    Fields follow the name: name:type[=default][:optional][:unique][:private][:public][:min=N][:max=N],
    such as price:decimal:min=0. Private fields (password, api_key, *_token and others, unless :public) are left out of
    responses, filters, logs and GraphQL; a text has at most 10,000 characters unless max= says otherwise.
    """
    if kind == "list":
        say(table(sorted(_kinds())))
        return
    project = Project.find()
    generators = _generators(kind, project)
    fields, options = _split(context.args)
    _check_words(kind, generators, fields, options)
    request = GenerationRequest(project=project, name=Name.parse(name), fields=_fields(fields), options=options)
    notes = _notes(request.fields)
    carry_out(project.root, _plan(generators, request), dry_run=dry_run, as_json=as_json, force=force, notes=notes)


def _notes(fields: Sequence[FieldSpec]) -> list[str]:
    private = ", ".join(field.name for field in fields if field.private)
    why = "left out of responses, filters, logs and GraphQL; to show a field: NAME:TYPE:public"
    return [f"private: {private} ({why})"] if private else []


def _plan(generators: Sequence[Generator], request: GenerationRequest) -> Iterator[Operation]:
    for generator in generators:
        yield from generator.plan(request)


def _kinds() -> Iterator[tuple[str, str]]:
    yield from COMPOUND.items()
    for kind, reference in entry_points(GROUP).items():
        try:
            yield kind, _load(kind, reference).summary
        except PluginError as error:
            complain(f"warning: {error.what}")


def _load(kind: str, reference: str) -> Generator:
    try:
        return cast("Generator", load(reference))  # entry points are untyped
    except Exception as error:
        raise PluginError(
            f"the generator {kind!r} cannot be loaded: {type(error).__name__}: {error}",
            reference,
            "fix or upgrade the distribution that provides it",
        ) from error


def _generators(kind: str, project: Project) -> list[Generator]:
    """Return the generators of a kind; for a compound kind, those contributed by enabled features."""
    installed = entry_points(GROUP)
    if kind in COMPOUND:
        generators = [_load(name, reference) for name, reference in sorted(installed.items())]
        return [g for g in generators if kind in g.slices and (not g.feature or project.has(g.feature))]
    if kind not in installed:
        known = sorted({*COMPOUND, *installed})
        near = get_close_matches(kind, known, n=1)
        hint = f"did you mean: {near[0]}" if near else f"known kinds: {', '.join(known)}"
        raise UsageError(f"there is no kind {kind!r}", "vega generate", hint)
    generator = _load(kind, installed[kind])
    if generator.feature and not project.has(generator.feature):
        raise UsageError(
            f"{kind} needs the feature {generator.feature!r}",
            "[tool.vega] features",
            f"run: vega add {generator.feature}",
        )
    return [generator]


def _split(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Separate fields from options: `--on X` and `--on=X` are options, the rest are fields."""
    fields: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            fields.append(word)
            continue
        key, sign, value = word.removeprefix("--").partition("=")
        options[key] = value if sign else next(rest, "")
    return fields, options


def _check_words(kind: str, generators: Sequence[Generator], fields: Sequence[str], options: dict[str, str]) -> None:
    known = {option.name: option for generator in generators for option in generator.options}
    for key, value in options.items():
        if key not in known or not value:
            raise UsageError(
                f"--{key} has no value" if key in known else f"{kind} has no option --{key}",
                f"vega generate {kind}",
                f"its options: {', '.join(f'--{name}' for name in known) or 'none'}",
            )
    for name, option in known.items():
        if option.required and name not in options:
            raise UsageError(f"{kind} needs --{name}", f"vega generate {kind}", f"--{name}: {option.help}")
    if fields and not any(generator.takes_fields for generator in generators):
        raise UsageError(f"{kind} takes no fields", f"vega generate {kind}", f"leave out {' '.join(fields)}")


def _fields(words: Sequence[str]) -> tuple[FieldSpec, ...]:
    fields = tuple(FieldSpec.parse(word) for word in words)
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two fields are called {name!r}", "vega generate", "rename one of them")
    return fields
