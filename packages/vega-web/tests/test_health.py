"""Health: what is asked, how often, and what plugins bring."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from web_requests import ask

from vega.core import Application
from vega.core.extend import Plugin, Project
from vega.data import Database
from vega.di import Container
from vega.events import EventBus
from vega.testing import client_for
from vega.web import Health, WebError, create_app

Shop = Callable[..., FastAPI]


async def good() -> None: ...


async def bad() -> None:
    raise RuntimeError("password=hunter2")


async def late() -> None:
    await asyncio.sleep(60)


def test_ready_runs_the_checks_and_live_asks_nobody(shop: Shop) -> None:
    health = Health(cache=0).check("good", good, tags=["db"]).check("bad", bad, tags=["queue"])
    health.check("late", late, timeout=0.01, tags=["queue"]).check("false", lambda: False, tags=["queue"])

    live, ready, database, other = ask(
        shop(health=health), "/health/live", "/health/ready", "/health/ready?tag=db", "/health/ready?tag=x"
    )

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert ready.status_code == other.status_code == 503
    assert {name: check["status"] for name, check in ready.json()["checks"].items()} == {
        "good": "ok",
        "bad": "failing",
        "late": "timeout",
        "false": "failing",
    }
    assert (database.status_code, list(database.json()["checks"])) == (200, ["good"])
    assert "hunter2" not in ready.text
    assert ready.headers["cache-control"] == "no-store"


def test_whoever_asks_at_once_or_soon_gets_the_same_answer(shop: Shop) -> None:
    count = 0

    async def counting() -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)

    async def main() -> None:
        async with client_for(shop(health=Health(cache=60).check("counting", counting))) as client:
            await asyncio.gather(*(client.get("/health/ready") for _ in range(20)))
            await client.get("/health/ready")

    asyncio.run(main())
    assert count == 1


def test_a_process_that_ends_is_not_ready(shop: Shop) -> None:
    app = shop()
    app.state.vega_drain.begin()

    live, ready = ask(app, "/health/live", "/health/ready")

    assert (live.status_code, ready.status_code, ready.json()) == (200, 503, {"status": "draining"})


def test_two_checks_of_one_name_are_refused() -> None:
    with pytest.raises(WebError, match="two checks"):
        Health().check("a", good).check("a", good)


class Brings(Plugin):
    feature = "brings"

    def health(self, app: Application) -> dict[str, Any]:
        return {"mine": good, "yours": bad}


def application(*plugins: Plugin) -> Application:
    project = Project(root=Path(), package="none")
    return Application(project, container=Container(), bus=EventBus(), plugins=plugins)


def test_plugins_bring_checks_that_the_project_may_replace() -> None:
    health = Health().check("yours", good)
    app, other = create_app(application(Brings()), health=health), create_app(application(), health=health)

    whole, tagged = ask(app, "/health/ready", "/health/ready?tag=brings")
    (alone,) = ask(other, "/health/ready")

    assert (whole.status_code, set(whole.json()["checks"])) == (200, {"mine", "yours"})
    assert set(tagged.json()["checks"]) == {"mine"}
    assert set(alone.json()["checks"]) == {"yours"}


def test_a_project_that_stores_data_is_ready_while_its_database_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "kept"\nfeatures = ["web", "data"]\n')
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/__init__.py").touch()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'kept.db'}")
    app = create_app(Application.load(tmp_path), health=Health(cache=0))

    async def main() -> list[Any]:
        async with client_for(app) as client:
            answers = [await client.get("/health/ready?tag=data")]
            await app.state.application.container.resolve(Database).close()
            answers.append(await client.get("/health/ready"))
            return [(each.status_code, each.json()["checks"]["database"]["status"]) for each in answers]

    assert asyncio.run(main()) == [(200, "ok"), (503, "failing")]
