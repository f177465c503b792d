"""The private names of FastAPI and Starlette are there; without them everything is served in the documented way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vega.web import _private_names

_SERVING = Path(__file__).with_name("_serve_without_private_names.py")


def test_the_installed_versions_have_every_name() -> None:
    assert _private_names.missing_names() == []


def test_requests_are_served_without_the_names_and_the_start_warns_once() -> None:
    ended = subprocess.run([sys.executable, str(_SERVING)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    warned = [line for line in ended.stderr.splitlines() if "lack" in line]
    assert len(warned) == 1
    for name in (
        "fastapi.routing._effective_route_context_var",
        "starlette._exception_handler.wrap_app_handling_exceptions",
        "fastapi._compat.ModelField._type_adapter",
        "starlette.datastructures.Headers._list",
        "starlette.requests.Request._receive and others",
    ):
        assert name in warned[0]
