"""`client_for`: a client of any ASGI application."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container
from vega.events import EventBus
from vega.testing import client_for, fake_jobs
from vega.web import create_app


def test_a_client_talks_to_any_application_and_runs_its_lifespan() -> None:
    states: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        states.append("up")
        yield
        states.append("down")

    async def main() -> str:
        async with client_for(Starlette(lifespan=lifespan)) as client:
            return str((await client.get("/")).status_code)

    assert asyncio.run(main()) == "404"
    assert states == ["up", "down"]


FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "jobshop_web"\nfeatures = ["web", "jobs"]\n',
    "jobshop_web/__init__.py": "",
    "jobshop_web/infrastructure/jobs/mail.py": (
        "from vega.jobs import background_job\n"
        "@background_job(name='jobshop_web.mail')\nasync def mail(to: str) -> None: ...\n"
    ),
    "jobshop_web/presentation/web/routes/mails.py": (
        "from fastapi import APIRouter\nfrom vega.jobs import JobQueue\nrouter = APIRouter()\n"
        "@router.post('')\nasync def send() -> None:\n    await JobQueue.enqueue('jobshop_web.mail', to='ada')\n"
    ),
}


def test_a_client_keeps_the_jobs_of_the_application_unless_the_test_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("REDIS_URL", raising=False)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    async def main() -> int:
        async with client_for(create_app(Application.load(tmp_path))) as client:
            return (await client.post("/mails")).status_code

    alone = asyncio.run(main())
    with fake_jobs() as jobs:
        together = asyncio.run(main())

    assert (alone, together) == (200, 200)
    assert [each.arguments for each in jobs.enqueued] == [{"to": "ada"}]


def test_the_services_of_a_client_are_met_at_each_start_of_the_application() -> None:
    class Users: ...

    container = Container({Users: Users})
    project = Project(root=Path("/nowhere"), package="nothing")
    app = create_app(Application(project, container=container, bus=EventBus()))

    async def met() -> bool:
        given = Users()
        async with client_for(app, {Users: given}):
            return container.resolve(Users) is given

    assert [asyncio.run(met()) for _ in range(3)] == [True] * 3
