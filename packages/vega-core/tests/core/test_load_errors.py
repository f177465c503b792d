"""A mistake in a project is a named error of the load, and nothing of it is half-registered."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vega.core import Application, ConfigurationErrors
from vega.di import get_container
from vega.events import get_event_bus

HANDLER = """
from dataclasses import dataclass
from vega.di import injectable
from vega.events import Event, subscribe
heard = []
@injectable
class Clock: ...
@dataclass(frozen=True)
class Rang(Event):
    hour: int
@subscribe(Rang)
def hear(event: Rang, clock: Clock) -> None:
    heard.append(event.hour)
"""


FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "wrongshop"\n',
    "wrongshop/__init__.py": "",
    "wrongshop/settings.py": (
        "from vega.settings import BaseSettings\nclass Settings(BaseSettings):\n    port: int = 1\n"
    ),
    "wrongshop/application/handlers/good.py": HANDLER,
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("PORT", raising=False)
    write(tmp_path, FILES)
    yield tmp_path
    forget()


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "wrongshop"]:
        del sys.modules[name]


USE_CASE = "from vega.patterns import Interactor\nclass Wrong(Interactor[int]):\n    "


WRONG: list[tuple[str, dict[str, str], str, str]] = [
    (
        "a use case whose call is not async",
        {"wrongshop/application/handlers/bad.py": USE_CASE + "def call(self) -> int: return 1\n"},
        "VG123",
        "call is not async",
    ),
    (
        "a use case whose call is no method",
        {"wrongshop/application/handlers/bad.py": USE_CASE + "call = 5\n"},
        "VG123",
        "call is a int, not a method",
    ),
    ("settings of a wrong type", {".env": "PORT=many\n"}, "VG110", "PORT (int)"),
    ("a malformed .env", {".env": "PORT 5\n"}, "VG110", ".env:1"),
    ("a malformed settings.toml", {"settings.toml": "port = \n"}, "VG110", "settings.toml"),
    (
        "a listed package that does not exist",
        {"wrongshop/config.py": "DISCOVERY_CONFIG = {'routes': ['nowhere']}\n"},
        "VG122",
        "no package 'nowhere'",
    ),
    (
        "a key that DISCOVERY_CONFIG does not know",
        {"wrongshop/config.py": "DISCOVERY_CONFIG = {'rout': []}\n"},
        "VG121",
        "'rout'",
    ),
    ("a package that does not exist", {"pyproject.toml": '[tool.vega]\npackage = "norshop"\n'}, "VG122", "'norshop'"),
    (
        "a feature that is not installed",
        {"pyproject.toml": '[tool.vega]\npackage = "wrongshop"\nfeatures = ["pay"]\n'},
        "VG104",
        "'pay' is enabled and not installed",
    ),
    (
        "a dependency that nothing provides",
        {"wrongshop/application/handlers/bad.py": HANDLER.replace("@injectable", "")},
        "VG105",
        "nothing provides clock of the event handler hear",
    ),
]


@pytest.mark.parametrize(("files", "code", "told"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_it_is_a_named_error_and_the_next_start_is_sound(
    root: Path, files: dict[str, str], code: str, told: str
) -> None:
    before = get_container(), get_event_bus()
    write(root, files)

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(root)

    assert f"[{code}" in str(caught.value)
    assert told in str(caught.value)
    assert (get_container(), get_event_bus()) == before
    for path in files:
        (root / path).unlink()
    write(root, FILES)
    forget()
    assert asyncio.run(publish(Application.load(root))) == [7]


async def publish(app: Application) -> list[int]:
    module: Any = sys.modules["wrongshop.application.handlers.good"]
    async with app.activate():
        await app.bus.publish(module.Rang(7))
    heard: list[int] = module.heard
    return heard


NEEDY = """
from vega.di import injectable
class Missing: ...
@injectable
class Needy:
    def __init__(self, missing: Missing) -> None: ...
"""


def test_one_report_holds_failing_modules_and_the_mistakes_of_the_others(root: Path) -> None:
    write(
        root,
        {
            "wrongshop/infrastructure/services/broken.py": "1 / 0",
            "wrongshop/infrastructure/services/cut.py": "def (",
            "wrongshop/infrastructure/services/needy.py": NEEDY,
            "wrongshop/config.py": "raise SystemExit(3)",
        },
    )

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(root)

    report = str(caught.value)
    assert all(part in report for part in ("broken.py:1", "cut.py:1", "Missing", "SystemExit: 3"))
