"""The dispatch of commands: their statuses, and what is printed of their errors."""

from pathlib import Path

import pytest

import _vega_cli

from .distributions import install


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


@pytest.mark.parametrize(
    ("kind", "status"), [("conflict", 3), ("invalid", 2), ("missing", 1), ("unavailable", 1), ("forbidden", 1)]
)
@pytest.mark.parametrize("raised", ["E('no tea')", "ExceptionGroup('a handler failed', [E('no tea')])"])
def test_an_error_that_states_its_kind_needs_no_traceback(
    site: Path, capsys: pytest.CaptureFixture[str], kind: str, status: int, raised: str
) -> None:
    body = f"class E(Exception):\n    kind = {kind!r}\ndef app(args, prog_name):\n    raise {raised}\n"
    install(site, body, "[vega.commands]\npay = pay_kit:app\n")

    assert _vega_cli.main(["pay"]) == status
    assert "error: no tea\n" in capsys.readouterr().err


def test_an_error_of_the_business_shows_through_the_construction_it_broke(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (
        "from vega.di import Container\nclass E(Exception):\n    kind = 'conflict'\n"
        "class Till:\n    def __init__(self):\n        raise E('no tea')\n"
        "def app(args, prog_name):\n    Container({Till: Till}).resolve(Till)\n"
    )
    install(site, body, "[vega.commands]\npay = pay_kit:app\n")

    assert _vega_cli.main(["pay"]) == 3
    assert capsys.readouterr().err == "error: no tea\n"


def test_an_interruption_ends_with_130(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("vega.cli._dispatch._run", interrupted)

    assert _vega_cli.main(["doctor"]) == 130


def test_an_error_that_is_ours_alone_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("vega.cli._dispatch._run", broken)

    with pytest.raises(ZeroDivisionError):
        _vega_cli.main(["doctor"])
