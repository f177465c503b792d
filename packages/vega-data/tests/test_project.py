"""In a project: what is generated runs, the plugin wires it, and `vega migrate` drives it."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from vega.core import Application
from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile
from vega.data import Database, DatabaseStateError, DestructiveMigrationError, MigrationError, UniqueKey
from vega.data._project.generators import migration, model, repository, resource
from vega.data._project.plugin import DataPlugin
from vega.data.cli import app
from vega.di import Container, Scope, get_container, set_container
from vega.patterns import QueryableRepository, UnitOfWork, transactional

PACKAGE = "vega_data_shop"
FIELDS = ("name:str:unique", "price:decimal:min=0", "note:text:optional", "at:datetime")
ENTITY = """
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Product:
    name: str
    price: Decimal
    at: datetime
    note: str | None = None
    id: str | None = None
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    root = tmp_path / "root"
    made = Project(root=root, package=PACKAGE, features=("data",))
    (root / PACKAGE / "domain" / "entities").mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[tool.vega]\npackage = "{PACKAGE}"\nfeatures = ["data"]\n')
    (root / PACKAGE / "__init__.py").write_text("")
    (root / PACKAGE / "domain" / "entities" / "product.py").write_text(ENTITY)
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.chdir(root)
    before = get_container()
    yield made
    set_container(before)
    forget()


