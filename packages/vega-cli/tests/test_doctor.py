"""`vega doctor`: everything that is wrong, at once."""

import json
from pathlib import Path

import pytest

import _vega_cli

from .distributions import plugin


def doctor(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    monkeypatch.chdir(project)
    status = _vega_cli.main(["doctor", *words])
    return status, capsys.readouterr().out


def test_a_sound_project_has_no_findings(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(project, monkeypatch, capsys, "--strict") == (0, "shop: 0 errors, 0 warnings\n")


def test_every_finding_is_told_with_its_place_and_its_fix(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\nfeatures = ["nothing"]\n')
    (project / "shop/domain").mkdir()
    (project / "shop/domain/user.py").write_text("import sqlalchemy\n")
    (project / "shop/application/handlers").mkdir(parents=True)
    (project / "shop/application/handlers/bad.py").write_text("raise RuntimeError('boom')\n")

    status, told = doctor(project, monkeypatch, capsys)

    assert status == 1
    assert all(word in told for word in ("shop/domain/user.py:1", "boom", "'nothing'", "VG104", "VG112", "VG123"))


def test_findings_are_json_on_demand(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "shop/settings.py").write_text(
        "from vega.settings import BaseSettings\nclass Settings(BaseSettings):\n    secret_key: str\n"
    )

    status, told = doctor(project, monkeypatch, capsys, "--json")

    (finding,) = json.loads(told)
    assert (status, finding["code"], finding["severity"]) == (1, "VG110", "error")
    assert "SECRET_KEY" in finding["what"]


def test_the_findings_of_plugins_are_told_and_a_warning_fails_when_strict(
    paying: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (
        "class Pay(Plugin):\n    feature = 'pay'\n"
        "    def checks(self, project):\n"
        "        return [Finding(severity='warning', code='PAY1', what='no key', fix='set PAY_KEY')]\n"
    )
    plugin(paying.parent / "site", body)

    relaxed = doctor(paying, monkeypatch, capsys)
    strict = doctor(paying, monkeypatch, capsys, "--strict")

    assert (relaxed[0], strict[0]) == (0, 1)
    assert "warning: [PAY1] no key" in relaxed[1]
    assert "set PAY_KEY" in relaxed[1]


def test_a_plugin_that_cannot_be_loaded_is_named(
    paying: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin(paying.parent / "site", "raise RuntimeError('no licence')\n")

    status, told = doctor(paying, monkeypatch, capsys)

    assert status == 1
    assert "no licence" in told


def test_a_listed_package_without_a_component_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "shop/api").mkdir()
    (project / "shop/api/empty.py").write_text("import logging\n\nlogger = logging.getLogger(__name__)\n")
    (project / "shop/feed").mkdir()
    (project / "shop/feed/full.py").write_text("def feed() -> None: ...\n")
    (project / "shop/config.py").write_text('DISCOVERY_CONFIG = {"routes": ["api", "feed"]}\n')

    status, told = doctor(project, monkeypatch, capsys)

    assert (status, told.count("VG124")) == (0, 1)
    assert "the modules of shop.api hold no component" in told
    assert doctor(project, monkeypatch, capsys, "--strict")[0] == 1


def test_a_use_case_that_nothing_reaches_is_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "shop/domain/interactors").mkdir(parents=True)
    (project / "shop/domain/interactors/greet.py").write_text(
        "from vega.patterns import Interactor\n\n\nclass Greet(Interactor[None]):\n"
        "    async def call(self) -> None: ...\n"
    )

    status, told = doctor(project, monkeypatch, capsys)
    strict, _ = doctor(project, monkeypatch, capsys, "--strict")

    assert (status, strict) == (0, 1)
    assert "warning: [VG114] nothing reaches Greet" in told
    assert "greet.py:5" in told


def test_a_use_case_that_an_edge_reaches_is_proved(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "shop/domain/interactors").mkdir(parents=True)
    (project / "shop/presentation/cli/commands").mkdir(parents=True)
    (project / "shop/domain/interactors/wave.py").write_text(
        "from abc import ABC\nfrom vega.di import bind\nfrom vega.patterns import Interactor\nclass Hand(ABC): ...\n"
        "class Wave(Interactor[None]):\n    @bind\n    async def call(self, hand: Hand) -> None: ...\n"
    )
    (project / "shop/presentation/cli/commands/wave.py").write_text("from shop.domain.interactors.wave import Wave\n")

    status, told = doctor(project, monkeypatch, capsys)

    assert status == 1
    assert "error: [VG201] nothing provides Hand" in told
    assert "VG114" not in told
