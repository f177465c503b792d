"""What is wrong in a project is a named error, and nothing of it is half-registered."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.core import Application, ComponentError, ConfigurationErrors
from vega.core._application.invoke import Invoker
from vega.di import Container, get_container
from vega.events import Event, event_handler, get_event_bus
from vega.patterns import Interactor, InvalidUseCaseError

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


def test_a_dataclass_use_case_without_call_is_refused_when_it_is_awaited() -> None:
    @dataclass(frozen=True)
    class Empty(Interactor[int]):
        number: int

    async def run(use_case: Any) -> None:
        await use_case

    with pytest.raises(InvalidUseCaseError, match="has no call"):
        asyncio.run(run(Empty(1)))


class Clock: ...


class Calendar: ...


@dataclass(frozen=True)
class Struck(Event):
    hour: int


class Tower:
    @event_handler(Struck)
    async def ring(self, event: Struck, calendar: Calendar) -> None: ...


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


FINE: list[Any] = [
    lambda event: None,
    lambda *events: None,
    lambda event, hour=5: None,
    lambda event, *, hour=5: None,
    lambda event, *rest, **more: None,
    functools.partial(lambda event, hour: None, hour=5),
    decorated(lambda event: None),
    print,
]


def needs_both(event: Struck, clock: Clock, *, calendar: Calendar) -> None: ...


def needs_one(event: Struck, clock: Clock, calendar: Calendar) -> None: ...


@pytest.mark.parametrize("handler", FINE)
def test_a_handler_that_needs_nothing_more_is_sound(handler: Any) -> None:
    Invoker(Container({Clock: Clock})).check([handler])


@pytest.mark.parametrize(
    ("handler", "missing"),
    [
        (needs_one, "calendar"),
        (needs_both, "calendar"),
        (decorated(needs_one), "calendar"),
        (Tower().ring, "calendar"),
        (functools.partial(needs_one), "calendar"),
    ],
)
def test_what_nothing_provides_is_named_with_the_place(handler: Any, missing: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        Invoker(Container({Clock: Clock})).check([handler, handler])

    (error,) = caught.value.exceptions
    assert f"nothing provides {missing} of" in str(error)


def test_the_place_is_the_handler_s_own_line() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        Invoker(Container({})).check([needs_both])

    (error,) = caught.value.exceptions
    assert isinstance(error, ComponentError)
    assert error.where == f"{__file__}:{needs_both.__code__.co_firstlineno}"
    assert "clock, calendar" in error.what