def forget() -> None:
    """Have the project imported anew, as by the next command."""
    importlib.invalidate_caches()
    for module in [module for module in sys.modules if module.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


def write(project: Project, generator: Any, name: str, *fields: str) -> list[str]:
    request = GenerationRequest(project=project, name=Name.parse(name), fields=tuple(map(FieldSpec.parse, fields)))
    plan = generator.plan(request)
    for one in plan:
        assert isinstance(one, WriteFile)
        path = project.root / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(one.text, encoding="utf-8")
    return [one.path.replace(project.package, "shop") for one in plan]


def vega_migrate(*words: str) -> Result:
    forget()
    return CliRunner().invoke(app, words, prog_name="vega migrate")


@pytest.mark.once
def test_a_repository_comes_with_its_port_migration_and_test(project: Project) -> None:
    assert write(project, repository, "Product", *FIELDS) == [
        "shop/domain/repositories/product_repository.py",
        "shop/infrastructure/repositories/sql_product_repository.py",
        "shop/infrastructure/migrations/versions/0001_create_products.py",
        "tests/integration/test_sql_product_repository.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(project.root)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_generated_migration_makes_the_tables_of_the_generated_repository(project: Project) -> None:
    write(project, repository, "Product", *FIELDS)

    upgraded = vega_migrate("upgrade")
    checked = vega_migrate("check")

    assert upgraded.stdout == "ran 0001_create_products\n", upgraded.exception
    assert checked.exit_code == 0, checked.output
    assert vega_migrate("current").stdout == "0001_create_products\n"
    assert (project.root / f"{project.package}.db").exists()


def test_a_change_of_the_entity_is_drift_and_becomes_a_migration(project: Project) -> None:
    write(project, repository, "Product", *FIELDS)
    vega_migrate("upgrade")
    entity = project.source / "domain" / "entities" / "product.py"
    entity.write_text(entity.read_text().replace("    note:", "    stock: int | None = None\n    note:"))

    checked = vega_migrate("check")
    created = vega_migrate("create", "-m", "add stock")

    assert checked.exit_code == 1
    assert "products stock" in checked.stdout
    assert "0002_add_stock.py" in created.stdout, created.exception
    assert vega_migrate("upgrade").stdout == "ran 0002_add_stock\n"
    assert vega_migrate("check").exit_code == 0
    assert vega_migrate("history").stdout.startswith("0002_add_stock")
    assert "CREATE TABLE products" in vega_migrate("sql").stdout
    assert isinstance(vega_migrate("downgrade", "-1").exception, DestructiveMigrationError)
    assert vega_migrate("downgrade", "-1", "--allow-destructive").stdout == "took back 0002_add_stock\n"


def test_a_renamed_field_is_asked_for(project: Project) -> None:
    write(project, repository, "Product", *FIELDS)
    vega_migrate("upgrade")
    for file in project.source.rglob("*product*.py"):
        if "migrations" not in file.parts:
            file.write_text(file.read_text().replace("note", "remark"))

    asked = vega_migrate("create", "-m", "remark")
    created = vega_migrate("create", "-m", "remark", "--rename", "products.note=remark")

    assert asked.exit_code == 1
    assert isinstance(asked.exception, MigrationError)
    assert "--rename products.note=remark" in asked.exception.fix
    assert "--drop products.note" in asked.exception.fix
    assert "0002_remark.py" in created.stdout, created.exception
    assert vega_migrate("upgrade").stdout == "ran 0002_remark\n"
    assert vega_migrate("check").exit_code == 0


def test_migrations_follow_each_other(project: Project) -> None:
    write(project, migration, "AddIndex")
    write(project, resource, "Order", "total:decimal")

    versions = project.source / "infrastructure" / "migrations" / "versions"
    assert sorted(file.name for file in versions.iterdir()) == ["0001_add_index.py", "0002_create_orders.py"]
    assert 'down_revision = "0001_add_index"' in (versions / "0002_create_orders.py").read_text()


def test_a_model_is_a_mapped_class(project: Project) -> None:
    (path,) = write(project, model, "Audit", "who:str:unique", "amount:decimal:optional", "on:bool", "day:date")
    space: dict[str, Any] = {"__name__": "model"}

    text = (project.root / path.replace("shop", project.package)).read_text()
    exec(compile(text, path, "exec", dont_inherit=True), space)

    assert set(space["AuditModel"].__table__.c.keys()) == {"id", "who", "amount", "on", "day"}


def test_tables_of_models_are_migrated_and_only_dropped_with_their_class(project: Project) -> None:
    write(project, repository, "Product", *FIELDS)
    (path,) = write(project, model, "Audit", "who:str:unique", "day:date")
    file = project.root / path.replace("shop", project.package)
    vega_migrate("upgrade")

    created = vega_migrate("create", "-m", "audits")
    assert "0002_audits.py" in created.stdout, created.exception
    assert vega_migrate("upgrade").exit_code == 0
    assert vega_migrate("check").exit_code == 0
    assert isinstance(vega_migrate("create", "-m", "again").exception, MigrationError)
    file.unlink()
    assert "remove table: audits" in vega_migrate("check").stdout
    assert "0003_no_audits.py" in vega_migrate("create", "-m", "no audits").stdout
    assert vega_migrate("upgrade", "--allow-destructive").exit_code == 0
    assert vega_migrate("check").exit_code == 0


def test_the_schema_comes_from_the_environment_and_sqlite_refuses_it(
    project: Project, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, repository, "Product", *FIELDS)
    monkeypatch.setenv("DATABASE_SCHEMA", "shop")
    assert isinstance(vega_migrate("upgrade").exception, DatabaseStateError)
    monkeypatch.setenv("DATABASE_URL", postgres_url)

    assert vega_migrate("upgrade").exit_code == 0
    assert vega_migrate("check").exit_code == 0

    async def stored() -> int:
        async with Database(postgres_url, package="-") as database, database.connection() as connection:
            return (await connection.exec_driver_sql("SELECT count(*) FROM shop.products")).scalar_one()

    assert asyncio.run(stored()) == 0


def test_the_plugin_wires_database_repository_and_unit(project: Project) -> None:
    write(project, repository, "Product", *FIELDS)

    async def main() -> tuple[int, int]:
        application = Application.load(project.root)
        port = next(
            value
            for value in vars(sys.modules[f"{project.package}.domain.repositories.product_repository"]).values()
            if isinstance(value, type) and issubclass(value, QueryableRepository) and value is not QueryableRepository
        )
        async with application, application.activate() as scope:
            products: Any = scope.resolve(port)
            entity = products.tables.policies.layout.entity
            await application.container.resolve(Database).create_all()

            def new(name: str) -> Any:
                from datetime import UTC, datetime
                from decimal import Decimal

                return entity(name=name, price=Decimal(1), at=datetime(2026, 1, 1, tzinfo=UTC))

            @transactional
            async def fails() -> None:
                await products.add(new("a"))
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await fails()
            before = await products.count()
            assert not scope.resolve(UnitOfWork).is_open
            async with scope.resolve(UnitOfWork):
                await products.add(new("b"))
            return before, await products.count()

    assert asyncio.run(main()) == (0, 1)


def test_the_url_comes_from_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/shop")
    application = Application(project, container=Container(), bus=None)  # type: ignore[arg-type] # the bus is not asked

    DataPlugin().configure(application)

    database = application.container.resolve(Database)
    assert database.url.drivername == "postgresql+asyncpg"
    assert "hunter2" not in repr(database.url)


def test_the_doctor_hears_of_two_heads(project: Project) -> None:
    write(project, migration, "One")
    versions = project.source / "infrastructure" / "migrations" / "versions"
    (versions / "0002_two.py").write_text((versions / "0001_one.py").read_text().replace("0001_one", "0002_two"))

    (finding,) = DataPlugin().checks(project)

    assert (finding.severity, finding.code) == ("error", MigrationError.code)
    assert "2 heads" in finding.what


def test_a_repository_is_built_by_a_container(project: Project, tmp_path: Path) -> None:
    write(project, repository, "Product", *FIELDS)
    made: Any = importlib.import_module(f"{project.package}.infrastructure.repositories.sql_product_repository")
    container = Container()
    container.register_instance(Database, Database(f"sqlite:///{tmp_path / 'x.db'}"))
    container.register(made.ProductRepository, made.SqlProductRepository, scope=Scope.SINGLETON)

    found = container.resolve(made.ProductRepository)

    assert type(found) is made.SqlProductRepository
    assert found.mapping.unique_keys() == (UniqueKey(("name",), where={}),)


def test_a_folder_is_made_an_empty_migration_written_and_what_is_pending_told(project: Project) -> None:
    folder = project.source / "infrastructure" / "migrations" / "versions"

    assert vega_migrate("init").stdout == f"migrations lie in {folder}\n"
    assert vega_migrate("upgrade").stdout == "nothing to do\n"
    assert vega_migrate("create", "-m", "by hand", "--empty").stdout == f"wrote {folder / '0001_by_hand.py'}\n"
    assert vega_migrate("current").stdout == "at no migration\npending: 0001_by_hand\n"
    file = folder / "0001_by_hand.py"
    file.write_text(
        file.read_text().replace("def upgrade() -> None:", "def upgrade() -> None:\n    op.drop_table('t')\n", 1)
    )
    checked = vega_migrate("check")
    assert checked.exit_code == 1
    assert checked.stdout.startswith("pending: 0001_by_hand\ndestructive: 0001_by_hand.py:")


SETTINGS = """
from vega.settings import BaseSettings


class Other(BaseSettings):
    name: str = ""


class Settings(BaseSettings):
    database_url: str = "sqlite:///{file}"
"""


def test_the_settings_of_the_project_say_where_the_database_is(project: Project, tmp_path: Path) -> None:
    write(project, repository, "Product", *FIELDS)
    (project.source / "settings.py").write_text(SETTINGS.format(file=tmp_path / "elsewhere.db"))

    assert vega_migrate("upgrade").stdout == "ran 0001_create_products\n"
    assert (tmp_path / "elsewhere.db").exists()


def test_settings_without_a_database_leave_the_file_beside_the_project(project: Project) -> None:
    (project.source / "settings.py").write_text(SETTINGS.replace("database_url", "other_url").format(file="x"))
    (project.source / "config.py").write_text("DISCOVERY_CONFIG = {}\n")

    assert vega_migrate("current").stdout == "at no migration\n"
    assert vega_migrate("check").exit_code == 0
    assert (project.root / f"{PACKAGE}.db").exists()


def test_a_package_that_cannot_be_imported_is_named(project: Project) -> None:
    (project.root / "pyproject.toml").write_text('[tool.vega]\npackage = "no_such_package"\nfeatures = ["data"]\n')

    error = vega_migrate("upgrade").exception

    assert isinstance(error, MigrationError)
    assert "no_such_package cannot be imported" in error.what


def test_adding_the_feature_brings_requirement_and_folder(project: Project) -> None:
    added = DataPlugin().add(project)

    assert [type(one).__name__ for one in added] == ["AddDependency", "EnableFeature", "WriteFile"]
    assert DataPlugin().checks(project) == []


def test_a_plugin_that_was_not_configured_has_nothing_to_open(project: Project) -> None:
    plugin = DataPlugin()
    application = Application(project, container=Container(), bus=None)  # type: ignore[arg-type] # the bus is not asked

    async def main() -> None:
        await plugin.startup(application)
        await plugin.shutdown(application)

    asyncio.run(main())
    assert not application.container.provides(Database)


def test_pending_migrations_are_noticed_in_development_and_fail_readiness(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEGA_PROFILE", "development")
    assert DataPlugin().notices(project) == []
    write(project, repository, "Product", *FIELDS)
    forget()

    async def is_ready() -> None:
        forget()
        async with Application.load(project.root) as app:
            check = app.plugin("data").health(app)["migrations"]
            await check()

    with pytest.raises(MigrationError, match="0001_create_products is pending"):
        asyncio.run(is_ready())
    noticed = DataPlugin().notices(project)
    assert noticed == ["0001_create_products is pending; run: vega migrate upgrade"]
    monkeypatch.setenv("VEGA_PROFILE", "production")
    assert DataPlugin().notices(project) == []
    monkeypatch.setenv("VEGA_PROFILE", "development")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert DataPlugin().notices(project) == []  # it does not answer
    monkeypatch.delenv("DATABASE_URL")
    assert vega_migrate("upgrade").exit_code == 0
    assert DataPlugin().notices(project) == []
    asyncio.run(is_ready())
