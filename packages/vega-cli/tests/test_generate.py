"""`vega generate` with generators of other distributions."""

from pathlib import Path

import pytest

import _vega_cli

from .distributions import install


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
