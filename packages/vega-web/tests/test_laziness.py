"""`import vega.web` loads no FastAPI; names load what they need."""

import subprocess
import sys

import pytest

import vega.web


def loaded(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_the_import_loads_no_third_party() -> None:
    program = "import sys, vega.web; print(sorted({'fastapi', 'starlette', 'pydantic', 'uvicorn'} & set(sys.modules)))"

    assert loaded(program) == "[]"


def test_the_generators_and_plugins_load_no_third_party() -> None:
    program = (
        "import sys, vega.web._app.plugins, vega.web._app.generators;"
        "print(sorted({'fastapi', 'starlette', 'pydantic'} & set(sys.modules)))"
    )

    assert loaded(program) == "[]"


def test_every_public_name_is_there() -> None:
    assert [name for name in vega.web.__all__ if not hasattr(vega.web, name)] == []
    assert sorted(vega.web.__all__) == list(vega.web.__all__)
    assert set(vega.web.__all__) <= set(dir(vega.web))


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = vega.web.nothing
