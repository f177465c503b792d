"""The prose lint sees each banned phrase, and its baseline only shrinks."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = {
    "mend": "Mends what broke.",
    "tell for report": "Tell whether the scope is open.",
    "circle for cycle": "The registrations form a circle.",
    "whoever": "Whoever asks gets it.",
    "somebody": "Wait until somebody closes it.",
    "nobody": "Nobody waits.",
    "anew": "Compute it anew.",
    "is no X": "'x' is no event.",
    "over for closed": "Raise once the scope is over.",
    "goes without": "A route goes without it.",
    "by itself already": "It ends by itself already.",
    "What or Who as subject": "Close the scope. What was opened is closed.",
}
ALLOWED = (
    "The unit is no longer open.",
    "There is no project here.",
    "It iterates over rows, and is over-long.",
    "What does it cost? Nothing.",
    "Recommend amended semicircles.",
    "The part of the stack that shows what is wrong, and who raised it.",
    "```python\nnobody = 1\n```\nThe name is `nobody`.",
    "## What next",
)


@pytest.fixture
def prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The lint, which looks at an empty house."""
    spec = importlib.util.spec_from_file_location("prose", ROOT / "tools" / "prose.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "BASELINE", tmp_path / "baseline.txt")
    (tmp_path / "docs").mkdir()
    return module


def phrases(prose: ModuleType, path: str, text: str) -> list[tuple[int, str]]:
    return list(prose.places(path, text))


def test_the_project_has_the_prose_that_the_baseline_counts(prose: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "ROOT", ROOT)
    monkeypatch.setattr(prose, "BASELINE", ROOT / "tools" / "prose_baseline.txt")

    assert prose.main([]) == 0


@pytest.mark.parametrize("phrase", PLANTED)
def test_a_phrase_is_found_wherever_prose_stands(phrase: str, prose: ModuleType) -> None:
    text = PLANTED[phrase]
    source = "packages/vega-di/src/vega/di/x.py"

    assert phrases(prose, "docs/x.md", f"# X\n\n{text}\n") == [(3, phrase)]
    assert phrases(prose, source, f'"""X.\n\n{text}\n"""\n') == [(3, phrase)]
    assert phrases(prose, source, f"x = 1\n# {text}\n") == [(2, phrase)]
    assert phrases(prose, source, f'raise ValueError(f"{text}")\n') == [(1, phrase)]


@pytest.mark.parametrize("text", ALLOWED)
def test_plain_english_passes(text: str, prose: ModuleType) -> None:
    assert phrases(prose, "docs/x.md", text + "\n") == []


def test_every_phrase_is_planted(prose: ModuleType) -> None:
    assert set(PLANTED) == set(prose.BANNED)


def test_a_test_may_quote_a_message(prose: ModuleType) -> None:
    quoted = 'assert str(error) == "x is no event"\n'

    assert phrases(prose, "tests/docs/test_x.py", quoted) == []
    assert phrases(prose, "packages/vega-di/tests/test_x.py", f"# is no test\n{quoted}") == [(1, "is no X")]


def test_a_new_place_fails_and_a_lost_one_must_leave_the_baseline(
    prose: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "x.md"
    page.write_text("Nobody waits.\n")
    (tmp_path / "baseline.txt").write_text("docs/x.md: nobody x1\n")
    assert prose.main([]) == 0

    page.write_text("Nobody waits. Nobody asks.\n")
    assert prose.main([]) == 1
    assert prose.main(["--shrink"]) == 1
    assert "new: docs/x.md: nobody x1" in capsys.readouterr().out

    page.write_text("All wait.\n")
    assert prose.main([]) == 1
    assert "gone: docs/x.md: nobody x1" in capsys.readouterr().out
    assert prose.main(["--shrink"]) == 0
    assert (tmp_path / "baseline.txt").read_text() == ""
