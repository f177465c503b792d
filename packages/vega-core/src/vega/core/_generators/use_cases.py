"""The domain slice of a resource: entity, repository, event, use cases, and their unit tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..extend import FieldSpec, GenerationRequest, Generator, Operation, WriteFile, import_lines, name_values, render
from .simple import entity

_OPERATORS: Final = {
    "value": ("eq", "ne", "lt", "le", "gt", "ge"),
    "length": ("eq", "ne", "ilike", "startswith", "in"),
    "": ("eq", "ne"),
}

REPOSITORY = '''
    """The collection of $titles, independent of storage."""

    from vega.patterns import QueryableRepository

    from $package.domain.entities.$thing import $Thing


    class ${Thing}Repository(QueryableRepository[$Thing]):
        """All $titles."""
'''

CREATED = '''
    """The event: a $title was created."""

    from dataclasses import dataclass

    from vega.events import Event


    @dataclass(frozen=True, kw_only=True)
    class ${Thing}Created(Event):
        """A $title was created."""

        ${thing}_id: str
'''

USE_CASES = '''
    """Use cases of $titles."""

    $imports

    from pydantic import $model
    from vega.di import bind
    from vega.events import get_event_bus
    from vega.patterns import Interactor
    from vega.patterns.query import FilterSet, Page

    from $package.domain.entities.$thing import $Thing
    from $package.domain.events.${thing}_created import ${Thing}Created
    from $package.domain.repositories.${thing}_repository import ${Thing}Repository

    ${THING}_FILTERS = FilterSet(
        allow={
            $allow
        },
        sort={$sort},
    )


    class Create$Thing(Interactor[$Thing]):
        """Create a $title."""

        class Input(BaseModel):
            """The values of a new $title."""

            $inputs

        @bind
        async def call(self, $things: ${Thing}Repository) -> $Thing:
            """Store the $title, then publish ${Thing}Created."""
            $thing = await $things.add($Thing(**dict(self.input)))
            await get_event_bus().publish(${Thing}Created(${thing}_id=$thing.id))
            return $thing


    @dataclass(frozen=True)
    class Get$Thing(Interactor[$Thing]):
        """Return one $title, or raise EntityNotFoundError."""

        id: str
        read_only = True

        @bind
        async def call(self, $things: ${Thing}Repository) -> $Thing:
            """Find the $title."""
            return await $things.get(self.id)


    @dataclass(frozen=True)
    class List$Things(Interactor[Page[$Thing]]):
        """Return a page of $titles; `request` may contain filters such as `id__ne`, `sort`, `page` and `size`."""

        request: Mapping[str, str] = field(default_factory=dict)
        read_only = True

        @bind
        async def call(self, $things: ${Thing}Repository) -> Page[$Thing]:
            """Return the page of the request."""
            return await ${THING}_FILTERS.page($things.query(), self.request)


    class Update$Thing(Interactor[$Thing]):
        """Update a $title."""

        class Input(Create$Thing.Input):
            """The new values, and the id of the $title."""

            id: str

        @bind
        async def call(self, $things: ${Thing}Repository) -> $Thing:
            """Store the new values; other fields keep theirs."""
            return await $things.update(replace(await $things.get(self.input.id), **dict(self.input)))


    @dataclass(frozen=True)
    class Delete$Thing(Interactor[bool]):
        """Delete a $title; return whether it existed."""

        id: str

        @bind
        async def call(self, $things: ${Thing}Repository) -> bool:
            """Delete the $title."""
            return await $things.delete(self.id)
'''

TESTS = '''
    """The use cases of $titles, in memory."""

    $imports

    from vega.data import InMemoryRepository
    from vega.patterns import EntityNotFoundError
    from vega.testing import TestCase

    from $package.domain.entities.$thing import $Thing
    from $package.domain.interactors.$things import Create$Thing, Delete$Thing, Get$Thing, List$Things, Update$Thing
    from $package.domain.repositories.${thing}_repository import ${Thing}Repository


    class InMemory${Things}(InMemoryRepository[$Thing], ${Thing}Repository):
        """All $titles, in memory."""


    class Test$Things(TestCase):
        """The use cases, run one after another."""

        def setUp(self) -> None:
            self.register_services({${Thing}Repository: InMemory${Things}()})

        async def test_a_created_${thing}_can_be_found(self) -> None:
            created = await Create$Thing($first)

            self.assertEqual(await Get$Thing(created.id), created)

        async def test_a_list_pages_and_counts(self) -> None:
            await Create$Thing($first)
            await Create$Thing($second)

            page = await List$Things({"size": "1"})

            self.assertEqual((len(page.items), page.total), (1, 2))

        async def test_an_update_changes_the_values_and_nothing_else(self) -> None:
            created = await Create$Thing($first)

            changed = await Update$Thing(id=created.id, $second)

            self.assertEqual(changed.id, created.id)
            self.assertEqual(await Get$Thing(created.id), changed)

        async def test_a_deleted_${thing}_is_gone(self) -> None:
            created = await Create$Thing($first)

            self.assertTrue(await Delete$Thing(created.id))
            with self.assertRaises(EntityNotFoundError):
                await Get$Thing(created.id)
'''


class UseCases(Generator):
    """Entity, repository, event and the five use cases of a resource, with unit tests."""

    summary = "the domain of a resource: entity, repository, event, five use cases, unit tests"
    takes_fields = True
    slices = ("resource",)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the five files."""
        project, name, fields = request.project, request.name, request.fields
        values = {**name_values(project.package, name), "THING": name.snake.upper()}
        domain = f"{project.package}/domain"
        files = {
            f"{domain}/repositories/{name.snake}_repository.py": render(REPOSITORY, values),
            f"{domain}/events/{name.snake}_created.py": render(CREATED, values),
            f"{domain}/interactors/{name.plural.snake}.py": render(USE_CASES, {**values, **_use_case_values(fields)}),
        }
        if project.has("data"):
            tests = {**values, **_test_values(fields)}
            files[f"tests/unit/test_{name.plural.snake}.py"] = render(TESTS, tests)
        return [*entity.plan(request), *(WriteFile(path, text) for path, text in files.items())]


