"""The pytest plugin: tests run in the profile `test`, unless VEGA_PROFILE says otherwise."""

from __future__ import annotations

import os


def pytest_configure() -> None:
    """Set the profile before any application of the tests is loaded."""
    os.environ.setdefault("VEGA_PROFILE", "test")
