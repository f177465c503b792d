"""Logging as an application configures it: one format in every process, unless the project has configured it."""

import json
import logging
import subprocess
import sys

import pytest

from vega.core.telemetry import TextFormatter

PROGRAM = """
import logging
from types import SimpleNamespace
from vega.core.telemetry import configure_logging, log_context
{before}
settings = SimpleNamespace(profile={profile!r}, log_level={level!r})
done = [configure_logging(settings) for _ in range(2)]
configure_logging(settings, fields=lambda: {{"request_id": "r-1"}})
with log_context(tenant="blue"):
    logging.getLogger("shop.orders").info("placed %s", "A-1")
logging.getLogger("shop.orders").debug("hidden")
print(done)
"""


def ran(*, profile: str = "development", level: str = "INFO", before: str = "") -> tuple[str, list[str]]:
    """Run a program that logs; return its output and the lines of its log."""
    program = PROGRAM.format(profile=profile, level=level, before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip(), done.stderr.splitlines()


@pytest.mark.once
def test_records_of_the_project_appear_as_text_in_development() -> None:
    output, (line,) = ran()

    assert output == "[True, True]"
    assert line.endswith(" INFO     shop.orders: placed A-1 [r-1]")
    assert line[:2] == "20"


@pytest.mark.once
def test_records_are_lines_of_json_in_production() -> None:
    _, (line,) = ran(profile="production")

    record = json.loads(line)
    assert {name: record[name] for name in ("level", "logger", "message", "request_id", "tenant")} == {
        "level": "info",
        "logger": "shop.orders",
        "message": "placed A-1",
        "request_id": "r-1",
        "tenant": "blue",
    }


@pytest.mark.once
def test_the_level_is_that_of_the_settings() -> None:
    assert [line.rpartition(": ")[2] for line in ran(level="debug")[1]] == ["placed A-1 [r-1]", "hidden [r-1]"]
    assert ran(level="WARNING")[1] == []


@pytest.mark.once
def test_logging_that_the_project_has_configured_stays_as_it_is() -> None:
    before = "logging.basicConfig(level=logging.INFO, format='mine %(message)s')"

    assert ran(before=before, profile="production") == ("[False, False]", ["mine placed A-1"])


def test_a_traceback_follows_the_line_with_the_id_of_the_request() -> None:
    record = logging.makeLogRecord(
        {"msg": "failed", "levelname": "ERROR", "request_id": "r-1", "exc_text": "Traceback"}
    )

    assert TextFormatter("%(levelname)s: %(message)s").format(record) == "ERROR: failed [r-1]\nTraceback"


def test_the_level_is_a_setting_in_either_case() -> None:
    from vega.settings import BaseSettings

    assert BaseSettings(VEGA_LOG_LEVEL="debug").log_level == "DEBUG"
    assert BaseSettings().log_level == "INFO"
