"""Jobs as a part of an application: discovered, injected, one scope for each attempt, started as a process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from vega.core import Application
from vega.core.extend import GenerationRequest, Name, Project, RunOptions, WriteFile
from vega.di import ScopeClosedError
from vega.jobs import JobQueue, NoJobQueueError, Worker, embedded_server
from vega.jobs._generator import job as generator
from vega.jobs._plugin import JobsPlugin

PYPROJECT = """
[project]
name = "jobshop"
version = "0"
[tool.vega]
package = "jobshop"
features = ["jobs"]
"""
SERVICE = """
from collections.abc import Iterator
from vega.di import Scope, injectable

log: list[str] = []

class Session:
    pass

@injectable(scope=Scope.SCOPED, provides=Session)
def session() -> Iterator[Session]:
    log.append("open")
    try:
        yield Session()
    finally:
        log.append("close")
"""
JOBS = """
from vega.events import Backoff, EventBus, get_event_bus
from vega.di import Container, get_container
from vega.jobs import JobQueue, background_job, get_job_queue

from jobshop.infrastructure.services.session import Session, log

@background_job(queue="shop", retry=1, backoff=Backoff(base=0.0))
async def store(key: str, session: Session, bus: EventBus, container: Container) -> str:
    assert isinstance(session, Session)
    log.append(key)
    if log.count(key) == 1:
        raise ConnectionError("away")
    return f"{get_event_bus() is bus} {get_container() is container} {get_job_queue() is not None}"
"""


AFTER = """
from vega.jobs import background_job
from vega.patterns import UnitOfWork

log: list[str] = []

class Unit(UnitOfWork):
    async def _begin(self, *, read_only: bool) -> None: ...
    async def _commit(self) -> None: ...
    async def _rollback(self) -> None: ...
    async def _open_savepoint(self) -> None: ...
    async def _release_savepoint(self, savepoint: object) -> None: ...
    async def _undo_savepoint(self, savepoint: object) -> None: ...

def fail() -> None:
    raise ValueError("no mail")

@background_job(queue="shop", retry=3)
async def bill(key: str) -> str:
    async with Unit() as unit:
        log.append(key)
        unit.after_commit(fail)
    return key
"""
LEAK = """
from vega.di import Scope, current_scope, injectable
from vega.jobs import background_job

kept: list[object] = []

@injectable(scope=Scope.SCOPED)
class Basket:
    def __init__(self) -> None:
        self.items = 0

