"""The generators of vega-data: repositories, mapped models, migrations, and the data slice of a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vega.core.extend import (
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

from ..migrations._folder import MigrationFolder
from .location import migrations_folder

REPOSITORY = '''
    """The $titles in the database."""

    from vega.data import $mapping_import SQLAlchemyRepository
    from vega.di import injectable

    from $package.domain.entities.$thing import $Thing
    from $package.domain.repositories.${thing}_repository import ${Thing}Repository


    @injectable(provides=${Thing}Repository)
    class Sql${Thing}Repository(SQLAlchemyRepository[$Thing], ${Thing}Repository):
        """All $titles, in the table $things."""

        $mapping
'''

PORT = '''
    """The collection of $titles, without a word about storage."""

    from vega.patterns import QueryableRepository

    from $package.domain.entities.$thing import $Thing


    class ${Thing}Repository(QueryableRepository[$Thing]):
        """All $titles."""
'''

TESTS = '''
    """The $titles in a database, as in memory."""

    import asyncio
    $imports

    import pytest
    from vega.data import Database
    from vega.patterns.query import UnknownFieldError

    from $package.domain.entities.$thing import $Thing
    from $package.infrastructure.repositories.sql_${thing}_repository import Sql${Thing}Repository


    def test_a_stored_${thing}_is_found_as_it_was(tmp_path: Path) -> None:
        async def main() -> None:
            async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="$package") as database:
                $things = Sql${Thing}Repository(database=database)
                await database.create_all()
                first = await $things.add($Thing($first))

                found = await $things.get(first.id)

                $assertions
                assert await $things.query().where("id", "=", first.id).count() == 1
                assert await $things.delete(first.id)
                assert await $things.count() == 0

        asyncio.run(main())


    def test_an_unknown_field_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
        with pytest.raises(UnknownFieldError):
            Sql${Thing}Repository(database=Database(f"sqlite:///{tmp_path / 'test.db'}")).query().where("nope", "=", 1)
'''

MODEL = '''
    """The $title as SQLAlchemy maps it."""

    $imports

    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    $types

    class Base(DeclarativeBase):
        """The tables of this module."""


    class ${Thing}Model(Base):
        """One row of ${things}."""

        __tablename__ = "$things"

        id: Mapped[str] = mapped_column(types.CodePointText(), primary_key=True)
        $columns
'''

_TYPES: Final = {
    "str": "types.CodePointText()",
    "text": "types.CodePointText()",
    "int": "types.WholeNumber()",
    "float": "sa.Double()",
    "bool": "sa.Boolean()",
    "decimal": "types.ExactDecimal()",
    "date": "sa.Date()",
    "datetime": "types.Instant()",
    "uuid": "sa.Uuid()",
}


class RepositoryGenerator(Generator):
    """A repository in the database, with a migration and tests for the fields."""

    summary = "a repository in the database, with a migration and a test when fields are given"
    feature = "data"
    takes_fields = True
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the repository, its port, and for an entity with fields a migration and a test."""
        name = request.name.without("repository")
        package = request.project.package
        values = name_values(package, name)
        port = f"{package}/domain/repositories/{name.snake}_repository.py"
        return [
            *([] if (request.project.root / port).exists() else [WriteFile(port, render(PORT, values))]),
            *data_slice(request),
        ]


class ResourceSlice(Generator):
    """The database part of a resource: repository, migration, test."""

    summary = "the data of a resource: repository, migration, integration test"
    feature = "data"
    takes_fields = True
    options: tuple[GeneratorOption, ...] = ()
    slices = ("resource",)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the files."""
        return data_slice(request)


class MigrationGenerator(Generator):
    """An empty migration after the head, to be written by hand."""

    summary = "an empty migration after the last one; `vega migrate create` compares with the database instead"
    feature = "data"
    takes_fields = False
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the file."""
        folder = migrations_folder(request.project)
        file, text = MigrationFolder(folder).render(request.name.title, "", "")
        return [WriteFile((folder / file).relative_to(request.project.root).as_posix(), text)]


class ModelGenerator(Generator):
    """A class mapped by SQLAlchemy, for tables without an entity in the domain."""

    summary = "a declarative SQLAlchemy model, for a table that no entity describes"
    feature = "data"
    takes_fields = True
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the file."""
        name = request.name.without("model")
        columns = [_mapped(field) for field in request.fields]
        needs_sa = any("sa." in column for column in columns)
        values = name_values(request.project.package, name) | {
            "imports": import_lines(request.fields),
            "types": "from vega.data import types\n",
            "columns": "\n".join(columns),
        }
        text = render(MODEL, values)
        if needs_sa:
            text = text.replace("from sqlalchemy.orm", "import sqlalchemy as sa\nfrom sqlalchemy.orm", 1)
        return [WriteFile(f"{request.project.package}/infrastructure/models/{name.snake}_model.py", text)]


def data_slice(request: GenerationRequest) -> list[Operation]:
    """Return repository, and for an entity with fields the migration and the test."""
    project, name = request.project, request.name.without("repository")
    package = project.package
    unique = [field.name for field in request.fields if field.unique]
    listed = ", ".join(f'"{one}"' for one in unique)
    values = name_values(package, name) | {
        "mapping": f"mapping = EntityMapping(unique=[{listed}])" if unique else "",
        "mapping_import": "EntityMapping," if unique else "",
    }
    text = render(REPOSITORY, values).replace("import  SQL", "import SQL")
    plan: list[Operation] = [WriteFile(f"{package}/infrastructure/repositories/sql_{name.snake}_repository.py", text)]
    if request.fields:
        folder = migrations_folder(project)
        file, migration = MigrationFolder(folder).render(
            f"create {name.plural.title}",
            _create_table(name.plural.snake, request.fields),
            f'op.drop_table("{name.plural.snake}")',
        )
        plan.append(WriteFile((folder / file).relative_to(project.root).as_posix(), migration))
        plan.append(WriteFile(f"tests/integration/test_sql_{name.snake}_repository.py", _tests(request, values)))
    return plan


def _tests(request: GenerationRequest, values: dict[str, str]) -> str:
    given = [field for field in request.fields if field.initial is None or field.unique]
    assertions = [f"assert found.{field.name} == first.{field.name}" for field in request.fields]
    return render(
        TESTS,
        values
        | {
            "imports": import_lines(given, "from pathlib import Path"),
            "first": ", ".join(f"{field.name}={field.sample(0)}" for field in given),
            "assertions": "\n".join(assertions),
        },
    )


def _create_table(table: str, fields: Sequence[FieldSpec]) -> str:
    lines = [
        "op.create_table(",
        f'    "{table}",',
        '    sa.Column("id", types.CodePointText(), nullable=False),',
        *(f'    sa.Column("{one.name}", {_TYPES[one.type.name]}, nullable={one.optional}),' for one in fields),
        f'    sa.PrimaryKeyConstraint("id", name="pk_{table}"),',
        *(f'    sa.UniqueConstraint("{one.name}", name="uq_{table}_{one.name}"),' for one in fields if one.unique),
        ")",
    ]
    return "\n".join(lines)


def _mapped(field: FieldSpec) -> str:
    unique = ", unique=True" if field.unique else ""
    return f"{field.name}: Mapped[{field.annotation}] = mapped_column({_TYPES[field.type.name]}{unique})"


repository = RepositoryGenerator()
resource = ResourceSlice()
migration = MigrationGenerator()
model = ModelGenerator()
