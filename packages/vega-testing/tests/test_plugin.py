"""The pytest plugin."""

import os

import pytest

from vega.testing import plugin


def test_tests_run_in_the_profile_test_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VEGA_PROFILE", raising=False)
    plugin.pytest_configure()
    first = os.environ["VEGA_PROFILE"]
    monkeypatch.setenv("VEGA_PROFILE", "production")
    plugin.pytest_configure()

    assert (first, os.environ["VEGA_PROFILE"]) == ("test", "production")
