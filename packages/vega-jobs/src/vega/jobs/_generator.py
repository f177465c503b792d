"""`vega generate job`: a background job, and with `--on` a handler that enqueues it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vega.core.extend import (
    GenerationRequest,
    Generator,
    GeneratorOption,
    Name,
    Operation,
    Project,
    WriteFile,
    name_values,
    render,
)
from vega.errors import CoreError

_JOB = '''
    """The background job: $title."""

    $imports

    from vega.jobs import background_job


    @background_job(name="$thing", retry=3)
    async def $thing($parameters) -> None:
        """Run the job; make it idempotent, since it may run more than once."""
'''

_HANDLER = '''
    """On the event $event_title, run in the background: $title."""

    from vega.events import subscribe
    from vega.jobs import JobQueue

    from $package.domain.events.$event import $Event


    @subscribe($Event, phase="after_commit")
    async def enqueue_$thing(event: $Event) -> None:
        """Enqueue the job after the commit."""
        await JobQueue.enqueue("$thing", $arguments)
'''

_TEST = '''
    """The background job: $title."""

    $imports

    from vega.jobs import JobQueue
    from vega.testing import TestCase, fake_jobs

    from $package.infrastructure.jobs.$thing import $thing


    class Test$Thing(TestCase):
        """The job, enqueued in a fake queue."""

        async def test_it_can_be_enqueued(self) -> None:
            with fake_jobs() as jobs:
                await JobQueue.enqueue($thing, $samples)

            jobs.assert_enqueued($thing, $samples)
'''

_HANDLER_TEST = '''
    """On the event $event_title, run in the background: $title."""

    $imports

    from vega.events import EventBus
    from vega.testing import TestCase, fake_jobs

    from $package.application.handlers.enqueue_$thing import enqueue_$thing
    from $package.domain.events.$event import $Event
    from $package.infrastructure.jobs.$thing import $thing


    class Test$Thing(TestCase):
        """The handler, with a fake queue."""

        async def test_the_event_enqueues_the_job(self) -> None:
            bus = EventBus()
            bus.subscribe($Event, enqueue_$thing)
            with fake_jobs() as jobs:
                await bus.publish($Event($event_samples))

            jobs.assert_enqueued($thing$asserted)
'''

_SAMPLES = {
    "str": ('"1"', ""),
    "int": ("1", ""),
    "float": ("1.0", ""),
    "bool": ("True", ""),
    "datetime": ("datetime(2026, 1, 1, tzinfo=UTC)", "from datetime import UTC, datetime"),
    "date": ("date(2026, 1, 1)", "from datetime import date"),
    "Decimal": ('Decimal("1.5")', "from decimal import Decimal"),
    "UUID": ("UUID(int=1)", "from uuid import UUID"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    kind: str
    optional: bool

    @property
    def parameter(self) -> str:
        return f"{self.name}: {self.kind}{' | None' if self.optional else ''}"


class JobGenerator(Generator):
    """A job under infrastructure/jobs with a test, and with `--on EVENT` a handler under application/handlers."""

    summary = "a background job, and with --on a handler that enqueues it"
    feature = "jobs"
    options = (GeneratorOption(name="on", help="the event that enqueues it, such as ProductCreated"),)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the files.

        Raises:
            CoreError: the event does not exist, or has a field that a job cannot carry.
        """
        project, name = request.project, request.name.without("job")
        values = name_values(project.package, name)
        event = request.options.get("on")
        if event is None:
            values |= _values([_Field(name="key", kind="str", optional=False)])
            return [_job(project, name, values), _test(name, _TEST, values)]
        on = Name.parse(event)
        fields = _event_fields(project, on)
        values |= {"event": on.snake, "Event": on.pascal, "event_title": on.title, **_values(fields)}
        carried = fields or [_Field(name="event_id", kind="str", optional=False)]
        values |= _values(carried) | {"event_samples": _given(fields), "asserted": _asserted(fields)}
        handler = WriteFile(f"{project.package}/application/handlers/enqueue_{name.snake}.py", render(_HANDLER, values))
        return [_job(project, name, values), handler, _test(name, _HANDLER_TEST, values)]


def _job(project: Project, name: Name, values: dict[str, str]) -> WriteFile:
    text = render(_JOB, {**values, "imports": values["parameter_imports"]})
    return WriteFile(f"{project.package}/infrastructure/jobs/{name.snake}.py", _tidy(text))


def _test(name: Name, template: str, values: dict[str, str]) -> WriteFile:
    text = render(template, {**values, "imports": values["sample_imports"]})
    return WriteFile(f"tests/integration/test_{name.snake}_job.py", _tidy(text))


def _tidy(text: str) -> str:
    """Return the text with one blank line after the docstring, even without imports."""
    return text.replace('"""\n\n\nfrom', '"""\n\nfrom', 1)


def _values(fields: Sequence[_Field]) -> dict[str, str]:
    return {
        "parameters": ", ".join(field.parameter for field in fields),
        "arguments": ", ".join(f"{field.name}=event.{field.name}" for field in fields),
        "samples": _given(fields),
        "parameter_imports": _imports(fields, sampled=False),
        "sample_imports": _imports(fields, sampled=True),
    }


def _asserted(fields: Sequence[_Field]) -> str:
    return f", {_given(fields)}" if fields else ""


def _given(fields: Sequence[_Field]) -> str:
    return ", ".join(f"{field.name}={_SAMPLES[field.kind][0]}" for field in fields)


def _imports(fields: Sequence[_Field], *, sampled: bool) -> str:
    modules: dict[str, set[str]] = {}
    for line in {_SAMPLES[field.kind][1] for field in fields} - {""}:
        module, _, names = line.removeprefix("from ").partition(" import ")
        modules.setdefault(module, set()).update(n for n in names.split(", ") if sampled or n != "UTC")
    return "\n".join(f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items()))


def _event_fields(project: Project, event: Name) -> list[_Field]:
    """Return the fields of an event class, read from the source."""
    path = project.source / "domain" / "events" / f"{event.snake}.py"
    if not path.is_file():
        raise CoreError(
            f"there is no event {event.pascal}", str(path), f"write it with: vega generate event {event.pascal}"
        )
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.ClassDef) and node.name == event.pascal:
            declared = [statement for statement in node.body if isinstance(statement, ast.AnnAssign)]
            return [_field(field, path) for field in declared if "ClassVar" not in ast.unparse(field.annotation)]
    raise CoreError(f"the file defines no class {event.pascal}", str(path), f"name the class {event.pascal}")


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise CoreError(f"the file cannot be read: {error}", str(path), "fix the file") from error


def _field(node: ast.AnnAssign, path: Path) -> _Field:
    words = [word.strip() for word in ast.unparse(_without_metadata(node.annotation)).split("|")]
    kinds = [word for word in words if word != "None"]
    if not isinstance(node.target, ast.Name) or len(kinds) != 1 or kinds[0] not in _SAMPLES:
        raise CoreError(
            f"a job cannot carry the field {ast.unparse(node)}",
            f"{path}:{node.lineno}",
            f"use one of {', '.join(_SAMPLES)}, or write the job by hand and pass an id",
        )
    return _Field(name=node.target.id, kind=kinds[0], optional="None" in words)


def _without_metadata(annotation: ast.expr) -> ast.expr:
    """Return the type of an `Annotated[type, ...]`, else the annotation itself."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Annotated"):
        inner = annotation.slice
        return inner.elts[0] if isinstance(inner, ast.Tuple) else inner
    return annotation


job = JobGenerator()
