"""Generators of a single domain file, from a name and fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        template: the source; its holes are those of `name_values`, `$imports`, `$own_imports` and `$fields`.
        standard: import lines of the standard library, merged with the imports of the fields.
        takes_fields: whether fields may follow the name.
        suffix: an optional last word of the name, dropped from the file name.
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

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the file."""
        project, name = request.project, request.name.without(self.suffix)
        values = {
            **name_values(project.package, name),
            "imports": import_lines(request.fields, *self.standard),
            "fields": field_lines(request.fields),
        }
        return [WriteFile(f"{project.package}/{self.folder}/{name.snake}.py", render(self.template, values))]


def field_lines(fields: Sequence[FieldSpec]) -> str:
    """Return the lines of a dataclass body, one per field."""
    initial = [f" = {field.initial}" if field.initial is not None else "" for field in fields]
    return "\n".join(f"{field.name}: {field.annotation}{value}" for field, value in zip(fields, initial, strict=True))


entity = OneFile(
    summary="an entity of the domain: a frozen dataclass with an id",
    folder="domain/entities",
    standard=("from dataclasses import dataclass, field",),
    takes_fields=True,
    template='''
        """The entity: $title."""

        $imports

        from vega.patterns import Entity, new_id


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
    template='''
        """The value object: $title."""

        $imports

        from vega.patterns import ValueObject


        @dataclass(frozen=True, kw_only=True)
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

        from vega.di import bind
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

        from vega.patterns import Mediator


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Mediator[None]):
            """Run: $title."""

            $fields

            async def call(self) -> None:
                """Await the use cases of the workflow, one after the other."""
    ''',
)
