"""The feature `outbox` of a project: tables by migration, listeners by their marks, a relay, dead rows told again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vega.core import Application
from vega.core.extend import DeferredWork, Project, RunOptions
from vega.data import Database, InMemoryUnitOfWork
from vega.data._project.outbox_plugin import OutboxPlugin
from vega.data.cli import app as migrate
from vega.data.cli import outbox as command
from vega.data.outbox import Outbox
from vega.di import current_scope, get_container, set_container

PACKAGE = "vega_outbox_shop"
CODE = """
from dataclasses import dataclass
from pathlib import Path

from vega.data import SQLAlchemyRepository, durable
from vega.di import injectable
from vega.events import Event
from vega.patterns import AggregateRoot


@dataclass(frozen=True)
class OrderPlaced(Event):
    order_id: str


@dataclass
class Order(AggregateRoot):
    id: str


class Orders(SQLAlchemyRepository[Order]):
    pass


@injectable
class Mail:
    def send(self, text: str) -> None:
        if Path("broken").exists():
            raise OSError("no mail today")
        with Path("mail.txt").open("a") as file:
            file.write(text + "\\n")


@durable(OrderPlaced, name="mail")
async def mail(event: OrderPlaced, mail: Mail) -> None:
    mail.send(event.order_id)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    handlers = tmp_path / PACKAGE / "application" / "handlers"
    handlers.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(f'[tool.vega]\npackage = "{PACKAGE}"\nfeatures = ["data", "outbox"]\n')
    (tmp_path / PACKAGE / "__init__.py").write_text("")
    (handlers / "orders.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = get_container()
    yield Project(root=tmp_path, package=PACKAGE, features=("data", "outbox"))
    set_container(before)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def ran(app: Any, *words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


async def place(project: Project, *ids: str) -> None:
    """Store orders, with what they recorded, as an application does."""
    application = Application.load(project.root)
    shop = sys.modules[f"{PACKAGE}.application.handlers.orders"]
    async with application, application.activate():
        database = application.container.resolve(Database)
        await database.create_all()
        orders = shop.Orders(database=database)
        for id in ids:
            async with database.unit():
                order = shop.Order(id)
                order.record(shop.OrderPlaced(id))
                await orders.add(order)


def test_a_migration_makes_the_tables_of_the_outbox(project: Project) -> None:
    ran(migrate, "create", "-m", "outbox")
    ran(migrate, "upgrade")

    assert ran(command, "list") == "no row waits\n"
    assert ran(command, "list", "--dead") == "no row is dead\n"
    assert "fits the entities" in ran(migrate, "check")


@pytest.mark.once
def test_the_relay_of_a_project_tells_what_waits_with_what_the_listener_needs(project: Project) -> None:
    asyncio.run(place(project, "1", "2"))
    assert ran(command, "list").count("OrderPlaced for mail, 0 attempts") == 2
    (process,) = OutboxPlugin().processes(project, RunOptions())

    with subprocess.Popen([*process.command, "--poll", "0.05"], stderr=subprocess.PIPE, text=True) as relay:
        try:
            while "no row waits" not in ran(command, "list"):
                assert relay.poll() is None
        finally:
            relay.send_signal(signal.SIGTERM)
        assert relay.wait(timeout=60) == 0

    assert sorted((project.root / "mail.txt").read_text().split()) == ["1", "2"]


@pytest.mark.once
def test_a_relay_without_its_table_names_the_command(project: Project) -> None:
    (process,) = OutboxPlugin().processes(project, RunOptions())

    done = subprocess.run(process.command, check=False, capture_output=True, text=True, timeout=60, cwd=project.root)

    assert done.returncode == 1
    assert "[VG419] the database has no table outbox" in done.stderr
    assert "vega migrate upgrade" in done.stderr
    assert OutboxPlugin().notices(project) == [
        "no migration creates the table outbox; run: vega migrate create -m outbox, vega migrate upgrade"
    ]
    ran(migrate, "create", "-m", "outbox")
    assert OutboxPlugin().notices(project) == []


@pytest.mark.once
def test_a_relay_without_a_project_says_so(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "vega.data", "relay", "--project", str(tmp_path)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path)

    assert done.returncode == 1
    assert "[VG" in done.stderr


def test_dead_rows_are_listed_with_their_errors_and_told_again(project: Project) -> None:
    async def fail() -> None:
        await place(project, "1")
        async with Database(f"sqlite:///{project.root / PACKAGE}.db") as database:
            outbox = Outbox(database, retries=0)
            shop = sys.modules[f"{PACKAGE}.application.handlers.orders"]

            @outbox.listen(shop.OrderPlaced, name="mail")
            async def mail(event: Any) -> None:
                raise OSError("no mail today")

            assert await outbox.relay_once() == 0

    asyncio.run(fail())
    dead = ran(command, "list", "--dead")

    assert "OSError: no mail today" in dead
    assert CliRunner().invoke(command, ["resubmit"]).exit_code == 2
    assert ran(command, "resubmit", "nothing") == "0 rows will be delivered again\n"
    assert ran(command, "resubmit", dead.split()[0]) == "1 rows will be delivered again\n"
    assert ran(command, "resubmit", "--all") == "0 rows will be delivered again\n"
    assert "OrderPlaced for mail" in ran(command, "list")


def test_a_project_without_the_feature_has_no_outbox(project: Project) -> None:
    (project.root / "pyproject.toml").write_text(f'[tool.vega]\npackage = "{PACKAGE}"\nfeatures = ["data"]\n')

    done = CliRunner().invoke(command, ["list"])

    assert done.exit_code != 0
    assert "VG413" in str(done.exception)


def test_the_outbox_is_the_deferred_work_of_the_application(project: Project) -> None:
    container = Application.load(project.root).container

    assert container.resolve(DeferredWork) is container.resolve(Outbox)


def test_adding_the_feature_brings_the_requirement(project: Project) -> None:
    assert [type(one).__name__ for one in OutboxPlugin().add(project)] == ["AddDependency", "EnableFeature"]


@pytest.mark.parametrize("in_memory", [False, True])
def test_what_follows_a_commit_runs_in_a_scope_of_its_own(project: Project, in_memory: bool) -> None:
    async def main() -> list[Any]:
        application = Application.load(project.root)
        seen: list[Any] = []
        async with application, application.activate() as scope:
            units = application.container.resolve(Database).unit(), InMemoryUnitOfWork()
            async with units[in_memory] as unit:
                unit.after_commit(lambda: seen.append(current_scope()))
                unit.after_commit(lambda: seen.append(current_scope()))
            return [scope, *seen, current_scope()]

    outer, first, second, after = asyncio.run(main())
    assert outer is after
    assert len({id(one) for one in (outer, first, second)}) == 3
    assert None not in {first, second}
