"""The log of a real server: records of the project, one line a request, one format."""

import json
import re
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from vega.web._app.app import _log_fields

MAIN = """
from pathlib import Path
from vega.core import Application
from vega.web import create_app as make

def create_app():
    return make(Application.load(Path(__file__).parent))
"""
ROUTES = """
import logging
from vega.web import Router
router = Router()
@router.get("/told")
async def told() -> None:
    logging.getLogger("webshop.orders").info("an order")
"""
PIPELINE = """
from vega.web import MiddlewarePipeline
from vega.web.middleware import RequestIdMiddleware, RequestLoggingMiddleware
pipeline = MiddlewarePipeline()
pipeline.use(RequestIdMiddleware)
"""


def logged(project: Path, start_server: Any, config: str) -> list[str]:
    """Serve a project, send one request, and return the lines of the log that come from it."""
    (project / "webshop/main.py").write_text(MAIN)
    (project / "webshop/config.py").write_text(config)
    (project / "webshop/presentation/web/routes/orders.py").write_text(ROUTES)
    with start_server(project, "uvicorn") as (port, running):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/orders/told", headers={"X-Request-ID": "r-42"})
        with urllib.request.urlopen(request, timeout=30):
            pass
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0
        return (project / f"log-{port}").read_text().splitlines()


@pytest.mark.once
@pytest.mark.parametrize("logs_requests", [True, False])
def test_a_server_writes_the_records_of_the_project_and_one_line_a_request(
    project: Path, start_server: Any, logs_requests: bool
) -> None:
    config = PIPELINE + ("pipeline.use(RequestLoggingMiddleware)\n" if logs_requests else "")

    lines = logged(project, start_server, config)

    assert [line.partition("webshop.orders: ")[2] for line in lines if "an order" in line] == ["an order [r-42]"]
    access = [line for line in lines if "/orders/told" in line]
    assert len(access) == 1
    assert ("vega.web.access: GET /orders/told 200" in access[0]) is logs_requests
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +[\w.]+: ", line) for line in lines if line)


@pytest.mark.once
def test_a_server_in_production_writes_lines_of_json(
    project: Path, start_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEGA_PROFILE", "production")

    records = [json.loads(line) for line in logged(project, start_server, PIPELINE) if line]

    (order,) = (record for record in records if record["message"] == "an order")
    assert (order["level"], order["logger"], order["request_id"]) == ("info", "webshop.orders", "r-42")


def test_outside_of_requests_records_have_no_id() -> None:
    assert _log_fields() == {}
