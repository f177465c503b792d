"""The doctor reports of the HTTP application what a start of the server reports."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors
from vega.core.extend import Finding, Project
from vega.web import create_app
from vega.web._app.plugins import WebPlugin

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "checkshop"\nfeatures = ["web"]\n',
    "checkshop/presentation/web/routes/users.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
}
GUARD = """
from vega.web import MiddlewarePipeline
pipeline = MiddlewarePipeline()
class Keys: ...
class Guard:
    def __init__(self, app, keys: Keys): ...
    async def __call__(self, scope, receive, send): ...
pipeline.use(Guard)
"""
WRONG = {
    "a module of routes without a router": ("presentation/web/routes/orders.py", "x = 1\n"),
    "a middleware whose constructor takes what nothing provides": ("config.py", GUARD),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    yield Project.find(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "checkshop"]:
        del sys.modules[name]


def test_a_sound_application_has_no_findings(project: Project) -> None:
    assert WebPlugin().checks(project) == []


@pytest.mark.parametrize(("path", "text"), WRONG.values(), ids=WRONG)
def test_the_mistakes_of_the_http_application_are_findings(project: Project, path: str, text: str) -> None:
    (project.source / path).write_text(text)

    findings: list[Finding] = list(WebPlugin().checks(project))

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project.root))
    assert [finding.what for finding in findings] == [getattr(error, "what", "") for error in caught.value.exceptions]
    assert {finding.severity for finding in findings} == {"error"}
