"""The command line called from Python: what it returns and prints."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import _vega_cli
from vega.cli import _features
from vega.cli._changes import changes_of
from vega.cli._errors import ConflictError, UsageError
from vega.core import PluginError, ProjectError
from vega.core.extend import AddDependency, EnableFeature, WriteFile


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path) -> Iterator[Path]:
    """A folder on the path to install distributions in; the current folder is a project."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(project)
    yield folder
    sys.modules.pop("pay_kit", None)


def install(site: Path, body: str, entry_points: str) -> None:
    (site / "pay_kit.py").write_text(body)
    metadata = site / "pay_kit-1.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(entry_points)


def test_a_command_of_another_distribution_runs_with_its_status(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "import typer\napp = typer.Typer()\n"
        "@app.command()\ndef pay(amount: int) -> None:\n    typer.echo(amount * 2)\n    raise typer.Exit(amount)\n"
    )
    install(site, body, "[vega.commands]\npay = pay_kit:app\n")

    assert _vega_cli.main(["pay", "7"]) == 7
    assert _vega_cli.main(["pay", "0"]) == 0
    assert capsys.readouterr().out == "14\n0\n"


def test_a_command_that_returns_nothing_is_done(site: Path) -> None:
    install(site, "def app(args, prog_name):\n    return None\n", "[vega.commands]\npay = pay_kit:app\n")

    assert _vega_cli.main(["pay"]) == 0


def test_a_group_of_errors_is_told_one_by_one(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "from vega.core import CoreError\n"
        "def app(args, prog_name):\n"
        "    raise ExceptionGroup('2 mistakes', [CoreError('one', '', 'a'), CoreError('two', '', 'b')])\n"
    )
    install(site, body, "[vega.commands]\npay = pay_kit:app\n")

    status = _vega_cli.main(["pay"])

    told = capsys.readouterr().err
    assert status == 1
    assert "2 mistakes" in told
    assert "one" in told
    assert "two" in told


def test_help_is_given_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert [_vega_cli.main(words) for words in ([], ["help"], ["-h"])] == [0, 0, 0]
    assert capsys.readouterr().out.count("Usage: vega") == 3


def test_a_version_is_told_where_none_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])

    assert _vega_cli.version() == "unknown"


def test_a_broken_generator_is_a_warning_in_the_list_and_an_error_when_used(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "raise RuntimeError('no licence')\n", "[vega.generators]\ninvoice = pay_kit:invoice\n")

    listed = _vega_cli.main(["generate", "list"])
    used = _vega_cli.main(["generate", "invoice", "Bill"])

    told = capsys.readouterr()
    assert (listed, used) == (0, 1)
    assert "warning" in told.err
    assert "no licence" in told.err
    assert "entity" in told.out


GENERATOR = """
from vega.core.extend import Generator, GeneratorOption, WriteFile
class Invoice(Generator):
    summary = "an invoice"
    feature = "FEATURE"
    options = (GeneratorOption(name="to", help="who pays", required=True),)
    slices = ("resource",)
    def plan(self, request):
        return [WriteFile("invoice.txt", request.options["to"])]
invoice = Invoice()
"""


def test_a_required_option_is_asked_for_and_taken_in_both_forms(
    site: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, GENERATOR.replace("FEATURE", ""), "[vega.generators]\ninvoice = pay_kit:invoice\n")

    lacking = _vega_cli.main(["generate", "invoice", "Bill"])
    empty = _vega_cli.main(["generate", "invoice", "Bill", "--to"])
    first = _vega_cli.main(["generate", "invoice", "Bill", "--to", "Ada"])
    second = _vega_cli.main(["generate", "invoice", "Bill", "--to=Ada"])

    told = capsys.readouterr()
    assert (lacking, empty, first, second) == (2, 2, 0, 0)
    assert "invoice needs --to" in told.err
    assert "--to has no value" in told.err
    assert (project / "invoice.txt").read_text() == "Ada"


def test_a_generator_of_a_feature_that_is_not_enabled_says_how_to_enable_it(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, GENERATOR.replace("FEATURE", "pay"), "[vega.generators]\ninvoice = pay_kit:invoice\n")

    assert _vega_cli.main(["generate", "invoice", "Bill", "--to", "Ada"]) == 2
    assert "vega add pay" in capsys.readouterr().err


def test_a_dry_run_shows_the_conflict_that_it_would_meet(
    site: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _vega_cli.main(["generate", "entity", "User"])
    (project / "shop/domain/entities/user.py").write_text("# mine\n")

    status = _vega_cli.main(["generate", "entity", "User", "--dry-run"])

    told = capsys.readouterr()
    assert status == 3
    assert "conflict" in told.out
    assert (project / "shop/domain/entities/user.py").read_text() == "# mine\n"


def test_two_plans_for_one_file_are_a_conflict_unless_they_agree(tmp_path: Path) -> None:
    changes_of(tmp_path, [WriteFile("a", "x"), WriteFile("a", "x")])

    with pytest.raises(ConflictError, match="two generators"):
        changes_of(tmp_path, [WriteFile("a", "x"), WriteFile("a", "y")])


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b"])
def test_no_plan_leads_out_of_the_project(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="out of the project"):
        changes_of(tmp_path, [WriteFile(path, "x")])


@pytest.mark.parametrize("text", [b"[project", b"\xff", b"[tool]\nvega = 1\n", b'[tool.vega]\nfeatures = "x"\n'])
def test_a_pyproject_that_cannot_take_a_feature_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)

    with pytest.raises(ProjectError):
        changes_of(tmp_path, [EnableFeature("web")])


def test_without_a_pyproject_nothing_can_be_added(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="vega init"):
        changes_of(tmp_path, [AddDependency("x")])


def test_a_plugin_that_fails_is_named(site: Path) -> None:
    install(site, "raise RuntimeError('no licence')\n", "[vega.plugins]\npay = pay_kit:Pay\n")

    with pytest.raises(PluginError, match="no licence"):
        _features.plugin_of("pay")


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device", "shop")

    monkeypatch.setattr("tempfile.mkdtemp", full)

    assert _vega_cli.main(["init", "depot", "--no-install"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