_CONFIG = "model_config = ConfigDict(hide_input_in_errors=True)\n\n"


def _use_case_values(fields: Sequence[FieldSpec]) -> dict[str, str]:
    public = [field for field in fields if not field.private]
    has_private = len(public) < len(fields)
    names = [
        "BaseModel",
        *(["ConfigDict"] if has_private else []),
        *(["Field"] if has_private or any(field.rules for field in fields) else []),
    ]
    allow = [f'"{field.name}": {{{_operators(field)}}},' for field in public]
    return {
        "imports": import_lines(
            fields, "from collections.abc import Mapping", "from dataclasses import dataclass, field, replace"
        ),
        "model": ", ".join(names),
        "allow": "\n".join(['"id": {"eq", "ne", "in"},', *allow]),
        "sort": ", ".join(f'"{name}"' for name in ("id", *(field.name for field in public))),
        "inputs": (_CONFIG if has_private else "") + ("\n".join(field.model_line for field in fields) or "pass"),
    }


def _operators(field: FieldSpec) -> str:
    words = (*_OPERATORS[field.type.measured], *(("is_null",) if field.optional else ()))
    return ", ".join(f'"{word}"' for word in words)


def _test_values(fields: Sequence[FieldSpec]) -> dict[str, str]:
    sampled = [field for field in fields if field.initial is None or field.unique]
    return {
        "imports": import_lines(sampled) if any(field.type.imports for field in sampled) else "",
        "first": ", ".join(f"{field.name}={field.sample(0)}" for field in sampled),
        "second": ", ".join(f"{field.name}={field.sample(1)}" for field in sampled),
    }


use_cases = UseCases()
