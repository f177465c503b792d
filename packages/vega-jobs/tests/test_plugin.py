"""The plugin of the feature `jobs`."""

from pathlib import Path

import pytest

from vega.core.extend import AddDependency, EnableFeature, Project
from vega.jobs import EmbeddedServerError, NoJobQueueError
from vega.jobs._plugin import JobsPlugin

PROJECT = Project(root=Path("/nowhere"), package="shop", features=("jobs",))


def test_the_plugin_adds_its_server_and_its_feature() -> None:
    dependency, feature = JobsPlugin().add(PROJECT)

    assert isinstance(dependency, AddDependency)
    assert feature == EnableFeature("jobs")


def test_the_doctor_is_told_when_no_server_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> str:
        raise EmbeddedServerError("nothing to start", "PATH", "install one")

    monkeypatch.delenv("REDIS_URL", raising=False)
    sound = JobsPlugin().checks(PROJECT)
    monkeypatch.setattr("vega.jobs._plugin.find_program", nothing)
    (finding,) = JobsPlugin().checks(PROJECT)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    told_elsewhere = JobsPlugin().checks(PROJECT)

    assert (sound, told_elsewhere) == ([], [])
    assert (finding.code, finding.severity, finding.what) == ("VG706", "warning", "nothing to start")


def test_a_plugin_without_a_server_names_the_variable() -> None:
    with pytest.raises(NoJobQueueError, match="REDIS_URL"):
        JobsPlugin()._connected()
