"""A server that others reach while no profile is set is reported at its start, once."""

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from vega.core import Application
from vega.testing import client_for
from vega.web import create_app
from vega.web._lifecycle.exposure import is_loopback, listening_host


@pytest.mark.parametrize(
    ("line", "environment", "host"),
    [
        ("uvicorn shop:app --host 0.0.0.0 --port 80", {}, "0.0.0.0"),
        ("granian --host=:: shop:app", {"GRANIAN_HOST": "127.0.0.1"}, "::"),
        ("hypercorn -b 0.0.0.0:80 shop:app", {}, "0.0.0.0"),
        ("gunicorn --bind=[::]:80 shop:app", {}, "[::]"),
        ("uvicorn shop:app", {"UVICORN_HOST": "10.0.0.1"}, "10.0.0.1"),
        ("uvicorn shop:app", {}, None),
        ("uvicorn shop:app --host", {}, ""),
    ],
)
def test_the_host_is_that_of_the_command_line_or_environment(
    line: str, environment: dict[str, str], host: str | None
) -> None:
    assert listening_host(line.split(), environment) == host


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        *((host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "unix:/run/shop.sock")),
        *((host, False) for host in ("0.0.0.0", "::", "", "10.0.0.1", "shop.example")),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


@pytest.mark.parametrize(
    ("host", "env", "count"),
    [
        ("0.0.0.0", None, 1),
        ("0.0.0.0", "development", 0),
        ("0.0.0.0", "production", 0),
        ("127.0.0.1", None, 0),
    ],
)
@pytest.mark.parametrize("has_settings", [True, False])
def test_a_server_beyond_loopback_without_a_profile_is_reported_once(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    host: str,
    env: str | None,
    count: int,
    has_settings: bool,
) -> None:
    monkeypatch.setattr(sys, "argv", ["server", "--host", host])
    monkeypatch.delenv("VEGA_PROFILE", raising=False)
    if env is not None:
        monkeypatch.setenv("VEGA_PROFILE", env)
    if not has_settings:
        (project / "webshop/settings.py").unlink()

    async def main() -> None:
        async with client_for(create_app(Application.load(project))) as client:
            await client.get("/items")
            await client.get("/items")

    with caplog.at_level(logging.WARNING, logger="vega.web"):
        asyncio.run(main())

    warnings = [record.getMessage() for record in caplog.records if "VEGA_PROFILE" in record.getMessage()]
    assert len(warnings) == count
    assert all("listens on 0.0.0.0" in text and "set VEGA_PROFILE=production" in text for text in warnings)


def test_a_profile_of_a_file_is_a_profile(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["server", "--host", "0.0.0.0"])
    monkeypatch.delenv("VEGA_PROFILE", raising=False)
    (project / ".env").write_text("VEGA_PROFILE=production\n")

    async def main() -> None:
        async with client_for(create_app(Application.load(project))):
            pass

    asyncio.run(main())
    assert "VEGA_PROFILE" not in caplog.text
