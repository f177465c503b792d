"""The files of a new project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega.core.extend import render

FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": """
        [build-system]
        requires = ["hatchling>=1.27"]
        build-backend = "hatchling.build"

        [project]
        name = "$distribution"
        version = "0.1.0"
        requires-python = ">=3.11"
        dependencies = [
          "vega-cli>=0.1,<0.2",
          "vega-core>=0.1,<0.2",
        ]

        [dependency-groups]
        dev = [
          "mypy>=2.0",
          "ruff>=0.15",
          "vega-testing[data,graphql,jobs,pytest,web]>=0.1,<0.2",
        ]

        [tool.vega]
        package = "$package"
        features = []

        [tool.hatch.build.targets.wheel]
        packages = ["$package"]

        [tool.ruff]
        line-length = 120
        target-version = "py311"

        [tool.ruff.lint]
        select = ["ASYNC", "B", "E", "F", "I", "UP", "W"]

        [tool.mypy]
        strict = true
        enable_error_code = ["unused-awaitable"]
        explicit_package_bases = true
        packages = ["$package"]

        [tool.pytest.ini_options]
        addopts = ["--import-mode=importlib"]
        pythonpath = ["."]
        testpaths = ["tests"]
    """,
    "README.md": """
        # $title

        A Clean Architecture application on Vega.

        ```console
        vega generate resource Product name:str price:decimal:min=0
        vega migrate upgrade
        pytest
        vega run
        ```
    """,
    ".gitignore": """
        __pycache__/
        .venv/
        .env
        .vega/
        *.db
        *.db-shm
        *.db-wal
        .mypy_cache/
        .pytest_cache/
        .ruff_cache/
        dist/
    """,
    ".env.example": """
        # Copy to .env. The profile is development, test or production.
        VEGA_PROFILE=development
    """,
    "$package/__init__.py": '''
        """$title: the application's package."""
    ''',
    "$package/config.py": '''
        """Configuration of the application."""

        from vega.core import Application

        # Packages searched for components; see the guide "Discovery" for every key.
        DISCOVERY_CONFIG: dict[str, list[str] | bool] = {
            "exclude_patterns": ["*.test.*", "*_old.*"],
            "auto_tags": True,
            "auto_prefix": True,
        }


        def configure(app: Application) -> None:
            """Register what discovery cannot find, such as app.container.register(Clock, SystemClock)."""
    ''',
    "$package/settings.py": '''
        """Settings of the application, read from the environment and from .env."""

        from vega.settings import BaseSettings


        class Settings(BaseSettings):
            """Add a field for each setting; a field without a default is required."""

            app_name: str = "$title"
    ''',
    "tests/architecture/test_layers.py": '''
        """The layers of the architecture hold."""

        from pathlib import Path

        from vega.testing import assert_layers


        def test_the_layers_import_downwards_only() -> None:
            assert_layers(Path(__file__).parents[2])
    ''',
    "tests/unit/test_application.py": '''
        """The application can be loaded."""

        from pathlib import Path

        from vega.core import Application


        def test_the_application_is_proved_at_start() -> None:
            assert Application.load(Path(__file__).parents[2]).project.package == "$package"
    ''',
}


def files(package: str, title: str) -> dict[str, str]:
    """Return the files of a new project by path.

    Args:
        package: the project's package, an identifier.
        title: the project's name in words.
    """
    values = {"package": package, "distribution": package.replace("_", "-"), "title": title}
    return {path.replace("$package", package): render(text, values) for path, text in FILES.items()}
