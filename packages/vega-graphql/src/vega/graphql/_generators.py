"""The generators of vega-graphql: types, queries, mutations, and all three for a resource."""

from __future__ import annotations

from collections.abc import Sequence

from vega.core.extend import (
    FieldSpec,
    GenerationRequest,
    Generator,
    Operation,
    WriteFile,
    import_lines,
    name_values,
    render,
)

TYPE = '''
    """The $title in GraphQL."""

    $imports

    import strawberry

    $own_imports


    @strawberry.type(name="$Thing")
    class ${Thing}Type:
        """A $title."""

        id: strawberry.ID
        $fields

        $convert
'''

CONVERT = '''
    @classmethod
    def of(cls, $thing: $Thing) -> Self:
        """Return the entity as GraphQL shows it."""
        return cls($values)
'''

QUERY = '''
    """The GraphQL query: $title."""

    from vega.graphql import query


    @query
    async def $thing(name: str = "world") -> str:
        """Answer the query; await a use case here."""
        return f"$title: {name}"
'''

MUTATION = '''
    """The GraphQL mutation: $title."""

    from vega.graphql import mutation


    @mutation
    async def $thing(name: str) -> str:
        """Do what the mutation is for; await a use case here."""
        return f"$title: {name}"
'''

RESOURCE = '''
    """$Things in GraphQL."""

    $imports

    import strawberry
    from vega.graphql import mutation, query

    from $package.domain.interactors.$things import Create$Thing, Get$Thing, List$Things
    from $package.presentation.graphql.${thing}_type import ${Thing}Type


    @query
    async def $thing(id: strawberry.ID) -> ${Thing}Type:
        """One $title."""
        return ${Thing}Type.of(await Get$Thing(str(id)))


    @query
    async def $things(sort: str = "id", page: int = 1, size: int = 20) -> list[${Thing}Type]:
        """A page of $titles."""
        result = await List$Things({"sort": sort, "page": str(page), "size": str(size)})
        return [${Thing}Type.of($thing) for $thing in result]


    @mutation
    async def create_$thing($parameters) -> ${Thing}Type:
        """Create a $title."""
        return ${Thing}Type.of(await Create$Thing($arguments))
'''


class TypeGenerator(Generator):
    """A GraphQL type; with the fields and a conversion if the project has an entity of the name."""

    summary = "a GraphQL type, from the fields given"
    feature = "graphql"
    takes_fields = True

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the type's module."""
        project, name = request.project, request.name
        values = name_values(project.package, name)
        has_entity = (project.source / "domain" / "entities" / f"{name.snake}.py").is_file()
        return [_type_file(request, values, convert=has_entity)]


def _type_file(request: GenerationRequest, values: dict[str, str], *, convert: bool) -> WriteFile:
    fields = [field for field in request.fields if not field.private]
    arguments = ["id=strawberry.ID({0}.id)", *(f"{field.name}={{0}}.{field.name}" for field in fields)]
    conversion = {**values, "values": ", ".join(arguments).format(request.name.snake)}
    filled = {
        **values,
        "imports": import_lines(fields, *(["from typing import Self"] if convert else [])),
        "own_imports": f"from {values['package']}.domain.entities.{values['thing']} import {values['Thing']}"
        if convert
        else "",
        "fields": "\n".join(f"{field.name}: {field.annotation}" for field in fields),
        "convert": render(CONVERT, conversion).strip("\n") if convert else "",
    }
    path = f"{values['package']}/presentation/graphql/{values['thing']}_type.py"
    return WriteFile(path, render(TYPE, filled))


class ResourceGenerator(Generator):
    """The GraphQL of a resource: a type, two queries, a mutation."""

    summary = "the GraphQL of a resource: type, queries, mutation"
    feature = "graphql"
    takes_fields = True
    slices = ("resource",)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the modules of the type and the resolvers."""
        values = name_values(request.project.package, request.name)
        required_first = sorted(request.fields, key=lambda field: field.initial is not None)
        filled = {
            **values,
            "imports": import_lines(request.fields),
            "parameters": ", ".join(map(_parameter, required_first)),
            "arguments": ", ".join(f"{field.name}={field.name}" for field in request.fields),
        }
        path = f"{values['package']}/presentation/graphql/{values['things']}.py"
        return [_type_file(request, values, convert=True), WriteFile(path, render(RESOURCE, filled))]


def _parameter(field: FieldSpec) -> str:
    default = f" = {field.initial}" if field.initial is not None else ""
    return f"{field.name}: {field.annotation}{default}"


class ResolverGenerator(Generator):
    """A resolver function in a separate module."""

    feature = "graphql"

    def __init__(self, summary: str, template: str, folder: str) -> None:
        self.summary, self._template, self._folder = summary, template, folder

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the resolver's module."""
        values = name_values(request.project.package, request.name)
        path = f"{values['package']}/presentation/graphql/{self._folder}/{values['thing']}.py"
        return [WriteFile(path, render(self._template, values))]


graphql_type = TypeGenerator()
graphql_query = ResolverGenerator("a GraphQL query", QUERY, "queries")
graphql_mutation = ResolverGenerator("a GraphQL mutation", MUTATION, "mutations")
graphql_resource = ResourceGenerator()
