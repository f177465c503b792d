"""The generators that write one file of the domain from a name and fields."""

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
    """A generator whose plan is one new file.

    Args:
        summary: one line of help.
        folder: where the file goes, below the project's package.
        template: the text; its holes are those of `name_values`, `$imports`, `$own_imports` and `$fields`.
        standard: import lines of the standard library, joined with those of the fields.
        takes_fields: whether fields may follow the name.
        suffix: a last word that the name may have and the file does without.
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
    """Return the lines of a dataclass, a field each."""
    initial = [f" = {field.initial}" if field.initial is not None else "" for field in fields]
    return "\n".join(f"{field.name}: {field.annotation}{value}" for field, value in zip(fields, initial, strict=True))


entity = OneFile(
    summary="an entity of the domain: a frozen dataclass with an id",
    folder="domain/entities",
    standard=("from dataclasses import dataclass, field",),
    takes_fields=True,
    template='''
        """The $title, as the business knows it."""

        $imports

        from vega.patterns import Entity, new_id


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Entity):
            """A $title; two are the same when their ids are."""

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
        """The $title, which is its values."""

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
            """It happened: $title."""

            $fields
    ''',
)

service = OneFile(
    summary="a service that the domain asks for and the infrastructure provides",
    folder="domain/services",
    template='''
        """What the domain asks of $titles."""

        from abc import abstractmethod

        from vega.patterns import Service


        class $Thing(Service):
            """A $title; an implementation belongs to infrastructure/services, marked @injectable."""

            @abstractmethod
            async def run(self) -> None:
                """Do what the service is for."""
    ''',
)

specification = OneFile(
    summary="a specification: one rule, answered alike in memory and in SQL",
    folder="domain/specifications",
    template='''
        """The rule: $title."""

        from typing import Any

        from vega.patterns import Specification


        class $Thing(Specification[Any]):
            """Whether something is among the $titles."""

            def predicate(self, candidate: Any) -> Any:
                """Say the rule with the fields of the candidate; it is recorded, then evaluated or compiled to SQL."""
                return candidate.id != ""
    ''',
)

interactor = OneFile(
    summary="a use case: input, and what to do with it",
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
            """Do it: $title."""

            $fields

            @bind
            async def call(self) -> None:
                """Run the use case; parameters after self are injected."""
    ''',
)

mediator = OneFile(
    summary="a mediator: several use cases as one",
    folder="application/mediators",
    takes_fields=True,
    standard=(DATACLASS,),
    template='''
        """The workflow: $title."""

        $imports

        from vega.patterns import Mediator


        @dataclass(frozen=True, kw_only=True)
        class $Thing(Mediator[None]):
            """Do it: $title."""

            $fields

            async def call(self) -> None:
                """Await the use cases of the workflow, one after the other."""
    ''',
)