@background_job(queue="shop")
async def fill(basket: Basket) -> int:
    kept.append(current_scope())
    return basket.items
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    files = {
        "pyproject.toml": PYPROJECT,
        "jobshop/__init__.py": "",
        "jobshop/infrastructure/services/session.py": SERVICE,
        "jobshop/infrastructure/jobs/store.py": JOBS,
        "jobshop/infrastructure/jobs/leak.py": LEAK,
        "jobshop/infrastructure/jobs/after.py": AFTER,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    for name in [name for name in sys.modules if name.partition(".")[0] == "jobshop"]:
        del sys.modules[name]


def test_each_attempt_is_one_unit_of_work_with_injected_services(project: Path, redis_url: str) -> None:
    async def main() -> tuple[str, list[str]]:
        async with Application.load(project) as app, JobQueue.connect(redis_url):
            from jobshop.infrastructure.jobs.store import store  # type: ignore[import-not-found]  # the test wrote it
            from jobshop.infrastructure.services.session import log  # type: ignore[import-not-found]  # the test wrote it

            handle = await JobQueue.enqueue(store, key="k")
            await Worker(["shop"], application=app).run_until_empty()
            return await handle.result(timeout=1), list(log)

    result, log = asyncio.run(main())
    assert result == "True True True"
    assert log == ["open", "k", "close", "open", "k", "close"]


def test_the_scope_of_an_attempt_refuses_to_resolve_after_it_and_names_the_job(project: Path, redis_url: str) -> None:
    async def main() -> None:
        async with Application.load(project) as app, JobQueue.connect(redis_url):
            from jobshop.infrastructure.jobs.leak import (  # type: ignore[import-not-found]  # the test wrote it
                Basket,
                fill,
                kept,
            )

            handle = await JobQueue.enqueue(fill)
            await Worker(["shop"], application=app).run_until_empty()

            assert await handle.result(timeout=1) == 0
            with pytest.raises(ScopeClosedError, match=r"(?s)the job fill \(.*leak\.py:\d+\).*test_application\.py"):
                kept[0].resolve(Basket)

    asyncio.run(main())


def test_an_attempt_succeeds_whatever_fails_after_its_commit(
    project: Path, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> tuple[str, list[str]]:
        async with Application.load(project) as app, JobQueue.connect(redis_url):
            from jobshop.infrastructure.jobs.after import bill, log  # type: ignore[import-not-found]  # the test wrote it

            handle = await JobQueue.enqueue(bill, key="7")
            await Worker(["shop"], application=app).run_until_empty()
            return await handle.result(timeout=1), list(log)

    assert asyncio.run(main()) == ("7", ["7"])
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["vega.core"]


def test_the_queue_reports_to_readiness(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    plugin = JobsPlugin()
    without = plugin.health(Application.load(project))

    async def main() -> None:
        async with embedded_server() as server:
            monkeypatch.setenv("REDIS_URL", server.url)
            app = Application.load(project)
            check = app.plugin("jobs").health(app)["jobs"]
            async with app:
                await check()
                await asyncio.to_thread(server.stop)
                with pytest.raises(redis.RedisError):
                    await check()
            with pytest.raises(NoJobQueueError):  # the application has stopped
                await check()

    asyncio.run(main())
    assert without == {}


def test_the_application_connects_while_it_runs_and_provides_the_queue(
    project: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)

    async def main() -> tuple[int, bool]:
        async with Application.load(project) as app, app.activate():
            from jobshop.infrastructure.jobs.store import store

            await JobQueue.enqueue(store, key="k")
            queue = app.container.resolve(JobQueue)
            return await queue.size("shop"), isinstance(queue, JobQueue)

    assert asyncio.run(main()) == (1, True)


def test_without_a_server_the_application_starts_and_the_first_job_says_what_is_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)

    async def main() -> None:
        async with Application.load(project) as app, app.activate():
            from jobshop.infrastructure.jobs.store import store

            with pytest.raises(NoJobQueueError, match="REDIS_URL"):
                await JobQueue.enqueue(store, key="k")

    asyncio.run(main())


@pytest.mark.once
def test_the_processes_work_and_end_when_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    server, worker = JobsPlugin().processes(Project.find(project), RunOptions())
    environment = {**os.environ, **server.shares}

    async def enqueue() -> Any:
        async with asyncio.timeout(20), JobQueue.connect(server.shares["REDIS_URL"]):
            Application.load(project)
            from jobshop.infrastructure.jobs.store import store

            return await (await JobQueue.enqueue(store, key="k")).result()

    with subprocess.Popen(server.command, env=environment) as serving:
        try:
            assert server.ready is not None
            while not server.ready():
                assert serving.poll() is None
            with subprocess.Popen(worker.command, env=environment) as working:
                try:
                    assert asyncio.run(enqueue()) == "True True True"
                finally:
                    working.send_signal(signal.SIGTERM)
                    status = working.wait(20)
        finally:
            serving.send_signal(signal.SIGTERM)
            statuses = status, serving.wait(20)

    assert statuses == (0, 0)
    assert not Path(server.shares["REDIS_URL"].removeprefix("unix://")).exists()


def test_a_known_server_needs_no_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    assert [process.name for process in JobsPlugin().processes(Project.find(project), RunOptions())] == ["jobs"]


EVENT = """
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from vega.events import Event

@dataclass(frozen=True, kw_only=True)
class ProductCreated(Event):
    product_id: Annotated[str, "of the shop"]
    due: Annotated[datetime | None, "in UTC"]
"""


def _generate(project: Path, options: dict[str, str]) -> dict[str, str]:
    request = GenerationRequest(project=Project.find(project), name=Name.parse("index_product"), options=options)
    files = [operation for operation in generator.plan(request) if isinstance(operation, WriteFile)]
    for file in files:
        path = project / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    return {file.path: file.text for file in files}


@pytest.mark.once
def test_the_generator_writes_a_job_a_handler_and_a_test_that_passes(project: Path) -> None:
    event = project / "jobshop/domain/events/product_created.py"
    event.parent.mkdir(parents=True)
    event.write_text(EVENT)

    written = _generate(project, {"on": "ProductCreated"})

    assert list(written) == [
        "jobshop/infrastructure/jobs/index_product.py",
        "jobshop/application/handlers/enqueue_index_product.py",
        "tests/integration/test_index_product_job.py",
    ]
    _checks(project, written)


@pytest.mark.once
def test_the_generator_writes_a_job_alone(project: Path) -> None:
    written = _generate(project, {})

    assert len(written) == 2
    _checks(project, written)


def _checks(project: Path, written: dict[str, str]) -> None:
    """Run what a user would run on the generated files."""
    for command in (
        ["ruff", "check", "--isolated", "--select", "E,F,I,UP,B", "--line-length", "120", *written],
        ["ruff", "format", "--isolated", "--line-length", "120", "--check", *written],
        ["unittest", *(path.removesuffix(".py").replace("/", ".") for path in written if path.startswith("tests"))],
    ):
        result = subprocess.run(
            [sys.executable, "-W", "error", "-m", *command],
            cwd=project,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "there is no event"),
        ("class Other: ...", "defines no class"),
        ("class ProductCreated:\n    items: list[str]", "cannot carry"),
        ("class (", "cannot be read"),
    ],
)
def test_an_event_that_a_job_cannot_follow_is_an_error(project: Path, source: str | None, message: str) -> None:
    from vega.errors import CoreError

    if source is not None:
        event = project / "jobshop/domain/events/product_created.py"
        event.parent.mkdir(parents=True)
        event.write_text(source)

    with pytest.raises(CoreError, match=message):
        _generate(project, {"on": "ProductCreated"})
