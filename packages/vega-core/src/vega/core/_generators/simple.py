"""Generators of a single domain file, from a name and fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .._errors import InvalidFieldError
from ..extend import (
    FieldSpec,
    GenerationRequest,
    Generator,
    GeneratorOption,
    Operation,
    WriteFile,
    import_lines,
    name_values,
    render,
)

DATACLASS = "from dataclasses import dataclass"


@dataclass(frozen=True, kw_only=True)
class OneFile(Generator):
    """A generator whose plan is a single new file.

    Args:
        summary: a line of help.
        folder: the folder of the file, below the project's package.
        template: the source; its holes are those of `name_values`, `$imports`, `$pydantic`, `$config` and `$fields`.
        standard: import lines of the standard library, merged with the imports of the fields.
        takes_fields: whether fields may follow the name.
        suffix: an optional last word of the name, dropped from the file name.
        bounds: where the bounds of fields are checked: by the `edge` that delivers the class, by its `constructor`
            (a dataclass of pydantic then), or `never`, so that bounds are refused.
        shown: whether the class may be the answer to a request, so that private fields are excluded from it.
    """

    summary: str
    folder: str
    template: str
    standard: tuple[str, ...] = ()
    takes_fields: bool = False
    suffix: str = ""
    feature: str = ""
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()
    bounds: Literal["edge", "constructor", "never"] = "edge"
    shown: bool = False

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the file.

        Raises:
            InvalidFieldError: a field has bounds, which nothing would check.
        """
        project, name, fields = request.project, request.name.without(self.suffix), request.fields
        if self.bounds == "never":
            _refuse_bounds(fields)
        values = {
            **name_values(project.package, name),
            **self._imports(fields),
            "fields": "\n".join(_field_line(field, self._annotation(field)) for field in fields),
        }
        return [WriteFile(f"{project.package}/{self.folder}/{name.snake}.py", render(self.template, values))]

    def _annotation(self, spec: FieldSpec) -> str:
        """Return the annotation of a field, with its bounds; a private one is excluded from what pydantic writes."""
        words = list(spec.rules) if self.bounds != "never" else []
        words += ["exclude=True"] if self.shown and spec.private else []
        return f"Annotated[{spec.annotation}, Field({', '.join(words)})]" if words else spec.annotation

    def _imports(self, fields: Sequence[FieldSpec]) -> dict[str, str]:
        """Return the holes of imports from the standard library and pydantic, and of options of the dataclass."""
        are_annotated = any(self._annotation(field) != field.annotation for field in fields)
        have_private = any(field.private for field in fields)
        standard, third, config = list(self.standard), ["from pydantic import Field"] if are_annotated else [], ""
        if are_annotated:
            standard.append("from typing import Annotated")
        if have_private:
            standard.append("from dataclasses import field")
        if are_annotated and self.bounds == "constructor":
            standard.remove(DATACLASS)
            third = ["from pydantic import ConfigDict, Field"] if have_private else third
            third.append("from pydantic.dataclasses import dataclass")
            config = ", config=ConfigDict(hide_input_in_errors=True)" if have_private else ""
        lines = "".join(f"{line}\n" for line in third)
        return {"imports": import_lines(fields, *standard), "pydantic": lines, "config": config}


def _field_line(spec: FieldSpec, annotation: str) -> str:
    """Return the line of a dataclass; the value of a private field is left out of its `repr`."""
    default = (f"default={spec.initial}",) if spec.initial is not None else ()
    if spec.private:
        return f"{spec.name}: {annotation} = field({', '.join((*default, 'repr=False'))})"
    return f"{spec.name}: {annotation}" + (f" = {spec.initial}" if default else "")


def _refuse_bounds(fields: Sequence[FieldSpec]) -> None:
    for field in fields:
        if field.minimum is not None or field.maximum is not None:
            raise InvalidFieldError(
                f"nothing would check the bounds of {field.name}", "an event", "leave them out; use cases have bounds"
            )


entity = OneFile(
    summary="an entity of the domain: a frozen dataclass with an id",
    folder="domain/entities",
    standard=("from dataclasses import dataclass, field",),
    takes_fields=True,
    shown=True,
    template='''
        """The entity: $title."""

        $imports

        ${pydantic}from vega.patterns import Entity, new_id


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Entity):
            """A $title, identified by its id."""

            id: str = field(default_factory=lambda: str(new_id()))
            $fields
    ''',
)

value_object = OneFile(
    summary="a value object: equal when its values are",
    folder="domain/entities",
    standard=(DATACLASS,),
    takes_fields=True,
    bounds="constructor",
    shown=True,
    template='''
        """The value object: $title."""

        $imports

        ${pydantic}from vega.patterns import ValueObject


        @dataclass(frozen=True, kw_only=True$config)
        class $Thing(ValueObject):
            """A $title."""

            $fields
    ''',
)

event = OneFile(
    summary="a domain event: something that happened",
    folder="domain/events",
    standard=(DATACLASS,),
    takes_fields=True,
    bounds="never",
    template='''
        """The event: $title."""

        $imports

        from vega.events import Event


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Event):
            """Published on: $title."""

            $fields
    ''',
)

service = OneFile(
    summary="a service: declared in the domain, implemented in the infrastructure",
    folder="domain/services",
    template='''
        """The service: $title."""

        from abc import abstractmethod

        from vega.patterns import Service


        class $Thing(Service):
            """A $title; an implementation belongs to infrastructure/services, marked @injectable."""

            @abstractmethod
            async def run(self) -> None:
                """Run the service."""
    ''',
)

specification = OneFile(
    summary="a specification: a rule with equal results in memory and in SQL",
    folder="domain/specifications",
    template='''
        """The rule: $title."""

        from typing import Any

        from vega.patterns import Specification


        class $Thing(Specification[Any]):
            """Selects the $titles."""

            def predicate(self, candidate: Any) -> Any:
                """Return the condition on the candidate; recorded, then evaluated in memory or compiled to SQL."""
                return candidate.id != ""
    ''',
)

interactor = OneFile(
    summary="a use case: input and behaviour",
    folder="domain/interactors",
    takes_fields=True,
    standard=(DATACLASS,),
    template='''
        """The use case: $title."""

        $imports

        ${pydantic}from vega.di import bind
        from vega.patterns import Interactor


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Interactor[None]):
            """Run: $title."""

            $fields

            @bind
            async def call(self) -> None:
                """Run the use case; parameters after self are injected."""
    ''',
)

mediator = OneFile(
    summary="a mediator: a workflow of several use cases",
    folder="application/mediators",
    takes_fields=True,
    standard=(DATACLASS,),
    template='''
        """The workflow: $title."""

        $imports

        ${pydantic}from vega.patterns import Mediator


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Mediator[None]):
            """Run: $title."""

            $fields

            async def call(self) -> None:
                """Await the use cases of the workflow, one after the other."""
    ''',
)
